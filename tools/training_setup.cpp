#include "tools/training_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "compiler/analog/compile_analog.hpp"
#include "runtime/analog/timed_encoder.hpp"
#include "runtime/analog/training_forward.hpp"

namespace spikeloom::tools {
namespace {

/// The layers in the network's time unit.
std::vector<runtime::TtfsLayer> training_layers(const compiler::TimedNetwork& network,
                                                const compiler::LayerChain& chain, const chip::AnalogImage& image) {
    const double unit = network.coding->time_unit_s;
    std::vector<runtime::TtfsLayer> layers;
    for (std::size_t p = 0; p < chain.layers.size(); ++p) {
        const Lif& lif = network.populations[p].neuron(0).lif;
        runtime::TtfsLayer layer;
        layer.name = network.populations[p].name;
        layer.inputs = chain.layers[p].inputs;
        layer.neurons = network.populations[p].size();
        for (const double time : chain.layers[p].biases) {
            layer.bias_times.push_back(time / unit);
        }
        layer.kernel = {.tau_mem = lif.tau_mem / unit, .tau_syn = lif.tau_syn / unit, .resistance = lif.resistance};
        layer.weights = chain.layers[p].weights;
        if (!image.chip.ideal) {
            layer.weight_unit = image.neurons[image.populations[p].first_neuron].weight_unit;
            layer.largest_register = static_cast<double>((1 << image.chip.array.weight_bits) - 1);
        }
        layers.push_back(std::move(layer));
    }
    return layers;
}

Diagnostics check_trainable(const compiler::TimedNetwork& network) {
    Diagnostics findings;
    if (!network.coding) {
        findings.push_back({.where = fmt::format("network '{}'", network.name),
                            .found = "it doesn't say how values become spike times",
                            .allowed = "a network with a coding",
                            .help = "give its TTFS text a coding { ... } block"});
    }
    for (const compiler::TimedPopulation& population : network.populations) {
        if (population.neuron(0).lif.refractory != never) {
            findings.push_back({.severity = Severity::warning,
                                .where = fmt::format("population '{}'", population.name),
                                .found = "its neurons may spike again, and only first spikes have gradients",
                                .allowed = {},
                                .help = "one_spike: true in the TTFS text"});
        }
        const Lif& lif = population.neuron(0).lif;
        if (network.coding &&
            !(network.coding->window_s / std::min(lif.tau_mem, lif.tau_syn) <= runtime::most_time_constants)) {
            findings.push_back({.where = fmt::format("population '{}'", population.name),
                                .found = fmt::format("a time constant that the window of {} s holds {:.0f} times",
                                                     network.coding->window_s,
                                                     network.coding->window_s / std::min(lif.tau_mem, lif.tau_syn)),
                                .allowed = fmt::format("at most {} times", runtime::most_time_constants),
                                .help = "a shorter window"});
        }
    }
    return findings;
}

}  // namespace

Result<TrainingSetup> TrainingSetup::create(compiler::TimedNetwork network, const chip::AnalogSpec& chip,
                                            const TrainingSetupOptions& options) {
    Diagnostics findings = check_trainable(network);
    auto chain = compiler::layer_chain(network);
    if (!chain) {
        findings.insert(findings.end(), chain.error().begin(), chain.error().end());
    }
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    TrainingSetup setup;
    setup.remarks_ = std::move(findings);
    // The compiler takes the unit of weights from the largest; here from the largest times the headroom.
    compiler::LayerChain scaled = *chain;
    for (compiler::ChainLayer& layer : scaled.layers) {
        for (double& weight : layer.weights) {
            weight *= chip.ideal ? 1 : options.headroom;
        }
    }
    compiler::TimedNetwork scaled_network = network;
    set_weights(scaled_network, scaled);
    auto compiled = compiler::compile_analog(scaled_network, chip, {.seed = options.instance.seed});
    if (!compiled) {
        return fail(std::move(compiled.error()));
    }
    setup.remarks_.insert(setup.remarks_.end(), compiled->remarks.begin(), compiled->remarks.end());
    setup.image_ = std::move(compiled->image);
    setup.network_ = std::move(network);
    setup.chain_ = std::move(*chain);
    setup.options_ = options;
    setup.layers_ = training_layers(setup.network_, setup.chain_, setup.image_);
    setup.first_channel_ = setup.image_.inputs[setup.chain_.input].first_channel;
    return setup;
}

std::shared_ptr<runtime::TtfsForward> TrainingSetup::forward() const {
    runtime::ChipForwardOptions options{.time_unit_s = network_.coding->time_unit_s,
                                        .window_s = network_.coding->window_s,
                                        .first_channel = first_channel_,
                                        .first_neurons = {},
                                        .neuron_counts = {},
                                        .threads = options_.threads};
    for (const chip::AnalogPopulation& population : image_.populations) {
        options.first_neurons.push_back(population.first_neuron);
        options.neuron_counts.push_back(population.count);
    }
    // Loaded whole once; afterwards only weights change.
    auto maker = [setup = *this, loaded = std::optional<chip::analog::AnalogChip>()](
                     std::span<const runtime::TtfsLayer> layers) mutable -> Result<chip::analog::AnalogChip> {
        std::vector<std::vector<double>> weights;
        for (const runtime::TtfsLayer& layer : layers) {
            weights.push_back(layer.weights);
        }
        const auto image = setup.image(weights);
        if (!image) {
            return fail(image.error());
        }
        auto chip =
            loaded ? loaded->with_weights(*image) : chip::analog::AnalogChip::load(*image, setup.options_.instance);
        if (chip && !loaded) {
            loaded = *chip;
        }
        return chip;
    };
    return runtime::make_chip_forward(std::move(maker), std::move(options));
}

Result<runtime::TimedSamples> TrainingSetup::samples(const runtime::TimedSet& set) const {
    const auto encoder = runtime::TimedEncoder::create(image_, set, {.coding = *network_.coding});
    if (!encoder) {
        return fail(encoder.error());
    }
    runtime::TimedSamples samples{.channels = layers_.front().inputs};
    samples.times.assign(set.samples * samples.channels, never);
    std::vector<core::analog::InputSpike> spikes;
    for (std::size_t i = 0; i < set.samples; ++i) {
        encoder->encode(set.sample(i), spikes);
        for (const core::analog::InputSpike& spike : spikes) {
            samples.times[i * samples.channels + spike.input - first_channel_] =
                spike.time / network_.coding->time_unit_s;
        }
        if (set.labels[i] < 0) {
            return fail({.where = fmt::format("{}: sample {}", set.name, i),
                         .found = fmt::format("label {}", set.labels[i]),
                         .allowed = "0 or above",
                         .help = {}});
        }
        samples.labels.push_back(static_cast<std::uint32_t>(set.labels[i]));
    }
    return samples;
}

compiler::TimedNetwork TrainingSetup::network(const std::vector<std::vector<double>>& weights) const {
    compiler::LayerChain chain = chain_;
    for (std::size_t l = 0; l < weights.size(); ++l) {
        chain.layers[l].weights = weights[l];
    }
    compiler::TimedNetwork network = network_;
    set_weights(network, chain);
    return network;
}

Result<chip::AnalogImage> TrainingSetup::image(const std::vector<std::vector<double>>& weights) const {
    chip::AnalogImage image = image_;
    if (auto done = compiler::update_weights(image, network(weights)); !done) {
        return fail(std::move(done.error()));
    }
    return image;
}

}  // namespace spikeloom::tools
