#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chip/analog/tables.hpp"

namespace spikeloom::chip::analog {

using core::analog::InputSpike;
using core::analog::Spike;

struct AnalogTrial::State {
    explicit State(const AnalogChip& loaded) : chip(loaded), tables(chip.tables()), instance(*tables.instance) {
        for (const core::analog::Net& net : tables.nets) {
            engines.emplace_back(net);
        }
        drops.resize(tables.image.chip.ideal ? 0 : static_cast<std::size_t>(tables.image.chip.crossbar.inputs()));
        const auto trial_of = [&](MismatchOf of) { return instance.spread.trial_of(of); };
        noisy = trial_of(MismatchOf::threshold) != 0 || trial_of(MismatchOf::leak) != 0 ||
                trial_of(MismatchOf::weight) != 0;
    }

    void run_one(std::size_t run, std::span<const InputSpike> inputs, const TrialOptions& options);
    void gather(std::size_t run, std::span<const InputSpike> inputs, double window_s);
    void stamp_inputs(const AnalogRun& run);
    void set_noise(std::size_t run, std::uint64_t trial);
    bool advance(std::size_t run, const TrialOptions& options);
    void collect(std::size_t run);
    void count(const Routes& routes, std::size_t source);

    AnalogChip chip;  // keeps the tables
    const AnalogChip::Tables& tables;
    const InstanceTables& instance;
    std::vector<core::analog::Engine> engines;  // by run
    bool noisy = false;

    std::vector<InputSpike> pending;  // of the run: times and sources
    std::vector<Spike> spikes;
    std::vector<Spike> returned;  // of earlier runs, those that left the chip
    std::vector<double> shifts;
    std::vector<std::uint16_t> drops;
    AnalogCounts counts;
};

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
void AnalogTrial::State::set_noise(std::size_t run, std::uint64_t trial) {
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

/// True: the trial ended with a spike of the population that it waits for.
bool AnalogTrial::State::advance(std::size_t run, const TrialOptions& options) {
    core::analog::Engine& engine = engines[run];
    if (options.stop_at_first && run + 1 == engines.size()) {
        const AnalogPopulation& population = tables.image.populations[*options.stop_at_first];
        const std::vector<std::uint32_t>& neurons = instance.runs[run].neurons;
        const auto first = std::ranges::lower_bound(neurons, population.first_neuron);
        const auto last = std::ranges::lower_bound(neurons, population.first_neuron + population.count);
        if (first != last) {
            return engine.advance_to_first(options.window_s, static_cast<std::uint32_t>(first - neurons.begin()),
                                           static_cast<std::uint32_t>(last - first));
        }
    }
    engine.advance(options.window_s);
    return false;
}

void AnalogTrial::State::count(const Routes& routes, std::size_t source) {
    const CrossbarRoute& route = routes.crossbar[source];
    counts.synaptic_events += routes.cell_begin[source + 1] - routes.cell_begin[source];
    counts.output_spikes += static_cast<std::uint64_t>(std::popcount(route.lanes_out));
    if (route.dropped) {
        ++counts.crossbar_drops;
        std::uint16_t& counter = drops[route.input];
        counter = static_cast<std::uint16_t>(counter + (counter < std::numeric_limits<std::uint16_t>::max() ? 1 : 0));
    }
}

/// Takes the run's spikes, with the chip's time stamps, and counts what happened.
void AnalogTrial::State::collect(std::size_t run) {
    const RunTables& own = instance.runs[run];
    const core::analog::Engine& engine = engines[run];
    const std::span<const Spike> fired = engine.spikes();
    counts.spikes += fired.size();
    const double grid = tables.image.chip.links.time_stamp_s;
    const std::size_t begin = spikes.size();
    for (const Spike& spike : fired) {
        const double time = instance.time_stamps ? std::floor(spike.time / grid) * grid : spike.time;
        spikes.push_back({.time = time, .neuron = own.neurons[spike.neuron]});
    }
    if (tables.image.chip.ideal) {
        counts.input_spikes += engine.counts().input_spikes;
        counts.synaptic_events += engine.counts().synaptic_events;
        return;
    }
    const auto inputs = static_cast<std::uint32_t>(tables.nets[run].inputs);
    std::ranges::fill(drops, std::uint16_t{0});
    for (const InputSpike& spike : pending) {
        if (spike.time <= engine.time()) {
            ++counts.input_spikes;
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
    if (noisy) {
        set_noise(run, options.trial);
    }
    core::analog::Engine& engine = engines[run];
    engine.reset();
    engine.add(pending);
    const bool stopped = advance(run, options);
    counts.duration_s += stopped ? engine.time() : options.window_s;
    collect(run);
}

AnalogTrial::AnalogTrial(const AnalogChip& chip) : state_(std::make_unique<State>(chip)) {}
AnalogTrial::~AnalogTrial() = default;
AnalogTrial::AnalogTrial(AnalogTrial&&) noexcept = default;
AnalogTrial& AnalogTrial::operator=(AnalogTrial&&) noexcept = default;

void AnalogTrial::run(std::span<const InputSpike> inputs, const TrialOptions& options) {
    SPIKELOOM_ASSERT(options.window_s >= 0, fmt::format("a window of {} s", options.window_s));
    SPIKELOOM_ASSERT(!options.stop_at_first || *options.stop_at_first < state_->tables.image.populations.size(),
                     "no such population");
    state_->counts = {};
    state_->spikes.clear();
    state_->returned.clear();
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

}  // namespace spikeloom::chip::analog
