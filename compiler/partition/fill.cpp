#include "compiler/partition/fill.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// Rows of a hypergraph by vertex.
struct Incidence {
    std::vector<std::uint64_t> begin;
    std::vector<std::uint32_t> nets;

    explicit Incidence(const Hypergraph& graph) : begin(graph.vertices + std::size_t{1}, 0), nets(graph.pins.size()) {
        for (const std::uint32_t pin : graph.pins) {
            ++begin[pin + 1];
        }
        std::partial_sum(begin.begin(), begin.end(), begin.begin());
        std::vector<std::uint64_t> next(begin.begin(), begin.end() - 1);
        for (std::uint32_t n = 0; n < graph.nets(); ++n) {
            for (const std::uint32_t pin : graph.net(n)) {
                nets[next[pin]++] = n;
            }
        }
    }
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t v) const {
        return std::span(nets).subspan(begin[v], begin[v + 1] - begin[v]);
    }
};

class OverlapFill {
public:
    OverlapFill(const Hypergraph& graph, const PartitionOptions& options)
        : graph_(graph),
          options_(options),
          incidence_(graph),
          part_of_(graph.vertices, unassigned),
          net_part_(graph.nets(), unassigned),
          shared_part_(graph.vertices, unassigned),
          shared_(graph.vertices, 0) {}

    [[nodiscard]] std::optional<std::vector<std::uint32_t>> run();

private:
    static constexpr std::uint32_t unassigned = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t levels = 256;

    void take(std::uint32_t v);
    [[nodiscard]] std::optional<std::uint32_t> next_candidate();
    [[nodiscard]] std::size_t level(std::uint32_t v) const {
        return (levels - 1) * shared_[v] / std::max<std::size_t>(incidence_.of(v).size(), 1);
    }

    const Hypergraph& graph_;
    const PartitionOptions& options_;
    Incidence incidence_;
    std::vector<std::uint32_t> part_of_;
    std::vector<std::uint32_t> net_part_;     ///< last part that the net reached
    std::vector<std::uint32_t> shared_part_;  ///< part that `shared_` speaks of
    std::vector<std::uint32_t> shared_;       ///< nets of a vertex that reach the part being filled
    std::array<std::vector<std::uint32_t>, levels> buckets_;
    std::size_t top_ = 0;
    std::uint32_t part_ = 0;
    std::uint64_t load_ = 0;
};

void OverlapFill::take(std::uint32_t v) {
    part_of_[v] = part_;
    load_ += graph_.weight_of(v);
    for (const std::uint32_t n : incidence_.of(v)) {
        if (net_part_[n] == part_) {
            continue;
        }
        net_part_[n] = part_;
        for (const std::uint32_t u : graph_.net(n)) {
            if (part_of_[u] != unassigned) {
                continue;
            }
            if (shared_part_[u] != part_) {
                shared_part_[u] = part_;
                shared_[u] = 0;
            }
            const std::size_t before = level(u);
            ++shared_[u];
            if (const std::size_t after = level(u); after != before || shared_[u] == 1) {
                buckets_[after].push_back(u);
                top_ = std::max(top_, after);
            }
        }
    }
}

std::optional<std::uint32_t> OverlapFill::next_candidate() {
    for (;; --top_) {
        std::vector<std::uint32_t>& bucket = buckets_[top_];
        while (!bucket.empty()) {
            const std::uint32_t v = bucket.back();
            bucket.pop_back();
            if (part_of_[v] == unassigned && level(v) == top_ && load_ + graph_.weight_of(v) <= options_.capacity) {
                return v;
            }
        }
        if (top_ == 0) {
            return std::nullopt;
        }
    }
}

std::optional<std::vector<std::uint32_t>> OverlapFill::run() {
    std::uint32_t next = 0;
    for (std::uint32_t taken = 0; taken < graph_.vertices; ++taken) {
        while (part_of_[next] != unassigned) {
            ++next;
        }
        std::uint32_t v = next_candidate().value_or(next);
        if (load_ + graph_.weight_of(v) > options_.capacity) {
            if (++part_ == options_.parts || graph_.weight_of(next) > options_.capacity) {
                return std::nullopt;
            }
            load_ = 0;
            for (auto& bucket : buckets_) {
                bucket.clear();
            }
            top_ = 0;
            v = next;  // from the edge of what is left, so that no islands stay behind
        }
        take(v);
    }
    return std::move(part_of_);
}

}  // namespace

std::optional<std::vector<std::uint32_t>> fill_in_order(const Hypergraph& graph, const PartitionOptions& options) {
    std::vector<std::uint32_t> part_of(graph.vertices);
    std::uint32_t part = 0;
    std::uint64_t load = 0;
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        const std::uint64_t weight = graph.weight_of(v);
        if (load + weight > options.capacity) {
            ++part;
            load = 0;
        }
        if (part >= options.parts || weight > options.capacity) {
            return std::nullopt;
        }
        load += weight;
        part_of[v] = part;
    }
    return part_of;
}

std::optional<std::vector<std::uint32_t>> pack(const Hypergraph& graph, const PartitionOptions& options) {
    std::vector<std::uint32_t> order(graph.vertices);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t v) { return graph.weight_of(v); });
    std::set<std::pair<std::uint64_t, std::uint32_t>> rooms;
    for (std::uint32_t part = 0; part < options.parts; ++part) {
        rooms.emplace(options.capacity, part);
    }
    std::vector<std::uint32_t> part_of(graph.vertices);
    for (const std::uint32_t v : order) {
        const std::uint64_t weight = graph.weight_of(v);
        const auto fullest = rooms.lower_bound({weight, 0});
        if (fullest == rooms.end()) {
            return std::nullopt;
        }
        const auto [room, part] = *fullest;
        rooms.erase(fullest);
        rooms.emplace(room - weight, part);
        part_of[v] = part;
    }
    return part_of;
}

std::optional<std::vector<std::uint32_t>> fill_by_overlap(const Hypergraph& graph, const PartitionOptions& options) {
    return OverlapFill(graph, options).run();
}

}  // namespace spikeloom::compiler
