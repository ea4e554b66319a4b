#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "chip/analog/background.hpp"
#include "chip/analog/trial_state.hpp"

namespace spikeloom::chip::analog {

using core::analog::InputSpike;
using core::analog::Spike;

AnalogTrial::State::State(const AnalogChip& loaded) : chip(loaded), tables(chip.tables()), instance(*tables.instance) {
    for (const core::analog::Net& net : tables.nets) {
        engines.emplace_back(net);
    }
    drops.resize(tables.image.chip.ideal ? 0 : static_cast<std::size_t>(tables.image.chip.crossbar.inputs()));
    const auto trial_of = [&](MismatchOf of) { return instance.spread.trial_of(of); };
    noisy =
        trial_of(MismatchOf::threshold) != 0 || trial_of(MismatchOf::leak) != 0 || trial_of(MismatchOf::weight) != 0;
}

/// What enters a run within the window: the host's spikes, the constant ones, and those that earlier runs sent out.
void AnalogTrial::State::gather(std::size_t run, std::span<const InputSpike> inputs, double window_s) {
    pending.clear();
    const bool ideal = tables.image.chip.ideal;
    const RunTables& own = instance.runs[run];
    const auto send = [&](const InputSpike& spike) {
        if (!(spike.time >= 0 && spike.time <= window_s)) {
            return;
        }
        if (ideal) {
            pending.push_back(spike);
            return;
        }
        for (const std::uint32_t source : own.channel_sources.of(spike.input)) {
            pending.push_back({.time = spike.time, .input = source});
        }
    };
    for (const InputSpike& spike : inputs) {
        SPIKELOOM_ASSERT(spike.input < tables.image.channels(), fmt::format("channel {}", spike.input));
        send(spike);
    }
    std::ranges::for_each(instance.constant_spikes, send);
    for (const Spike& spike : returned) {
        for (const std::uint32_t source : own.neuron_sources.of(spike.neuron)) {
            pending.push_back({.time = spike.time, .input = source});
        }
    }
}

/// Puts the spikes on the grid of the links, one a lane and interval: in order of time, then source, later ones wait.
void AnalogTrial::State::stamp_inputs(const AnalogRun& run) {
    const AnalogLinks& links = tables.image.chip.links;
    std::ranges::sort(pending);
    std::array<std::int64_t, 256> next{};
    const auto interval = std::max<std::int64_t>(1, std::llround(links.lane_interval_s / links.time_stamp_s));
    for (InputSpike& spike : pending) {
        std::int64_t& free = next[run.host_sources[spike.input].lane];
        std::int64_t slot = std::llround(spike.time / links.time_stamp_s);
        if (slot < free) {
            slot = free;
            ++counts.late_inputs;
        }
        free = slot + interval;
        spike.time = static_cast<double>(slot) * links.time_stamp_s;
    }
}

/// Threshold, leak and weight of a neuron vary from trial to trial. A leak that is higher by d is a threshold (and
/// reset) lower by d, and weights times f are a threshold (above the leak) over f: up to the first reset all three are
/// one shift, exactly.
void AnalogTrial::State::set_noise(std::size_t run) {
    const RunTables& own = instance.runs[run];
    const InstanceOptions& options = instance.options;
    shifts.resize(own.neurons.size());
    for (std::size_t n = 0; n < shifts.size(); ++n) {
        const Lif& lif = own.lifs[n];
        shifts[n] = 0;
        if (lif.threshold == never) {
            continue;
        }
        const auto draw = [&](MismatchOf of) {
            const double sigma = instance.spread.trial_of(of);
            return sigma == 0 ? 0 : sigma * trial_normal(options.seed, options.instance, trial, of, own.neurons[n]);
        };
        const Lif& target = tables.image.neurons[own.neurons[n]].model.lif;
        const double unit = target.threshold - target.leak;
        const double height = lif.threshold - lif.leak;
        const double moved = height + unit * (draw(MismatchOf::threshold) - draw(MismatchOf::leak));
        const double noisy_height = moved / positive_factor(draw(MismatchOf::weight));
        shifts[n] = std::max(noisy_height, lif.reset - lif.leak + 0.01 * unit) - height;
    }
    engines[run].set_threshold_shifts(shifts);
}

/// The neurons of a run's net, one of whose spikes ends the trial: the first, and how many.
std::pair<std::uint32_t, std::uint32_t> AnalogTrial::State::awaited(std::size_t run,
                                                                    const TrialOptions& options) const {
    if (!options.stop_at_first || run + 1 != engines.size()) {
        return {0, 0};
    }
    const AnalogPopulation& population = tables.image.populations[*options.stop_at_first];
    const std::vector<std::uint32_t>& neurons = instance.runs[run].neurons;
    const auto first = std::ranges::lower_bound(neurons, population.first_neuron);
    const auto last = std::ranges::lower_bound(neurons, population.first_neuron + population.count);
    return {static_cast<std::uint32_t>(first - neurons.begin()), static_cast<std::uint32_t>(last - first)};
}

/// True: the trial ended with a spike of the population that it waits for.
bool AnalogTrial::State::advance(std::size_t run, const TrialOptions& options) {
    core::analog::Engine& engine = engines[run];
    engine.reset();
    engine.add(pending);
    const auto [first, count] = awaited(run, options);
    const bool stopped = traces.empty() ? engine.advance_to_first(options.window_s, first, count)
                                        : advance_sampling(run, options.window_s, first, count);
    outcome = {.fired = engine.spikes(),
               .end = engine.time(),
               .input_spikes = engine.counts().input_spikes,
               .synaptic_events = engine.counts().synaptic_events};
    return stopped;
}

/// The same in steps. The step in which the awaited spike falls is the last.
bool AnalogTrial::State::run_steps(std::size_t run, const TrialOptions& options) {
    const core::analog::SteppedResult result =
        steppers[run].run(pending, noisy ? std::span<const double>(shifts) : std::span<const double>());
    const auto [first, count] = awaited(run, options);
    double end = options.window_s;
    const auto answer =
        std::ranges::find_if(result.spikes, [&](const auto& spike) { return spike.neuron - first < count; });
    const bool stopped = answer != result.spikes.end() && answer->time <= end;
    end = stopped ? answer->time : end;
    stepped_spikes.clear();
    for (const core::analog::SteppedSpike& spike : result.spikes) {
        if (spike.time <= end) {
            stepped_spikes.push_back({.time = spike.time, .neuron = spike.neuron});
        }
    }
    outcome = {.fired = stepped_spikes,
               .end = end,
               .input_spikes = result.input_spikes,
               .synaptic_events = result.synaptic_events};
    return stopped;
}

void AnalogTrial::State::count(const Routes& routes, std::size_t source) {
    const CrossbarRoute& route = routes.crossbar[source];
    counts.synaptic_events += routes.cell_begin[source + 1] - routes.cell_begin[source];
    counts.output_spikes += route.lanes_out;
    if (route.dropped) {
        ++counts.crossbar_drops;
        std::uint16_t& counter = drops[route.input];
        counter = static_cast<std::uint16_t>(counter + (counter < std::numeric_limits<std::uint16_t>::max() ? 1 : 0));
    }
}

/// Takes the run's spikes, with the chip's time stamps, and counts what happened.
void AnalogTrial::State::collect(std::size_t run) {
    const RunTables& own = instance.runs[run];
    const std::span<const Spike> fired = outcome.fired;
    counts.spikes += fired.size();
    const double grid = tables.image.chip.links.time_stamp_s;
    const std::size_t begin = spikes.size();
    for (const Spike& spike : fired) {
        const double time = instance.time_stamps ? std::floor(spike.time / grid) * grid : spike.time;
        spikes.push_back({.time = time, .neuron = own.neurons[spike.neuron]});
    }
    if (tables.image.chip.ideal) {
        counts.input_spikes += outcome.input_spikes;
        counts.synaptic_events += outcome.synaptic_events;
        return;
    }
    const auto inputs = static_cast<std::uint32_t>(tables.nets[run].inputs);
    std::ranges::fill(drops, std::uint16_t{0});
    for (const InputSpike& spike : pending) {
        if (spike.time <= outcome.end) {
            const bool from_host = spike.input < tables.image.runs[run].host_sources.size();
            ++(from_host ? counts.input_spikes : counts.background_spikes);
            count(own.routes, spike.input);
        }
    }
    for (std::size_t i = 0; i < fired.size(); ++i) {
        count(own.routes, inputs + fired[i].neuron);
        if (engines.size() > 1 && own.routes.crossbar[inputs + fired[i].neuron].lanes_out != 0) {
            returned.push_back(spikes[begin + i]);
        }
    }
}

void AnalogTrial::State::run_one(std::size_t run, std::span<const InputSpike> inputs, const TrialOptions& options) {
    gather(run, inputs, options.window_s);
    if (instance.time_stamps) {
        stamp_inputs(tables.image.runs[run]);
    }
    if (!tables.image.chip.ideal) {
        const AnalogRun& configuration = tables.image.runs[run];
        for (std::size_t i = 0; i < configuration.background.size(); ++i) {
            append_background(tables.image.chip.crossbar.background, configuration.background[i], options.trial,
                              options.window_s, instance.runs[run].routes.background[i], pending);
        }
    }
    if (noisy) {
        set_noise(run);
    }
    const bool stopped = steppers.empty() ? advance(run, options) : run_steps(run, options);
    counts.duration_s += stopped ? outcome.end : options.window_s;
    collect(run);
}

AnalogTrial::AnalogTrial(const AnalogChip& chip) : state_(std::make_unique<State>(chip)) {}
AnalogTrial::~AnalogTrial() = default;
AnalogTrial::AnalogTrial(AnalogTrial&&) noexcept = default;
AnalogTrial& AnalogTrial::operator=(AnalogTrial&&) noexcept = default;

void AnalogTrial::run(std::span<const InputSpike> inputs, const TrialOptions& options) {
    SPIKELOOM_ASSERT(options.window_s >= 0 && std::isfinite(options.window_s),
                     fmt::format("a window of {} s", options.window_s));
    SPIKELOOM_ASSERT(!options.stop_at_first || *options.stop_at_first < state_->tables.image.populations.size(),
                     "no such population");
    state_->counts = {};
    state_->spikes.clear();
    state_->returned.clear();
    state_->trial = options.trial;
    for (MembraneTrace& trace : state_->traces) {
        trace.potentials.clear();
        trace.codes.clear();
    }
    for (std::size_t run = 0; run < state_->engines.size(); ++run) {
        state_->run_one(run, inputs, options);
    }
    if (state_->instance.time_stamps || state_->engines.size() > 1) {
        std::ranges::sort(state_->spikes);
    }
}

std::span<const Spike> AnalogTrial::spikes() const {
    return state_->spikes;
}

const AnalogCounts& AnalogTrial::counts() const {
    return state_->counts;
}

std::span<const std::uint16_t> AnalogTrial::drop_counters() const {
    return state_->drops;
}

Result<void> AnalogTrial::step(const core::analog::SteppedOptions& options) {
    State& state = *state_;
    if (!state.instance.options.frozen_weights || !state.traces.empty()) {
        return fail({.where = "stepped options",
                     .found = state.traces.empty() ? "weights that learn" : "membranes to sample",
                     .allowed = "spikes alone",
                     .help = "run from event to event"});
    }
    std::vector<core::analog::SteppedRunner> steppers;
    for (const core::analog::Net& net : state.tables.nets) {
        if (Diagnostics findings = core::analog::check_stepped(net, options); has_error(findings)) {
            return fail(std::move(findings));
        }
        steppers.emplace_back(net, options);
    }
    state.steppers = std::move(steppers);
    return {};
}

}  // namespace spikeloom::chip::analog
