#include "tools/comparison_courses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/compile.hpp"
#include "compiler/reference/float_interpreter.hpp"

namespace spikeloom::tools {

using compiler::Network;

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

Inputs inputs_of(runtime::Stimulus& stimulus, std::uint64_t steps) {
    Inputs inputs(steps);
    for (std::uint64_t step = 0; step < steps; ++step) {
        stimulus.spikes(Step(step), inputs[step]);
    }
    return inputs;
}

Course run_reference(const Setting& setting, const compiler::ReferenceLearning& learning) {
    const auto& [network, plastic, inputs, snapshots] =
        std::tie(*setting.network, *setting.plastic, *setting.inputs, *setting.snapshots);
    compiler::FloatInterpreter interpreter(
        network, {.timing = compiler::Timing::next_step, .single_precision = false, .learning = learning});
    std::vector<std::vector<float>> values;
    for (const compiler::InputPort& port : network.inputs) {
        values.emplace_back(port.size());
    }
    Course course;
    for (std::uint64_t step = 0; step < inputs.size(); ++step) {
        for (const chip::InputSpike& spike : inputs[step]) {
            values[spike.port][spike.channel] =
                network.inputs[spike.port].graded ? static_cast<float>(spike.payload) : 1.0F;
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

Learned learned_from(const Course& course, const Setting& setting, const compiler::ReferenceLearning& learning) {
    const auto& [network, plastic, inputs] = std::tie(*setting.network, *setting.plastic, *setting.inputs);
    Learned learned;
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
        learned.weights.push_back(learner->weights());
        learned.highest_traces.push_back(learner->highest_trace());
    }
    return learned;
}

namespace {

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

Result<Course> run_image(const chip::Image& image, const Setting& setting, std::uint64_t seed) {
    const auto& [network, plastic, inputs, snapshots] =
        std::tie(*setting.network, *setting.plastic, *setting.inputs, *setting.snapshots);
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
        course.weight_per_unit.clear();
        WeightSets& sets = course.snapshots.emplace_back();
        for (const std::uint32_t p : plastic.projections) {
            const auto profile =
                std::ranges::find(image.learning, network.projections[p].name, &chip::LearningProfile::projection);
            SPIKELOOM_ASSERT(profile != image.learning.end(), network.projections[p].name);
            course.weight_per_unit.push_back(profile->weight_per_unit);
            std::vector<double>& weights = sets.emplace_back();
            for (const std::int32_t value : session->chip().plastic_values(
                     static_cast<std::uint32_t>(profile - image.learning.begin()), rules::Variable::weight)) {
                weights.push_back(value * profile->weight_per_unit);
            }
        }
    }
    return course;
}

}  // namespace

Result<std::vector<Course>> run_chip(const Setting& setting, const chip::ChipSpec& chip, int trials,
                                     std::uint64_t seed) {
    compiler::CompileOptions compile_options;
    compile_options.seed = seed;
    compile_options.approximate_reset = true;
    auto compiled = compiler::compile(*setting.network, chip, compile_options);
    if (!compiled) {
        return fail(std::move(compiled.error()));
    }
    std::vector<Course> courses;
    for (int trial = 0; trial < trials; ++trial) {
        auto course = run_image(compiled->image, setting, seed + static_cast<std::uint64_t>(trial));
        if (!course) {
            return fail(std::move(course.error()));
        }
        courses.push_back(std::move(*course));
    }
    return courses;
}

}  // namespace spikeloom::tools
