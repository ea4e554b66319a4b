// Partial sums. The sources of a neuron are dealt over helpers, neurons without memory that send what arrived in a step
// as a graded spike; the neuron adds up what they send. In integers that is the same sum, a step later, as long as no
// part outgrows a payload: sources are dealt so that none can (where the values that sources send are bounded).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Which neurons of a population get helpers, and into how many parts the sources of that with most are dealt; those
/// with fewer get fewer, in proportion. The population's other neurons hear their sources directly, as much later.
struct PopulationSplit {
    std::uint32_t parts = 2;
    std::vector<std::uint32_t> neurons;  ///< nodes, ascending
    friend bool operator==(const PopulationSplit&, const PopulationSplit&) = default;
};
using SplitPlan = std::map<std::uint32_t, PopulationSplit>;

/// Whether the chip has a neuron that passes a sum on: graded_vector, and payloads of more than a sign.
[[nodiscard]] bool passes_sums_on(const chip::ChipSpec& chip);

/// Of a population whose sources on loops are too many for any deal.
[[nodiscard]] Diagnostic refuse_loops(const LegalMapping& from, std::uint32_t population, const chip::ChipSpec& chip);

/// `from` with helpers for these neurons. Errors: loops and learning (retime.hpp), delays that no synapse has, a
/// synapse whose weight alone outgrows a payload. `approximate_reset` as the network was quantised with.
[[nodiscard]] Result<LegalMapping> split_fan_in(const LegalMapping& from, const SplitPlan& plan,
                                                const chip::ChipSpec& chip, bool approximate_reset);

}  // namespace spikeloom::compiler
