#include "core/analog/stepped.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "core/analog/stepped_layer.hpp"

namespace spikeloom::core::analog {
namespace {

/// A spike of a source, in the order of its time.
struct Fired {
    double time = 0;  ///< in the options' unit
    std::uint32_t step = 0;
    std::uint32_t next = no_index;
};

/// Spikes by source, and what one run counts.
struct Run {
    std::vector<std::uint32_t> first, last;
    std::vector<Fired> fired;
    SteppedResult result;
    std::span<const double> shifts;
    std::uint32_t traced = no_index;
    std::vector<double> trace;

    void add(std::uint32_t source, double time, std::uint32_t step) {
        const auto at = static_cast<std::uint32_t>(fired.size());
        fired.push_back({.time = time, .step = step});
        if (first[source] == no_index) {
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
    Prepared(const Net& net, const SteppedOptions& options)
        : options_(options),
          inputs_(net.inputs),
          sources_(net.sources()),
          layers_(stepped_layers<Real>(net, options)) {}
    [[nodiscard]] Run run(std::span<const InputSpike> inputs, std::span<const double> shifts,
                          std::uint32_t traced) const;

private:
    struct Work {
        std::vector<Real> v, current, charge, threshold, adaptation, moved;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> held;  ///< local neuron, last step
        std::vector<std::uint32_t> begin, arrivals;                 ///< segments by step
        std::vector<std::vector<std::uint32_t>> looping;            ///< segments by step, of the layer's own spikes
        std::vector<std::uint32_t> own_first;                       ///< by local neuron: its first segment in the layer
    };

    [[nodiscard]] std::uint64_t step_of(double time) const;
    [[nodiscard]] std::uint64_t arrival(const SteppedSegment& segment, const Fired& fired, bool input) const;
    void sort_arrivals(const SteppedLayer<Real>& layer, Run& run, Work& work) const;
    void run_layer(const SteppedLayer<Real>& layer, Run& run) const;
    void gather(const SteppedLayer<Real>& layer, std::uint32_t step, Work& work) const;
    void move_currents(const SteppedLayer<Real>& layer, Work& work) const;
    void move_membranes(const SteppedLayer<Real>& layer, Work& work) const;
    void move_adaptive(const SteppedLayer<Real>& layer, Work& work) const;
    void move_adaptation(const SteppedLayer<Real>& layer, Work& work) const;
    void test(const SteppedLayer<Real>& layer, std::uint32_t step, Run& run, Work& work) const;
    void spike(const SteppedLayer<Real>& layer, std::uint32_t local, std::uint32_t step, Run& run, Work& work) const;

    SteppedOptions options_;
    std::uint32_t inputs_ = 0;
    std::size_t sources_ = 0;
    std::vector<SteppedLayer<Real>> layers_;
};

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
std::uint64_t Prepared<Real>::arrival(const SteppedSegment& segment, const Fired& fired, bool input) const {
    if (input) {
        return segment.delay == 0 ? fired.step : step_of(fired.time + segment.delay);
    }
    if (options_.arrival == StepArrival::by_time) {
        return step_of(fired.time + segment.delay) + options_.hop_steps;
    }
    return std::uint64_t{fired.step} + options_.hop_steps + step_of(segment.delay);
}

template <class Real>
Run Prepared<Real>::run(std::span<const InputSpike> inputs, std::span<const double> shifts,
                        std::uint32_t traced) const {
    Run run;
    run.shifts = shifts;
    run.traced = traced;
    run.first.assign(sources_, no_index);
    run.last.assign(sources_, no_index);
    for (const InputSpike& spike : inputs) {
        SPIKELOOM_ASSERT(spike.input < inputs_, std::to_string(spike.input));
        const double time = spike.time / options_.unit;
        const std::uint64_t step = step_of(time);
        if (step < options_.steps) {
            run.add(spike.input, time, static_cast<std::uint32_t>(step));
            ++run.result.input_spikes;
        } else {
            ++run.result.late_inputs;
        }
    }
    for (const SteppedLayer<Real>& layer : layers_) {
        run_layer(layer, run);
    }
    std::sort(run.result.spikes.begin(), run.result.spikes.end(), [](const SteppedSpike& a, const SteppedSpike& b) {
        return std::tie(a.step, a.neuron) < std::tie(b.step, b.neuron);
    });
    return run;
}

/// A stable counting sort of all that arrives from earlier layers, by step.
template <class Real>
void Prepared<Real>::sort_arrivals(const SteppedLayer<Real>& layer, Run& run, Work& work) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
    work.begin.assign(std::size_t{options_.steps} + 1, 0);
    for (std::uint32_t s = 0; s < layer.segments.size(); ++s) {
        const SteppedSegment& segment = layer.segments[s];
        const bool input = segment.source < inputs_;
        for (std::uint32_t at = run.first[segment.source]; at != no_index; at = run.fired[at].next) {
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
void Prepared<Real>::run_layer(const SteppedLayer<Real>& layer, Run& run) const {
    Work work;
    work.v = layer.leak;
    work.threshold = layer.threshold;
    for (std::size_t n = 0; !run.shifts.empty() && n < layer.neurons.size(); ++n) {
        work.threshold[n] += static_cast<Real>(run.shifts[layer.neurons[n]]);
    }
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
void Prepared<Real>::gather(const SteppedLayer<Real>& layer, std::uint32_t step, Work& work) const {
    const auto deliver = [&](std::uint32_t index) {
        const SteppedSegment& segment = layer.segments[index];
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
void Prepared<Real>::move_currents(const SteppedLayer<Real>& layer, Work& work) const {
    Real* const current = work.current.data();
    Real* const charge = work.charge.data();
    const Real* const decay = layer.current_decay.data();
    for (std::size_t n = 0; n < work.current.size(); ++n) {
        current[n] = decay[n] * current[n] + charge[n];
        charge[n] = 0;
    }
}

template <class Real>
void Prepared<Real>::move_membranes(const SteppedLayer<Real>& layer, Work& work) const {
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
void Prepared<Real>::move_adaptive(const SteppedLayer<Real>& layer, Work& work) const {
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        const SteppedAdaptive<Real>& state = layer.adaptive[a];
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
void Prepared<Real>::move_adaptation(const SteppedLayer<Real>& layer, Work& work) const {
    for (std::size_t a = 0; a < layer.adaptive.size(); ++a) {
        const SteppedAdaptive<Real>& state = layer.adaptive[a];
        if (state.model.adaptation) {
            Real& w = work.adaptation[a];
            const Real distance = work.moved[a] - layer.leak[state.local];
            w += state.gain_w * (static_cast<Real>(state.model.a) * distance - w);
        }
    }
}

template <class Real>
void Prepared<Real>::test(const SteppedLayer<Real>& layer, std::uint32_t step, Run& run, Work& work) const {
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
void Prepared<Real>::spike(const SteppedLayer<Real>& layer, std::uint32_t local, std::uint32_t step, Run& run,
                           Work& work) const {
    const std::uint32_t neuron = layer.neurons[local];
    const double time = static_cast<double>(options_.time == StepTime::begin ? step : step + 1) * options_.dt;
    run.result.spikes.push_back({.time = time * options_.unit, .neuron = neuron, .step = step});
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
    auto segment =
        std::lower_bound(layer.segments.begin(), layer.segments.end(), source,
                         [](const SteppedSegment& one, std::uint32_t wanted) { return one.source < wanted; });
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

SteppedResult SteppedRunner::run(std::span<const InputSpike> inputs, std::span<const double> shifts) const {
    return std::visit([&](const auto& prepared) { return prepared.run(inputs, shifts, no_index).result; },
                      state_->prepared);
}

std::vector<double> SteppedRunner::membrane(std::span<const InputSpike> inputs, std::uint32_t neuron) const {
    return std::visit([&](const auto& prepared) { return prepared.run(inputs, {}, neuron).trace; }, state_->prepared);
}

SteppedResult run_stepped(const Net& net, std::span<const InputSpike> inputs, const SteppedOptions& options) {
    return SteppedRunner(net, options).run(inputs);
}

}  // namespace spikeloom::core::analog
