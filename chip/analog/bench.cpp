#include "chip/analog/bench.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "chip/analog/readout.hpp"

namespace spikeloom::chip::analog {

using core::analog::Engine;
using core::analog::Net;

namespace {

constexpr double settled_s = 1e-6;          // when a bench trial is read, and when its stimulus comes
constexpr double stimulus_height_lsb = 60;  // of the average circuit's membrane
constexpr double far_above_lsb = 50;
constexpr int baseline_readings = 8;

/// Peak of the membrane after a spike of weight 1 (resistance 1).
double psp_peak(double tau_mem, double tau_syn) {
    if (std::abs(tau_mem - tau_syn) < 1e-6 * tau_mem) {
        return std::exp(-1.0);
    }
    const double peak = std::log(tau_mem / tau_syn) * tau_mem * tau_syn / (tau_mem - tau_syn);
    return tau_syn / (tau_mem - tau_syn) * (std::exp(-peak / tau_mem) - std::exp(-peak / tau_syn));
}

/// Time constant of samples that decay to 0: a line through their logarithms, each weighted by its square, down to a
/// tenth of the largest. `never` where they don't decay.
double fitted_decay_s(const std::vector<double>& times, const std::vector<double>& samples) {
    const double least = 0.1 * *std::ranges::max_element(samples);
    double n = 0;
    double t = 0;
    double y = 0;
    double tt = 0;
    double ty = 0;
    for (std::size_t i = 0; i < samples.size() && samples[i] > std::max(least, 1e-9); ++i) {
        const double weight = samples[i] * samples[i];
        const double log_sample = std::log(samples[i]);
        n += weight;
        t += weight * times[i];
        y += weight * log_sample;
        tt += weight * times[i] * times[i];
        ty += weight * times[i] * log_sample;
    }
    const double spread = n * tt - t * t;
    const double slope = spread > 0 ? (n * ty - t * y) / spread : 0;
    return slope < 0 ? -1 / slope : never;
}

/// Largest mean of five samples in a row.
double smoothed_peak(const std::vector<double>& samples) {
    constexpr std::size_t width = 5;
    double most = -never;
    for (std::size_t i = 0; i + width <= samples.size(); ++i) {
        double sum = 0;
        for (std::size_t k = i; k < i + width; ++k) {
            sum += samples[k];
        }
        most = std::max(most, sum / width);
    }
    return most;
}

double trial_threshold_lsb(const AnalogSpec& chip, const InstanceOptions& options) {
    InstanceOptions noisy = options;
    noisy.noise = true;
    return spread_of(chip, noisy).trial_of(MismatchOf::threshold) * (chip.ranges.threshold_lsb - chip.ranges.leak_lsb);
}

}  // namespace

Bench::Bench(const AnalogSpec& chip, const InstanceOptions& options, const CalibrationTarget& target)
    : chip_(chip),
      options_(options),
      target_(target),
      threshold_trial_lsb_(trial_threshold_lsb(chip, options)),
      curves_(chip, uncalibrated_spread(chip, options), options.seed, options.instance),
      circuits_(static_cast<std::uint32_t>(chip.array.circuits())) {}

Net Bench::net(const std::vector<Trims>& trims) const {
    Net net;
    for (std::uint32_t i = 0; i < circuits_; ++i) {
        const auto potential = [&](MismatchOf of) { return curves_.potential_lsb(of, i, trims[i][cell_of(of)]); };
        const auto factor = [&](MismatchOf of) { return curves_.factor(of, i, trims[i][cell_of(of)]); };
        Lif lif{.tau_mem = target_.tau_mem_s * factor(MismatchOf::tau_mem),
                .tau_syn = target_.tau_syn_s * factor(MismatchOf::tau_syn),
                .leak = potential(MismatchOf::leak),
                .threshold = potential(MismatchOf::threshold),
                .reset = potential(MismatchOf::reset),
                .refractory = never};
        lif.reset = std::min(lif.reset, lif.threshold - 1);
        net.neurons.push_back(lif);
    }
    net.row_begin.assign(circuits_ + std::size_t{1}, 0);
    return net;
}

double Bench::noise(std::uint32_t circuit, std::uint32_t reading) const {
    return bench_normal(options_.seed, options_.instance, measurement_, circuit, reading);
}

std::vector<double> Bench::read_cadc(const Engine& engine) const {
    std::vector<double> means;
    for (std::uint32_t i = 0; i < circuits_; ++i) {
        const double lsb =
            engine.voltage(i) + cadc_offset_lsb * bench_normal(options_.seed, options_.instance, 0, i, 0);
        double sum = 0;
        for (std::uint32_t k = 0; k < cadc_readings; ++k) {
            sum += code_of(chip_, ConverterKind::cadc, lsb + readout_noise_lsb * noise(i, k));
        }
        means.push_back(sum / cadc_readings);
    }
    return means;
}

std::vector<double> Bench::resting_lsb(const std::vector<Trims>& trims) {
    ++measurement_;
    Net quiet = net(trims);
    for (Lif& lif : quiet.neurons) {
        lif.threshold = never;
    }
    Engine engine(quiet);
    engine.advance(settled_s);
    return read_cadc(engine);
}

std::vector<double> Bench::reset_lsb(const std::vector<Trims>& trims) {
    ++measurement_;
    std::vector<Trims> firing = trims;
    CalibrationTarget above = target_;
    above.leak_lsb = target_.threshold_lsb + far_above_lsb;
    for (Trims& circuit : firing) {
        circuit[cell_of(MismatchOf::leak)] = curves_.usual(above)[cell_of(MismatchOf::leak)];
    }
    const Net held = net(firing);
    Engine engine(held);
    engine.advance(settled_s);
    return read_cadc(engine);
}

std::vector<double> Bench::spiking_share(const std::vector<Trims>& trims) {
    ++measurement_;
    const Net resting = net(trims);
    Engine engine(resting);
    std::vector<double> shares(circuits_, 0.0);
    std::vector<double> shifts(circuits_, 0.0);
    for (std::uint32_t trial = 0; trial < threshold_trials; ++trial) {
        for (std::uint32_t i = 0; i < circuits_; ++i) {
            const Lif& lif = resting.neurons[i];
            shifts[i] = std::max(threshold_trial_lsb_ * noise(i, trial), lif.reset - lif.threshold + 0.5);
        }
        engine.set_threshold_shifts(shifts);
        engine.reset();
        engine.advance(settled_s);
        for (const core::analog::Spike& spike : engine.spikes()) {
            shares[spike.neuron] += 1.0 / threshold_trials;
        }
    }
    return shares;
}

/// One input that reaches all neurons, sized so that the average circuit's membrane rises by stimulus_height_lsb; the
/// time constant that is not looked at goes to the short end of its range.
void Bench::stimulate(Net& net, Stimulus stimulus, bool average) const {
    const Trims usual = curves_.usual(target_);
    const double fast_mem = chip_.ranges.tau_mem_s.least;
    const double fast_syn = chip_.ranges.tau_syn_s.least;
    double peak = 0;
    for (std::uint32_t i = 0; i < net.neurons.size(); ++i) {
        Lif& lif = net.neurons[i];
        lif.threshold = never;
        const auto factor = [&](MismatchOf of) { return average ? 1 : curves_.factor(of, i, usual[cell_of(of)]); };
        switch (stimulus) {
        case Stimulus::membrane:
            lif.tau_syn = fast_syn * factor(MismatchOf::tau_syn);
            peak = psp_peak(target_.tau_mem_s, fast_syn);
            break;
        case Stimulus::synapse:
            lif.tau_mem = fast_mem * factor(MismatchOf::tau_mem);
            peak = psp_peak(fast_mem, target_.tau_syn_s);
            break;
        case Stimulus::both:
            peak = psp_peak(target_.tau_mem_s, target_.tau_syn_s);
            break;
        }
    }
    const auto n = static_cast<std::uint32_t>(net.neurons.size());
    net.inputs = 1;
    net.row_begin.assign(std::size_t{n} + 2, n);
    net.row_begin[0] = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
        net.targets.push_back(i);
        net.weights.push_back(stimulus_height_lsb / peak);
    }
}

std::vector<double> Bench::evaluate(const Net& net, Stimulus stimulus, double noise_lsb) const {
    const bool fit = stimulus != Stimulus::both;
    const double slow = stimulus == Stimulus::membrane  ? target_.tau_mem_s
                        : stimulus == Stimulus::synapse ? target_.tau_syn_s
                                                        : std::max(target_.tau_mem_s, target_.tau_syn_s);
    const double fast = stimulus == Stimulus::membrane ? chip_.ranges.tau_syn_s.least : chip_.ranges.tau_mem_s.least;
    const double start = settled_s + (fit ? 12 * fast : 0);
    const double stride = std::max(std::round((fit ? 1.5 : 4) * slow / fit_samples / chip_.madc.period_s), 1.0);

    Engine engine(net);
    engine.advance(settled_s / 2);
    const std::size_t n = net.neurons.size();
    const auto read = [&](std::uint32_t i, std::uint32_t reading) {
        const double lsb = engine.voltage(i);
        if (noise_lsb == 0) {
            return lsb;
        }
        const int code = code_of(chip_, ConverterKind::madc, lsb + noise_lsb * noise(i, reading));
        return std::ldexp(code, chip_.cadc.bits - chip_.madc.bits);
    };
    std::vector<double> baselines(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        for (std::uint32_t k = 0; k < baseline_readings; ++k) {
            baselines[i] += read(i, k) / baseline_readings;
        }
    }
    engine.add(std::array{core::analog::InputSpike{.time = settled_s, .input = 0}});
    std::vector<double> times;
    std::vector<std::vector<double>> samples(n);
    for (std::uint32_t k = 0; k < fit_samples; ++k) {
        times.push_back(stride * k * chip_.madc.period_s);
        engine.advance(start + times.back());
        for (std::uint32_t i = 0; i < n; ++i) {
            samples[i].push_back(read(i, baseline_readings + k) - baselines[i]);
        }
    }
    std::vector<double> results;
    for (std::size_t i = 0; i < n; ++i) {
        results.push_back(fit ? fitted_decay_s(times, samples[i]) : smoothed_peak(samples[i]));
    }
    return results;
}

Net Bench::average_net() const {
    Net net;
    net.neurons.push_back({.tau_mem = target_.tau_mem_s,
                           .tau_syn = target_.tau_syn_s,
                           .leak = target_.leak_lsb,
                           .threshold = never,
                           .reset = target_.reset_lsb});
    return net;
}

std::vector<double> Bench::membrane_decay_s(const std::vector<Trims>& trims) {
    ++measurement_;
    Net stimulated = net(trims);
    stimulate(stimulated, Stimulus::membrane, false);
    return evaluate(stimulated, Stimulus::membrane, madc_noise_lsb);
}

std::vector<double> Bench::synaptic_decay_s(const std::vector<Trims>& trims) {
    ++measurement_;
    Net stimulated = net(trims);
    stimulate(stimulated, Stimulus::synapse, false);
    return evaluate(stimulated, Stimulus::synapse, madc_noise_lsb);
}

std::vector<double> Bench::psp_height_lsb(const std::vector<Trims>& trims) {
    ++measurement_;
    Net stimulated = net(trims);
    stimulate(stimulated, Stimulus::both, false);
    for (std::uint32_t i = 0; i < circuits_; ++i) {
        stimulated.weights[i] *= curves_.factor(MismatchOf::weight, i, trims[i][cell_of(MismatchOf::weight)]);
    }
    return evaluate(stimulated, Stimulus::both, madc_noise_lsb);
}

double Bench::ideal_membrane_decay_s() const {
    Net one = average_net();
    stimulate(one, Stimulus::membrane, true);
    return evaluate(one, Stimulus::membrane, 0).front();
}

double Bench::ideal_synaptic_decay_s() const {
    Net one = average_net();
    stimulate(one, Stimulus::synapse, true);
    return evaluate(one, Stimulus::synapse, 0).front();
}

double Bench::ideal_psp_height_lsb() const {
    Net one = average_net();
    stimulate(one, Stimulus::both, true);
    return evaluate(one, Stimulus::both, 0).front();
}

}  // namespace spikeloom::chip::analog
