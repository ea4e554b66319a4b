#include <algorithm>
#include <utility>

#include "chip/analog/trial_state.hpp"

namespace spikeloom::chip::analog {

/// Appends a sample of every probe on the converter, with its noise.
void AnalogTrial::State::sample(std::size_t run, ConverterKind kind, std::size_t number) {
    const AnalogSpec& spec = tables.image.chip;
    const InstanceOptions& options = instance.options;
    for (const Probe& probe : probes[run][static_cast<std::size_t>(kind)]) {
        MembraneTrace& trace = traces[probe.trace];
        const double potential = engines[run].voltage(probe.neuron);
        trace.potentials.push_back(potential);
        if (spec.ideal) {
            continue;
        }
        double lsb = lsb_of(spec.ranges, tables.image.neurons[trace.probe.neuron].model.lif, potential);
        if (options.noise) {
            lsb +=
                readout_noise_lsb * readout_normal(options.seed, options.instance, trial, trace.probe.neuron, number);
        }
        trace.codes.push_back(code_of(spec, kind, lsb));
    }
}

/// As Engine::advance_to_first (count 0: nobody is waited for), sampling on the way.
bool AnalogTrial::State::advance_sampling(std::size_t run, double until, std::uint32_t first, std::uint32_t count) {
    const AnalogSpec& spec = tables.image.chip;
    std::array<std::size_t, 2> taken{};
    for (;;) {
        double next = never;
        ConverterKind kind = ConverterKind::cadc;
        for (const ConverterKind candidate : {ConverterKind::cadc, ConverterKind::madc}) {
            const auto i = static_cast<std::size_t>(candidate);
            const Converter& converter = converter_of(spec, candidate);
            const bool full = converter.samples > 0 && std::cmp_greater_equal(taken[i], converter.samples);
            const double time = static_cast<double>(taken[i]) * converter.period_s;
            if (!probes[run][i].empty() && !full && time < next) {
                next = time;
                kind = candidate;
            }
        }
        const bool last = next > until;
        if (engines[run].advance_to_first(last ? until : next, first, count)) {
            return true;
        }
        if (last) {
            return false;
        }
        sample(run, kind, taken[static_cast<std::size_t>(kind)]++);
    }
}

Result<void> AnalogTrial::record(std::span<const MembraneProbe> probes) {
    State& state = *state_;
    if (!state.steppers.empty() && !probes.empty()) {
        return fail({.where = "probes",
                     .found = "a trial in steps",
                     .allowed = "probes of trials that run from event to event",
                     .help = {}});
    }
    if (Diagnostics findings = check_probes(state.tables.image, probes); !findings.empty()) {
        return fail(std::move(findings));
    }
    state.traces.clear();
    state.probes.assign(state.engines.size(), {});
    for (const MembraneProbe& probe : probes) {
        for (std::size_t run = 0; run < state.engines.size(); ++run) {
            const std::vector<std::uint32_t>& neurons = state.instance.runs[run].neurons;
            const auto found = std::ranges::lower_bound(neurons, probe.neuron);
            if (found != neurons.end() && *found == probe.neuron) {
                state.probes[run][static_cast<std::size_t>(probe.converter)].push_back(
                    {.trace = state.traces.size(), .neuron = static_cast<std::uint32_t>(found - neurons.begin())});
            }
        }
        state.traces.push_back({.probe = probe,
                                .period_s = converter_of(state.tables.image.chip, probe.converter).period_s,
                                .potentials = {},
                                .codes = {}});
    }
    return {};
}

std::span<const MembraneTrace> AnalogTrial::traces() const {
    return state_->traces;
}

}  // namespace spikeloom::chip::analog
