#include "core/analog/stepped_layer.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "core/analog/layers.hpp"

namespace spikeloom::core::analog {
namespace {

template <class Real>
Real current_decay(double tau, const SteppedOptions& options) {
    const double share = options.dt / (tau / options.unit);
    return static_cast<Real>(options.scheme == StepScheme::exponential ? std::exp(-share) : 1 - share);
}

template <class Real>
void add_neuron(SteppedLayer<Real>& layer, const Lif& lif, const SteppedOptions& options) {
    const double share = options.dt / (lif.tau_mem / options.unit);
    const bool exponential = options.scheme == StepScheme::exponential;
    const auto decay = static_cast<Real>(exponential ? std::exp(-share) : 1 - share);
    layer.decay.push_back(decay);
    const bool complement = exponential && options.drive == StepDrive::one_minus_decay;
    layer.gain.push_back(complement ? 1 - decay : static_cast<Real>(share));
    layer.resistance.push_back(static_cast<Real>(lif.resistance));
    layer.leak.push_back(static_cast<Real>(lif.leak));
    layer.threshold.push_back(static_cast<Real>(lif.threshold));
    layer.reset.push_back(static_cast<Real>(lif.reset));
    layer.current_decay.push_back(current_decay<Real>(lif.tau_syn, options));
    // A quotient that misses a whole number by rounding is that number.
    const double hold = std::ceil(lif.refractory / options.unit / options.dt * (1 - 1e-12));
    layer.hold.push_back(hold < options.steps ? static_cast<std::uint32_t>(hold) : options.steps);
}

template <class Real>
void add_neurons(SteppedLayer<Real>& layer, const Net& net, std::span<const std::uint32_t> adaptive_of,
                 const SteppedOptions& options) {
    for (const std::uint32_t neuron : layer.neurons) {
        const std::uint32_t entry = adaptive_of[neuron];
        if (entry == no_index) {
            add_neuron(layer, net.neurons[neuron], options);
            continue;
        }
        const AdEx& model = net.adaptive[entry].model;
        layer.adaptive.push_back(
            {.local = static_cast<std::uint32_t>(layer.leak.size()),
             .model = model,
             .gain = static_cast<Real>(options.dt / (model.lif.tau_mem / options.unit)),
             .gain_w = static_cast<Real>(model.adaptation ? options.dt / (model.tau_w / options.unit) : 0),
             .inhibitory = static_cast<std::uint32_t>(layer.neurons.size() + layer.adaptive.size())});
        add_neuron(layer, model.lif, options);
    }
    for (const SteppedAdaptive<Real>& state : layer.adaptive) {
        const double own = state.model.tau_syn_inhibitory;
        layer.current_decay.push_back(current_decay<Real>(own > 0 ? own : state.model.lif.tau_syn, options));
    }
}

/// Where a neuron's spikes go: its layer, and its place and adaptive state there.
struct Place {
    std::uint32_t layer = 0;
    std::uint32_t local = 0;
    std::uint32_t adaptive = no_index;
};

struct Synapse {
    Place to;
    double delay = 0;
    std::uint64_t at = 0;
};

template <class Real>
void add_synapse(SteppedLayer<Real>& layer, std::uint32_t source, const Synapse& synapse, double weight, bool opens) {
    if (opens) {
        layer.segments.push_back(
            {.source = source, .dense = true, .begin = layer.weights.size(), .delay = synapse.delay});
    }
    std::uint32_t target = synapse.to.local;
    if (synapse.to.adaptive != no_index && weight < 0) {
        const SteppedAdaptive<Real>& state = layer.adaptive[synapse.to.adaptive];
        target = state.inhibitory;
        weight = state.model.conductance ? -weight : weight;
    }
    SteppedSegment& segment = layer.segments.back();
    segment.first = opens ? target : segment.first;
    segment.dense = segment.dense && target == segment.first + segment.count;
    ++segment.count;
    layer.targets.push_back(target);
    layer.weights.push_back(static_cast<Real>(weight));
}

}  // namespace

template <class Real>
std::vector<SteppedLayer<Real>> stepped_layers(const Net& net, const SteppedOptions& options) {
    std::vector<std::uint32_t> adaptive_of(net.neurons.size(), no_index);
    for (std::uint32_t i = 0; i < net.adaptive.size(); ++i) {
        adaptive_of[net.adaptive[i].neuron] = i;
    }
    std::vector<SteppedLayer<Real>> layers;
    std::vector<Place> places(net.neurons.size());
    for (const NetLayer& from : layers_of(net)) {
        SteppedLayer<Real>& layer = layers.emplace_back();
        layer.neurons = from.neurons;
        layer.loops = from.loops;
        add_neurons(layer, net, adaptive_of, options);
        const auto index = static_cast<std::uint32_t>(layers.size() - 1);
        std::uint32_t adaptive = 0;
        for (std::uint32_t local = 0; local < layer.neurons.size(); ++local) {
            const std::uint32_t neuron = layer.neurons[local];
            const bool adapts = adaptive_of[neuron] != no_index;
            places[neuron] = {.layer = index, .local = local, .adaptive = adapts ? adaptive++ : no_index};
        }
    }
    std::vector<Synapse> row;
    for (std::uint32_t source = 0; source < net.sources(); ++source) {
        row.clear();
        for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
            row.push_back({.to = places[net.targets[i]],
                           .delay = net.delays.empty() ? 0 : net.delays[i] / options.unit,
                           .at = i});
        }
        std::sort(row.begin(), row.end(), [](const Synapse& a, const Synapse& b) {
            return std::tie(a.to.layer, a.delay, a.at) < std::tie(b.to.layer, b.delay, b.at);
        });
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool opens = i == 0 || row[i - 1].to.layer != row[i].to.layer || row[i - 1].delay != row[i].delay;
            add_synapse(layers[row[i].to.layer], source, row[i], net.weights[row[i].at], opens);
        }
    }
    return layers;
}

template std::vector<SteppedLayer<double>> stepped_layers(const Net& net, const SteppedOptions& options);
template std::vector<SteppedLayer<float>> stepped_layers(const Net& net, const SteppedOptions& options);

}  // namespace spikeloom::core::analog
