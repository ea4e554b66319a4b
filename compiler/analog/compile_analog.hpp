// The compiler for analog chips: TimedNetwork and AnalogSpec in, AnalogImage out, with a mapping report, or every
// reason why it does not fit. Passes: scale (weights to sign and magnitude), divide (into runs), place (circuits),
// route (labels, drivers, crossbar), verify. On an ideal chip nothing is mapped.
#pragma once

#include <cstdint>

#include "chip/image/analog_image.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct AnalogCompileOptions {
    std::uint64_t seed = 0;  ///< of what is drawn at random; the passes draw nothing
    /// Magnitude bits of weights; 0: as the chip's. Ideal chips: 0 leaves weights real, n rounds them to sign and n
    /// bits, scaled to the largest |weight| onto each population.
    int weight_bits = 0;
    /// What one LSB of a weight adds to I; 0: the largest |weight| onto a population becomes its largest register.
    /// Weights beyond the register are clipped, with a remark.
    double weight_unit = 0;
    int max_runs = 64;
};

struct AnalogCompileResult {
    chip::AnalogImage image;
    Diagnostics remarks;
};

[[nodiscard]] Result<AnalogCompileResult> compile_analog(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                                         const AnalogCompileOptions& options = {});

/// Writes the weights of a network that differs from the image's in nothing else: placement and routes stay (both rows
/// of every signed synapse are routed, whatever its sign). The weight units stay too; what they can't reach is clipped.
/// On an ideal chip weights are written as they are: compile again to round them.
[[nodiscard]] Result<void> update_weights(chip::AnalogImage& image, const TimedNetwork& network);

/// Recomputes from the image alone what every circuit receives (through labels, drivers, crossbar) and every limit;
/// shares no code with the passes. With the network: no synapse lost, none invented, every weight within half an LSB.
[[nodiscard]] Diagnostics verify_analog(const chip::AnalogImage& image);
[[nodiscard]] Diagnostics verify_analog(const chip::AnalogImage& image, const TimedNetwork& network);

}  // namespace spikeloom::compiler
