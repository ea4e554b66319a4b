// The part of check_image on axons that share lists.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "chip/image/image_findings.hpp"

namespace spikeloom::chip {
namespace {

/// Targets that an axon reads, before it moves them.
struct ReadTargets {
    std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
    std::int64_t highest = -1;
    bool learns = false;
};

class SharedAxonCheck {
public:
    SharedAxonCheck(const CoreImage& core, const SynapseMemory& memory, const std::string& where, Findings& findings)
        : core_(core), memory_(memory), where_(where), findings_(findings) {}

    void run() {
        if (core_.shared_axons.empty() && core_.part_first.empty()) {
            return;
        }
        if (!memory_.shared_lists) {
            findings_.add(where_, "its axons share lists", "a list of its own for each axon of this chip");
            return;
        }
        if (!check_parts()) {
            return;
        }
        for (std::size_t i = 0; i < core_.shared_axons.size() && !findings_.full(); ++i) {
            check(core_.shared_axons[i], fmt::format("{}, axon {}", where_, i));
        }
    }

private:
    bool check_parts();
    void check(const SharedAxon& axon, const std::string& place);
    const ReadTargets* targets_of(const SharedAxon& axon, const std::string& place);

    const CoreImage& core_;
    const SynapseMemory& memory_;
    const std::string& where_;
    Findings& findings_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, ReadTargets> known_;  ///< by list and part
    std::uint64_t read_ = 0;
};

bool SharedAxonCheck::check_parts() {
    if (core_.part_first.empty() && core_.part_entries.empty()) {
        return true;
    }
    if (!memory_.shared_in_part) {
        findings_.add(where_, "its axons read lists in part", "whole lists on this chip");
        return false;
    }
    if (!are_offsets(core_.part_first, core_.parts(), core_.part_entries.size())) {
        findings_.add(where_, "part_first does not divide part_entries", "offsets from 0, rising, to their number");
        return false;
    }
    for (std::uint32_t n = 1; n <= core_.parts(); ++n) {
        const auto entries = core_.part(n);
        if (entries.empty() || std::ranges::adjacent_find(entries, std::greater_equal{}) != entries.end()) {
            findings_.add(fmt::format("{}, part {}", where_, n), "its entries do not ascend",
                          "at least one, ascending");
            return false;
        }
    }
    return true;
}

/// Nothing if the part has an entry that the list lacks.
const ReadTargets* SharedAxonCheck::targets_of(const SharedAxon& axon, const std::string& place) {
    const auto [known, added] = known_.try_emplace({axon.list, axon.part});
    if (!added) {
        return &known->second;
    }
    const std::size_t entries = core_.entries_in(axon.list).size();
    if (axon.part > 0 && core_.part(axon.part).back() >= entries) {
        findings_.add(place, fmt::format("it reads entry {} of list {}", core_.part(axon.part).back(), axon.list),
                      fmt::format("one of its {} entries", entries));
        known_.erase(known);
        return nullptr;
    }
    for (const SynapseEntry& entry : core_.entries_of(axon)) {
        known->second.learns = known->second.learns || entry.learning != 0;
        const std::size_t last = std::min<std::size_t>(std::size_t{entry.first} + entry.count, core_.synapses.size());
        for (std::size_t i = entry.first; i < last; ++i) {
            known->second.lowest = std::min<std::int64_t>(known->second.lowest, core_.synapses[i].target);
            known->second.highest = std::max<std::int64_t>(known->second.highest, core_.synapses[i].target);
        }
        read_ += entry.count;
    }
    return &known->second;
}

/// The axon's targets inside the core, and nothing that learns.
void SharedAxonCheck::check(const SharedAxon& axon, const std::string& place) {
    constexpr std::uint64_t most_read = std::uint64_t{1} << 28;  // a file can ask for far more than it holds
    const std::int64_t least = memory_.shared_in_part ? -memory_.shared_base_most : 0;
    if (axon.list >= core_.lists()) {
        findings_.add(place, fmt::format("it reads list {}", axon.list),
                      fmt::format("one of the core's {} lists", core_.lists()));
        return;
    }
    if (axon.part > core_.parts()) {
        findings_.add(place, fmt::format("it reads part {} of its list", axon.part),
                      fmt::format("0, the whole, or one of the core's {} parts", core_.parts()));
        return;
    }
    if (axon.base < least || axon.base > memory_.shared_base_most || axon.base % memory_.shared_base_multiple != 0) {
        findings_.add(place, fmt::format("its base is {}", axon.base),
                      fmt::format("a multiple of {} from {} to {}", memory_.shared_base_multiple, least,
                                  memory_.shared_base_most));
        return;
    }
    const ReadTargets* targets = targets_of(axon, place);
    if (targets == nullptr) {
        return;
    }
    if (read_ > most_read) {
        findings_.add(place, fmt::format("axons up to it read {} synapses in different parts of lists", read_),
                      fmt::format("{} on a core", most_read));
    } else if (targets->highest >= 0 &&
               (axon.base + targets->lowest < 0 || axon.base + targets->highest >= core_.compartments)) {
        findings_.add(
            place,
            fmt::format("it reaches compartments {} to {}", axon.base + targets->lowest, axon.base + targets->highest),
            fmt::format("0 to {}", std::int64_t{core_.compartments} - 1));
    } else if ((axon.base != 0 || axon.part != 0) && targets->learns) {
        findings_.add(place, "it moves a list whose synapses are plastic, or reads it in part",
                      "base 0, the whole list");
    }
}

}  // namespace

bool are_offsets(const std::vector<std::uint32_t>& offsets, std::size_t size, std::size_t end) {
    return offsets.size() == size + 1 && offsets.front() == 0 && offsets.back() == end &&
           std::ranges::is_sorted(offsets);
}

void check_shared_axons(const CoreImage& core, const SynapseMemory& memory, const std::string& where,
                        Findings& findings) {
    SharedAxonCheck(core, memory, where, findings).run();
}

}  // namespace spikeloom::chip
