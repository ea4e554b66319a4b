#include "tools/gap.hpp"

#include <fmt/format.h>

#include <utility>

#include "compiler/text/network_text.hpp"

namespace spikeloom::tools {

Result<GapWatch> GapWatch::create(const chip::Image& image, const runtime::LabelledSet& set,
                                  const runtime::EvaluationOptions& options) {
    const std::string where = fmt::format("image of '{}'", image.network_name);
    if (image.source_network.empty()) {
        return fail({.where = where,
                     .found = "it carries no float network, and the quantisation gap is measured against it",
                     .allowed = {},
                     .help = "compile without --no-network, or eval without --gap"});
    }
    if (image.inputs.size() != 1 || !options.teacher.empty() || !options.neuron_labels.empty()) {
        return fail({.where = "--gap",
                     .found = image.inputs.size() != 1
                                  ? fmt::format("{} input ports", image.inputs.size())
                                  : "neurons that stand for other classes, or a teacher, which the float run has not",
                     .allowed = "one input port, and outputs that are the classes",
                     .help = "leave out --gap"});
    }
    const auto network = compiler::deserialise_network(image.source_network, where);
    if (!network) {
        return fail(network.error());
    }
    const auto output = runtime::output_population(image, options.output);
    if (!output) {
        return fail(output.error());
    }
    auto measurement = compiler::GapMeasurement::create(*network, image, *output);
    if (!measurement) {
        return fail(std::move(measurement.error()));
    }
    const chip::PopulationSymbol& symbol = image.populations[output->value()];
    return GapWatch(set, options, *output, network->populations.size(), symbol.size(),
                    runtime::settled(options.decision, symbol.spikes), std::move(*measurement));
}

GapWatch::GapWatch(const runtime::LabelledSet& set, const runtime::EvaluationOptions& options, PopulationId output,
                   std::size_t populations, std::uint32_t outputs, runtime::Decision decision,
                   compiler::GapMeasurement measurement)
    : set_(&set),
      options_(&options),
      output_(output),
      outputs_(outputs),
      decision_(decision),
      measurement_(std::move(measurement)),
      trains_(populations) {}

Result<void> GapWatch::on_step(const runtime::StepView& view) {
    for (const runtime::NetworkSpike& spike : view.spikes) {
        if (spike.population.value() < trains_.size()) {  // behind them: helpers, which the float network has not
            trains_[spike.population.value()].push_back({.step = step_, .neuron = spike.neuron.value()});
        }
    }
    ++step_;
    return {};
}

void GapWatch::sample_done(std::uint64_t sample, const runtime::SampleOutcome& outcome) {
    compiler::GapRun chip{.trains = std::exchange(trains_, compiler::SpikeTrains(trains_.size())),
                          .predicted = outcome.predicted};
    measurement_.add_sample(inputs(sample), outcome.label, std::move(chip),
                            [this](const compiler::FloatRun& run) { return decide(run); });
    step_ = 0;
}

std::vector<std::vector<std::vector<float>>> GapWatch::inputs(std::uint64_t sample) const {
    const std::uint64_t steps = std::uint64_t{sample_steps(*set_, options_->encoder)} + options_->drain_steps;
    std::vector<std::vector<std::vector<float>>> values(steps, {std::vector<float>(set_->channels, 0.0F)});
    for (const runtime::SpikeEvent& event : encode_sample(*set_, sample, options_->encoder)) {
        values[event.step][event.port][event.channel] = event.payload == 0 ? 1.0F : static_cast<float>(event.payload);
    }
    return values;
}

int GapWatch::decide(const compiler::FloatRun& run) const {
    runtime::OutputTally tally(outputs_, decision_);
    for (const compiler::TrainSpike& spike : run.trains[output_.value()]) {
        tally.add_spike(spike.step, spike.neuron);
    }
    for (const std::vector<double>& membranes : run.membranes) {
        for (std::uint32_t neuron = 0; neuron < outputs_; ++neuron) {
            tally.add_voltage(neuron, membranes[neuron]);
        }
    }
    return tally.answer();
}

}  // namespace spikeloom::tools
