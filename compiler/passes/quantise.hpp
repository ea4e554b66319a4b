// First pass: float parameters to registers. Derives every neuron's model (neuron_model.hpp), chooses the scales and
// synapse formats (scale.hpp), and expands every projection into synapses with mantissas, measuring on the way what
// the rounding did to each projection.
#pragma once

#include <optional>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/scale.hpp"
#include "compiler/passes/weight_fit.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct QuantiseOptions {
    int weight_bits = 8;
    bool approximate_reset = false;
    bool approximate_weights = false;  ///< round whole-numbered weights that no format of the chip holds
    SignSplit split = SignSplit::never;
    /// Formats a projection and sign: small weights take a format whose exponent is 2, 4, ... less, where the chip's
    /// unit of 2^6 allows, so that a few large weights don't coarsen all others.
    int magnitude_classes = 1;
};

/// What quantising one network for one chip again finds as it was: no option but approximate_reset bears on it.
struct QuantiseMemory {
    std::optional<DriveSurvey> survey;
};

/// Warnings and notes go to `remarks`; what can't be expressed is the error, all of it. `memory`, where given, is
/// filled the first time and spares the next a look at every synapse.
[[nodiscard]] Result<MappedNetwork> quantise(const Network& network, const chip::ChipSpec& chip,
                                             const QuantiseOptions& options, Diagnostics& remarks,
                                             QuantiseMemory* memory = nullptr);

}  // namespace spikeloom::compiler
