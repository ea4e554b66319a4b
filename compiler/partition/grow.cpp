#include "compiler/partition/grow.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t unassigned = std::numeric_limits<std::uint32_t>::max();

/// Vertices by the share of their nets that is reached; entries that a later one made old are passed over.
class Candidates {
public:
    explicit Candidates(const std::vector<double>& degree) : degree_(degree), reached_(degree.size(), 0) {}

    void add(std::uint32_t v, double weight) {
        if (reached_[v] == 0) {
            touched_.push_back(v);
        }
        reached_[v] += weight;
        queue_.emplace(reached_[v] / degree_[v], v);
    }
    /// The best for which `fits`; those for which it does not are gone until more of their nets are reached.
    template <class Fits>
    [[nodiscard]] std::uint32_t take(const Fits& fits) {
        while (!queue_.empty()) {
            const auto [share, v] = queue_.top();
            queue_.pop();
            if (share == reached_[v] / degree_[v] && fits(v)) {
                return v;
            }
        }
        return unassigned;
    }
    void clear() {
        queue_ = {};
        for (const std::uint32_t v : touched_) {
            reached_[v] = 0;
        }
        touched_.clear();
    }

private:
    const std::vector<double>& degree_;
    std::vector<double> reached_;
    std::vector<std::uint32_t> touched_;
    std::priority_queue<std::pair<double, std::uint32_t>> queue_;
};

class Grower {
public:
    Grower(const GroupedNets& nets, std::span<const std::uint64_t> capacity)
        : nets_(nets),
          room_(capacity.begin(), capacity.end()),
          part_of_(nets.vertices(), unassigned),
          last_part_(nets.groups(), unassigned),
          degree_(degrees(nets)),
          near_part_(degree_),
          near_any_(degree_) {}

    [[nodiscard]] std::vector<std::uint32_t> run(std::uint32_t first);

private:
    [[nodiscard]] static std::vector<double> degrees(const GroupedNets& nets);
    void take(std::uint32_t v, std::uint32_t part);
    [[nodiscard]] bool is_free(std::uint32_t v) const { return part_of_[v] == unassigned; }

    const GroupedNets& nets_;
    std::vector<std::uint64_t> room_;
    std::vector<std::uint32_t> part_of_;
    std::vector<std::uint32_t> last_part_;  ///< by group: the last part to reach it
    std::vector<double> degree_;            ///< weight of a vertex's nets
    Candidates near_part_;                  ///< of the part at hand
    Candidates near_any_;                   ///< of all parts so far
};

std::vector<double> Grower::degrees(const GroupedNets& nets) {
    std::vector<double> degree(nets.vertices(), 1e-9);
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        for (const std::uint32_t g : nets.groups_of[v]) {
            degree[v] += nets.group_weight[g];
        }
        for (const GroupSource& source : nets.sourced_by[v]) {
            degree[v] += source.weight;
        }
    }
    return degree;
}

void Grower::take(std::uint32_t v, std::uint32_t part) {
    part_of_[v] = part;
    room_[part] -= std::min(room_[part], nets_.vertex_weight[v]);
    for (const std::uint32_t g : nets_.groups_of[v]) {
        const std::uint32_t before = std::exchange(last_part_[g], part);
        if (before == part) {
            continue;
        }
        const auto reach = [&](std::uint32_t u, double weight) {
            if (is_free(u)) {
                near_part_.add(u, weight);
                if (before == unassigned) {
                    near_any_.add(u, weight);
                }
            }
        };
        for (const std::uint32_t u : nets_.pins[g]) {
            reach(u, nets_.group_weight[g]);
        }
        for (const GroupSource& source : nets_.sources[g]) {
            reach(source.other, source.weight);
        }
    }
    // A hint only: with its full weight, layers grow into one another (lenet5: worse by 5 %).
    constexpr double hint = 0.01;
    for (const GroupSource& sourced : nets_.sourced_by[v]) {
        for (const std::uint32_t u : nets_.pins[sourced.other]) {
            if (is_free(u)) {
                near_part_.add(u, hint * sourced.weight);
                near_any_.add(u, hint * sourced.weight);
            }
        }
    }
}

std::vector<std::uint32_t> Grower::run(std::uint32_t first) {
    std::uint32_t next = 0;  // all before it are assigned
    for (std::uint32_t part = 0; part < room_.size(); ++part) {
        near_part_.clear();
        const auto fits = [&](std::uint32_t v) { return is_free(v) && nets_.vertex_weight[v] <= room_[part]; };
        for (;;) {
            std::uint32_t v = near_part_.take(fits);
            if (v == unassigned) {
                v = near_any_.take(fits);
            }
            if (v == unassigned && first < nets_.vertices() && fits(first)) {
                v = first;
            }
            while (next < nets_.vertices() && !is_free(next)) {
                ++next;
            }
            if (v == unassigned && next < nets_.vertices() && fits(next)) {
                v = next;
            }
            if (v == unassigned) {
                break;
            }
            take(v, part);
        }
    }
    // What did not pack: onto the part with most room, full as it may be.
    for (std::uint32_t v = 0; v < nets_.vertices(); ++v) {
        if (is_free(v)) {
            take(v, static_cast<std::uint32_t>(std::ranges::max_element(room_) - room_.begin()));
        }
    }
    return std::move(part_of_);
}

}  // namespace

std::uint64_t growing_steps(const GroupedNets& nets, std::size_t parts) {
    std::uint64_t steps = 0;
    for (std::size_t g = 0; g < nets.groups(); ++g) {
        const std::uint64_t pins = nets.pins[g].size();
        const std::uint64_t sources = nets.sources[g].size();
        steps += (pins + sources) * std::min<std::uint64_t>(pins, parts) + sources * pins;
    }
    return steps;
}

std::vector<std::uint32_t> grow_parts(const GroupedNets& nets, std::span<const std::uint64_t> capacity,
                                      std::uint32_t first) {
    return Grower(nets, capacity).run(first);
}

}  // namespace spikeloom::compiler
