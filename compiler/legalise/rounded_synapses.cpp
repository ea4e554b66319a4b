#include "compiler/legalise/rounded_synapses.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace spikeloom::compiler {
namespace {

struct OfProjection {
    std::size_t projection = 0;
    Connection connection{};
};

/// All that are between the same two.
std::vector<std::size_t> siblings_of(const Network& network, std::size_t projection) {
    std::vector<std::size_t> siblings;
    for (std::size_t other = 0; other < network.projections.size(); ++other) {
        if (network.projections[other].source == network.projections[projection].source &&
            network.projections[other].target == network.projections[projection].target) {
            siblings.push_back(other);
        }
    }
    return siblings;
}

/// Target and delay of what a source's synapses are on the chip, ascending.
using Held = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// By source of the projection.
std::vector<Held> held_synapses(const Network& network, const MappedNetwork& mapped, const Projection& projection) {
    std::vector<Held> held(network.source_size(projection.source));
    const std::uint32_t source_first = mapped.source_first(projection.source);
    const std::uint32_t first = mapped.population_first[projection.target.value()];
    const std::uint32_t end = mapped.population_first[projection.target.value() + 1];
    for (std::uint32_t target = first; target < end; ++target) {
        mapped.table.for_each(target, [&](std::uint32_t node, const FanInSynapse& synapse) {
            if (node >= source_first && node - source_first < held.size()) {
                held[node - source_first].emplace_back(target - first, static_cast<std::uint32_t>(synapse.delay));
            }
        });
    }
    for (Held& own : held) {
        std::ranges::sort(own);
    }
    return held;
}

/// The connections of a source that were rounded to nothing: of those that are equal but for their weights the least,
/// as many as are not held.
std::vector<OfProjection> rounded_to_nothing(const Network& network, std::uint32_t source,
                                             const std::vector<std::size_t>& siblings, const Held& held) {
    std::vector<OfProjection> all;
    std::vector<Connection> row;
    for (const std::size_t p : siblings) {
        row.clear();
        append_connections(network, network.projections[p], source, row);
        for (const Connection& connection : row) {
            all.push_back({p, connection});
        }
    }
    std::ranges::stable_sort(all, {}, [](const OfProjection& one) {
        return std::tuple(one.connection.target, one.connection.delay_steps, std::abs(one.connection.weight));
    });
    std::vector<OfProjection> gone;
    for (auto begin = all.begin(); begin != all.end();) {
        const Connection same = begin->connection;
        const auto end = std::find_if(begin, all.end(), [&](const OfProjection& other) {
            return other.connection.target != same.target || other.connection.delay_steps != same.delay_steps;
        });
        const auto there = std::ranges::equal_range(held, Held::value_type(same.target, same.delay_steps));
        gone.insert(gone.end(), begin, begin + std::max<std::ptrdiff_t>(end - begin - std::ssize(there), 0));
        begin = end;
    }
    return gone;
}

}  // namespace

void for_each_rounded(const Network& network, const MappedNetwork& mapped, std::size_t projection,
                      const std::function<void(const RoundedSynapse&)>& use) {
    const Projection& own = network.projections[projection];
    const std::vector<std::size_t> siblings = siblings_of(network, projection);
    const bool any_gone = std::ranges::any_of(siblings, [&](std::size_t p) { return mapped.losses[p].zeroed > 0; });
    const auto sources = static_cast<std::uint32_t>(network.source_size(own.source));
    const std::vector<Held> held = any_gone ? held_synapses(network, mapped, own) : std::vector<Held>();
    std::vector<Connection> row;
    for (std::uint32_t source = 0; source < sources; ++source) {
        const std::vector<OfProjection> gone =
            any_gone ? rounded_to_nothing(network, source, siblings, held[source]) : std::vector<OfProjection>();
        row.clear();
        append_connections(network, own, source, row);
        for (const Connection& connection : row) {
            const bool is_gone = std::ranges::any_of(gone, [&](const OfProjection& other) {
                return other.projection == projection && other.connection.target == connection.target &&
                       other.connection.delay_steps == connection.delay_steps &&
                       other.connection.weight == connection.weight;
            });
            use({.source = source,
                 .target = connection.target,
                 .weight = connection.weight,
                 .delay = static_cast<std::uint8_t>(connection.delay_steps - own.delay_steps),
                 .gone = is_gone});
        }
    }
}

Projection with_synapses(Projection projection, std::vector<RoundedSynapse> synapses, std::size_t sources,
                         chip::ProjectionLoss& loss) {
    std::ranges::stable_sort(synapses, {}, &RoundedSynapse::source);
    SparseWeights weights;
    weights.row_begin.assign(sources + 1, 0);
    loss.zeroed = 0;
    for (const RoundedSynapse& synapse : synapses) {
        ++weights.row_begin[synapse.source + std::size_t{1}];
        weights.targets.push_back(synapse.target);
        weights.weights.push_back(synapse.weight);
        weights.delays.push_back(synapse.delay);
        loss.zeroed += synapse.gone ? 1 : 0;
    }
    for (std::size_t source = 0; source < sources; ++source) {
        weights.row_begin[source + 1] += weights.row_begin[source];
    }
    loss.weights = loss.synapses = synapses.size();
    projection.weights = std::move(weights);
    return projection;
}

}  // namespace spikeloom::compiler
