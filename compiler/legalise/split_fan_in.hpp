// Partial sums. The sources of a neuron are dealt over helpers, neurons without memory that send what arrived in a step
// as a graded spike; the neuron adds up what they send. In integers that is the same sum, a step later, as long as no
// part outgrows a payload: sources are dealt so that none can (where the values that sources send are bounded).
#pragma once

#include <cstdint>
#include <map>

#include "chip/spec/chip_spec.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Populations whose neurons get helpers: into how many parts the sources of that with most are dealt. Neurons with
/// fewer get fewer, in proportion.
using PartsByPopulation = std::map<std::uint32_t, std::uint32_t>;

/// Whether the chip has a neuron that passes a sum on: graded_vector, and payloads of more than a sign.
[[nodiscard]] bool passes_sums_on(const chip::ChipSpec& chip);

/// Of a population whose sources on loops are too many for any deal.
[[nodiscard]] Diagnostic refuse_loops(const Population& population);

/// `from` with helpers for these populations. Errors: loops and learning (retime.hpp), delays that no synapse has, a
/// synapse whose weight alone outgrows a payload. `approximate_reset` as the network was quantised with.
[[nodiscard]] Result<LegalMapping> split_fan_in(const LegalMapping& from, const PartsByPopulation& parts,
                                                const chip::ChipSpec& chip, bool approximate_reset);

}  // namespace spikeloom::compiler
