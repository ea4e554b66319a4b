#include "tools/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tools/comparison_courses.hpp"

namespace spikeloom::tools {

namespace {

using compiler::Network;
using compiler::PlasticPlace;

std::vector<std::uint64_t> snapshot_steps(const ComparisonOptions& options) {
    std::vector<std::uint64_t> steps;
    const auto count = static_cast<std::uint64_t>(std::max(1, options.snapshots));
    for (std::uint64_t i = 1; i <= count; ++i) {
        const std::uint64_t step = std::max<std::uint64_t>(1, options.steps * i / count);
        if (steps.empty() || step > steps.back()) {
            steps.push_back(step);
        }
    }
    return steps;
}

double rms_difference(const std::vector<double>& a, const std::vector<double>& b) {
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return a.empty() ? 0 : std::sqrt(squares / static_cast<double>(a.size()));
}

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const double mean_a = mean(a);
    const double mean_b = mean(b);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : NAN;
}

/// The weights that a register can hold: its largest one and its unit, as shares of weight_max.
struct RegisterReach {
    double most = 1;
    double unit = 0;
};

RegisterReach reach_of(int bits, const rules::LearningArithmetic& own) {
    const double unit = std::ldexp(1.0, own.weight_bits - bits) / ((1 << own.weight_bits) - 1);
    return {((1 << bits) - 1) * unit, unit};
}

double share_at_bound(const std::vector<double>& weights, const compiler::Learning& learning,
                      const RegisterReach& reach) {
    const double unit = reach.unit * learning.weight_max;
    const double end = reach.most * learning.weight_max;
    const double least = learning.sign == compiler::Learning::Sign::excitatory ? 0 : -end;
    const double most = learning.sign == compiler::Learning::Sign::inhibitory ? 0 : end;
    const auto count = std::ranges::count_if(
        weights, [&](double weight) { return weight <= least + 0.51 * unit || weight >= most - 0.51 * unit; });
    return weights.empty() ? 0 : static_cast<double>(count) / static_cast<double>(weights.size());
}

std::vector<DepartedSynapse> most_departed(const std::vector<double>& real, const std::vector<double>& weights,
                                           const std::vector<PlasticPlace>& places) {
    constexpr std::size_t shown = 3;
    std::vector<std::size_t> order(weights.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    const std::size_t count = std::min(shown, order.size());
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count), {},
                              [&](std::size_t i) { return std::pair(-std::abs(weights[i] - real[i]), i); });
    std::vector<DepartedSynapse> all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t synapse = order[i];
        all.push_back({places[synapse].source, places[synapse].target, real[synapse], weights[synapse]});
    }
    return all;
}

/// What all trials of one run say beside float.
ComparedRun compared(const Network& network, const Plastic& plastic, const Course& real,
                     const std::vector<Course>& trials, const RegisterReach& reach) {
    ComparedRun run;
    const auto count = static_cast<double>(trials.size());
    for (std::size_t p = 0; p < plastic.projections.size(); ++p) {
        const compiler::Learning& learning = *network.projections[plastic.projections[p]].learning;
        const std::vector<double>& wanted = real.snapshots.back()[p];
        ComparedProjection result;
        result.rms_over_time.assign(real.snapshots.size(), 0);
        for (const Course& trial : trials) {
            const std::vector<double>& weights = trial.snapshots.back()[p];
            result.rms += rms_difference(weights, wanted) / learning.weight_max / count;
            result.bias += (mean(weights) - mean(wanted)) / learning.weight_max / count;
            result.correlation += correlation(weights, wanted) / count;
            result.at_bound += share_at_bound(weights, learning, reach) / count;
            result.mean_weight += mean(weights) / count;
            for (std::size_t s = 0; s < real.snapshots.size(); ++s) {
                result.rms_over_time[s] +=
                    rms_difference(trial.snapshots[s][p], real.snapshots[s][p]) / learning.weight_max / count;
            }
        }
        if (trials.size() > 1) {
            result.between =
                rms_difference(trials[0].snapshots.back()[p], trials[1].snapshots.back()[p]) / learning.weight_max;
        }
        result.most_departed = most_departed(wanted, trials[0].snapshots.back()[p], plastic.places[p]);
        run.projections.push_back(std::move(result));
    }
    run.spikes.assign(network.populations.size(), 0);
    for (const Course& trial : trials) {
        for (std::uint64_t step = 0; step < trial.spikes.size(); ++step) {
            for (const runtime::NetworkSpike& spike : trial.spikes[step]) {
                run.spikes[spike.population.value()] += 1 / count;
            }
            if (trial.spikes[step] != real.spikes[step] && (!run.departs || step < *run.departs)) {
                run.departs = step;
            }
        }
    }
    return run;
}

/// A run with float neurons.
struct Variant {
    std::string name;
    std::string what;
    rules::LearningArithmetic arithmetic;
    bool real = false;  ///< in reals, with traces that stop where those of `arithmetic` do
};

Variant stopped_traces(const rules::LearningArithmetic& own) {
    return {.name = fmt::format("float, traces to {}", own.trace_most()),
            .what = "float, but traces stop where the chip's do",
            .arithmetic = own,
            .real = true};
}

std::vector<Variant> widths(const chip::ChipSpec& chip, const ComparisonOptions& options) {
    const rules::LearningArithmetic& own = chip.learning.arithmetic;
    std::vector<Variant> all{{fmt::format("{}'s widths", chip.name),
                              fmt::format("learning on registers: weights of {} bits and a sign, traces of {} bits; "
                                          "neurons in float",
                                          own.weight_bits, own.trace_bits),
                              own}};
    for (const int bits : options.weight_widths) {
        if (bits != own.weight_bits) {
            Variant width{fmt::format("weights of {} bits", bits), "the same with weights of another width", own};
            width.arithmetic.weight_bits = bits;
            all.push_back(std::move(width));
        }
    }
    for (const int bits : options.trace_widths) {
        if (bits != own.trace_bits) {
            Variant width{fmt::format("traces of {} bits", bits), "the same with traces of another width", own};
            width.arithmetic.trace_bits = bits;
            all.push_back(std::move(width));
        }
    }
    return all;
}

std::string rule_text(const rules::Rule& rule) {
    std::string text;
    for (const rules::Variable variable : rules::variables) {
        if (!rule.series(variable).empty()) {
            text += fmt::format("{}{} = {}", text.empty() ? "" : "; ", rules::name_of(variable),
                                rules::print(rule.series(variable)));
        }
    }
    return text;
}

/// The network with rules divided as the engine divides.
Network scaled(Network network, const rules::LearningArithmetic& arithmetic) {
    for (compiler::Projection& projection : network.projections) {
        if (projection.learning) {
            projection.learning->rule = runtime::as_scaled(projection.learning->rule, arithmetic);
        }
    }
    return network;
}

std::string first_reason(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) {
        if (diagnostic.severity == Severity::error) {
            return to_text(diagnostic);
        }
    }
    return "not known";
}

Diagnostics check(const Network& network, const ComparisonOptions& options) {
    Diagnostics found = compiler::check_network(network);
    if (has_error(found)) {
        return found;
    }
    if (plastic_of(network).projections.empty()) {
        found.push_back({Severity::error, fmt::format("network '{}'", network.name), "none of its projections learns",
                         "a projection with a `learning` block", "or a rule by itself: spikeloom rule compare 'RULE'"});
    }
    const Diagnostics unfollowed = compiler::check_reference_learning(network);
    found.insert(found.end(), unfollowed.begin(), unfollowed.end());
    if (options.steps == 0) {
        found.push_back({Severity::error, "--steps", "0", "at least 1", "the stimulus has no end of its own"});
    }
    return found;
}

}  // namespace

namespace {

/// The course of a comparison: float first, and everything else against it.
class Comparer {
public:
    Comparer(const Network& network, const chip::ChipSpec& chip, runtime::Stimulus& stimulus,
             const ComparisonOptions& options)
        : options_(options),
          chip_(chip),
          network_(network),
          real_network_(options.scale == runtime::FloatScale::chip ? scaled(network, chip.learning.arithmetic)
                                                                   : network),
          plastic_(plastic_of(network)),
          inputs_(inputs_of(stimulus, options.steps)),
          snapshots_(snapshot_steps(options)),
          own_(chip.learning.arithmetic) {}

    Comparison run() {
        describe();
        run_float();
        run_variants();
        if (options_.whole_chip) {
            run_whole_chip();
        }
        return std::move(comparison_);
    }

private:
    [[nodiscard]] Setting setting(const Network& network) const { return {&network, &plastic_, &inputs_, &snapshots_}; }
    [[nodiscard]] compiler::ReferenceLearning reals(std::optional<double> trace_most) const {
        return {.on = true, .registers = {}, .written_for = own_, .seed = 0, .trace_most = trace_most};
    }

    void describe() {
        comparison_.network = network_.name;
        comparison_.chip = chip_.name;
        comparison_.steps = options_.steps;
        comparison_.step_s = network_.step_s;
        comparison_.trials = options_.trials;
        comparison_.snapshot_steps = snapshots_;
        for (const compiler::Population& population : network_.populations) {
            comparison_.populations.push_back(population.name);
        }
        for (std::size_t p = 0; p < plastic_.projections.size(); ++p) {
            const compiler::Projection& projection = network_.projections[plastic_.projections[p]];
            const rules::Rule& rule = projection.learning->rule;
            comparison_.projections.push_back({.name = projection.name,
                                               .rule = rule_text(rule),
                                               .division = runtime::division_sentence(rule, own_, options_.scale),
                                               .synapses = plastic_.places[p].size(),
                                               .weight_max = projection.learning->weight_max,
                                               .highest_trace = 0,
                                               .trace_most = static_cast<double>(own_.trace_most()),
                                               .chip_unit = 0});
        }
    }

    void add(const std::vector<Course>& trials, int weight_bits, std::string name, std::string what) {
        ComparedRun run = compared(network_, plastic_, real_, trials, reach_of(weight_bits, own_));
        run.name = std::move(name);
        run.what = std::move(what);
        comparison_.runs.push_back(std::move(run));
    }

    void tell(double fraction, const std::string& run) const {
        if (options_.progress) {
            options_.progress(fraction, run);
        }
    }

    void run_float() {
        tell(0, "float");
        real_ = run_reference(setting(real_network_), reals({}));
        const Learned again = learned_from(real_, setting(real_network_), reals({}));
        for (std::size_t p = 0; p < again.highest_traces.size(); ++p) {
            comparison_.projections[p].highest_trace = again.highest_traces[p];
        }
        add({real_}, own_.weight_bits, "float", "everything in real numbers, weights in their range");
    }

    void run_variants() {
        std::vector<Variant> variants = widths(chip_, options_);
        if (std::ranges::any_of(comparison_.projections,
                                [](const ProjectionInfo& info) { return info.highest_trace > info.trace_most; })) {
            variants.insert(variants.begin() + 1, stopped_traces(own_));
        }
        const auto runs = static_cast<double>(variants.size()) + 2;
        double done = 1;
        for (const Variant& variant : variants) {
            tell(done++ / runs, variant.name);
            run_variant(variant);
        }
        tell(done / runs, chip_.name);
    }

    void run_variant(const Variant& variant) {
        const Network& network = variant.real ? real_network_ : network_;
        const int trials = variant.real ? 1 : options_.trials;
        std::vector<Course> courses;
        std::vector<WeightSets> same_spikes;
        for (int trial = 0; trial < trials; ++trial) {
            compiler::ReferenceLearning learning = reals(own_.trace_most());
            if (!variant.real) {
                learning.registers = variant.arithmetic;
                learning.seed = options_.seed + static_cast<std::uint64_t>(trial);
            }
            courses.push_back(run_reference(setting(network), learning));
            same_spikes.push_back(learned_from(real_, setting(network), learning).weights);
        }
        add(courses, variant.arithmetic.weight_bits, variant.name, variant.what);
        ComparedRun& run = comparison_.runs.back();
        run.stopped_traces = variant.real;
        run.own_widths = !variant.real && variant.arithmetic == own_;
        run.other_widths = !variant.real && !run.own_widths;
        run.wider = run.other_widths && variant.arithmetic.weight_bits >= own_.weight_bits &&
                    variant.arithmetic.trace_bits >= own_.trace_bits;
        for (std::size_t p = 0; p < plastic_.projections.size(); ++p) {
            for (const WeightSets& sets : same_spikes) {
                run.projections[p].rms_same_spikes +=
                    rms_difference(sets[p], real_.snapshots.back()[p]) / comparison_.projections[p].weight_max / trials;
            }
        }
    }

    void run_whole_chip() {
        const auto courses = run_chip(setting(network_), chip_, options_.trials, options_.seed);
        if (!courses) {
            comparison_.chip_failure = first_reason(courses.error());
            return;
        }
        add(*courses, own_.weight_bits, chip_.name, "the whole chip: compiled, neurons and learning on its registers");
        for (std::size_t p = 0; p < comparison_.projections.size(); ++p) {
            ProjectionInfo& info = comparison_.projections[p];
            info.chip_unit = courses->front().weight_per_unit[p] * ((1 << own_.weight_bits) - 1) / info.weight_max;
        }
        for (ComparedProjection& projection : comparison_.runs.back().projections) {
            projection.rms_same_spikes = NAN;
        }
    }

    const ComparisonOptions& options_;
    const chip::ChipSpec& chip_;
    const Network& network_;
    Network real_network_;  ///< with rules divided as the engine divides, if asked
    Plastic plastic_;
    Inputs inputs_;
    std::vector<std::uint64_t> snapshots_;
    rules::LearningArithmetic own_;
    Course real_;
    Comparison comparison_;
};

}  // namespace

Result<Comparison> compare(const Network& network, const chip::ChipSpec& chip, runtime::Stimulus& stimulus,
                           const ComparisonOptions& options) {
    if (Diagnostics wrong = check(network, options); has_error(wrong)) {
        return fail(std::move(wrong));
    }
    return Comparer(network, chip, stimulus, options).run();
}

}  // namespace spikeloom::tools
