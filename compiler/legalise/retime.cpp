#include "compiler/legalise/retime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace spikeloom::compiler {
namespace {

/// Nothing where the projection has no synapses.
std::optional<int> shortest_delay(const Projection& projection) {
    const auto* sparse = std::get_if<SparseWeights>(&projection.weights);
    if (sparse == nullptr) {
        return projection.delay_steps;
    }
    if (sparse->targets.empty()) {
        return std::nullopt;
    }
    return projection.delay_steps +
           (sparse->delays.empty() ? 0 : static_cast<int>(*std::ranges::min_element(sparse->delays)));
}

Diagnostic refuse_loop(const Network& network, const Projection& closing) {
    return {.where = fmt::format("population '{}'", network.populations[closing.target.value()].name),
            .found = fmt::format("it lies on a loop (through projection '{}') with a neuron that fits no core, and a "
                                 "sum that helpers make takes a step more",
                                 closing.name),
            .allowed = "fan-in is split outside of loops, or in loops that have a delay of a step to spare",
            .help = "a delay of one step on the recurrent projection, fewer sources a neuron"};
}

Diagnostics refuse_learning(const Network& network, const std::vector<bool>& detour, const std::vector<int>& added) {
    Diagnostics findings;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const Projection& projection = network.projections[p];
        const bool late = added[projection.target.value()] > 0 || detour[p] ||
                          (projection.source.kind == Source::Kind::population && added[projection.source.index] > 0);
        if (projection.learning && late) {
            findings.push_back({.where = fmt::format("projection '{}'", projection.name),
                                .found = "it learns, and splitting the fan-in of a neuron would shift its spikes "
                                         "against traces, epochs and rewards",
                                .allowed = "fan-in is split where nothing behind it learns",
                                .help = "fewer sources a neuron"});
        }
    }
    return findings;
}

/// Populations that a spike of this one can make spike, by way of others too.
std::vector<bool> reached_from(const Network& network, std::uint32_t population) {
    std::vector<bool> reached(network.populations.size(), false);
    std::vector<std::uint32_t> open{population};
    while (!open.empty()) {
        const std::uint32_t from = open.back();
        open.pop_back();
        for (const Projection& projection : network.projections) {
            const std::uint32_t target = projection.target.value();
            if (projection.source == Source{Source::Kind::population, from} && !reached[target]) {
                reached[target] = true;
                open.push_back(target);
            }
        }
    }
    return reached;
}

}  // namespace

ModelParameters later_reset(ModelParameters parameters, int steps) {
    if (parameters.reset_interval > 0) {
        parameters.reset_offset =
            static_cast<std::int32_t>((std::int64_t{parameters.reset_offset} + steps) % parameters.reset_interval);
    }
    return parameters;
}

int added_delay(const Projection& projection, const std::vector<int>& added) {
    const int source = projection.source.kind == Source::Kind::population ? added[projection.source.index] : 0;
    return added[projection.target.value()] - source;
}

std::vector<bool> open_to_detours(const Network& network, std::uint32_t population) {
    const std::vector<bool> behind = reached_from(network, population);
    std::vector<bool> open(network.projections.size(), false);
    std::vector<Source> closing;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const Projection& projection = network.projections[p];
        open[p] = projection.target.value() == population;
        if (open[p] && projection.source.kind == Source::Kind::population && behind[projection.source.index] &&
            shortest_delay(projection).value_or(1) == 0) {
            closing.push_back(projection.source);
        }
    }
    for (std::size_t p = 0; p < open.size(); ++p) {
        open[p] = open[p] && std::ranges::find(closing, network.projections[p].source) == closing.end();
    }
    return open;
}

Result<std::vector<int>> retime(const Network& network, const std::vector<bool>& detour) {
    std::vector<int> added(network.populations.size(), 0);
    for (std::size_t round = 0;; ++round) {
        const Projection* grew = nullptr;
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            const Projection& projection = network.projections[p];
            const std::optional<int> delay = shortest_delay(projection);
            const std::uint32_t target = projection.target.value();
            const int detour_lacks = delay && detour[p] ? 1 - *delay : -projection.aligned_steps;
            const int least = std::max(detour_lacks, -projection.aligned_steps);
            const int lacking = least - added_delay(projection, added);
            if (lacking > 0) {
                added[target] += lacking;
                grew = &projection;
            }
        }
        if (grew == nullptr) {
            break;
        }
        if (round > added.size()) {  // longer than any way without a loop
            return fail(refuse_loop(network, *grew));
        }
    }
    if (Diagnostics findings = refuse_learning(network, detour, added); !findings.empty()) {
        return fail(std::move(findings));
    }
    return added;
}

Network with_added_steps(Network network, const std::vector<int>& added) {
    for (Projection& projection : network.projections) {
        const int more = added_delay(projection, added);
        projection.delay_steps += more;
        projection.aligned_steps += more;
    }
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        if (std::optional<FixedNeuron>& fixed = network.populations[p].fixed) {
            fixed->parameters = later_reset(fixed->parameters, added[p]);
        }
    }
    return network;
}

}  // namespace spikeloom::compiler
