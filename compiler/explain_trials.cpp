#include "compiler/explain_trials.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <span>
#include <utility>

#include "compiler/fan_in_parts.hpp"
#include "compiler/legalise/split_fan_in.hpp"
#include "compiler/passes/merge_decays.hpp"
#include "compiler/passes/neuron_order.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/tile_order.hpp"
#include "compiler/trial_changes.hpp"

namespace spikeloom::compiler {
namespace {

using Kind = MappingTrial::Kind;

class Planner {
public:
    explicit Planner(const TrialGround& ground)
        : network_(ground.network),
          chip_(ground.chip),
          options_(ground.options),
          known_(ground.known),
          thorough_(ground.options.depth > 0) {}

    [[nodiscard]] std::vector<TrialPlan> run();

private:
    [[nodiscard]] bool crossbar() const { return chip_.synapses.crossbar_types > 0; }
    /// Not of a part of a split network.
    [[nodiscard]] bool is_of_user(const std::string& population) const {
        return std::ranges::find(network_.populations, population, &Population::name) != network_.populations.end();
    }
    void add(TrialPlan plan) { plans_.push_back(std::move(plan)); }
    void lift_limits();
    void share_lists();
    void try_chips();
    void narrow_weights();
    void keep_strongest(int bits);
    void prune();
    void merge_time_constants();
    void change_neurons();
    void split_sums();
    void move_populations();
    void reorder();
    void search_harder();

    const Network& network_;
    const chip::ChipSpec& chip_;
    const ExplainOptions& options_;
    const Explanation& known_;
    bool thorough_;
    std::vector<TrialPlan> plans_;
};

std::string bits_text(int bits) {
    return fmt::format("weights of {} bit{}", bits, bits == 1 ? "" : "s");
}

/// Of limits that some core comes near to; where nothing is mapped, of those that single neurons exceed.
void Planner::lift_limits() {
    constexpr double near = 0.5;
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const auto use = std::ranges::find(known_.limits, limit, &LimitUse::limit);
        const bool matters = known_.as_is.maps ? use != known_.limits.end() && use->most_share >= near
                                               : std::ranges::find(known_.needed, limit) != known_.needed.end();
        if (matters && !repeats_another(limit, chip_)) {
            add({.kind = Kind::without_limit,
                 .change = fmt::format("a chip with no limit of {}", limit_info(limit).name),
                 .lifted = limit,
                 .chip = without_limit(chip_, limit)});
        }
    }
}

/// Sharing given to a chip that lacks it, or taken from one that has it.
void Planner::share_lists() {
    if (crossbar()) {
        return;
    }
    if (chip_.synapses.shared_lists) {
        add({.kind = Kind::shared_lists,
             .change = "a chip whose axons can't share lists (this one's can)",
             .chip = with_shared_lists(chip_, false)});
        return;
    }
    std::vector<std::string> owners;
    for (const chip::ChipSpec& other : options_.others) {
        if (other.synapses.shared_lists) {
            owners.push_back(other.name);
        }
    }
    add({.kind = Kind::shared_lists,
         .change = owners.empty()
                       ? "a chip whose axons can share lists"
                       : fmt::format("a chip whose axons can share lists (as those of {})", fmt::join(owners, ", ")),
         .chip = with_shared_lists(chip_, true)});
}

/// Boards of this chip's cores are no news where the network fits.
void Planner::try_chips() {
    for (const chip::ChipSpec& other : options_.others) {
        if (other.name == chip_.name || (same_core(other, chip_) && known_.as_is.fits)) {
            continue;
        }
        add({.kind = Kind::other_chip,
             .change = fmt::format("chip {}", other.name),
             .how = fmt::format("--chip {}", other.name),
             .chip = other});
    }
}

/// Even widths first, which tell most. Whole-numbered weights into given registers are rounded then.
void Planner::narrow_weights() {
    const bool rounds =
        !options_.compile.approximate_weights &&
        std::ranges::any_of(network_.populations, [](const Population& population) { return !!population.fixed; });
    std::vector<int> widths = chip_.synapses.weight_bits;
    std::ranges::sort(widths, [](int a, int b) { return a % 2 != b % 2 ? a % 2 < b % 2 : a > b; });
    for (const int bits : widths) {
        if (bits < 1 || bits >= options_.compile.weight_bits || (!thorough_ && bits % 2 != 0)) {
            continue;
        }
        add({.kind = Kind::fewer_bits,
             .change = bits_text(bits),
             .how = fmt::format("--weight-bits {}{}", bits, rounds ? " --approximate-weights" : ""),
             .options = [bits, rounds](CompileOptions& compile) {
                 compile.weight_bits = bits;
                 compile.approximate_weights = compile.approximate_weights || rounds;
             }});
    }
}

void Planner::keep_strongest(int bits) {
    const bool fewer = bits < options_.compile.weight_bits;
    add({.kind = Kind::pruned,
         .change = fewer ? ", " + bits_text(bits) : "",
         .options = [bits](CompileOptions& compile) { compile.weight_bits = bits; },
         .strongest_sources = true});
}

void Planner::prune() {
    for (const int percent : thorough_ ? std::vector<int>{25, 50, 10} : std::vector<int>{25}) {
        add({.kind = Kind::pruned,
             .change = fmt::format("the smallest {} % of the weights pruned", percent),
             .network = [this_network = &network_, percent](std::vector<double>& lost) {
                 return pruned(*this_network, percent / 100.0, lost);
             }});
    }
}

/// Where cores end for want of profiles: as many pairs of decays a population as a core has, as half of that, and as
/// few as change little.
void Planner::merge_time_constants() {
    const auto use = std::ranges::find(known_.limits, Limit::compartment_profiles, &LimitUse::limit);
    if (options_.compile.merge_decays.on() || use == known_.limits.end() || use->stopped == 0) {
        return;
    }
    const auto room = static_cast<std::uint32_t>(chip_.limits.compartment_profiles);
    std::vector<std::pair<DecayMerging, std::string>> mergings{{{.most_pairs = room}, fmt::format("{}", room)},
                                                               {{.tolerance = 0.05}, "5%"}};
    if (thorough_ && room > 1) {
        mergings.push_back({{.most_pairs = room / 2}, fmt::format("{}", room / 2)});
        mergings.push_back({{.tolerance = 0.1}, "10%"});
    }
    for (const auto& [merging, word] : mergings) {
        const DecaysMerged merged = merge_decays(network_, chip_, merging);
        if (merged.populations.empty()) {
            continue;
        }
        double largest = 0;
        double sum = 0;
        double neurons = 0;
        for (const MergedDecays& told : merged.populations) {
            largest = std::max(largest, told.largest());
            sum += static_cast<double>(told.neurons) * std::max(told.membrane.mean, told.synapse.mean);
            neurons += static_cast<double>(told.neurons);
        }
        const std::string to = merging.most_pairs > 0
                                   ? fmt::format("to at most {} pairs of decays a population", merging.most_pairs)
                                   : fmt::format("within {}", word);
        add({.kind = Kind::merged_decays,
             .change = fmt::format("near time constants merged {} (changed by at most {:.1f} %, {:.1f} % on average)",
                                   to, 100 * largest, 100 * sum / neurons),
             .how = fmt::format("--merge-decays {}", word),
             .network = [this_network = &network_, chip = &chip_, merging](std::vector<double>& /*lost*/) {
                 return merge_decays(*this_network, *chip, merging).network;
             }});
    }
}

/// Resets, and delays.
void Planner::change_neurons() {
    const bool subtracts = std::ranges::any_of(network_.populations, [](const Population& population) {
        return population.reset == ResetRule::subtract_threshold && spikes(population.kind) && !population.fixed;
    });
    if (subtracts && !options_.compile.approximate_reset && chip_.neuron.soft_reset_compartments != 1) {
        add({.kind = Kind::reset,
             .change = "reset to zero in place of subtraction",
             .how = "--approximate-reset",
             .options = [](CompileOptions& compile) { compile.approximate_reset = true; }});
    }
    const int delay = longest_delay(network_);
    if (delay <= chip_.synapses.free_delay) {
        return;
    }
    int factor = 2;
    while ((delay + factor - 1) / factor > chip_.synapses.free_delay) {
        factor *= 2;
    }
    add({.kind = Kind::longer_step,
         .change = fmt::format("steps {} times as long, delays in {} of the steps", factor,
                               factor == 2 ? "half" : fmt::format("1/{}", factor)),
         .network = [this_network = &network_, factor](std::vector<double>& /*lost*/) {
             return with_longer_steps(*this_network, factor);
         }});
}

/// Dense layers of many sources: every source has a list on every core, so that cores end with few neurons and lists of
/// few synapses each. In parts, a core has fewer and longer ones.
void Planner::split_sums() {
    if (!passes_sums_on(chip_) || !options_.compile.split_fan_in || crossbar()) {
        return;
    }
    struct Worth {
        std::string name;
        FanInParts best;
        std::uint32_t saved = 0;
    };
    std::vector<Worth> worth;
    for (const PopulationNeed& need : known_.populations) {
        if (!is_of_user(need.name) || need.synapses == 0) {
            continue;
        }
        const double bits = need.words * chip_.synapses.word_bits / static_cast<double>(need.synapses);
        const FanInParts best =
            cheapest_fan_in_parts({.neurons = need.neurons, .sources = need.most_sources, .synapse_bits = bits}, chip_);
        if (best.parts > 1 && best.cores + best.cores / 8 < need.cores) {
            worth.push_back(
                {.name = need.name, .best = best, .saved = need.cores - static_cast<std::uint32_t>(best.cores)});
        }
    }
    std::ranges::stable_sort(worth, std::greater<>(), &Worth::saved);
    worth.resize(std::min<std::size_t>(worth.size(), thorough_ ? 3 : 1));
    const auto try_parts = [&](std::span<const Worth> those) {
        std::vector<MappingOverrides::FanInParts> wishes;
        std::string how;
        for (const Worth& one : those) {
            wishes.push_back({.population = one.name, .parts = one.best.parts});
            how += fmt::format("{}--fan-in-parts {}={}", how.empty() ? "" : " ", one.name, one.best.parts);
        }
        add({.kind = Kind::parts,
             .change = those.size() == 1
                           ? fmt::format("sums of '{}' in {} parts, a step later", those[0].name, those[0].best.parts)
                           : fmt::format("sums of {} populations in parts, a step later each", those.size()),
             .how = how,
             .options = [wishes](CompileOptions& compile) { compile.overrides.fan_in_parts = wishes; }});
    };
    for (const Worth& one : worth) {
        try_parts({&one, 1});
    }
    if (worth.size() > 1) {
        try_parts(worth);
    }
}

/// Cores that end for different limits waste what the other population would use: side by side they may share. And what
/// it costs to keep the largest population on cores of its own.
void Planner::move_populations() {
    std::vector<const PopulationNeed*> needs;
    for (const PopulationNeed& need : known_.populations) {
        if (need.cores > 1) {
            needs.push_back(&need);
        }
    }
    std::ranges::stable_sort(needs, std::greater<>(), &PopulationNeed::cores);
    std::erase_if(needs, [&](const PopulationNeed* need) { return !is_of_user(need->name); });
    if (needs.empty()) {
        return;
    }
    constexpr std::size_t most_partners = 3;
    const std::size_t partners = std::min(needs.size(), thorough_ ? most_partners + 1 : 2);
    for (std::size_t i = 1; i < partners; ++i) {
        add({.kind = Kind::together,
             .change = fmt::format("'{}' and '{}' side by side on cores", needs[0]->name, needs[i]->name),
             .how = fmt::format("--keep-together {},{}", needs[0]->name, needs[i]->name),
             .options = [pair = std::vector{needs[0]->name, needs[i]->name}](CompileOptions& compile) {
                 compile.overrides.together = {pair};
             }});
    }
    if (!thorough_ || known_.populations.size() < 2 || !known_.as_is.fits) {
        return;
    }
    std::vector<std::uint32_t> places(needs[0]->cores);
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        places[i] = i;
    }
    add({.kind = Kind::together,
         .change = fmt::format("'{}' alone on {} cores", needs[0]->name, places.size()),
         .how = fmt::format("--pin {}=0-{}", needs[0]->name, places.size() - 1),
         .options = [name = needs[0]->name, places](CompileOptions& compile) {
             compile.overrides.pins = {{.population = name, .cores = places}};
         }});
}

/// The order, its stretches between cuts kept, but each population's together and cut off from the next.
NeuronOrder by_population(const MappedNetwork& mapped, const NeuronOrder& order) {
    struct Item {
        std::size_t population = 0;
        std::uint32_t segment = 0;  ///< between which cuts
        std::uint32_t neuron = 0;
    };
    std::vector<Item> items;
    items.reserve(order.neuron_at.size());
    auto cut = order.cuts.begin();
    std::uint32_t segment = 0;
    for (std::uint32_t position = 0; position < order.neuron_at.size(); ++position) {
        for (; cut != order.cuts.end() && *cut <= position; ++cut) {
            ++segment;
        }
        const std::uint32_t neuron = order.neuron_at[position];
        items.push_back({.population = mapped.population_of(neuron), .segment = segment, .neuron = neuron});
    }
    std::ranges::stable_sort(items, std::less<>(), &Item::population);
    NeuronOrder result{.name = order.name + ", each population by itself", .neuron_at = {}};
    result.neuron_at.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        if (i > 0 && (items[i].population != items[i - 1].population || items[i].segment != items[i - 1].segment)) {
            result.cuts.push_back(i);
        }
        result.neuron_at.push_back(items[i].neuron);
    }
    return result;
}

void Planner::reorder() {
    const auto order = [&](const std::string& change, auto make) {
        add({.kind = Kind::tiling, .change = change, .order = std::move(make)});
    };
    order("no core with neurons of two populations", [chip = &chip_](const Network& network,
                                                                     const MappedNetwork& mapped) {
        return std::optional(by_population(mapped, first_order(network, mapped, core_facts(mapped, *chip), *chip)));
    });
    if (has_pictures(network_)) {
        order("pictures filled channel by channel",
              [](const Network&, const MappedNetwork& mapped) { return std::optional(natural_order(mapped)); });
        order("pictures filled pixel by pixel along rows",
              [](const Network& network, const MappedNetwork& mapped) { return pixel_order(network, mapped, false); });
        order("pictures filled pixel by pixel along a Z curve",
              [](const Network& network, const MappedNetwork& mapped) { return pixel_order(network, mapped, true); });
        for (const int percent : {100, 75, 50}) {
            order(fmt::format("pictures in tiles that take {} % of a core", percent),
                  [chip = &chip_, percent](const Network& network, const MappedNetwork& mapped) {
                      const TileRoom room = tile_room(*chip, mapped).scaled(percent / 100.0);
                      return std::optional(
                          tile_order(network, mapped,
                                     chip->synapses.crossbar_types > 0
                                         ? room
                                         : measured_room(network, mapped, core_facts(mapped, *chip), *chip, room)));
                  });
        }
    }
    constexpr std::uint64_t most_work = 400'000'000;  // synapse visits, as partition() allows
    order("neurons gathered by the sources that they share",
          [chip = &chip_](const Network&, const MappedNetwork& mapped) {
              return overlap_order(mapped, *chip, most_work);
          });
}

void Planner::search_harder() {
    for (int effort = options_.compile.effort + 1; effort <= 3; ++effort) {
        add({.kind = Kind::effort,
             .change = fmt::format("a harder search (effort {})", effort),
             .how = fmt::format("--effort {}", effort),
             .options = [effort](CompileOptions& compile) { compile.effort = effort; }});
    }
}

std::vector<TrialPlan> Planner::run() {
    lift_limits();
    share_lists();
    if (!known_.as_is.maps) {
        keep_strongest(options_.compile.weight_bits);
        if (crossbar() && options_.compile.weight_bits > 1) {
            keep_strongest(1);
        }
    }
    try_chips();
    merge_time_constants();
    change_neurons();
    split_sums();
    prune();
    move_populations();
    narrow_weights();
    if (thorough_ && known_.as_is.maps) {
        reorder();
    }
    if (options_.depth > 1) {
        search_harder();
    }
    return std::move(plans_);
}

}  // namespace

std::vector<TrialPlan> plan_trials(const TrialGround& ground) {
    return Planner(ground).run();
}

int trial_effort(const ExplainOptions& options, std::uint64_t synapses) {
    constexpr std::array<std::uint64_t, 4> most_synapses{std::numeric_limits<std::uint64_t>::max(), 100'000, 10'000,
                                                         2'000};
    int effort = std::clamp(options.compile.effort, 0, 3);
    while (options.depth < 2 && effort > 0 && synapses > most_synapses[static_cast<std::size_t>(effort)]) {
        --effort;
    }
    return effort;
}

std::size_t most_trials(const ExplainOptions& options, std::uint64_t synapses) {
    if (options.depth > 1) {
        return std::numeric_limits<std::size_t>::max();
    }
    const std::uint64_t visits = options.depth == 0 ? 100'000'000 : 400'000'000;
    constexpr std::uint64_t least = 4;
    return std::max(visits / std::max<std::uint64_t>(synapses, 1), least);
}

bool same_core(const chip::ChipSpec& a, const chip::ChipSpec& b) {
    return a.limits == b.limits && a.neuron == b.neuron && a.synapses == b.synapses && a.learning == b.learning &&
           a.conventions == b.conventions;
}

}  // namespace spikeloom::compiler
