// Places: whether the cores of every group find some, which are theirs, and whether an image keeps to them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>

#include "compiler/overrides.hpp"

namespace spikeloom::compiler {
namespace {

/// Whether the cores of each group find places of their own: augmenting paths from core to core.
class PlaceMatching {
public:
    explicit PlaceMatching(const OverridePlan& plan) : plan_(plan) {}

    [[nodiscard]] bool add_core(std::uint32_t group) {
        tried_.clear();
        return settle(group);
    }
    [[nodiscard]] std::size_t taken() const { return holder_.size(); }

private:
    [[nodiscard]] bool settle(std::uint32_t group) {  // NOLINT(misc-no-recursion): as deep as there are groups
        for (const std::uint32_t place : plan_.groups[group].places) {
            if (tried_.contains(place)) {
                continue;
            }
            tried_.emplace(place, true);
            const auto holder = holder_.find(place);
            if (holder == holder_.end() || (holder->second != group && settle(holder->second))) {
                holder_[place] = group;
                return true;
            }
        }
        return false;
    }

    const OverridePlan& plan_;
    std::map<std::uint32_t, std::uint32_t> holder_;  ///< group, by place
    std::map<std::uint32_t, bool> tried_;
};

}  // namespace

std::vector<std::uint32_t> core_groups(const OverridePlan& plan, const MappedNetwork& mapped, const NeuronOrder& order,
                                       std::span<const CorePlan> cores) {
    std::vector<std::uint32_t> groups;
    groups.reserve(cores.size());
    for (const CorePlan& core : cores) {
        groups.push_back(plan.groups.size() <= 1 ? 0
                                                 : plan.group_of[mapped.population_of(order.neuron_at[core.first])]);
    }
    return groups;
}

std::optional<Diagnostic> check_places(const OverridePlan& plan, const Network& network,
                                       std::span<const std::uint32_t> groups_of_cores) {
    PlaceMatching matching(plan);
    std::size_t free_cores = 0;
    for (const std::uint32_t group : groups_of_cores) {
        if (plan.groups[group].places.empty()) {
            ++free_cores;
        } else if (!matching.add_core(group)) {
            std::string names;
            for (const std::uint32_t population : plan.groups[group].populations) {
                names += fmt::format("{}'{}'", names.empty() ? "" : ", ", network.populations[population].name);
            }
            return Diagnostic{
                .where = fmt::format("pin of {}", names),
                .found = fmt::format("it needs {} cores", std::ranges::count(groups_of_cores, group)),
                .allowed = fmt::format("{} cores that it is pinned to and that no other pin takes: {}",
                                       plan.groups[group].places.size(), fmt::join(plan.groups[group].places, ", ")),
                .help = "pin it to more cores, or leave the pin out"};
        }
    }
    if (matching.taken() + free_cores > plan.places) {
        return Diagnostic{.where = fmt::format("network '{}'", network.name),
                          .found = fmt::format("needs {} cores with its pins", matching.taken() + free_cores),
                          .allowed = fmt::format("{} cores that are not forbidden", plan.places),
                          .help =
                              "forbid fewer cores, or leave out pins: populations pinned to different cores share "
                              "none"};
    }
    return std::nullopt;
}

std::vector<std::vector<std::uint32_t>> allowed_places(const OverridePlan& plan,
                                                       std::span<const std::uint32_t> groups_of_cores) {
    std::vector<std::vector<std::uint32_t>> allowed;
    allowed.reserve(groups_of_cores.size());
    for (const std::uint32_t group : groups_of_cores) {
        allowed.push_back(plan.groups[group].places);
    }
    return allowed;
}

Diagnostics verify_overrides(const OverridePlan& plan, const chip::Image& image) {
    Diagnostics findings;
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        if (!plan.forbidden.empty() && plan.forbidden[image.cores[c].place]) {
            findings.push_back({.where = fmt::format("core {}", c),
                                .found = fmt::format("it lies on place {}, which is forbidden", image.cores[c].place)});
        }
    }
    for (std::size_t p = 0; p < image.populations.size(); ++p) {
        const std::vector<std::uint32_t>& places = plan.groups[plan.group_of[p]].places;
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            const std::uint32_t place = image.cores[tile.core.value()].place;
            if (!places.empty() && !std::ranges::binary_search(places, place)) {
                findings.push_back({.where = fmt::format("population '{}'", image.populations[p].name),
                                    .found = fmt::format("neurons of it lie on place {}", place),
                                    .allowed = fmt::format("{}", fmt::join(places, ", "))});
                break;
            }
        }
    }
    return findings;
}

}  // namespace spikeloom::compiler
