#include "tools/accuracy_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace spikeloom::tools {
namespace {

/// Synapses of every neuron of a source.
std::vector<std::uint32_t> fan_out_of(const compiler::Network& network, const compiler::Source& source) {
    std::vector<std::uint32_t> counts(network.source_size(source), 0);
    std::vector<compiler::Connection> row;
    for (const compiler::Projection& projection : network.projections) {
        for (std::uint32_t neuron = 0; projection.source == source && neuron < counts.size(); ++neuron) {
            row.clear();
            compiler::append_connections(network, projection, neuron, row);
            counts[neuron] += static_cast<std::uint32_t>(row.size());
        }
    }
    return counts;
}

}  // namespace

SampleRange samples_of(const runtime::LabelledSet& set, std::uint64_t first, std::uint64_t limit) {
    const std::uint64_t begin = std::min<std::uint64_t>(first, set.samples);
    return {begin, limit == 0 ? set.samples : begin + std::min<std::uint64_t>(limit, set.samples - begin)};
}

Result<runtime::AnnReference> measure_ann(const compiler::Ann& ann, const runtime::LabelledSet& set,
                                          const SampleRange& range) {
    if (set.channels != ann.input_size() || set.steps != 0) {
        return fail({.where = fmt::format("set '{}'", set.name),
                     .found = set.steps != 0 ? std::string("it holds spikes, and an ANN takes values")
                                             : fmt::format("samples of {} values", set.channels),
                     .allowed = fmt::format("samples of {} values, the input of '{}'", ann.input_size(), ann.name),
                     .help = {}});
    }
    std::uint64_t correct = 0;
    for (std::uint64_t sample = range.first; sample < range.end; ++sample) {
        const auto values = std::span(set.values).subspan(sample * set.channels, set.channels);
        correct += compiler::ann_answer(compiler::run_ann(ann, values)[ann.output]) == set.labels[sample] ? 1 : 0;
    }
    const auto samples = static_cast<double>(range.end - range.first);
    return runtime::AnnReference{.accuracy = samples > 0 ? static_cast<double>(correct) / samples : -1,
                                 .multiply_accumulates = ann.operations.multiply_accumulates,
                                 .pooling_additions = ann.operations.pooling_additions};
}

FloatCurve::FloatCurve(const compiler::Network& network, PopulationId output, runtime::Decision decision)
    : interpreter_(network, {}),
      output_(output),
      outputs_(static_cast<std::uint32_t>(network.populations[output.value()].size())),
      by_voltage_(runtime::by_voltage(decision)),
      input_fan_out_(fan_out_of(network, {compiler::Source::Kind::input, 0})),
      collector_("float", outputs_, decision) {
    for (std::uint32_t population = 0; population < network.populations.size(); ++population) {
        fan_outs_.push_back(fan_out_of(network, {compiler::Source::Kind::population, population}));
    }
}

void FloatCurve::add_sample(const runtime::LabelledSet& set, std::uint64_t sample,
                            const runtime::EncoderOptions& encoder, std::uint32_t drain) {
    const std::uint64_t steps = std::uint64_t{runtime::sample_steps(set, encoder)} + drain;
    const std::vector<runtime::SpikeEvent> events = runtime::encode_sample(set, sample, encoder);
    auto event = events.begin();
    interpreter_.reset();
    for (std::uint64_t step = 0; step < steps; ++step) {
        std::vector<std::vector<float>> inputs(1, std::vector<float>(set.channels, 0.0F));
        double operations = 0;
        for (; event != events.end() && event->step == step; ++event) {
            inputs[0][event->channel] = event->payload == 0 ? 1.0F : static_cast<float>(event->payload);
            operations += input_fan_out_[event->channel];
        }
        interpreter_.step(inputs);
        for (std::uint32_t population = 0; population < fan_outs_.size(); ++population) {
            const auto spikes = interpreter_.spikes(PopulationId(population));
            for (std::uint32_t neuron = 0; neuron < spikes.size(); ++neuron) {
                if (spikes[neuron] == 0) {
                    continue;
                }
                operations += fan_outs_[population][neuron];
                if (population == output_.value()) {
                    collector_.tally().add_spike(static_cast<std::int64_t>(step), neuron);
                }
            }
        }
        for (std::uint32_t neuron = 0; by_voltage_ && neuron < outputs_; ++neuron) {
            collector_.tally().add_voltage(neuron, interpreter_.membrane(output_)[neuron]);
        }
        collector_.end_step(operations);
    }
    collector_.end_sample(set.labels[sample]);
}

}  // namespace spikeloom::tools
