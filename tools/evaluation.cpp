#include "tools/evaluation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>

namespace spikeloom::tools {

namespace {

std::int32_t highest_voltage(const runtime::Session& session, PopulationId output, std::uint32_t classes) {
    std::int32_t best = 0;
    for (std::uint32_t i = 1; i < classes; ++i) {
        const auto so_far = session.voltage(output, NeuronId(static_cast<std::uint32_t>(best)));
        if (session.voltage(output, NeuronId(i)) > so_far) {
            best = static_cast<std::int32_t>(i);
        }
    }
    return best;
}

/// The sample's spikes, moved to where the run stands.
std::unique_ptr<runtime::Stimulus> sample_stimulus(const EvaluationPlan& plan, std::size_t sample, Step begin) {
    std::vector<runtime::SpikeEvent> events = runtime::encode_sample(plan.set, sample, plan.encoder);
    for (runtime::SpikeEvent& event : events) {
        event.step += begin.value();
    }
    return runtime::make_event_stimulus(std::move(events), begin.value() + plan.encoder.steps);
}

}  // namespace

Diagnostics check_plan(const EvaluationPlan& plan, const chip::Image& image) {
    Diagnostics findings;
    const auto& set = plan.set;
    if (image.inputs.size() != 1) {
        findings.push_back({.where = fmt::format("image of '{}'", image.network_name),
                            .found = fmt::format("{} input ports", image.inputs.size()),
                            .allowed = "one: a labelled set drives one port"});
    } else if (set.channels != image.inputs[0].size()) {
        findings.push_back(
            {.where = set.name,
             .found = fmt::format("{} channels a sample", set.channels),
             .allowed = fmt::format("{}, as input '{}' has", image.inputs[0].size(), image.inputs[0].name)});
    }
    const bool events = plan.encoder.encoding == runtime::Encoding::events;
    if (events && set.steps == 0) {
        findings.push_back({.where = set.name,
                            .found = "static values (S x N)",
                            .allowed = "spikes (S x T x N) for --encode events",
                            .help = "choose --encode latency, rate or constant"});
    } else if (!events && set.steps != 0) {
        findings.push_back({.where = set.name,
                            .found = "spikes already (S x T x N)",
                            .allowed = "static values (S x N) for an encoder",
                            .help = "choose --encode events"});
    }
    const std::uint32_t classes = image.populations[plan.output.value()].size();
    for (std::size_t i = 0; i < plan.samples; ++i) {
        if (set.labels[i] < 0 || static_cast<std::uint32_t>(set.labels[i]) >= classes) {
            findings.push_back({.where = fmt::format("{}: sample {}", set.name, i),
                                .found = fmt::format("label {}", set.labels[i]),
                                .allowed = fmt::format("0 to {}: output '{}' has {} neurons", classes - 1,
                                                       image.populations[plan.output.value()].name, classes)});
            break;
        }
    }
    if (plan.samples == 0) {
        findings.push_back({.where = set.name, .found = "no samples"});
    }
    return findings;
}

Result<PopulationId> find_output(const chip::Image& image, const std::string& name) {
    std::vector<std::string> outputs;
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < image.populations.size(); ++i) {
        const chip::PopulationSymbol& population = image.populations[i];
        if (!name.empty() && population.name == name) {
            return PopulationId(i);
        }
        if (population.output) {
            outputs.push_back(population.name);
            found = i;
        }
    }
    if (name.empty() && outputs.size() == 1) {
        return PopulationId(found);
    }
    return fail(Diagnostic{.where = fmt::format("image of '{}'", image.network_name),
                           .found = name.empty() ? fmt::format("{} output populations", outputs.size())
                                                 : fmt::format("no population '{}'", name),
                           .allowed = fmt::format("outputs are: {}", fmt::join(outputs, ", ")),
                           .help = "choose the one that decides: --decide-by POPULATION"});
}

Result<std::size_t> evaluate(const EvaluationPlan& plan, runtime::Session& session, runtime::Recorder& recorder,
                             const std::function<bool()>& stop, const std::function<void(std::size_t)>& progress) {
    const std::uint32_t classes = session.image().populations[plan.output.value()].size();
    OutputWatch watch(plan.output, classes);
    const std::array<runtime::Sink*, 2> sinks{&recorder, &watch};
    for (std::size_t sample = 0; sample < plan.samples; ++sample) {
        if (stop()) {
            return sample;
        }
        session.reset_state();
        const Step begin = session.chip().now();
        watch.begin(begin);
        const auto stimulus = sample_stimulus(plan, sample, begin);
        const auto steps = session.run(plan.encoder.steps, *stimulus, sinks, stop);
        if (!steps) {
            return fail(steps.error());
        }
        if (*steps < plan.encoder.steps) {
            return sample;
        }
        OutputSpikes outputs = watch.take();
        runtime::SampleOutcome outcome;
        outcome.label = plan.set.labels[sample];
        outcome.predicted = plan.decision == Decision::voltage ? highest_voltage(session, plan.output, classes)
                                                               : decide(plan.decision, outputs);
        outcome.steps = static_cast<std::uint32_t>(*steps);
        if (outcome.predicted >= 0) {
            outcome.first_spike_step = outputs.first_steps[static_cast<std::size_t>(outcome.predicted)];
        }
        outcome.output_spikes = std::move(outputs.counts);
        if (auto added = recorder.add_sample(outcome); !added) {
            return fail(std::move(added.error()));
        }
        progress(sample + 1);
    }
    return plan.samples;
}

}  // namespace spikeloom::tools
