#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

std::int64_t cost_of(const PlacementProblem& problem, const Arrangement& slot_of) {
    std::int64_t sum = 0;
    for (std::uint32_t core = 0; core < problem.cores(); ++core) {
        const auto here = problem.metric.point(slot_of[core]);
        for (const FlowGraph::Neighbour& neighbour : problem.flows.of(core)) {
            if (neighbour.core > core) {
                sum += std::int64_t{neighbour.flow} *
                       problem.metric.distance(here, problem.metric.point(slot_of[neighbour.core]));
            }
        }
    }
    return sum;
}

std::int64_t swap_change(const PlacementProblem& problem, const Arrangement& slot_of, std::uint32_t a,
                         std::uint32_t b) {
    std::int64_t change = 0;
    const auto add = [&](std::uint32_t item, std::uint32_t other) {
        if (item >= problem.cores()) {
            return;
        }
        for (const FlowGraph::Neighbour& neighbour : problem.flows.of(item)) {
            if (neighbour.core != other) {
                const std::uint32_t there = slot_of[neighbour.core];
                change += std::int64_t{neighbour.flow} * (problem.metric.distance(slot_of[other], there) -
                                                          problem.metric.distance(slot_of[item], there));
            }
        }
    };
    add(a, b);
    add(b, a);
    return change;
}

std::vector<std::uint32_t> items_of(const Arrangement& slot_of) {
    std::vector<std::uint32_t> items(slot_of.size());
    for (std::uint32_t item = 0; item < slot_of.size(); ++item) {
        items[slot_of[item]] = item;
    }
    return items;
}

}  // namespace spikeloom::compiler
