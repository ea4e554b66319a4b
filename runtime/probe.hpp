// What a run is asked to watch, from its text to indices:
//     hidden.v, hidden[3].u, hidden[0:8].v      registers of a population's neurons, every step
//     in_e.w, in_e[0:100].d, in_e[5].t          weights, delays, tags of a plastic projection's synapses, by number
//     in_e[3,7].w, in_e[0:4,7].w, in_e[:,7].w   the same by source and target
//     in_e.x1, in_e[0:4].y2, in_e.r1            traces of its sources and targets, the reward trace
// Ranges are FIRST:END, END exclusive. Synapses are numbered as Chip::plastic_synapses lists them: by source, target.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "core/base/ids.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::runtime {

enum class Variable : std::uint8_t { voltage, current };

struct Probe {
    PopulationId population;
    Variable variable = Variable::voltage;
    std::vector<std::uint32_t> neurons;
};

/// A quantity of a plastic projection: w, d, t of synapses, x1..y3 of neurons, or r1.
struct LearningProbe {
    std::uint32_t profile = 0;  ///< index into Image::learning
    rules::Operand quantity = rules::Operand::w;
    std::vector<std::uint32_t> elements;  ///< synapses or neurons, ascending; of r1: {0}
};

/// Whether the quantity belongs to synapses (w, d, t), not to neurons.
[[nodiscard]] bool of_synapses(rules::Operand quantity);

/// Errors say what there is instead: populations, plastic projections, neurons, synapses, traces that the rule uses.
[[nodiscard]] Result<std::variant<Probe, LearningProbe>> parse_probe(const chip::Image& image,
                                                                     const std::string& specification);

}  // namespace spikeloom::runtime
