#include "compiler/legalise/legalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "compiler/legalise/copy_neurons.hpp"
#include "compiler/legalise/late_start.hpp"
#include "compiler/legalise/misfits.hpp"
#include "compiler/legalise/payload_bounds.hpp"
#include "compiler/legalise/split_fan_in.hpp"

namespace spikeloom::compiler {
namespace {

/// Splits of splits, until a core holds every neuron.
constexpr int most_rounds = 8;
/// Deals over more helpers, where even parts turn out too large for a core.
constexpr int most_deals = 12;

LegalMapping as_given(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip,
                      const CompileOptions& options) {
    return {.legal = {.network = network,
                      .reference = network,
                      .added_steps = std::vector<int>(network.populations.size(), 0),
                      .losses = mapped.losses,
                      .rates = options.rates,
                      .fan_in = {},
                      .fan_out = {}},
            .mapped = mapped,
            .largest_payload = payload_bounds(network, mapped, chip),
            .remarks = {}};
}

/// How a neuron's fan-in can be split, for those who are refused.
std::string way_out(const chip::ChipSpec& chip, const CompileOptions& options) {
    if (!passes_sums_on(chip)) {
        return fmt::format(
            "spikes of chip '{}' carry no values, so no part of a sum can be passed on: a chip whose "
            "spikes do (loihi2) makes it in parts, exactly",
            chip.name);
    }
    return options.split_fan_in ? "its sum can't be made in parts here, see below"
                                : "--split-fan-in exact makes its sum in parts, a step later";
}

/// Larger networks are not split in several ways to see which takes fewest cores.
constexpr std::uint64_t search_synapses = 4'000'000;

/// The node before copying of a neuron of what was made, or of what it is a copy of.
std::uint32_t original_of(const LegalMapping& made, const MappedNetwork& before, std::uint32_t node) {
    if (node < before.neurons()) {
        return node;
    }
    const std::uint32_t population = made.mapped.population_of(node);
    const auto copies = std::ranges::find(made.legal.fan_out, population, &FanOutCopies::copies);
    return before.population_first[copies->population] +
           copies->stand_for[node - made.mapped.population_first[population]];
}

void sort_neurons(PopulationSplit& split) {
    std::vector<std::uint32_t>& all = split.neurons;
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
}

/// All neurons of the populations that have neurons to split.
SplitPlan whole_populations(SplitPlan plan, const MappedNetwork& mapped) {
    for (auto& [population, split] : plan) {
        split.neurons.resize(mapped.population_first[population + 1] - mapped.population_first[population]);
        std::iota(split.neurons.begin(), split.neurons.end(), mapped.population_first[population]);
    }
    return plan;
}

/// The splits that the user wants, of all neurons of a population.
SplitPlan wanted_splits(const Network& network, const MappedNetwork& mapped, const MappingOverrides& overrides) {
    SplitPlan plan;
    for (const auto& [name, parts] : overrides.fan_in_parts) {
        const auto named = std::ranges::find(network.populations, name, &Population::name);
        plan[static_cast<std::uint32_t>(named - network.populations.begin())].parts = parts;
    }
    return whole_populations(std::move(plan), mapped);
}

class Legaliser {
public:
    Legaliser(const chip::ChipSpec& chip, const CompileOptions& options, const LegalNetwork* like)
        : chip_(chip), options_(options), like_(like) {}

    [[nodiscard]] Result<std::optional<LegalMapping>> run(const Network& network, const MappedNetwork& mapped);

private:
    /// What was made, and what of it fits no core yet.
    struct Made {
        LegalMapping mapping;
        MisfitSurvey survey{};
    };
    [[nodiscard]] Result<Made> split(const LegalMapping& from, const MisfitSurvey& survey) const;
    [[nodiscard]] SplitPlan plan_split(const LegalMapping& from, const MisfitSurvey& survey) const;
    [[nodiscard]] Result<Made> deal(const LegalMapping& from, SplitPlan& plan) const;
    [[nodiscard]] Made finer(const LegalMapping& from, const SplitPlan& plan, Made made) const;
    [[nodiscard]] Result<Made> copy(const LegalMapping& from, const MisfitSurvey& survey) const;

    const chip::ChipSpec& chip_;
    const CompileOptions& options_;
    const LegalNetwork* like_;  ///< may be null
};

/// The neurons that do not fit; where what is known of other formats has more of them, or more parts, those.
SplitPlan Legaliser::plan_split(const LegalMapping& from, const MisfitSurvey& survey) const {
    SplitPlan plan;
    for (const Misfit& misfit : survey.misfits) {
        if (const Shortage shortage = shortage_of(misfit, chip_); shortage.fan_in) {
            PopulationSplit& split = plan[from.mapped.population_of(misfit.neuron)];
            split.parts = std::max(split.parts, static_cast<std::uint32_t>(std::ceil(shortage.times)));
            split.neurons.push_back(misfit.neuron);
        }
    }
    for (auto& [population, split] : plan) {
        for (const FanInSplit& known : like_ != nullptr ? like_->fan_in : std::vector<FanInSplit>()) {
            if (known.population == population) {
                split.parts = std::max(split.parts, known.most_parts);
                for (const std::uint32_t neuron : known.neurons) {
                    split.neurons.push_back(from.mapped.population_first[population] + neuron);
                }
            }
        }
        sort_neurons(split);
    }
    return plan;
}

/// Over as few helpers as hold the parts: each deal that doesn't do says how many more it takes, and which neurons hear
/// their sources too late to fit any longer.
Result<Legaliser::Made> Legaliser::deal(const LegalMapping& from, SplitPlan& plan) const {
    const std::size_t before = from.legal.network.populations.size();
    for (int deals = 0;; ++deals) {
        auto dealt = split_fan_in(from, plan, chip_, options_.approximate_reset);
        if (!dealt) {
            return fail(std::move(dealt.error()));
        }
        Made made{.mapping = std::move(*dealt)};
        made.survey = find_misfits(made.mapping.legal.network, made.mapping.mapped, chip_);
        SplitPlan more = plan;
        for (const Misfit& misfit : made.survey.misfits) {
            const std::uint32_t population = made.mapping.mapped.population_of(misfit.neuron);
            const Shortage shortage = shortage_of(misfit, chip_);
            if (!shortage.fan_in) {
                continue;
            }
            if (population < before) {
                if (const auto split = more.find(population); split != more.end()) {
                    split->second.neurons.push_back(misfit.neuron);
                }
                continue;
            }
            const auto of = std::ranges::find(made.mapping.legal.fan_in, population, &FanInSplit::helpers);
            const std::uint32_t now = plan.at(of->population).parts;
            std::uint32_t& parts = more.at(of->population).parts;
            parts = std::max(parts, static_cast<std::uint32_t>(std::ceil(std::max(now + 1.0, now * shortage.times))));
        }
        for (auto& [population, split] : more) {
            sort_neurons(split);
        }
        if (deals == most_deals || more == plan) {
            return made;
        }
        plan = std::move(more);
    }
}

/// Neurons that fit stay as they are, if they can be given the delay that the others take.
Result<Legaliser::Made> Legaliser::split(const LegalMapping& from, const MisfitSurvey& survey) const {
    SplitPlan plan = plan_split(from, survey);
    auto made = deal(from, plan);
    if (!made || !made->survey.misfits.empty()) {
        SplitPlan all = whole_populations(plan, from.mapped);
        auto other = plan == all ? made : deal(from, all);
        if (other && (!made || other->survey.misfits.size() < made->survey.misfits.size())) {
            made = std::move(other);
            plan = std::move(all);
        }
    }
    return made && like_ == nullptr ? finer(from, plan, std::move(*made)) : std::move(made);
}

/// More parts than a core's limits ask for, or whole populations, where that takes fewer cores: a core that holds the
/// helpers of all neurons of a layer for few sources lays out longer lists, which waste less memory, and needs each
/// source but once.
Legaliser::Made Legaliser::finer(const LegalMapping& from, const SplitPlan& plan, Made made) const {
    if (options_.effort == 0 || from.mapped.table.synapses() > search_synapses) {
        return made;
    }
    const auto try_out = [&](const SplitPlan& other_plan) {
        auto other = split_fan_in(from, other_plan, chip_, options_.approximate_reset);
        if (!other || (options_.stop && options_.stop())) {
            return false;
        }
        MisfitSurvey survey = find_misfits(other->legal.network, other->mapped, chip_);
        if (survey.misfits.size() <= made.survey.misfits.size() && survey.cores < made.survey.cores) {
            made = {.mapping = std::move(*other), .survey = std::move(survey)};
        }
        return true;
    };
    const SplitPlan all = whole_populations(plan, from.mapped);
    for (const SplitPlan& start : {plan, all}) {
        for (const double factor : {1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0}) {
            SplitPlan more = start;
            for (auto& [population, split] : more) {
                split.parts = static_cast<std::uint32_t>(std::ceil(split.parts * factor));
            }
            if (more != plan && !try_out(more)) {
                break;
            }
        }
        if (plan == all) {
            break;
        }
    }
    return made;
}

/// As few copies as do: where targets lie on more cores than expected, all is dealt anew over more.
Result<Legaliser::Made> Legaliser::copy(const LegalMapping& from, const MisfitSurvey& survey) const {
    const auto pieces_wanted = [&](const Misfit& misfit, std::uint32_t pieces) {
        std::int64_t wanted = 1;
        for (const Limit limit : {Limit::output_axons, Limit::compartments}) {
            const std::int64_t room_there = std::max<std::int64_t>(room(limit, misfit.use, chip_), 1);
            wanted = std::max(wanted, (misfit.use[limit] * pieces + room_there - 1) / room_there);
        }
        return static_cast<std::uint32_t>(wanted);
    };
    CopiesByNeuron copies;
    for (const Misfit& misfit : survey.misfits) {
        copies[misfit.neuron] = std::max(pieces_wanted(misfit, 1), 2U) - 1;
    }
    for (int deal = 0;; ++deal) {
        auto dealt = copy_neurons(from, copies);
        if (!dealt) {
            return fail(std::move(dealt.error()));
        }
        Made made{.mapping = std::move(*dealt)};
        made.survey = find_misfits(made.mapping.legal.network, made.mapping.mapped, chip_);
        CopiesByNeuron more = copies;
        for (const Misfit& misfit : made.survey.misfits) {
            if (!shortage_of(misfit, chip_).fan_out) {
                continue;
            }
            const std::uint32_t original = original_of(made.mapping, from.mapped, misfit.neuron);
            const auto known = copies.find(original);
            const std::uint32_t pieces = known != copies.end() ? known->second + 1 : 1;
            more[original] = std::max(more[original], std::max(pieces_wanted(misfit, pieces), pieces + 1) - 1);
        }
        if (more == copies || deal == most_deals) {
            return made;
        }
        copies = std::move(more);
    }
}

Result<std::optional<LegalMapping>> Legaliser::run(const Network& network, const MappedNetwork& mapped) {
    LegalMapping at = as_given(network, mapped, chip_, options_);
    MisfitSurvey survey;
    if (SplitPlan wanted = wanted_splits(network, mapped, options_.overrides); !wanted.empty()) {
        auto made = deal(at, wanted);
        if (!made) {
            return fail(std::move(made.error()));
        }
        at = std::move(made->mapping);
        survey = std::move(made->survey);
    } else {
        survey = find_misfits(network, mapped, chip_);
        if (survey.misfits.empty()) {
            return std::optional<LegalMapping>();
        }
    }
    const Diagnostics first = refuse_misfits(at.legal.network, at.mapped, survey, chip_, way_out(chip_, options_));
    const auto refuse = [&](const Diagnostics& reasons) {
        Diagnostics findings = first;
        findings.insert(findings.end(), reasons.begin(), reasons.end());
        return fail(std::move(findings));
    };
    bool copied = false;
    for (int round = 0; round < most_rounds && !survey.misfits.empty(); ++round) {
        Shortage all;
        for (const Misfit& misfit : survey.misfits) {
            const Shortage shortage = shortage_of(misfit, chip_);
            all.fan_in = all.fan_in || shortage.fan_in;
            all.other = all.other || shortage.other;
        }
        if (all.other || (copied && !all.fan_in) || (all.fan_in && !(options_.split_fan_in && passes_sums_on(chip_)))) {
            return refuse({});
        }
        auto made = all.fan_in ? split(at, survey) : copy(at, survey);
        copied = copied || !all.fan_in;
        if (!made) {
            return refuse(made.error());
        }
        at = std::move(made->mapping);
        survey = std::move(made->survey);
    }
    if (!survey.misfits.empty()) {
        const Misfit& left = survey.misfits.front();
        return refuse(shortage_of(left, chip_).fan_in
                          ? Diagnostics{refuse_loops(at, at.mapped.population_of(left.neuron), chip_)}
                          : Diagnostics{});
    }
    start_late(at, chip_);
    return std::optional(std::move(at));
}

}  // namespace

Result<std::optional<LegalMapping>> legalise(const Network& network, const MappedNetwork& mapped,
                                             const chip::ChipSpec& chip, const CompileOptions& options,
                                             const LegalNetwork* like) {
    return Legaliser(chip, options, like).run(network, mapped);
}

}  // namespace spikeloom::compiler
