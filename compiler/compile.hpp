// The compiler: Network and ChipSpec in, Image out, with a mapping report, or every reason why it does not fit.
// compile.cpp reads as the list of passes: quantise, partition, place, allocate, verify.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct CompileOptions {
    std::uint64_t seed = 0;
    int weight_bits = 8;             ///< widest weight the quantiser may choose
    bool embed_network = true;       ///< keep the float network in the image, for the quantisation gap
    bool approximate_reset = false;  ///< accept reset to zero where the network subtracts the threshold
    std::function<void(double fraction, const std::string& phase)> progress;  ///< may be empty
};

struct CompileResult {
    chip::Image image;
    Diagnostics remarks;  ///< warnings and notes: approximations, what was dropped
};

[[nodiscard]] Result<CompileResult> compile(const Network& network, const chip::ChipSpec& chip,
                                            const CompileOptions& options);

/// Recomputes every limit and the cost of the image from nothing (no code shared with the passes). Empty: it fits.
[[nodiscard]] Diagnostics verify(const chip::Image& image);
/// The same, and every synapse of the image against the network: none lost, none invented.
[[nodiscard]] Diagnostics verify(const chip::Image& image, const Network& network);

}  // namespace spikeloom::compiler
