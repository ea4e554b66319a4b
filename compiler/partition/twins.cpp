#include "compiler/partition/twins.hpp"

#include <algorithm>
#include <cmath>
#include <compare>
#include <numeric>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// The nets between kinds, and how many of each kind each part has.
class KindState {
public:
    KindState(const GroupedNets& nets, const TwinKinds& kinds, std::uint32_t parts, std::uint64_t capacity);

    /// Deals the kinds out in the order given, to the parts one after another. False: some did not fit.
    [[nodiscard]] bool fill(const std::vector<std::uint32_t>& order);
    void anneal(Draws& draws, double hot, const TwinOptions& options);
    [[nodiscard]] std::int64_t cost() const { return cost_; }
    [[nodiscard]] const std::vector<std::uint32_t>& counts() const { return count_; }
    [[nodiscard]] double heaviest_group() const {
        return group_weight_.empty() ? 1.0 : static_cast<double>(*std::ranges::max_element(group_weight_));
    }

private:
    struct Transfer {
        std::uint32_t kind, from, to, amount;
    };
    [[nodiscard]] std::uint32_t& count(std::uint32_t kind, std::uint32_t part) {
        return count_[std::size_t{kind} * parts_ + part];
    }
    [[nodiscard]] std::int64_t cell(std::uint32_t group, std::uint32_t part) const {
        const std::size_t at = std::size_t{group} * parts_ + part;
        return pins_[at] > 0 ? group_weight_[group] - sourced_[at] : 0;
    }
    void transfer(const Transfer& t);
    void shift(std::uint32_t kind, std::uint32_t part, std::int64_t amount);
    void step(Draws& draws, double temperature);
    void restore(const std::vector<std::uint32_t>& counts);

    std::uint32_t parts_;
    std::uint64_t capacity_;
    std::vector<std::uint32_t> size_;
    std::vector<std::uint64_t> weight_;  ///< of one vertex, by kind
    std::vector<std::int64_t> group_weight_;
    Rows<std::uint32_t> groups_of_;
    Rows<GroupSource> sourced_by_;
    std::vector<std::uint32_t> count_;   ///< by kind and part
    std::vector<std::uint32_t> pins_;    ///< by group and part: vertices that are pins
    std::vector<std::int64_t> sourced_;  ///< by group and part: weight of the sources
    std::vector<std::uint64_t> load_;
    std::int64_t cost_ = 0;
};

KindState::KindState(const GroupedNets& nets, const TwinKinds& kinds, std::uint32_t parts, std::uint64_t capacity)
    : parts_(parts),
      capacity_(capacity),
      size_(kinds.size),
      weight_(kinds.size.size()),
      group_weight_(nets.group_weight.begin(), nets.group_weight.end()) {
    std::uint32_t next = 0;
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        if (kinds.of[v] != next) {
            continue;
        }
        weight_[next++] = nets.vertex_weight[v];
        groups_of_.items.insert(groups_of_.items.end(), nets.groups_of[v].begin(), nets.groups_of[v].end());
        groups_of_.close_row();
        sourced_by_.items.insert(sourced_by_.items.end(), nets.sourced_by[v].begin(), nets.sourced_by[v].end());
        sourced_by_.close_row();
    }
}

/// Adds `amount` (of either sign) vertices of the kind to the part, and what that changes to the cost.
void KindState::shift(std::uint32_t kind, std::uint32_t part, std::int64_t amount) {
    for (const std::uint32_t g : groups_of_[kind]) {
        cost_ -= cell(g, part);
        pins_[std::size_t{g} * parts_ + part] += static_cast<std::uint32_t>(amount);
        cost_ += cell(g, part);
    }
    for (const GroupSource& source : sourced_by_[kind]) {
        cost_ -= cell(source.other, part);
        sourced_[std::size_t{source.other} * parts_ + part] += amount * source.weight;
        cost_ += cell(source.other, part);
    }
    count(kind, part) += static_cast<std::uint32_t>(amount);
    load_[part] += static_cast<std::uint64_t>(amount) * weight_[kind];
}

void KindState::transfer(const Transfer& t) {
    shift(t.kind, t.from, -std::int64_t{t.amount});
    shift(t.kind, t.to, t.amount);
}

bool KindState::fill(const std::vector<std::uint32_t>& order) {
    count_.assign(size_.size() * parts_, 0);
    pins_.assign(group_weight_.size() * parts_, 0);
    sourced_.assign(group_weight_.size() * parts_, 0);
    load_.assign(parts_, 0);
    cost_ = 0;
    std::uint32_t part = 0;
    for (const std::uint32_t kind : order) {
        std::uint32_t left = size_[kind];
        for (std::uint32_t tried = 0; left > 0 && tried < parts_; ++tried) {
            const std::uint64_t room =
                weight_[kind] == 0 ? left : (capacity_ - load_[part]) / std::max<std::uint64_t>(weight_[kind], 1);
            const auto amount = static_cast<std::uint32_t>(std::min<std::uint64_t>(room, left));
            shift(kind, part, amount);
            left -= amount;
            if (left > 0) {
                part = (part + 1) % parts_;
            }
        }
        if (left > 0) {
            return false;
        }
    }
    return true;
}

void KindState::step(Draws& draws, double temperature) {
    const auto words = draws.block();
    const auto kinds = static_cast<std::uint32_t>(size_.size());
    const std::uint32_t kind = Draws::below(words[0], kinds);
    const std::uint32_t from = Draws::below(words[0] * 0x9E3779B1U, parts_);
    const std::uint32_t to = Draws::below(words[1], parts_);
    const std::uint32_t there = count(kind, from);
    if (there == 0 || from == to) {
        return;
    }
    std::uint32_t amount = there;
    if ((words[2] & 3U) == 1) {
        amount = 1 + Draws::below(words[3], there);
    } else if ((words[2] & 3U) == 2) {
        amount = 1;
    }
    const std::uint64_t room = capacity_ - load_[to];
    const std::int64_t before = cost_;
    Transfer back{.kind = 0, .from = to, .to = from, .amount = 0};
    const std::uint64_t weight = weight_[kind];
    if (amount * weight > room) {
        // Another kind makes room, or as many go as there is room for.
        const std::uint32_t other = Draws::below(words[1] * 0x9E3779B1U, kinds);
        const std::uint64_t missing = amount * weight - room;
        const bool exchange = (words[2] & 4U) != 0 && other != kind && weight_[other] > 0;
        const std::uint64_t needed = exchange ? (missing + weight_[other] - 1) / weight_[other] : 0;
        if (exchange && needed <= count(other, to) &&
            load_[from] - amount * weight + needed * weight_[other] <= capacity_) {
            back = {.kind = other, .from = to, .to = from, .amount = static_cast<std::uint32_t>(needed)};
        } else {
            amount = static_cast<std::uint32_t>(room / weight);
        }
    }
    if (amount == 0) {
        return;
    }
    const Transfer forth{.kind = kind, .from = from, .to = to, .amount = amount};
    const auto both = [&](Transfer a, Transfer b) {
        transfer(a);
        if (b.amount > 0) {
            transfer(b);
        }
    };
    both(forth, back);
    const auto delta = static_cast<double>(cost_ - before);
    const double allowance = -temperature * std::log((static_cast<double>(words[2] >> 8) + 0.5) * 0x1.0p-24);
    if (delta > 0 && delta > allowance) {
        std::swap(back.from, back.to);
        both({.kind = kind, .from = to, .to = from, .amount = amount}, back);
    }
}

void KindState::restore(const std::vector<std::uint32_t>& counts) {
    for (std::uint32_t kind = 0; kind < size_.size(); ++kind) {
        for (std::uint32_t part = 0; part < parts_; ++part) {
            const std::int64_t wanted = counts[std::size_t{kind} * parts_ + part];
            shift(kind, part, wanted - count(kind, part));
        }
    }
}

void KindState::anneal(Draws& draws, double hot, const TwinOptions& options) {
    constexpr std::uint64_t temperatures = 100;
    std::int64_t least = cost_;
    std::vector<std::uint32_t> best = count_;
    for (std::uint64_t i = 0; i < temperatures; ++i) {
        const double temperature =
            i + 5 >= temperatures ? 1e-9 : hot * std::pow(0.5 / hot, static_cast<double>(i) / temperatures);
        for (std::uint64_t n = 0; n < options.proposals / temperatures; ++n) {
            step(draws, temperature);
        }
        if (cost_ < least) {
            least = cost_;
            best = count_;
        }
        if (options.stop != nullptr && *options.stop && (*options.stop)()) {
            break;
        }
    }
    restore(best);
}

bool same(const GroupedNets& nets, std::uint32_t a, std::uint32_t b) {
    return nets.vertex_weight[a] == nets.vertex_weight[b] && std::ranges::equal(nets.groups_of[a], nets.groups_of[b]) &&
           std::ranges::equal(nets.sourced_by[a], nets.sourced_by[b]);
}

bool precedes(const GroupedNets& nets, std::uint32_t a, std::uint32_t b) {
    if (nets.vertex_weight[a] != nets.vertex_weight[b]) {
        return nets.vertex_weight[a] < nets.vertex_weight[b];
    }
    const auto groups = [&](std::uint32_t v) { return nets.groups_of[v]; };
    if (!std::ranges::equal(groups(a), groups(b))) {
        return std::ranges::lexicographical_compare(groups(a), groups(b));
    }
    if (!std::ranges::equal(nets.sourced_by[a], nets.sourced_by[b])) {
        return std::ranges::lexicographical_compare(
            nets.sourced_by[a], nets.sourced_by[b], [](const GroupSource& x, const GroupSource& y) {
                return std::pair(x.other, x.weight) < std::pair(y.other, y.weight);
            });
    }
    return a < b;
}

}  // namespace

TwinKinds find_twins(const GroupedNets& nets) {
    std::vector<std::uint32_t> order(nets.vertices());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return precedes(nets, a, b); });
    std::vector<std::uint32_t> first(nets.vertices());  // the least of a vertex's twins
    for (std::size_t i = 0; i < order.size(); ++i) {
        first[order[i]] = i > 0 && same(nets, order[i - 1], order[i]) ? first[order[i - 1]] : order[i];
    }
    TwinKinds kinds{.of = std::vector<std::uint32_t>(nets.vertices()), .size = {}};
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        if (first[v] == v) {
            kinds.of[v] = static_cast<std::uint32_t>(kinds.size.size());
            kinds.size.push_back(0);
        } else {
            kinds.of[v] = kinds.of[first[v]];
        }
        ++kinds.size[kinds.of[v]];
    }
    return kinds;
}

std::vector<std::uint32_t> partition_twins(const GroupedNets& nets, const TwinKinds& kinds, Draws& draws,
                                           const TwinOptions& options) {
    KindState state(nets, kinds, options.parts, options.capacity);
    std::vector<std::uint32_t> order(kinds.size.size());
    std::iota(order.begin(), order.end(), 0U);
    std::int64_t least = 0;
    std::vector<std::uint32_t> best;
    for (int start = 0; start < options.starts; ++start) {
        if (state.fill(order)) {
            state.anneal(draws, (start % 2 == 0 ? 0.5 : 0.1) * state.heaviest_group(), options);
            if (best.empty() || state.cost() < least) {
                least = state.cost();
                best = state.counts();
            }
        }
        order = draws.permutation(static_cast<std::uint32_t>(order.size()));
        if (options.stop != nullptr && *options.stop && (*options.stop)()) {
            break;
        }
    }
    if (best.empty()) {
        return {};
    }
    std::vector<std::uint32_t> part_of(nets.vertices());
    std::vector<std::uint32_t> at(kinds.size.size(), 0);
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        const std::uint32_t kind = kinds.of[v];
        while (best[std::size_t{kind} * options.parts + at[kind]] == 0) {
            ++at[kind];
        }
        --best[std::size_t{kind} * options.parts + at[kind]];
        part_of[v] = at[kind];
    }
    return part_of;
}

}  // namespace spikeloom::compiler
