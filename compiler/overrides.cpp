#include "compiler/overrides.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "compiler/legalise/split_fan_in.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_fan_in_parts = 4096;

/// The number of the population of that name, or a finding.
std::optional<std::uint32_t> find_population(const Network& network, const std::string& name, const std::string& where,
                                             Diagnostics& findings) {
    for (std::uint32_t p = 0; p < network.populations.size(); ++p) {
        if (network.populations[p].name == name) {
            return p;
        }
    }
    std::vector<std::string> names;
    constexpr std::size_t most_names = 12;
    for (const Population& population : network.populations) {
        if (names.size() < most_names) {
            names.push_back(population.name);
        }
    }
    findings.push_back({.where = where,
                        .found = fmt::format("there is no population '{}'", name),
                        .allowed = fmt::format("{}{}", fmt::join(names, ", "),
                                               network.populations.size() > names.size() ? ", ..." : "")});
    return std::nullopt;
}

void check_cores(const std::vector<std::uint32_t>& cores, const chip::ChipSpec& chip, const std::string& where,
                 Diagnostics& findings) {
    for (const std::uint32_t core : cores) {
        if (core >= static_cast<std::uint32_t>(chip.mesh.cores())) {
            findings.push_back(
                {.where = where,
                 .found = fmt::format("core {}", core),
                 .allowed = fmt::format("cores 0 to {} of chip '{}'", chip.mesh.cores() - 1, chip.name)});
            return;
        }
    }
}

/// Populations by the set that they are kept in, a population alone in its own.
class Sets {
public:
    explicit Sets(std::size_t populations) : parent_(populations) { std::iota(parent_.begin(), parent_.end(), 0U); }

    [[nodiscard]] std::uint32_t of(std::uint32_t population) const {
        while (parent_[population] != population) {
            population = parent_[population];
        }
        return population;
    }
    void join(std::uint32_t a, std::uint32_t b) {
        const std::uint32_t one = of(a);
        const std::uint32_t other = of(b);
        parent_[std::max(one, other)] = std::min(one, other);
    }

private:
    std::vector<std::uint32_t> parent_;
};

/// A pin of a set of populations: where, and which population said so.
struct SetPin {
    std::vector<std::uint32_t> places;
    std::uint32_t population = 0;
};

class Planner {
public:
    Planner(const Network& network, const chip::ChipSpec& chip, const MappingOverrides& overrides)
        : network_(network), chip_(chip), overrides_(overrides), sets_(network.populations.size()) {}

    Result<OverridePlan> run() {
        forbid();
        for (const std::vector<std::string>& names : overrides_.together) {
            keep_together(names);
        }
        for (const MappingOverrides::Pin& pin : overrides_.pins) {
            take_pin(pin);
        }
        check_fan_in_parts();
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        build_groups();
        check_rooms();
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        return std::move(plan_);
    }

private:
    void forbid();
    void keep_together(const std::vector<std::string>& names);
    void take_pin(const MappingOverrides::Pin& pin);
    void check_fan_in_parts();
    void build_groups();
    void check_rooms();

    const Network& network_;
    const chip::ChipSpec& chip_;
    const MappingOverrides& overrides_;
    Sets sets_;
    std::map<std::uint32_t, SetPin> pins_;  ///< by set
    OverridePlan plan_;
    Diagnostics findings_;
};

void Planner::forbid() {
    const auto cores = static_cast<std::uint32_t>(chip_.mesh.cores());
    plan_.places = cores;
    check_cores(overrides_.forbidden_cores, chip_, "forbidden cores", findings_);
    if (overrides_.forbidden_cores.empty() || !findings_.empty()) {
        return;
    }
    plan_.forbidden.assign(cores, false);
    for (const std::uint32_t core : overrides_.forbidden_cores) {
        plan_.places -= plan_.forbidden[core] ? 0U : 1U;
        plan_.forbidden[core] = true;
    }
    if (plan_.places == 0) {
        findings_.push_back({.where = "forbidden cores",
                             .found = fmt::format("all {} cores of chip '{}' are forbidden", cores, chip_.name),
                             .allowed = "at least one core that may be used"});
    }
}

void Planner::keep_together(const std::vector<std::string>& names) {
    const std::string where = fmt::format("kept together: {}", fmt::join(names, ", "));
    std::optional<std::uint32_t> first;
    if (names.size() < 2) {
        findings_.push_back(
            {.where = where, .found = fmt::format("{} population", names.size()), .allowed = "two or more"});
    }
    for (auto name = names.begin(); name != names.end(); ++name) {
        if (std::find(names.begin(), name, *name) != name) {
            findings_.push_back({.where = where,
                                 .found = fmt::format("'{}' is named twice", *name),
                                 .allowed = "different populations"});
            continue;
        }
        const auto population = find_population(network_, *name, where, findings_);
        if (population && first) {
            sets_.join(*first, *population);
        }
        first = first ? first : population;
    }
}

void Planner::take_pin(const MappingOverrides::Pin& pin) {
    const std::string where = fmt::format("pin of '{}'", pin.population);
    const auto population = find_population(network_, pin.population, where, findings_);
    check_cores(pin.cores, chip_, where, findings_);
    if (!population || !findings_.empty()) {
        return;
    }
    std::vector<std::uint32_t> places = pin.cores;
    std::ranges::sort(places);
    places.erase(std::unique(places.begin(), places.end()), places.end());
    std::erase_if(places, [&](std::uint32_t place) { return !plan_.forbidden.empty() && plan_.forbidden[place]; });
    if (places.empty()) {
        findings_.push_back({.where = where,
                             .found = pin.cores.empty() ? "no core" : "all of its cores are forbidden",
                             .allowed = "at least one core that may be used"});
        return;
    }
    const auto [known, fresh] = pins_.emplace(sets_.of(*population), SetPin{places, *population});
    if (fresh) {
        return;
    }
    const std::string& other = network_.populations[known->second.population].name;
    if (known->second.population == *population) {
        findings_.push_back({.where = where, .found = "the population is pinned twice", .allowed = "one pin"});
    } else if (known->second.places != places) {
        findings_.push_back(
            {.where = where,
             .found = fmt::format("it is kept together with '{}', which is pinned to other cores", other),
             .allowed = "the same cores for populations that are kept together",
             .help = fmt::format("leave out one of the pins: '{}' follows '{}'", pin.population, other)});
    }
}

/// What the wishes need to make sense; legalise() fulfils them.
void Planner::check_fan_in_parts() {
    std::set<std::uint32_t> seen;
    for (const auto& [name, parts] : overrides_.fan_in_parts) {
        const std::string where = fmt::format("fan-in of '{}' in parts", name);
        const auto population = find_population(network_, name, where, findings_);
        if (!population) {
            continue;
        }
        if (!passes_sums_on(chip_)) {
            findings_.push_back({.where = where,
                                 .found = fmt::format("no neuron of chip '{}' passes a part of a sum on", chip_.name),
                                 .allowed = "chips with graded spikes and neurons that send what arrives",
                                 .help = "loihi2 has both"});
        }
        if (!seen.insert(*population).second) {
            findings_.push_back({.where = where, .found = "a second number of parts", .allowed = "one"});
        }
        if (parts < 2 || parts > most_fan_in_parts) {
            findings_.push_back({.where = where,
                                 .found = fmt::format("{} part{}", parts, parts == 1 ? "" : "s"),
                                 .allowed = fmt::format("2 to {}", most_fan_in_parts)});
        }
    }
}

void Planner::build_groups() {
    std::map<std::vector<std::uint32_t>, std::uint32_t> group_at;  // by places
    std::map<std::uint32_t, std::vector<std::uint32_t>> members;
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        const std::uint32_t set = sets_.of(p);
        members[set].push_back(p);
        const auto pin = pins_.find(set);
        const std::vector<std::uint32_t> places =
            pin == pins_.end() ? std::vector<std::uint32_t>{} : pin->second.places;
        const auto [known, fresh] = group_at.emplace(places, static_cast<std::uint32_t>(plan_.groups.size()));
        if (fresh) {
            plan_.groups.push_back({.populations = {}, .places = places});
        }
        plan_.groups[known->second].populations.push_back(p);
        plan_.group_of.push_back(known->second);
    }
    for (auto& [set, populations] : members) {
        if (populations.size() > 1) {
            plan_.together.push_back(std::move(populations));
        }
    }
}

/// Compartments are the one limit that can be told before the network is quantised.
void Planner::check_rooms() {
    for (const CoreGroup& group : plan_.groups) {
        if (group.places.empty()) {
            continue;
        }
        std::size_t neurons = 0;
        for (const std::uint32_t population : group.populations) {
            neurons += network_.populations[population].size();
        }
        const auto room = group.places.size() * static_cast<std::size_t>(chip_.limits.compartments);
        if (neurons > room) {
            findings_.push_back(
                {.where = fmt::format("pin of '{}'", network_.populations[group.populations.front()].name),
                 .found = fmt::format("{} neurons are pinned to {} core{}", neurons, group.places.size(),
                                      group.places.size() == 1 ? "" : "s"),
                 .allowed = fmt::format("{} compartments a core, {} in all", chip_.limits.compartments, room),
                 .help = "pin it to more cores"});
        }
    }
}

/// Merges the neurons of a set's populations (each in its order) so that every stretch holds its share of each.
std::vector<std::uint32_t> interleaved(const std::vector<std::vector<std::uint32_t>>& members) {
    struct Step {
        std::uint64_t numerator = 0;  ///< 2 rank + 1, over 2 size: where in its population the neuron stands
        std::uint64_t size = 1;
        std::uint32_t neuron = 0;
    };
    std::vector<Step> steps;
    for (const auto& neurons : members) {
        for (std::size_t i = 0; i < neurons.size(); ++i) {
            steps.push_back({.numerator = 2 * i + 1, .size = neurons.size(), .neuron = neurons[i]});
        }
    }
    std::ranges::stable_sort(steps,
                             [](const Step& a, const Step& b) { return a.numerator * b.size < b.numerator * a.size; });
    std::vector<std::uint32_t> merged(steps.size());
    std::ranges::transform(steps, merged.begin(), &Step::neuron);
    return merged;
}

}  // namespace

Result<OverridePlan> plan_overrides(const Network& network, const chip::ChipSpec& chip,
                                    const MappingOverrides& overrides) {
    return Planner(network, chip, overrides).run();
}

NeuronOrder apply(const OverridePlan& plan, const MappedNetwork& mapped, NeuronOrder order) {
    if (plan.keeps_orders()) {
        return order;
    }
    constexpr std::uint32_t alone = 0xffffffffU;
    std::vector<std::uint32_t> set_of(mapped.populations.size(), alone);
    for (std::uint32_t s = 0; s < plan.together.size(); ++s) {
        for (const std::uint32_t population : plan.together[s]) {
            set_of[population] = s;
        }
    }
    // The neurons of each set, population by population, and of each group, a set standing where its first neuron does.
    std::vector<std::map<std::uint32_t, std::vector<std::uint32_t>>> set_members(plan.together.size());
    struct Item {
        std::uint32_t neuron = 0;
        std::uint32_t set = alone;
        std::uint32_t segment = 0;  ///< between which cuts
    };
    std::vector<std::vector<Item>> items(plan.groups.size());
    auto cut = order.cuts.begin();
    std::uint32_t segment = 0;
    for (std::uint32_t position = 0; position < order.neuron_at.size(); ++position) {
        for (; cut != order.cuts.end() && *cut <= position; ++cut) {
            ++segment;
        }
        const std::uint32_t neuron = order.neuron_at[position];
        const std::uint32_t population = mapped.population_of(neuron);
        const std::uint32_t set = set_of[population];
        if (set != alone) {
            const bool first = set_members[set].empty();
            set_members[set][population].push_back(neuron);
            if (!first) {
                continue;
            }
        }
        items[plan.group_of[population]].push_back({.neuron = neuron, .set = set, .segment = segment});
    }
    const bool had_cuts = !order.cuts.empty();
    NeuronOrder result{.name = std::move(order.name), .neuron_at = {}, .cuts = {}};
    result.neuron_at.reserve(order.neuron_at.size());
    const auto cut_here = [&result] {
        const auto here = static_cast<std::uint32_t>(result.neuron_at.size());
        if (here > 0 && (result.cuts.empty() || result.cuts.back() != here)) {
            result.cuts.push_back(here);
        }
    };
    for (const std::vector<Item>& group : items) {
        for (std::size_t i = 0; i < group.size(); ++i) {
            const bool new_segment = i > 0 && (group[i].segment != group[i - 1].segment ||
                                               (had_cuts && (group[i].set != alone || group[i - 1].set != alone)));
            if (i == 0 || new_segment) {
                cut_here();
            }
            if (group[i].set == alone) {
                result.neuron_at.push_back(group[i].neuron);
                continue;
            }
            std::vector<std::vector<std::uint32_t>> members;
            for (auto& [population, neurons] : set_members[group[i].set]) {
                members.push_back(std::move(neurons));
            }
            const std::vector<std::uint32_t> merged = interleaved(members);
            result.neuron_at.insert(result.neuron_at.end(), merged.begin(), merged.end());
        }
    }
    return result;
}

}  // namespace spikeloom::compiler
