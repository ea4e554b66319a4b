#include "compiler/legalise/retime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace spikeloom::compiler {
namespace {

Diagnostics refuse_learning(const Network& network, const std::vector<bool>& split, const std::vector<int>& added) {
    Diagnostics findings;
    for (const Projection& projection : network.projections) {
        const std::optional<DelayRange> delays = delays_of(projection);
        const bool through_helpers =
            split[projection.target.value()] && delays && delays->longest + added_delay(projection, added) > 0;
        const bool late = added[projection.target.value()] > 0 || through_helpers ||
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

/// The least steps; or, where there are none, the projections of a loop that has too few delays.
struct LongestPaths {
    std::vector<int> added;
    std::vector<std::size_t> loop{};
};

/// `delays` and `detour` by projection.
LongestPaths longest_paths(const Network& network, const std::vector<std::optional<DelayRange>>& delays,
                           const std::vector<bool>& detour) {
    LongestPaths found{.added = std::vector<int>(network.populations.size(), 0)};
    std::vector<std::size_t> reached_by(network.populations.size(), network.projections.size());
    for (std::size_t round = 0;; ++round) {
        std::optional<std::uint32_t> grown;
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            const Projection& projection = network.projections[p];
            const int least = delays[p] && detour[p] ? std::max(1 - delays[p]->shortest, -projection.delay_steps)
                                                     : -projection.delay_steps;
            if (const int lacking = least - added_delay(projection, found.added); lacking > 0) {
                grown = projection.target.value();
                found.added[*grown] += lacking;
                reached_by[*grown] = p;
            }
        }
        if (!grown) {
            return found;
        }
        if (round <= found.added.size()) {
            continue;
        }
        // Longer than any way without a loop: back as many times as there are populations, one stands on it.
        const auto before = [&](std::uint32_t population) {
            return network.projections[reached_by[population]].source.index;
        };
        std::uint32_t at = *grown;
        for (std::size_t i = 0; i < found.added.size(); ++i) {
            at = before(at);
        }
        const std::uint32_t start = at;
        do {
            found.loop.push_back(reached_by[at]);
            at = before(at);
        } while (at != start);
        return found;
    }
}

}  // namespace

std::optional<DelayRange> delays_of(const Projection& projection) {
    const int all = projection.delay_steps;
    const auto* sparse = std::get_if<SparseWeights>(&projection.weights);
    if (sparse == nullptr || (sparse->delays.empty() && !sparse->targets.empty())) {
        return DelayRange{all, all};
    }
    if (sparse->targets.empty()) {
        return std::nullopt;
    }
    const auto [shortest, longest] = std::ranges::minmax_element(sparse->delays);
    return DelayRange{all + *shortest, all + *longest};
}

std::vector<std::size_t> closing_loops(const Network& network, std::uint32_t population) {
    const std::vector<bool> behind = reached_from(network, population);
    std::vector<std::size_t> closing;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const Projection& projection = network.projections[p];
        const std::optional<DelayRange> delays = delays_of(projection);
        if (projection.target.value() == population && projection.source.kind == Source::Kind::population &&
            behind[projection.source.index] && delays && delays->shortest == 0) {
            closing.push_back(p);
        }
    }
    return closing;
}

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

Result<Detours> choose_detours(const Network& network, const std::vector<bool>& split) {
    Detours chosen;
    std::vector<std::optional<DelayRange>> delays;
    for (const Projection& projection : network.projections) {
        delays.push_back(delays_of(projection));
        chosen.through_helpers.push_back(split[projection.target.value()]);
    }
    for (;;) {
        LongestPaths paths = longest_paths(network, delays, chosen.through_helpers);
        if (paths.loop.empty()) {
            chosen.added = std::move(paths.added);
            break;
        }
        std::erase_if(paths.loop, [&](std::size_t p) { return !chosen.through_helpers[p]; });
        SPIKELOOM_ASSERT(!paths.loop.empty(), "a loop whose delays are negative");
        const std::size_t closing = *std::ranges::min_element(paths.loop, {}, [&](std::size_t p) {
            return std::pair(network.source_size(network.projections[p].source), p);
        });
        for (std::size_t p = 0; p < network.projections.size(); ++p) {  // all between the same two
            if (network.projections[p].source == network.projections[closing].source &&
                network.projections[p].target == network.projections[closing].target) {
                chosen.through_helpers[p] = false;
            }
        }
    }
    if (Diagnostics findings = refuse_learning(network, split, chosen.added); !findings.empty()) {
        return fail(std::move(findings));
    }
    return chosen;
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
