#include "compiler/partition/grouped_nets.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t weight_room = std::uint64_t{1} << 30;
constexpr std::uint32_t no_pin = std::numeric_limits<std::uint32_t>::max();

/// A number that stands for a vertex in the sums that stand for sets.
std::uint64_t mixed(std::uint64_t x) {
    x = (x + 1) * 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

std::uint64_t set_hash(std::span<const std::uint32_t> set) {
    std::uint64_t hash = 0;
    for (const std::uint32_t v : set) {
        hash += mixed(v);
    }
    return hash;
}

std::vector<std::int32_t> scaled_weights(const Hypergraph& graph) {
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        sum += graph.weight_of_net(n);
    }
    const double scale = static_cast<double>(weight_room - std::min(weight_room, graph.nets())) /
                         static_cast<double>(std::max(sum, weight_room));
    std::vector<std::int32_t> weights(graph.nets());
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        const std::uint32_t weight = graph.weight_of_net(n);
        weights[n] = sum <= weight_room ? static_cast<std::int32_t>(weight)
                                        : static_cast<std::int32_t>(weight * scale) + (weight > 0 ? 1 : 0);
    }
    return weights;
}

/// For each net the pin to take out so that most nets have the same rest; no_pin: none.
std::vector<std::uint32_t> choose_sources(const Hypergraph& graph) {
    struct Rest {
        std::uint64_t hash;
        std::uint32_t net;
        std::uint32_t pin;
    };
    std::vector<Rest> rests;
    rests.reserve(graph.pins.size() + graph.nets());
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        const std::uint64_t whole = set_hash(graph.net(n));
        rests.push_back({whole, static_cast<std::uint32_t>(n), no_pin});
        for (const std::uint32_t pin : graph.net(n)) {
            rests.push_back({whole - mixed(pin), static_cast<std::uint32_t>(n), pin});
        }
    }
    std::ranges::sort(rests, {}, [](const Rest& r) { return std::tuple(r.hash, r.net, r.pin); });
    std::vector<std::uint32_t> source(graph.nets(), no_pin);
    std::vector<std::size_t> relatives(graph.nets(), 1);
    for (std::size_t i = 0; i < rests.size();) {
        std::size_t end = i;
        while (end < rests.size() && rests[end].hash == rests[i].hash) {
            ++end;
        }
        const std::size_t here = end - i;
        for (; i < end; ++i) {
            const Rest& rest = rests[i];
            if (here > relatives[rest.net] || (here == relatives[rest.net] && rest.pin == no_pin)) {
                relatives[rest.net] = here;
                source[rest.net] = rest.pin;
            }
        }
    }
    return source;
}

/// Collects groups, merges equal ones, leaves out those that cost the same in every partition.
class GroupBuilder {
public:
    void add_pin(std::uint32_t v) { pins_.items.push_back(v); }
    void add_source(std::uint32_t v, std::int32_t weight) { sources_.items.push_back({v, weight}); }
    void close(std::int32_t weight) {
        pins_.close_row();
        sources_.close_row();
        weight_.push_back(weight);
    }
    [[nodiscard]] GroupedNets finish(std::vector<std::uint64_t> vertex_weight, std::int64_t offset);

private:
    [[nodiscard]] std::vector<std::uint32_t> by_pins() const;
    void emit(std::span<const std::uint32_t> equal, GroupedNets& out);

    Rows<std::uint32_t> pins_;
    Rows<GroupSource> sources_;
    std::vector<std::int32_t> weight_;
    std::vector<std::uint64_t> hash_;
    std::vector<GroupSource> gathered_;
};

/// Groups in an order in which equal pins are neighbours.
std::vector<std::uint32_t> GroupBuilder::by_pins() const {
    std::vector<std::uint32_t> order(weight_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        if (hash_[a] != hash_[b]) {
            return hash_[a] < hash_[b];
        }
        if (!std::ranges::equal(pins_[a], pins_[b])) {
            return std::ranges::lexicographical_compare(pins_[a], pins_[b]);
        }
        return a < b;
    });
    return order;
}

void GroupBuilder::emit(std::span<const std::uint32_t> equal, GroupedNets& out) {
    const auto pins = pins_[equal.front()];
    std::int32_t weight = 0;
    gathered_.clear();
    for (const std::uint32_t group : equal) {
        weight += weight_[group];
        for (const GroupSource& source : sources_[group]) {
            // A source that is a pin stands on a core of T in every partition: its own copy is always saved.
            if (std::ranges::binary_search(pins, source.other)) {
                out.offset -= source.weight;
            } else {
                gathered_.push_back(source);
            }
        }
    }
    if (pins.empty() || weight == 0) {
        return;
    }
    if (pins.size() == 1 && gathered_.empty()) {
        out.offset += weight;
        return;
    }
    std::ranges::sort(gathered_, {}, &GroupSource::other);
    out.group_weight.push_back(weight);
    out.pins.items.insert(out.pins.items.end(), pins.begin(), pins.end());
    out.pins.close_row();
    const std::size_t first = out.sources.items.size();
    for (const GroupSource& source : gathered_) {
        if (out.sources.items.size() > first && out.sources.items.back().other == source.other) {
            out.sources.items.back().weight += source.weight;
        } else {
            out.sources.items.push_back(source);
        }
    }
    out.sources.close_row();
}

/// The rows by vertex of a table by group.
template <class Item, class Vertex, class Make>
auto transposed(const Rows<Item>& table, std::uint32_t vertices, Vertex vertex, Make make) {
    using Out = decltype(make(std::uint32_t{}, std::declval<const Item&>()));
    Rows<Out> result;
    result.begin.assign(vertices + std::size_t{1}, 0);
    for (const Item& item : table.items) {
        ++result.begin[vertex(item) + 1];
    }
    std::partial_sum(result.begin.begin(), result.begin.end(), result.begin.begin());
    result.items.resize(table.items.size());
    std::vector<std::uint64_t> next(result.begin.begin(), result.begin.end() - 1);
    for (std::uint32_t row = 0; row < table.size(); ++row) {
        for (const Item& item : table[row]) {
            result.items[next[vertex(item)]++] = make(row, item);
        }
    }
    return result;
}

GroupedNets GroupBuilder::finish(std::vector<std::uint64_t> vertex_weight, std::int64_t offset) {
    GroupedNets out;
    out.vertex_weight = std::move(vertex_weight);
    out.offset = offset;
    hash_.resize(weight_.size());
    for (std::size_t g = 0; g < weight_.size(); ++g) {
        hash_[g] = set_hash(pins_[g]);
    }
    const std::vector<std::uint32_t> order = by_pins();
    for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i + 1;
        while (end < order.size() && hash_[order[end]] == hash_[order[i]] &&
               std::ranges::equal(pins_[order[end]], pins_[order[i]])) {
            ++end;
        }
        emit(std::span(order).subspan(i, end - i), out);
        i = end;
    }
    out.groups_of = transposed(
        out.pins, out.vertices(), [](std::uint32_t v) { return v; },
        [](std::uint32_t group, std::uint32_t) { return group; });
    out.sourced_by = transposed(
        out.sources, out.vertices(), [](const GroupSource& s) { return s.other; },
        [](std::uint32_t group, const GroupSource& s) { return GroupSource{group, s.weight}; });
    return out;
}

}  // namespace

GroupedNets group_nets(const Hypergraph& graph) {
    const std::vector<std::int32_t> weights = scaled_weights(graph);
    const std::vector<std::uint32_t> chosen = choose_sources(graph);
    // Nets that chose the same rest. A rest that only one net chose is no group: that net stays whole.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> rests;
    for (std::uint32_t n = 0; n < graph.nets(); ++n) {
        if (graph.net(n).size() > 1) {
            rests.emplace_back(set_hash(graph.net(n)) - (chosen[n] == no_pin ? 0 : mixed(chosen[n])), n);
        }
    }
    std::ranges::sort(rests);
    GroupBuilder builder;
    std::int64_t offset = 0;
    std::vector<std::uint32_t> sorted;
    for (std::size_t i = 0; i < rests.size(); ++i) {
        const std::uint32_t n = rests[i].second;
        const bool alone = (i == 0 || rests[i - 1].first != rests[i].first) &&
                           (i + 1 == rests.size() || rests[i + 1].first != rests[i].first);
        const std::uint32_t source = alone ? no_pin : chosen[n];
        sorted.assign(graph.net(n).begin(), graph.net(n).end());
        std::ranges::sort(sorted);
        for (const std::uint32_t pin : sorted) {
            if (pin != source) {
                builder.add_pin(pin);
            }
        }
        if (source == no_pin) {
            offset -= weights[n];
        } else {
            builder.add_source(source, weights[n]);
        }
        builder.close(weights[n]);
    }
    std::vector<std::uint64_t> vertex_weight(graph.vertices);
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        vertex_weight[v] = graph.weight_of(v);
    }
    return builder.finish(std::move(vertex_weight), offset);
}

GroupedNets contract(const GroupedNets& nets, std::span<const std::uint32_t> cluster_of, std::uint32_t clusters) {
    std::vector<std::uint64_t> vertex_weight(clusters, 0);
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        vertex_weight[cluster_of[v]] += nets.vertex_weight[v];
    }
    GroupBuilder builder;
    std::vector<std::uint32_t> pins;
    for (std::uint32_t g = 0; g < nets.groups(); ++g) {
        pins.clear();
        for (const std::uint32_t v : nets.pins[g]) {
            pins.push_back(cluster_of[v]);
        }
        std::ranges::sort(pins);
        pins.erase(std::ranges::unique(pins).begin(), pins.end());
        for (const std::uint32_t pin : pins) {
            builder.add_pin(pin);
        }
        for (const GroupSource& source : nets.sources[g]) {
            builder.add_source(cluster_of[source.other], source.weight);
        }
        builder.close(nets.group_weight[g]);
    }
    return builder.finish(std::move(vertex_weight), nets.offset);
}

std::int64_t copies(const GroupedNets& nets, std::span<const std::uint32_t> part_of) {
    std::int64_t sum = nets.offset;
    std::vector<std::uint32_t> parts;
    for (std::uint32_t g = 0; g < nets.groups(); ++g) {
        parts.clear();
        for (const std::uint32_t v : nets.pins[g]) {
            parts.push_back(part_of[v]);
        }
        std::ranges::sort(parts);
        parts.erase(std::ranges::unique(parts).begin(), parts.end());
        sum += static_cast<std::int64_t>(parts.size()) * nets.group_weight[g];
        for (const GroupSource& source : nets.sources[g]) {
            sum -= std::ranges::binary_search(parts, part_of[source.other]) ? source.weight : 0;
        }
    }
    return sum;
}

}  // namespace spikeloom::compiler
