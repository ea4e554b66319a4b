#include "compiler/passes/list_sharing.hpp"

#include <algorithm>
#include <array>

namespace spikeloom::compiler {
namespace {

std::int64_t floor_multiple(std::int64_t value, std::int64_t multiple) {
    const std::int64_t rest = value % multiple;
    return value - (rest < 0 ? rest + multiple : rest);
}

std::uint64_t hash_of(std::span<const CoreSynapse> synapses) {
    std::uint64_t hash = synapses.size();
    for (const CoreSynapse& synapse : synapses) {
        const auto target = static_cast<std::uint64_t>(synapse.target - synapses.front().target);
        const std::uint64_t word = target << 40U | std::uint64_t{synapse.format} << 24U |
                                   std::uint64_t{synapse.delay} << 16U | static_cast<std::uint16_t>(synapse.weight);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
    }
    return hash;
}

bool equal_but_for_place(std::span<const CoreSynapse> a, std::span<const CoreSynapse> b) {
    return std::ranges::equal(a, b, [&](const CoreSynapse& x, const CoreSynapse& y) {
        return x.target - a.front().target == y.target - b.front().target && x.weight == y.weight &&
               x.format == y.format && x.delay == y.delay;
    });
}

}  // namespace

void ListSharing::add(std::span<const CoreSynapse> synapses) {
    cut(synapses);
    std::optional<Match> match = plastic_ ? std::nullopt : best_match(synapses.size());
    if (!match) {
        const auto first = static_cast<std::int64_t>(synapses.front().target);
        match = {.list = static_cast<std::uint32_t>(lists_.size()),
                 .base = std::min(floor_multiple(first, memory_.shared_base_multiple), most_base())};
        lists_.push_back({.synapses = synapses,
                          .lowest = first - match->base,
                          .highest = static_cast<std::int64_t>(synapses.back().target) - match->base,
                          .lowest_base = match->base,
                          .highest_base = match->base});
    }
    read(*match);
}

/// In runs that an axon reads or leaves out.
void ListSharing::cut(std::span<const CoreSynapse> synapses) {
    cut_.clear();
    plastic_ = std::ranges::any_of(
        synapses, [&](const CoreSynapse& synapse) { return formats_.learning_of(synapse.format).profile > 0; });
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= synapses.size(); ++i) {
        if (i == synapses.size() ||
            (!pixels_.empty() && pixels_[synapses[i].target] != pixels_[synapses[i - 1].target])) {
            const auto run = synapses.subspan(begin, i - begin);
            cut_.push_back({.synapses = run,
                            .hash = plastic_ ? 0 : hash_of(run),
                            .at = static_cast<std::int64_t>(run.front().target)});
            begin = i;
        }
    }
}

/// How far the chip moves a list.
std::int64_t ListSharing::most_base() const {
    return floor_multiple(memory_.shared_base_most, memory_.shared_base_multiple);
}

/// Whether the list can begin so that all its readers, and the axon at hand with this base, are within what the chip
/// moves lists by.
bool ListSharing::reachable(const List& list, std::int64_t base) const {
    const std::int64_t lowest = std::min(list.lowest, cut_.front().at - base);
    const std::int64_t move =
        std::min(floor_multiple(lowest, memory_.shared_base_multiple), most_base() - std::max(list.highest_base, base));
    const std::int64_t least = pixels_.empty() ? 0 : -most_base();
    return base % memory_.shared_base_multiple == 0 && std::min(list.lowest_base, base) + move >= least;
}

/// Runs at both ends are asked first: the ends of a convolution's list are what its neighbours have too.
std::optional<ListSharing::Match> ListSharing::best_match(std::size_t synapses) const {
    constexpr int most_tried = 8;  // of one run
    const std::size_t last = cut_.size() - 1;
    const std::array<std::size_t, 5> asked{last, 0, last / 2, last - std::min<std::size_t>(last, 1),
                                           std::min<std::size_t>(last, 1)};
    Match best;
    for (std::size_t i = 0; i < std::min(asked.size(), cut_.size()); ++i) {
        const Run& run = cut_[asked[i]];
        const auto latest = latest_.find(run.hash);
        std::uint32_t next = latest == latest_.end() ? none : latest->second;
        for (int tried = 0; next != none && tried < most_tried; ++tried, next = known_[next].next) {
            const Known& known = known_[next];
            const std::int64_t base = run.at - runs_[known.run].at;
            if (!reachable(lists_[known.list], base) ||
                (best.list == known.list && best.base == base && best.found > 0)) {
                continue;
            }
            const Match match{.list = known.list, .base = base, .found = found_at(lists_[known.list], base)};
            if (match.found > best.found && worth(match, synapses)) {
                best = match;
            }
            if (best.found == synapses) {
                return best;
            }
        }
    }
    return best.found > 0 ? std::optional(best) : std::nullopt;
}

/// Not if most of the list would have to be added, or if it became longer than lists can be moved.
bool ListSharing::worth(const Match& match, std::size_t synapses) const {
    if (match.found == synapses) {
        return true;
    }
    const List& list = lists_[match.list];
    const auto first = static_cast<std::int64_t>(cut_.front().at);
    const auto last = static_cast<std::int64_t>(cut_.back().synapses.back().target);
    const std::int64_t lowest = std::min(list.lowest, first - match.base);
    const std::int64_t highest = std::max(list.highest, last - match.base);
    return 2 * match.found >= synapses &&
           highest - floor_multiple(lowest, memory_.shared_base_multiple) <= memory_.shared_base_most;
}

/// Synapses of the axon at hand that the list has where they are needed.
std::size_t ListSharing::found_at(const List& list, std::int64_t base) const {
    std::size_t found = 0;
    for (const Run& run : cut_) {
        found += find(list, run, base) ? run.synapses.size() : 0;
    }
    return found;
}

std::optional<std::uint32_t> ListSharing::find(const List& list, const Run& run, std::int64_t base) const {
    const std::int64_t at = run.at - base;
    auto here = std::ranges::lower_bound(list.runs, at, {}, [&](std::uint32_t number) { return runs_[number].at; });
    for (; here != list.runs.end() && runs_[*here].at == at; ++here) {
        if (runs_[*here].hash == run.hash && equal_but_for_place(runs_[*here].synapses, run.synapses)) {
            return *here;
        }
    }
    return std::nullopt;
}

void ListSharing::read(const Match& match) {
    Reading reading{.list = match.list, .base = match.base, .first = static_cast<std::uint32_t>(runs_read_.size())};
    for (const Run& run : cut_) {
        const auto known = match.found > 0 ? find(lists_[match.list], run, match.base) : std::nullopt;
        runs_read_.push_back(known ? *known : keep(run, match.list, match.base));
    }
    reading.count = static_cast<std::uint32_t>(cut_.size());
    List& list = lists_[match.list];
    ++list.readers;
    list.lowest_base = std::min(list.lowest_base, match.base);
    list.highest_base = std::max(list.highest_base, match.base);
    readings_.push_back(reading);
}

/// Adds a run to a list; returns its number.
std::uint32_t ListSharing::keep(const Run& run, std::uint32_t list, std::int64_t base) {
    const auto number = static_cast<std::uint32_t>(runs_.size());
    const std::int64_t at = run.at - base;
    runs_.push_back({.synapses = run.synapses, .hash = run.hash, .at = at});
    List& to = lists_[list];
    const auto behind = std::ranges::upper_bound(to.runs, at, {}, [&](std::uint32_t other) { return runs_[other].at; });
    to.runs.insert(behind, number);
    to.lowest = std::min(to.lowest, at);
    to.highest = std::max(to.highest, at + static_cast<std::int64_t>(run.synapses.back().target) - run.at);
    if (!plastic_) {
        const auto [latest, added] = latest_.try_emplace(run.hash, none);
        known_.push_back({.list = list, .run = number, .next = latest->second});
        latest->second = static_cast<std::uint32_t>(known_.size() - 1);
    }
    return number;
}

/// A list begins at target 0, as near as bases go; one that nothing shares stands where its axon needs it.
void ListSharing::finish() {
    std::vector<std::int64_t> move;
    for (const List& list : lists_) {
        move.push_back(list.readers == 1 ? -list.lowest_base
                                         : std::min(floor_multiple(list.lowest, memory_.shared_base_multiple),
                                                    most_base() - list.highest_base));
        highest_target_ = std::max(highest_target_, list.highest - move.back());
        std::uint32_t place = 0;
        for (const std::uint32_t number : list.runs) {
            runs_[number].at -= move.back();
            runs_[number].place = place++;
        }
    }
    for (Reading& reading : readings_) {
        lists_[reading.list].in_part =
            lists_[reading.list].in_part || reading.count != lists_[reading.list].runs.size();
        reading.base += move[reading.list];
    }
}

}  // namespace spikeloom::compiler
