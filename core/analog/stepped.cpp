#include "core/analog/stepped.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <variant>

#include "core/analog/layers.hpp"

namespace spikeloom::core::analog {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// All synapses of a source onto a layer with one delay.
struct Segment {
    std::uint32_t source = 0;
    std::uint32_t first = 0;  ///< local target, where `dense`: those that follow it
    bool dense = false;
    std::uint32_t count = 0;
    std::uint64_t begin = 0;  ///< in the layer's weights and targets
    double delay = 0;
};

template <class Real>
struct AdaptiveState {
    std::uint32_t local = 0;
    AdEx model;
    Real gain = 0;                 ///< dt / tau_mem
    Real gain_w = 0;               ///< dt / tau_w
    std::uint32_t inhibitory = 0;  ///< index of its inhibitory current
};

/// Arrays by local neuron; the currents' go on with the inhibitory currents of adaptive neurons.
template <class Real>
struct Layer {
    std::vector<std::uint32_t> neurons;
    bool loops = false;
    std::vector<Real> decay, gain, resistance, leak, threshold, reset;
    std::vector<Real> current_decay;
    std::vector<std::uint32_t> hold;
    std::vector<AdaptiveState<Real>> adaptive;
    std::vector<Segment> segments;  ///< ascending by source
    std::vector<std::uint32_t> targets;
    std::vector<Real> weights;
};

/// A spike of a source, in the order of its time.
struct Fired {
    double time = 0;
    std::uint32_t step = 0;
    std::uint32_t next = none;
};

/// Spikes by source, and what one run counts.
struct Run {
    std::vector<std::uint32_t> first, last;
    std::vector<Fired> fired;
    SteppedResult result;
    std::uint32_t traced = none;
    std::vector<double> trace;

    void add(std::uint32_t source, double time, std::uint32_t step) {
        const auto at = static_cast<std::uint32_t>(fired.size());
        fired.push_back({.time = time, .step = step});
        if (first[source] == none) {
            first[source] = at;
        } else {
            fired[last[source]].next = at;
        }
        last[source] = at;
    }
};

template <class Real>
class Prepared {
public:
    Prepared(const Net& net, const SteppedOptions& options);
    [[nodiscard]] Run run(std::span<const InputSpike> inputs, std::uint32_t traced) const;

private:
    struct Work {
        std::vector<Real> v, current, charge, threshold, adaptation, moved;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> held;  ///< local neuron, last step
        std::vector<std::uint32_t> begin, arrivals;                 ///< segments by step
        std::vector<std::vector<std::uint32_t>> looping;            ///< segments by step, of the layer's own spikes
        std::vector<std::uint32_t> own_first;                       ///< by local neuron: its first segment in the layer
    };

    void add_layer(const Net& net, const NetLayer& from, std::span<const std::uint32_t> adaptive_of);
    void set_neuron(Layer<Real>& layer, const Lif& lif) const;
    [[nodiscard]] std::uint64_t step_of(double time) const;
    [[nodiscard]] std::uint64_t arrival(const Segment& segment, const Fired& fired, bool input) const;
    void sort_arrivals(const Layer<Real>& layer, Run& run, Work& work) const;
    void run_layer(const Layer<Real>& layer, Run& run) const;
    void gather(const Layer<Real>& layer, std::uint32_t step, Work& work) const;
    void move_currents(const Layer<Real>& layer, Work& work) const;
    void move_membranes(const Layer<Real>& layer, Work& work) const;
    void move_adaptive(const Layer<Real>& layer, Work& work) const;
    void move_adaptation(const Layer<Real>& layer, Work& work) const;
    void test(const Layer<Real>& layer, std::uint32_t step, Run& run, Work& work) const;
    void spike(const Layer<Real>& layer, std::uint32_t local, std::uint32_t step, Run& run, Work& work) const;

    SteppedOptions options_;
    std::uint32_t inputs_ = 0;
    std::size_t sources_ = 0;
    std::vector<Layer<Real>> layers_;
};

template <class Real>
Prepared<Real>::Prepared(const Net& net, const SteppedOptions& options)
    : options_(options), inputs_(net.inputs), sources_(net.sources()) {
    std::vector<std::uint32_t> adaptive_of(net.neurons.size(), none);
    for (std::uint32_t i = 0; i < net.adaptive.size(); ++i) {
        adaptive_of[net.adaptive[i].neuron] = i;
    }
    const std::vector<NetLayer> layers = layers_of(net);
    std::vector<std::uint32_t> layer_of(net.neurons.size());
    std::vector<std::uint32_t> local_of(net.neurons.size());
    for (std::uint32_t l = 0; l < layers.size(); ++l) {
        add_layer(net, layers[l], adaptive_of);
        for (std::uint32_t n = 0; n < layers[l].neurons.size(); ++n) {
            layer_of[layers[l].neurons[n]] = l;
            local_of[layers[l].neurons[n]] = n;
        }
    }
    struct Synapse {
        std::uint32_t layer;
        double delay;
        std::uint64_t at;
    };
    std::vector<Synapse> row;
    for (std::uint32_t source = 0; source < sources_; ++source) {
        row.clear();
        for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
            row.push_back({layer_of[net.targets[i]], net.delays.empty() ? 0 : net.delays[i], i});
        }
        std::sort(row.begin(), row.end(), [](const Synapse& a, const Synapse& b) {
            return std::tie(a.layer, a.delay, a.at) < std::tie(b.layer, b.delay, b.at);
        });
        for (std::size_t i = 0; i < row.size(); ++i) {
            Layer<Real>& layer = layers_[row[i].layer];
            const bool opens = i == 0 || row[i - 1].layer != row[i].layer || row[i - 1].delay != row[i].delay;
            if (opens) {
                layer.segments.push_back(
                    {.source = source, .dense = true, .begin = layer.weights.size(), .delay = row[i].delay});
            }
            Segment& segment = layer.segments.back();
            const std::uint32_t neuron = net.targets[row[i].at];
            double weight = net.weights[row[i].at];
            std::uint32_t target = local_of[neuron];
            if (adaptive_of[neuron] != none && weight < 0) {
                const auto state = std::find_if(layer.adaptive.begin(), layer.adaptive.end(),
                                                [&](const auto& one) { return one.local == target; });
                target = state->inhibitory;
                weight = state->model.conductance ? -weight : weight;
            }
            segment.first = opens ? target : segment.first;
            segment.dense = segment.dense && target == segment.first + segment.count;
            ++segment.count;
            layer.targets.push_back(target);
            layer.weights.push_back(static_cast<Real>(weight));
        }
    }
}

template <class Real>
void Prepared<Real>::add_layer(const Net& net, const NetLayer& from, std::span<const std::uint32_t> adaptive_of) {
    Layer<Real>& layer = layers_.emplace_back();
    layer.neurons = from.neurons;
    layer.loops = from.loops;
    const auto current_decay = [&](double tau) {
        return static_cast<Real>(options_.scheme == StepScheme::exponential ? std::exp(-options_.dt / tau)
                                                                            : 1 - options_.dt / tau);
    };
    for (const std::uint32_t neuron : layer.neurons) {
        const std::uint32_t entry = adaptive_of[neuron];
        const Lif& lif = entry == none ? net.neurons[neuron] : net.adaptive[entry].model.lif;
        if (entry != none) {
            const AdEx& model = net.adaptive[entry].model;
            layer.adaptive.push_back(
                {.local = static_cast<std::uint32_t>(layer.leak.size()),
                 .model = model,
                 .gain = static_cast<Real>(options_.dt / lif.tau_mem),
                 .gain_w = static_cast<Real>(model.adaptation ? options_.dt / model.tau_w : 0),
                 .inhibitory = static_cast<std::uint32_t>(layer.neurons.size() + layer.adaptive.size())});
        }
        layer.current_decay.push_back(current_decay(lif.tau_syn));
        set_neuron(layer, lif);
    }
    for (const AdaptiveState<Real>& state : layer.adaptive) {
        const AdEx& model = state.model;
        layer.current_decay.push_back(
            current_decay(model.tau_syn_inhibitory > 0 ? model.tau_syn_inhibitory : model.lif.tau_syn));
    }
}

template <class Real>
void Prepared<Real>::set_neuron(Layer<Real>& layer, const Lif& lif) const {
    const double share = options_.dt / lif.tau_mem;
    const bool decays = options_.scheme == StepScheme::exponential;
    const double decay = decays ? std::exp(-share) : 1 - share;
    layer.decay.push_back(static_cast<Real>(decay));
    layer.gain.push_back(decays && options_.drive == StepDrive::one_minus_decay ? 1 - static_cast<Real>(decay)
                                                                                : static_cast<Real>(share));
    layer.resistance.push_back(static_cast<Real>(lif.resistance));
    layer.leak.push_back(static_cast<Real>(lif.leak));
    layer.threshold.push_back(static_cast<Real>(lif.threshold));
    layer.reset.push_back(static_cast<Real>(lif.reset));
    // A quotient that misses a whole number by rounding is that number.
    const double hold = std::ceil(lif.refractory / options_.dt * (1 - 1e-12));
    layer.hold.push_back(hold < options_.steps ? static_cast<std::uint32_t>(hold) : options_.steps);
}

/// options.steps for all that lies after the last.
template <class Real>
std::uint64_t Prepared<Real>::step_of(double time) const {
    const auto t = static_cast<Real>(time);
    const auto dt = static_cast<Real>(options_.dt);
    Real step = 0;
    switch (options_.rounding) {
    case StepRounding::reciprocal:
        step = std::trunc(t * (Real{1} / dt));
        break;
    case StepRounding::quotient:
        step = std::trunc(t / dt);
        break;
    case StepRounding::nearest:
        step = std::nearbyint(t / dt);
        break;
    }
    if (!(step < static_cast<Real>(options_.steps))) {
        return options_.steps;
    }
    return step > 0 ? static_cast<std::uint64_t>(step) : 0;
}

template <class Real>
std::uint64_t Prepared<Real>::arrival(const Segment& segment, const Fired& fired, bool input) const {
    if (input) {
        return segment.delay == 0 ? fired.step : step_of(fired.time + segment.delay);
    }
    if (options_.arrival == StepArrival::by_time) {
        return step_of(fired.time + segment.delay) + options_.hop_steps;
    }
    return std::uint64_t{fired.step} + options_.hop_steps + step_of(segment.delay);
}

template <class Real>
Run Prepared<Real>::run(std::span<const InputSpike> inputs, std::uint32_t traced) const {
    Run run;
    run.traced = traced;
    run.first.assign(sources_, none);
    run.last.assign(sources_, none);
    for (const InputSpike& spike : inputs) {
        const std::uint64_t step = step_of(spike.time);
        if (step < options_.steps) {
            run.add(spike.input, spike.time, static_cast<std::uint32_t>(step));
            ++run.result.input_spikes;
        } else {
            ++run.result.late_inputs;
        }
    }
    for (const Layer<Real>& layer : layers_) {
        run_layer(layer, run);
    }
    std::sort(run.result.spikes.begin(), run.result.spikes.end(), [](const SteppedSpike& a, const SteppedSpike& b) {
        return std::tie(a.step, a.neuron) < std::tie(b.step, b.neuron);
    });
    return run;
}

/// A stable counting sort of all that arrives from earlier layers, by step.
template <class Real>
void Prepared<Real>::sort_arrivals(const Layer<Real>& layer, Run& run, Work& work) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
    work.begin.assign(std::size_t{options_.steps} + 1, 0);
    for (std::uint32_t s = 0; s < layer.segments.size(); ++s) {
        const Segment& segment = layer.segments[s];
        const bool input = segment.source < inputs_;
        for (std::uint32_t at = run.first[segment.source]; at != none; at = run.fired[at].next) {
            const std::uint64_t step = arrival(segment, run.fired[at], input);
            if (step < options_.steps) {
                found.emplace_back(static_cast<std::uint32_t>(step), s);
                ++work.begin[step + 1];
                run.result.synaptic_events += segment.count;
            }
        }
    }
    for (std::size_t step = 0; step < options_.steps; ++step) {
        work.begin[step + 1] += work.begin[step];
    }
    work.arrivals.resize(found.size());
    std::vector<std::uint32_t> place(work.begin.begin(), work.begin.end() - 1);
    for (const auto& [step, segment] : found) {
        work.arrivals[place[step]++] = segment;
    }
}

template <class Real>
void Prepared<Real>::run_layer(const Layer<Real>& layer, Run& run) const {
    Work work;
    work.v = layer.leak;
    work.threshold = layer.threshold;
    work.current.assign(layer.current_decay.size(), 0);
    work.charge.assign(layer.current_decay.size(), 0);
    work.adaptation.assign(layer.adaptive.size(), 0);
    work.moved.assign(layer.adaptive.size(), 0);
    sort_arrivals(layer, run, work);
    if (layer.loops) {
        work.looping.resize(options_.steps);
    }
    const auto traced = std::lower_bound(layer.neurons.begin(), layer.neurons.end(), run.traced);
    const bool traces = traced != layer.neurons.end() && *traced == run.traced;
    for (std::uint32_t step = 0; step < options_.steps; ++step) {
        if (options_.order == StepOrder::current_first) {
            gather(layer, step, work);
            move_currents(layer, work);
        }
        move_membranes(layer, work);
        test(layer, step, run, work);
        if (options_.order == StepOrder::membrane_first) {
            gather(layer, step, work);
            move_currents(layer, work);
        }
        if (traces) {
            run.trace.push_back(static_cast<double>(work.v[static_cast<std::size_t>(traced - layer.neurons.begin())]));
        }
    }
}

template <class Real>
void Prepared<Real>::gather(const Layer<Real>& layer, std::uint32_t step, Work& work) const {
    const auto deliver = [&](std::uint32_t index) {
        const Segment& segment = layer.segments[index];
        const Real* const weights = layer.weights.data() + segment.begin;
        if (segment.dense) {
            Real* const charge = work.charge.data() + segment.first;
            for (std::uint32_t i = 0; i < segment.count; ++i) {
                charge[i] += weights[i];
            }
        } else {
            const std::uint32_t* const targets = layer.targets.data() + segment.begin;
            for (std::uint32_t i = 0; i < segment.count; ++i) {
                work.charge[targets[i]] += weights[i];
            }
        }
    };
    for (std::uint32_t i = work.begin[step]; i < work.begin[step + 1]; ++i) {
        deliver(work.arrivals[i]);
    }
    if (layer.loops) {
        for (const std::uint32_t segment : work.looping[step]) {
            deliver(segment);
        }
    }
}

template <class Real>
void Prepared<Real>::move_currents(const Layer<Real>& layer, Work& work) const {
    Real* const current = work.current.data();
    Real* const charge = work.charge.data();
    const Real* const decay = layer.current_decay.data();
    for (std::size_t n = 0; n < work.current.size(); ++n) {
        current[n] = decay[n] * current[n] + charge[n];
        charge[n] = 0;
    }
}

template <class Real>
void Prepared<Real>::move_membranes(const Layer<Real>& layer, Work& work) const {
    move_adaptive(layer, work);
    const std::size_t neurons = work.v.size();
    Real* const v = work.v.data();
    const Real* const current = work.current.data();
    const Real* const decay = layer.decay.data();
    const Real* const gain = layer.gain.data();
    const Real* const resistance = layer.resistance.data();
    const Real* const leak = layer.leak.data();
    if (options_.scheme == StepScheme::forward_euler) {
        for (std::size_t n = 0; n < neurons; ++n) {
            v[n] = v[n] + gain[n] * (resistance[n] * current[n] + (leak[n] - v[n]));
        }
    } else if (options_.drive == StepDrive::dt_over_tau) {
        for (std::size_t n = 0; n < neurons; ++n) {
            v[n] = decay[n] * (v[n] - leak[n]) + resistance[n] * current[n] * gain[n] + leak[n];
        }
    } else {
        for (std::size_t n = 0; n < neurons; ++n) {
            v[n] = decay[n] * (v[n] - leak[n]) + leak[n] + gain[n] * (resistance[n] * current[n]);
        }
    }
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        v[layer.adaptive[a].local] = work.moved[a];
    }
}

template <class Real>
void Prepared<Real>::move_adaptive(const Layer<Real>& layer, Work& work) const {
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        const AdaptiveState<Real>& state = layer.adaptive[a];
        const AdEx& model = state.model;
        const Real v = work.v[state.local];
        const Real excitatory = work.current[state.local];
        const Real inhibitory = work.current[state.inhibitory];
        Real pull = excitatory + inhibitory;
        if (model.conductance) {
            pull = excitatory * (static_cast<Real>(model.e_excitatory) - v) +
                   inhibitory * (static_cast<Real>(model.e_inhibitory) - v);
        }
        pull = layer.resistance[state.local] * pull + (layer.leak[state.local] - v);
        if (model.exponential) {
            const auto slope = static_cast<Real>(model.slope);
            pull += slope * std::exp((v - static_cast<Real>(model.exp_threshold)) / slope);
        }
        pull -= work.adaptation[a];
        work.moved[a] = v + state.gain * pull;
    }
}

/// After the membrane, before the reset.
template <class Real>
void Prepared<Real>::move_adaptation(const Layer<Real>& layer, Work& work) const {
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        const AdaptiveState<Real>& state = layer.adaptive[a];
        if (state.model.adaptation) {
            Real& w = work.adaptation[a];
            const Real distance = work.moved[a] - layer.leak[state.local];
            w += state.gain_w * (static_cast<Real>(state.model.a) * distance - w);
        }
    }
}

template <class Real>
void Prepared<Real>::test(const Layer<Real>& layer, std::uint32_t step, Run& run, Work& work) const {
    move_adaptation(layer, work);
    std::size_t kept = 0;
    for (const auto& [local, until] : work.held) {
        work.v[local] = layer.reset[local];
        if (step < until) {
            work.held[kept++] = {local, until};
        }
    }
    work.held.resize(kept);

    const std::size_t neurons = work.v.size();
    const Real* const v = work.v.data();
    const Real* const threshold = work.threshold.data();
    const bool equal = options_.test == ThresholdTest::at_or_above;
    unsigned any = 0;
    for (std::size_t n = 0; n < neurons; ++n) {
        any |= static_cast<unsigned>(v[n] >= threshold[n]);
    }
    if (any == 0) {
        return;
    }
    for (std::uint32_t n = 0; n < neurons; ++n) {
        if (v[n] > threshold[n] || (equal && v[n] == threshold[n])) {
            spike(layer, n, step, run, work);
        }
    }
}

template <class Real>
void Prepared<Real>::spike(const Layer<Real>& layer, std::uint32_t local, std::uint32_t step, Run& run,
                           Work& work) const {
    const std::uint32_t neuron = layer.neurons[local];
    const double time = static_cast<double>(options_.time == StepTime::begin ? step : step + 1) * options_.dt;
    run.result.spikes.push_back({.time = time, .neuron = neuron, .step = step});
    run.add(inputs_ + neuron, time, step);
    if (options_.first_spike_only) {
        work.threshold[local] = static_cast<Real>(never);
    } else {
        work.v[local] = layer.reset[local];
        if (layer.hold[local] > 0) {
            work.held.emplace_back(local, step + layer.hold[local]);
        }
    }
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        if (layer.adaptive[a].local == local && layer.adaptive[a].model.adaptation) {
            work.adaptation[a] += static_cast<Real>(layer.adaptive[a].model.b);
        }
    }
    if (!layer.loops) {
        return;
    }
    const std::uint32_t source = inputs_ + neuron;
    const std::uint64_t earliest = options_.order == StepOrder::current_first ? step + 1 : step;
    auto segment = std::lower_bound(layer.segments.begin(), layer.segments.end(), source,
                                    [](const Segment& one, std::uint32_t wanted) { return one.source < wanted; });
    for (; segment != layer.segments.end() && segment->source == source; ++segment) {
        const std::uint64_t at = std::max(arrival(*segment, run.fired.back(), false), earliest);
        if (at < options_.steps) {
            work.looping[at].push_back(static_cast<std::uint32_t>(segment - layer.segments.begin()));
            run.result.synaptic_events += segment->count;
        }
    }
}

}  // namespace

struct SteppedRunner::State {
    std::variant<Prepared<double>, Prepared<float>> prepared;
};

SteppedRunner::SteppedRunner(const Net& net, const SteppedOptions& options) {
    using Variant = std::variant<Prepared<double>, Prepared<float>>;
    state_ = std::make_unique<State>(State{options.precision == StepPrecision::float64
                                               ? Variant(Prepared<double>(net, options))
                                               : Variant(Prepared<float>(net, options))});
}
SteppedRunner::~SteppedRunner() = default;
SteppedRunner::SteppedRunner(SteppedRunner&&) noexcept = default;
SteppedRunner& SteppedRunner::operator=(SteppedRunner&&) noexcept = default;

SteppedResult SteppedRunner::run(std::span<const InputSpike> inputs) const {
    return std::visit([&](const auto& prepared) { return prepared.run(inputs, none).result; }, state_->prepared);
}

std::vector<double> SteppedRunner::membrane(std::span<const InputSpike> inputs, std::uint32_t neuron) const {
    return std::visit([&](const auto& prepared) { return prepared.run(inputs, neuron).trace; }, state_->prepared);
}

SteppedResult run_stepped(const Net& net, std::span<const InputSpike> inputs, const SteppedOptions& options) {
    return SteppedRunner(net, options).run(inputs);
}

}  // namespace spikeloom::core::analog
