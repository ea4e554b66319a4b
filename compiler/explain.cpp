#include "compiler/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "compiler/explain_needs.hpp"
#include "compiler/explain_trials.hpp"
#include "compiler/legalise/misfits.hpp"
#include "compiler/legalise/strongest_sources.hpp"
#include "compiler/map_network.hpp"
#include "compiler/passes/merge_decays.hpp"
#include "compiler/trial_changes.hpp"

namespace spikeloom::compiler {
namespace {

using Kind = MappingTrial::Kind;

/// Over all weights, of each projection's rms weight; `lost` as of pruned(), or empty.
double overall_error(const std::vector<chip::ProjectionLoss>& losses, const std::vector<double>& lost) {
    double sum = 0;
    double count = 0;
    for (std::size_t p = 0; p < losses.size(); ++p) {
        const double gone = p < lost.size() ? lost[p] * lost[p] : 0;
        const auto synapses = static_cast<double>(losses[p].synapses);
        sum += synapses * (gone + losses[p].rms_error * losses[p].rms_error * (1 - gone));
        count += synapses;
    }
    return count > 0 ? std::sqrt(sum / count) : 0;
}

class Explainer {
public:
    Explainer(const Network& network, const chip::ChipSpec& chip, const ExplainOptions& options)
        : network_(network), chip_(chip), options_(options) {}

    [[nodiscard]] Explanation run();

private:
    /// A trial, and the mapping where there is one.
    struct Outcome {
        MappingTrial trial;
        std::optional<Mapping> mapping{};
    };
    [[nodiscard]] Outcome map(const TrialPlan& plan) const;
    [[nodiscard]] Outcome fill(const TrialPlan& plan) const;
    [[nodiscard]] std::optional<MappedNetwork> quantised(const CompileOptions& compile) const;
    [[nodiscard]] std::optional<MappingTrial> keep_what_fits(const TrialPlan& plan) const;
    [[nodiscard]] std::optional<MappingTrial> same_core_tried(const std::vector<TrialPlan>& plans, std::size_t i) const;
    void map_as_is();
    void refuse();
    void find_needed();
    [[nodiscard]] Result<Mapping> try_mapping(const chip::ChipSpec& chip) const;
    void make_trials();
    void find_decisive();
    void rank();
    [[nodiscard]] bool stopped() const { return options_.compile.stop && options_.compile.stop(); }
    void say(double fraction, const std::string& phase) const {
        if (options_.compile.progress) {
            options_.compile.progress(fraction, phase);
        }
    }
    /// What the user asked for, at the effort of the trials.
    [[nodiscard]] CompileOptions plain() const {
        CompileOptions compile = options_.compile;
        compile.progress = {};
        compile.overrides = {};
        compile.effort = result_.effort;
        return compile;
    }

    const Network& network_;
    const chip::ChipSpec& chip_;
    const ExplainOptions& options_;
    Explanation result_;
    std::optional<Mapping> mapping_;  ///< as it is, at the effort of the trials
};

void tell(MappingTrial& trial, const Partition& partition) {
    trial.maps = true;
    trial.cores = static_cast<std::uint32_t>(partition.cores.size());
    trial.fits = trial.cores <= trial.cores_there;
    trial.messages = partition.messages;
}

void tell(MappingTrial& trial, const Diagnostics& refusal) {
    const auto first = std::ranges::find(refusal, Severity::error, &Diagnostic::severity);
    trial.refusal = first->where + ": " + first->found;
}

Explainer::Outcome Explainer::map(const TrialPlan& plan) const {
    const chip::ChipSpec& chip = plan.chip ? *plan.chip : chip_;
    Outcome outcome{.trial = {.kind = plan.kind, .change = plan.change, .how = plan.how, .lifted = plan.lifted}};
    outcome.trial.cores_there = static_cast<std::uint32_t>(chip.mesh.cores());
    std::vector<double> lost;
    std::optional<Network> changed;
    if (plan.network) {
        changed = plan.network(lost);
    }
    const Network& network = changed ? *changed : network_;
    CompileOptions compile = plain();
    if (plan.options) {
        plan.options(compile);
    }
    const chip::ChipSpec large = with_large_board(chip);
    const auto overrides = plan_overrides(network, large, compile.overrides);
    if (!overrides) {
        tell(outcome.trial, overrides.error());
        return outcome;
    }
    auto mapping = map_network(network, large, compile, *overrides);
    if (!mapping) {
        tell(outcome.trial, mapping.error());
        return outcome;
    }
    tell(outcome.trial, mapping->partition);
    outcome.trial.weight_error = overall_error(mapping->losses(), lost);
    outcome.mapping = std::move(*mapping);
    return outcome;
}

/// The mapping as it is, its cores filled along another order.
Explainer::Outcome Explainer::fill(const TrialPlan& plan) const {
    Outcome outcome{.trial = result_.baseline};
    outcome.trial.kind = plan.kind;
    outcome.trial.change = plan.change;
    outcome.trial.maps = outcome.trial.fits = false;
    const Network& network = mapping_->legal ? mapping_->legal->network : network_;
    const auto order = plan.order(network, mapping_->mapped);
    if (!order) {
        outcome.trial.refusal = "takes too long to find";
        return outcome;
    }
    const auto parts =
        partition(network, mapping_->mapped, with_large_board(chip_), {.effort = 0, .known_order = &*order});
    if (parts) {
        tell(outcome.trial, *parts);
    } else {
        tell(outcome.trial, parts.error());
    }
    return outcome;
}

/// Before anything is known of cores; nothing where the chip can't express the network.
std::optional<MappedNetwork> Explainer::quantised(const CompileOptions& compile) const {
    QuantiseOptions quantise_options;
    quantise_options.weight_bits = compile.weight_bits;
    quantise_options.approximate_reset = compile.approximate_reset;
    quantise_options.approximate_weights = compile.approximate_weights;
    Diagnostics remarks;
    auto mapped = quantise(network_, chip_, quantise_options, remarks);
    return mapped ? std::optional(std::move(*mapped)) : std::nullopt;
}

/// For neurons that fit no core: with as many of their sources as do, the strongest.
std::optional<MappingTrial> Explainer::keep_what_fits(const TrialPlan& plan) const {
    CompileOptions compile = plain();
    plan.options(compile);
    const auto mapped = quantised(compile);
    std::optional<std::size_t> keep = mapped ? sources_that_fit(network_, *mapped, chip_) : std::nullopt;
    constexpr int tries = 12;  // what the strongest sources take is known only when they are mapped
    for (int i = 0; i < tries && keep && *keep > 0 && !stopped(); ++i, keep = *keep - *keep / 8 - 1) {
        TrialPlan fewer = plan;
        fewer.change = fmt::format("the {} strongest sources of every neuron{}", *keep, plan.change);
        fewer.network = [&](std::vector<double>& lost) { return with_strongest_sources(network_, *keep, lost); };
        if (Outcome outcome = map(fewer); outcome.trial.maps) {
            return std::move(outcome.trial);
        }
    }
    return std::nullopt;
}

Result<Mapping> Explainer::try_mapping(const chip::ChipSpec& chip) const {
    const chip::ChipSpec large = with_large_board(chip);
    const auto unrestricted = plan_overrides(network_, large, {});
    CompileOptions compile = plain();
    compile.effort = 0;  // whether it maps at all doesn't depend on the search
    return map_network(network_, large, compile, *unrestricted);
}

/// Which limits together keep a network out that no single one does: those that single neurons pass are lifted, or else
/// all, then imposed again one by one as long as the network still maps.
void Explainer::find_needed() {
    std::vector<Limit> passed;
    std::vector<Limit> all;
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        if (!repeats_another(limit, chip_)) {
            all.push_back(limit);
        }
        if (std::ranges::find(result_.excesses, limit, &Excess::limit) != result_.excesses.end()) {
            passed.push_back(limit);
        }
    }
    const auto lift = [&](const std::vector<Limit>& limits) {
        chip::ChipSpec chip = chip_;
        for (const Limit limit : limits) {
            chip = without_limit(std::move(chip), limit);
        }
        return try_mapping(chip);
    };
    std::vector<Limit> needed = passed;
    auto mapping = lift(needed);
    if (!mapping) {
        needed = all;
        mapping = lift(needed);
    }
    for (const Limit limit : needed.size() > 1 ? std::vector(needed) : std::vector<Limit>{}) {
        if (!mapping || stopped()) {
            break;
        }
        std::vector<Limit> fewer = needed;
        std::erase(fewer, limit);
        if (auto again = lift(fewer)) {
            needed = std::move(fewer);
            mapping = std::move(again);
        }
    }
    if (!mapping) {
        return;
    }
    const Network& network = mapping->legal ? mapping->legal->network : network_;
    result_.populations = population_needs(network, *mapping, chip_);
    for (PopulationNeed& need : result_.populations) {
        need.cores = 0;
        need.stopped_by.reset();
    }
    result_.needed = std::move(needed);
}

/// The diagnostics of compile(), on the board as it is.
void Explainer::refuse() {
    const auto unrestricted = plan_overrides(network_, chip_, {});
    if (auto mapping = map_network(network_, chip_, plain(), *unrestricted); !mapping) {
        result_.refusal = std::move(mapping.error());
    }
}

/// As asked, and, where that is too slow for trials, at their effort.
void Explainer::map_as_is() {
    say(0, "as it is");
    result_.effort = std::clamp(options_.compile.effort, 0, 3);
    Outcome outcome = map({.kind = Kind::as_is, .change = "as it is"});
    result_.as_is = result_.baseline = outcome.trial;
    mapping_ = std::move(outcome.mapping);
    if (mapping_) {
        result_.order = mapping_->partition.order.name;
        result_.attempts = mapping_->partition.attempts;
        result_.bounds = mapping_bounds({.mapped = mapping_->mapped, .rates = {}}, chip_);
        result_.limits = limit_uses(*mapping_, result_.bounds, chip_);
        result_.populations = population_needs(mapping_->legal ? mapping_->legal->network : network_, *mapping_, chip_);
    }
    if (!result_.as_is.fits) {
        refuse();
    }
    if (!result_.as_is.maps) {
        if (const auto mapped = quantised(plain())) {
            result_.excesses = excesses(network_, *mapped, chip_);
        }
        if (options_.depth > 0) {
            find_needed();
        }
    }
    if (result_.as_is.cores == 1) {
        return;
    }
    const int effort = trial_effort(options_, synapses_written(network_));
    const bool lower = effort < result_.effort;
    result_.effort = effort;
    if (lower && mapping_) {
        outcome = map({.kind = Kind::effort,
                       .change = fmt::format("a quicker search (effort {})", effort),
                       .how = fmt::format("--effort {}", effort)});
        result_.baseline = outcome.trial;
        mapping_ = std::move(outcome.mapping);
    }
}

/// Another board of cores that were tried: the mapping is the same.
std::optional<MappingTrial> Explainer::same_core_tried(const std::vector<TrialPlan>& plans, std::size_t i) const {
    if (plans[i].kind != Kind::other_chip) {
        return std::nullopt;
    }
    std::optional<MappingTrial> like;
    if (same_core(*plans[i].chip, chip_)) {
        like = result_.baseline;
    }
    for (std::size_t k = 0; k < i && !like; ++k) {
        if (plans[k].kind == Kind::other_chip && same_core(*plans[i].chip, *plans[k].chip)) {
            like = *std::ranges::find(result_.trials, plans[k].change, &MappingTrial::change);
        }
    }
    if (like) {
        like->kind = plans[i].kind;
        like->change = plans[i].change;
        like->how = plans[i].how;
        like->cores_there = static_cast<std::uint32_t>(plans[i].chip->mesh.cores());
        like->fits = like->maps && like->cores <= like->cores_there;
    }
    return like;
}

void Explainer::make_trials() {
    const std::vector<TrialPlan> plans =
        plan_trials({.network = network_, .chip = chip_, .options = options_, .known = result_});
    const std::size_t most = most_trials(options_, synapses_written(network_));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        const TrialPlan& plan = plans[i];
        if (i >= most) {
            result_.left_out.push_back(plan.change);
            continue;
        }
        if (stopped()) {
            result_.interrupted = true;
            return;
        }
        say(static_cast<double>(i + 1) / static_cast<double>(plans.size() + 1),
            fmt::format("trial {} of {}", i + 1, plans.size()));
        if (auto known = same_core_tried(plans, i)) {
            result_.trials.push_back(std::move(*known));
        } else if (plan.strongest_sources) {
            if (auto trial = keep_what_fits(plan)) {
                result_.trials.push_back(std::move(*trial));
            }
        } else if (plan.order) {
            result_.trials.push_back(fill(plan).trial);
        } else {
            result_.trials.push_back(map(plan).trial);
        }
    }
}

void Explainer::find_decisive() {
    const MappingTrial* best = nullptr;
    for (const MappingTrial& trial : result_.trials) {
        const bool saves = trial.maps && (!result_.baseline.maps || trial.cores < result_.baseline.cores);
        if (trial.lifted && saves && (best == nullptr || trial.cores < best->cores)) {
            best = &trial;
        }
    }
    if (best != nullptr) {
        result_.decisive = best->lifted;
    }
}

void Explainer::rank() {
    const auto key = [&](const MappingTrial& trial) {
        constexpr double mostly_lost = 0.25;  // of the weights: no network works so without training
        return std::tuple(!trial.maps, !trial.fits, trial.weight_error > mostly_lost, trial.cores, trial.weight_error,
                          trial.kind);
    };
    std::ranges::stable_sort(result_.trials,
                             [&](const MappingTrial& a, const MappingTrial& b) { return key(a) < key(b); });
}

Explanation Explainer::run() {
    map_as_is();
    if (result_.as_is.cores != 1) {
        make_trials();
    }
    find_decisive();
    rank();
    return std::move(result_);
}

}  // namespace

Result<Explanation> explain(const Network& network, const chip::ChipSpec& chip, const ExplainOptions& options) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    if (!options.compile.merge_decays.on()) {
        return Explainer(network, chip, options).run();
    }
    const DecaysMerged merged = merge_decays(network, chip, options.compile.merge_decays);
    return Explainer(merged.network, chip, options).run();
}

}  // namespace spikeloom::compiler
