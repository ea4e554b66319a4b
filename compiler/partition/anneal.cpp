#include "compiler/partition/anneal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// What a block of random words proposes: v to the part of u, which shares a net with it.
struct Proposal {
    std::uint32_t v = 0;
    std::uint32_t u = 0;
};

std::optional<Proposal> propose(const GroupedNets& nets, const std::array<std::uint32_t, 4>& words) {
    const std::uint32_t v = Draws::below(words[0], nets.vertices());
    const auto groups = nets.groups_of[v];
    const auto sourced = nets.sourced_by[v];
    const auto ways = static_cast<std::uint32_t>(groups.size() + sourced.size());
    if (ways == 0) {
        return std::nullopt;
    }
    const std::uint32_t way = Draws::below(words[1], ways);
    if (way < groups.size()) {
        const auto pins = nets.pins[groups[way]];
        const auto sources = nets.sources[groups[way]];
        const std::uint32_t at = Draws::below(words[2], static_cast<std::uint32_t>(pins.size() + sources.size()));
        return Proposal{v, at < pins.size() ? pins[at] : sources[at - pins.size()].other};
    }
    const auto pins = nets.pins[sourced[way - groups.size()].other];
    return Proposal{v, pins[Draws::below(words[2], static_cast<std::uint32_t>(pins.size()))]};
}

class Annealer {
public:
    Annealer(GainTable& table, const GroupedNets& nets, Draws& draws, const AnnealOptions& options)
        : table_(table), nets_(nets), draws_(draws), options_(options) {}

    void run();

private:
    [[nodiscard]] bool accepts(std::int64_t delta) const {
        return delta <= 0 || static_cast<double>(delta) <= allowance_;
    }
    void step();
    void exchange(std::uint32_t v, std::uint32_t to, std::uint32_t u, std::uint32_t word);
    void keep(std::int64_t& least, std::vector<std::uint32_t>& best) const {
        if (table_.copies() < least) {
            least = table_.copies();
            best = table_.part_of();
        }
    }

    GainTable& table_;
    const GroupedNets& nets_;
    Draws& draws_;
    const AnnealOptions& options_;
    double temperature_ = 0;
    double allowance_ = 0;  ///< growth that the current draw accepts
};

void Annealer::step() {
    const auto words = draws_.block();
    const auto proposal = propose(nets_, words);
    if (!proposal) {
        return;
    }
    const auto [v, u] = *proposal;
    const std::uint32_t from = table_.part(v);
    // Now and then any part: an empty one has no neighbours.
    const bool anywhere = (words[3] & 0xF0U) == 0;
    const std::uint32_t to = anywhere ? Draws::below(words[2] * 0x9E3779B1U, table_.parts()) : table_.part(u);
    if (from == to) {
        return;
    }
    const std::int32_t delta = table_.delta(v, to);
    if (delta > 12 * temperature_ && table_.load(to) + nets_.vertex_weight[v] <= options_.capacity[to]) {
        return;
    }
    allowance_ = -temperature_ * std::log((static_cast<double>(words[3] >> 8) + 0.5) * 0x1.0p-24);
    if (table_.load(to) + nets_.vertex_weight[v] <= options_.capacity[to]) {
        if (accepts(delta)) {
            table_.move(v, to);
        }
    } else {
        exchange(v, to, u, words[3]);
    }
}

/// v and a vertex of `to` change places: u if it is there, else any.
void Annealer::exchange(std::uint32_t v, std::uint32_t to, std::uint32_t u, std::uint32_t word) {
    const std::uint32_t from = table_.part(v);
    const auto members = table_.members(to);
    if (members.empty()) {
        return;
    }
    const std::uint32_t partner = (word & 1U) != 0 && table_.part(u) == to
                                      ? u
                                      : members[Draws::below(word << 8, static_cast<std::uint32_t>(members.size()))];
    const std::uint64_t out = nets_.vertex_weight[v];
    const std::uint64_t in = nets_.vertex_weight[partner];
    const std::int64_t delta = table_.delta(v, to);
    if (!accepts(delta + table_.delta(partner, from)) || table_.load(from) - out + in > options_.capacity[from] ||
        table_.load(to) - in + out > options_.capacity[to]) {
        return;
    }
    table_.move(v, to);
    // Nets that both lie on change what the partner's move is worth: ask again.
    if (accepts(delta + table_.delta(partner, from))) {
        table_.move(partner, from);
    } else {
        table_.move(v, from);
    }
}

/// Temperatures change every eighth of a sweep; the best state is looked for after each sweep.
void Annealer::run() {
    const std::uint64_t chunk = std::max<std::uint64_t>(nets_.vertices() / 8, 64);
    const std::uint64_t work_before = table_.work();
    std::int64_t least = table_.copies();
    std::vector<std::uint32_t> best = table_.part_of();
    double progress = 0;
    for (std::uint64_t done = 0; progress < 1; done += chunk) {
        const double spent = static_cast<double>(table_.work() - work_before) / static_cast<double>(options_.work);
        progress = std::max(static_cast<double>(done) / static_cast<double>(options_.proposals), spent);
        constexpr double greedy_share = 0.05;
        const double fall = progress / (1 - greedy_share);
        temperature_ = fall < 1 ? options_.hot * std::pow(options_.cold / options_.hot, fall) : 1e-9;
        // One step may cost millions of entries where nets are huge.
        for (std::uint64_t n = 0; n < chunk && table_.work() - work_before <= options_.work; ++n) {
            step();
        }
        if (table_.copies() < least && (done / chunk) % 8 == 0) {
            keep(least, best);
        }
        if (options_.stop != nullptr && *options_.stop && (*options_.stop)()) {
            break;
        }
    }
    keep(least, best);
    for (std::uint32_t v = 0; v < nets_.vertices(); ++v) {
        if (table_.part(v) != best[v]) {
            table_.move(v, best[v]);
        }
    }
}

}  // namespace

void anneal(GainTable& table, const GroupedNets& nets, Draws& draws, const AnnealOptions& options) {
    if (table.parts() > 1 && nets.vertices() > 1) {
        Annealer(table, nets, draws, options).run();
    }
}

double typical_change(const GainTable& table, const GroupedNets& nets, Draws& draws) {
    constexpr int samples = 20'000;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < samples && nets.vertices() > 0; ++i) {
        const auto proposal = propose(nets, draws.block());
        if (!proposal || table.part(proposal->v) == table.part(proposal->u)) {
            continue;
        }
        const std::int32_t delta = table.delta(proposal->v, table.part(proposal->u));
        if (delta != 0) {
            sum += std::abs(static_cast<double>(delta));
            ++count;
        }
    }
    return count == 0 ? 1.0 : sum / count;
}

bool unload(GainTable& table, const GroupedNets& nets, std::span<const std::uint64_t> capacity) {
    for (std::uint32_t part = 0; part < table.parts(); ++part) {
        while (table.load(part) > capacity[part]) {
            double least = std::numeric_limits<double>::max();
            std::uint32_t vertex = 0;
            std::uint32_t target = part;
            for (const std::uint32_t v : table.members(part)) {
                const std::uint64_t weight = nets.vertex_weight[v];
                if (weight == 0) {
                    continue;
                }
                for (std::uint32_t to = 0; to < table.parts(); ++to) {
                    if (to == part || table.load(to) + weight > capacity[to]) {
                        continue;
                    }
                    const double price = static_cast<double>(table.delta(v, to)) / static_cast<double>(weight);
                    if (price < least || (price == least && v < vertex)) {
                        least = price;
                        vertex = v;
                        target = to;
                    }
                }
            }
            if (target == part) {
                return false;
            }
            table.move(vertex, target);
        }
    }
    return true;
}

}  // namespace spikeloom::compiler
