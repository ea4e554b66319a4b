// Neurons that fit no core even alone: which limits they pass, and the refusal that says so where nothing can be done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What a misfit runs out of.
struct Shortage {
    bool fan_in = false;   ///< input axons, or words of synaptic memory: fewer sources would do
    bool fan_out = false;  ///< output axons, or compartments for a destination each
    bool other = false;
    double times = 1;  ///< need over room, of the worst of fan_in
};
[[nodiscard]] Shortage shortage_of(const Misfit& misfit, const chip::ChipSpec& chip);

/// All misfits of a network, found by filling cores in the order that partition() tries first.
struct MisfitSurvey {
    std::vector<Misfit> misfits;
    std::size_t cores = 0;  ///< that the other neurons fill
    CoreFacts facts;
};
[[nodiscard]] MisfitSurvey find_misfits(const Network& network, const MappedNetwork& mapped,
                                        const chip::ChipSpec& chip);

/// About how many sources the neurons may have for all to fit, by what the worst lacks; nothing where fewer sources
/// would not help, or all fit.
[[nodiscard]] std::optional<std::size_t> sources_that_fit(const Network& network, const MappedNetwork& mapped,
                                                          const chip::ChipSpec& chip);

/// One error for each population that has some: what its worst neuron needs of every limit that it passes, the room,
/// and what would help. `way_out`: what to say of splitting, for a neuron that lacks fan-in.
[[nodiscard]] Diagnostics refuse_misfits(const Network& network, const MappedNetwork& mapped,
                                         const MisfitSurvey& survey, const chip::ChipSpec& chip,
                                         const std::string& way_out);

}  // namespace spikeloom::compiler
