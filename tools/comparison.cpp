#include "tools/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/compile.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "core/base/random.hpp"
#include "runtime/session.hpp"

namespace spikeloom::tools {

namespace {

using compiler::Network;
using compiler::PlasticPlace;

/// Spikes of the network in one step, ascending: population and neuron.
using StepSpikes = std::vector<runtime::NetworkSpike>;
using WeightSets = std::vector<std::vector<double>>;  ///< [plastic projection][synapse], network's units

/// What a run leaves behind.
struct Course {
    std::vector<WeightSets> snapshots;
    std::vector<StepSpikes> spikes;  ///< by step
};

/// A network's plastic projections, and where their synapses are.
struct Plastic {
    std::vector<std::uint32_t> projections;
    std::vector<std::vector<PlasticPlace>> places;
};

Plastic plastic_of(const Network& network) {
    Plastic plastic;
    for (std::uint32_t p = 0; p < network.projections.size(); ++p) {
        const compiler::Projection& projection = network.projections[p];
        if (projection.learning) {
            plastic.projections.push_back(p);
            plastic.places.push_back(compiler::plastic_places(projection, network.source_size(projection.source),
                                                              network.populations[projection.target.value()].size()));
        }
    }
    return plastic;
}

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

using Inputs = std::vector<std::vector<chip::InputSpike>>;  ///< by step

Inputs inputs_of(runtime::Stimulus& stimulus, std::uint64_t steps) {
    Inputs inputs(steps);
    for (std::uint64_t step = 0; step < steps; ++step) {
        stimulus.spikes(Step(step), inputs[step]);
    }
    return inputs;
}

Course run_reference(const Network& network, const Plastic& plastic, const Inputs& inputs,
                     const std::vector<std::uint64_t>& snapshots, const compiler::ReferenceLearning& learning) {
    compiler::FloatInterpreter interpreter(
        network, {.timing = compiler::Timing::next_step, .single_precision = false, .learning = learning});
    std::vector<std::vector<float>> values;
    for (const compiler::InputPort& port : network.inputs) {
        values.emplace_back(port.size());
    }
    Course course;
    for (std::uint64_t step = 0; step < inputs.size(); ++step) {
        for (const chip::InputSpike& spike : inputs[step]) {
            values[spike.port][spike.channel] = 1;
        }
        interpreter.step(values);
        for (const chip::InputSpike& spike : inputs[step]) {
            values[spike.port][spike.channel] = 0;
        }
        StepSpikes& spikes = course.spikes.emplace_back();
        for (std::uint32_t population = 0; population < network.populations.size(); ++population) {
            const auto fired = interpreter.spikes(PopulationId(population));
            for (std::uint32_t neuron = 0; neuron < fired.size(); ++neuron) {
                if (fired[neuron] != 0) {
                    spikes.push_back({PopulationId(population), NeuronId(neuron)});
                }
            }
        }
        if (std::ranges::binary_search(snapshots, step + 1)) {
            WeightSets& sets = course.snapshots.emplace_back();
            for (const std::uint32_t p : plastic.projections) {
                sets.push_back(interpreter.plastic_weights(p));
            }
        }
    }
    return course;
}

/// Final weights that synapses learn from the spikes of another run: no feedback from weights to spikes.
WeightSets learned_from(const Course& course, const Network& network, const Plastic& plastic, const Inputs& inputs,
                        const compiler::ReferenceLearning& learning, std::vector<double>* highest_traces = nullptr) {
    WeightSets sets;
    for (const std::uint32_t p : plastic.projections) {
        const compiler::Projection& projection = network.projections[p];
        const bool from_input = projection.source.kind == compiler::Source::Kind::input;
        const auto learner = compiler::make_learner(network, p, learning);
        const auto reward_port =
            std::ranges::find(network.inputs, projection.learning->reward_input, &compiler::InputPort::name);
        for (std::uint64_t step = 0; step < inputs.size(); ++step) {
            std::vector<std::uint8_t> sources(network.source_size(projection.source));
            std::vector<std::uint8_t> targets(network.populations[projection.target.value()].size());
            std::optional<double> reward;
            for (const chip::InputSpike& spike : inputs[step]) {
                if (from_input && spike.port == projection.source.index) {
                    sources[spike.channel] = 1;
                }
                if (reward_port - network.inputs.begin() == static_cast<std::ptrdiff_t>(spike.port)) {
                    reward = reward.value_or(0) + projection.learning->reward_values[spike.channel];
                }
            }
            for (const runtime::NetworkSpike& spike : step == 0 ? StepSpikes{} : course.spikes[step - 1]) {
                if (!from_input && spike.population.value() == projection.source.index) {
                    sources[spike.neuron.value()] = 1;
                }
            }
            for (const runtime::NetworkSpike& spike : course.spikes[step]) {
                if (spike.population == projection.target) {
                    targets[spike.neuron.value()] = 1;
                }
            }
            learner->step(sources, targets, reward);
        }
        sets.push_back(learner->weights());
        if (highest_traces != nullptr) {
            highest_traces->push_back(learner->highest_trace());
        }
    }
    return sets;
}

/// Plays the inputs to a session.
class Playback final : public runtime::Stimulus {
public:
    explicit Playback(const Inputs& inputs) : inputs_(&inputs) {}
    void spikes(Step step, std::vector<chip::InputSpike>& out) override {
        const auto& now = (*inputs_)[step.value()];
        out.insert(out.end(), now.begin(), now.end());
    }
    [[nodiscard]] std::uint64_t steps() const override { return inputs_->size(); }

private:
    const Inputs* inputs_;
};

class Watch final : public runtime::Sink {
public:
    explicit Watch(Course& course) : course_(&course) {}
    Result<void> on_step(const runtime::StepView& view) override {
        course_->spikes.emplace_back(view.spikes.begin(), view.spikes.end());
        return {};
    }

private:
    Course* course_;
};

Result<Course> run_chip(const chip::Image& image, const Network& network, const Plastic& plastic, const Inputs& inputs,
                        const std::vector<std::uint64_t>& snapshots, std::uint64_t seed) {
    auto session = runtime::Session::open(image, {.threads = 1, .seed = seed});
    if (!session) {
        return fail(std::move(session.error()));
    }
    Course course;
    Playback playback(inputs);
    Watch watch(course);
    runtime::Sink* const sinks[] = {&watch};
    std::uint64_t done = 0;
    for (const std::uint64_t snapshot : snapshots) {
        const auto ran = session->run(snapshot - done, playback, sinks);
        if (!ran) {
            return fail(ran.error());
        }
        done = snapshot;
        WeightSets& sets = course.snapshots.emplace_back();
        for (const std::uint32_t p : plastic.projections) {
            const auto profile =
                std::ranges::find(image.learning, network.projections[p].name, &chip::LearningProfile::projection);
            SPIKELOOM_ASSERT(profile != image.learning.end(), network.projections[p].name);
            std::vector<double>& weights = sets.emplace_back();
            for (const std::int32_t value : session->chip().plastic_values(
                     static_cast<std::uint32_t>(profile - image.learning.begin()), rules::Variable::weight)) {
                weights.push_back(value * profile->weight_per_unit);
            }
        }
    }
    return course;
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

double share_at_bound(const std::vector<double>& weights, const compiler::Learning& learning, double unit) {
    const double least = learning.sign == compiler::Learning::Sign::excitatory ? 0 : -learning.weight_max;
    const double most = learning.sign == compiler::Learning::Sign::inhibitory ? 0 : learning.weight_max;
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
                     const std::vector<Course>& trials, double unit_share) {
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
            result.at_bound += share_at_bound(weights, learning, unit_share * learning.weight_max) / count;
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

struct Width {
    std::string name;
    std::string what;
    rules::LearningArithmetic arithmetic;
};

std::vector<Width> widths(const chip::ChipSpec& chip, const ComparisonOptions& options) {
    const rules::LearningArithmetic& own = chip.learning.arithmetic;
    std::vector<Width> all{{fmt::format("{}'s widths", chip.name),
                            fmt::format("learning on registers: weights of {} bits and a sign, traces of {} bits; "
                                        "neurons in float",
                                        own.weight_bits, own.trace_bits),
                            own}};
    for (const int bits : options.weight_widths) {
        if (bits != own.weight_bits) {
            Width width{fmt::format("weights of {} bits", bits), "the same with weights of another width", own};
            width.arithmetic.weight_bits = bits;
            all.push_back(std::move(width));
        }
    }
    for (const int bits : options.trace_widths) {
        if (bits != own.trace_bits) {
            Width width{fmt::format("traces of {} bits", bits), "the same with traces of another width", own};
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

/// The runs of the whole chip, or why there are none.
Result<std::vector<Course>> chip_courses(const Network& network, const Plastic& plastic, const chip::ChipSpec& chip,
                                         const Inputs& inputs, const std::vector<std::uint64_t>& snapshots,
                                         const ComparisonOptions& options) {
    compiler::CompileOptions compile_options;
    compile_options.seed = options.seed;
    compile_options.approximate_reset = true;
    auto compiled = compiler::compile(network, chip, compile_options);
    if (!compiled) {
        return fail(std::move(compiled.error()));
    }
    std::vector<Course> courses;
    for (int trial = 0; trial < options.trials; ++trial) {
        auto course = run_chip(compiled->image, network, plastic, inputs, snapshots,
                               options.seed + static_cast<std::uint64_t>(trial));
        if (!course) {
            return fail(std::move(course.error()));
        }
        courses.push_back(std::move(*course));
    }
    return courses;
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

chip::Image ports_of(const Network& network) {
    chip::Image image;
    image.network_name = network.name;
    image.step_s = network.step_s;
    for (const compiler::InputPort& port : network.inputs) {
        image.inputs.push_back({.name = port.name,
                                .shape = port.shape,
                                .output_first = std::vector<std::uint32_t>(port.size() + 1),
                                .outputs = {}});
    }
    return image;
}

namespace {

constexpr std::uint32_t rule_inputs = 60;
constexpr std::uint32_t rule_volley = 15;
constexpr std::uint32_t rule_targets = 4;

}  // namespace

compiler::Network rule_network(const rules::Rule& rule, compiler::Learning::Sign sign) {
    constexpr double weight_max = 0.1;
    constexpr double tau_steps = 20;
    Network network;
    network.name = "60 inputs to 4 neurons";
    network.inputs.push_back({.name = "in", .shape = {rule_inputs}});
    compiler::Population target{.name = "target", .shape = {rule_targets}};
    target.tau_mem_s = tau_steps * network.step_s;
    target.resistance = tau_steps;
    network.populations.push_back(std::move(target));
    compiler::DenseWeights dense;
    for (std::uint32_t i = 0; i < rule_inputs * rule_targets; ++i) {
        const double draw = random_uniform({.purpose = RandomPurpose::workbench, .step = i});
        const double weight = weight_max * (0.3 + 0.4 * draw);
        dense.weights.push_back(static_cast<float>(sign == compiler::Learning::Sign::inhibitory ? -weight : weight));
    }
    compiler::Projection projection{.name = "in_target",
                                    .source = {compiler::Source::Kind::input, 0},
                                    .target = PopulationId(0),
                                    .weights = std::move(dense)};
    compiler::Learning& learning = projection.learning.emplace();
    learning.rule = rule;
    learning.sign = sign;
    learning.weight_max = weight_max;
    network.projections.push_back(std::move(projection));
    network.outputs.push_back({.name = "out", .population = PopulationId(0)});
    if (rule.reads(rules::Operand::r0) || rule.reads(rules::Operand::r1)) {
        network.inputs.push_back({.name = "reward", .shape = {1}});
        network.projections.front().learning->reward_input = "reward";
        network.projections.front().learning->reward_values = {32};
    }
    return network;
}

std::unique_ptr<runtime::Stimulus> rule_stimulus(std::uint64_t steps, std::uint64_t seed, bool rewarded) {
    constexpr double background = 0.012;  // spikes a step and channel
    constexpr std::uint64_t period = 60;
    constexpr std::uint64_t jitter = 5;
    constexpr std::uint64_t reward_after = 10;
    const auto draw = [seed](std::uint64_t step, std::uint32_t channel, std::uint32_t what) {
        return random_uniform(
            {.seed = seed, .purpose = RandomPurpose::workbench, .step = step, .core = 1 + what, .neuron = channel});
    };
    std::vector<runtime::SpikeEvent> events;
    for (std::uint64_t step = 0; step < steps; ++step) {
        for (std::uint32_t channel = 0; channel < rule_inputs; ++channel) {
            if (draw(step, channel, 0) < background) {
                events.push_back({step, 0, channel});
            }
        }
        if (rewarded && step % (2 * period) == period / 2 + reward_after) {
            events.push_back({step, 1, 0});
        }
        if (step % period == period / 2) {
            for (std::uint32_t channel = 0; channel < rule_volley; ++channel) {
                events.push_back({step + static_cast<std::uint64_t>(draw(step, channel, 1) * jitter), 0, channel});
            }
        }
    }
    std::erase_if(events, [steps](const runtime::SpikeEvent& event) { return event.step >= steps; });
    return runtime::make_event_stimulus(std::move(events), steps);
}

Result<Comparison> compare(const Network& network, const chip::ChipSpec& chip, runtime::Stimulus& stimulus,
                           const ComparisonOptions& options) {
    if (Diagnostics wrong = check(network, options); has_error(wrong)) {
        return fail(std::move(wrong));
    }
    const Plastic plastic = plastic_of(network);
    Comparison comparison;
    comparison.network = network.name;
    comparison.chip = chip.name;
    comparison.steps = options.steps;
    comparison.step_s = network.step_s;
    comparison.trials = options.trials;
    for (const compiler::Population& population : network.populations) {
        comparison.populations.push_back(population.name);
    }
    for (std::size_t p = 0; p < plastic.projections.size(); ++p) {
        const compiler::Projection& projection = network.projections[plastic.projections[p]];
        comparison.projections.push_back(
            {.name = projection.name,
             .rule = rule_text(projection.learning->rule),
             .division = runtime::division_sentence(projection.learning->rule, chip.learning.arithmetic, options.scale),
             .synapses = plastic.places[p].size(),
             .weight_max = projection.learning->weight_max,
             .highest_trace = 0,
             .trace_most = 0});
    }
    comparison.snapshot_steps = snapshot_steps(options);
    const Inputs inputs = inputs_of(stimulus, options.steps);
    const rules::LearningArithmetic& own = chip.learning.arithmetic;
    const auto unit_share = [&](int bits) { return 1.0 / (1 << bits); };

    const Network real_network = options.scale == runtime::FloatScale::chip ? scaled(network, own) : network;
    const Course real = run_reference(real_network, plastic, inputs, comparison.snapshot_steps,
                                      {.on = true, .registers = {}, .written_for = own, .seed = 0});
    std::vector<double> highest;
    learned_from(real, real_network, plastic, inputs, {.on = true, .registers = {}, .written_for = own, .seed = 0},
                 &highest);
    for (std::size_t p = 0; p < highest.size(); ++p) {
        comparison.projections[p].highest_trace = highest[p];
        comparison.projections[p].trace_most = own.trace_most();
    }
    ComparedRun reference = compared(network, plastic, real, {real}, unit_share(own.weight_bits));
    reference.name = "float";
    reference.what = "everything in real numbers, weights within their range";
    comparison.runs.push_back(std::move(reference));

    for (const Width& width : widths(chip, options)) {
        std::vector<Course> trials;
        std::vector<WeightSets> same_spikes;
        for (int trial = 0; trial < options.trials; ++trial) {
            const compiler::ReferenceLearning learning{.on = true,
                                                       .registers = width.arithmetic,
                                                       .written_for = own,
                                                       .seed = options.seed + static_cast<std::uint64_t>(trial)};
            trials.push_back(run_reference(network, plastic, inputs, comparison.snapshot_steps, learning));
            same_spikes.push_back(learned_from(real, network, plastic, inputs, learning));
        }
        ComparedRun run = compared(network, plastic, real, trials, unit_share(width.arithmetic.weight_bits));
        for (std::size_t p = 0; p < run.projections.size(); ++p) {
            for (const WeightSets& sets : same_spikes) {
                run.projections[p].rms_same_spikes += rms_difference(sets[p], real.snapshots.back()[p]) /
                                                      comparison.projections[p].weight_max / options.trials;
            }
        }
        run.name = width.name;
        run.what = width.what;
        comparison.runs.push_back(std::move(run));
    }
    if (options.whole_chip) {
        const auto courses = chip_courses(network, plastic, chip, inputs, comparison.snapshot_steps, options);
        if (courses) {
            ComparedRun run = compared(network, plastic, real, *courses, unit_share(own.weight_bits));
            for (ComparedProjection& projection : run.projections) {
                projection.rms_same_spikes = NAN;
            }
            run.name = chip.name;
            run.what = "the whole chip: compiled, neurons and learning on its registers";
            comparison.runs.push_back(std::move(run));
        } else {
            comparison.chip_failure = first_reason(courses.error());
        }
    }
    return comparison;
}

}  // namespace spikeloom::tools
