#include "core/analog/engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/analog/adaptive_neuron.hpp"
#include "core/analog/candidate_queue.hpp"
#include "core/analog/crossing.hpp"
#include "core/analog/lane_kernel.hpp"
#include "core/analog/layout.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::core::analog {

namespace {

constexpr std::uint64_t default_spike_limit = 50'000'000;
constexpr std::uint32_t no_adaptive = std::numeric_limits<std::uint32_t>::max();

/// A group of synapses that a spike has yet to reach. A spike has at most one of them pending, its next.
struct Arrival {
    double time;
    std::uint64_t sequence;
    std::uint32_t source;
    std::uint32_t group;
    double spike_time;

    /// For a heap with the earliest on top.
    friend bool operator<(const Arrival& a, const Arrival& b) {
        return std::tie(a.time, a.source, a.sequence) > std::tie(b.time, b.source, b.sequence);
    }
};

}  // namespace

struct Engine::State {
    const Net* net;
    Layout layout;
    std::vector<std::uint8_t> uniform;
    CandidateQueue queue;
    AlignedVector<double> potential, drive, hold, exact, clock, threshold;
    std::vector<double> shifts;
    std::vector<AdaptiveNeuron> adaptive;
    std::vector<std::uint32_t> adaptive_of;  ///< by neuron; empty where there are none
    std::vector<InputSpike> inputs;          ///< sorted from next_input on
    std::size_t next_input = 0;
    std::vector<Arrival> arrivals;  ///< heap
    std::uint64_t sequence = 0;
    std::vector<Spike> spikes;
    EngineCounts counts;
    std::uint64_t spike_limit = default_spike_limit;
    bool ran_away = false;
    double time = 0;

    explicit State(const Net& of)
        : net(&of),
          layout(of),
          uniform(layout.blocks()),
          queue(std::size_t{layout.blocks()} * block_lanes),
          adaptive_of(of.adaptive.empty() ? 0 : of.neurons.size(), no_adaptive) {
        for (std::uint32_t block = 0; block < layout.blocks(); ++block) {
            uniform[block] = layout.uniform(block) ? 1 : 0;
        }
        for (std::uint32_t i = 0; i < of.adaptive.size(); ++i) {
            adaptive.emplace_back(of.adaptive[i].model);
            adaptive_of[of.adaptive[i].neuron] = i;
        }
        reset();
    }

    [[nodiscard]] LaneView view() {
        return {potential.data(),
                drive.data(),
                hold.data(),
                queue.keys(),
                exact.data(),
                clock.data(),
                threshold.data(),
                layout.lanes().tau_mem.data(),
                layout.lanes().tau_syn.data()};
    }
    [[nodiscard]] bool is_adaptive(std::uint32_t neuron) const {
        return !adaptive_of.empty() && adaptive_of[neuron] != no_adaptive;
    }

    void reset();
    [[nodiscard]] double next_arrival() const;
    bool run(double until, std::uint32_t first, std::uint32_t count);
    void arrive();
    void deliver_group(std::uint32_t source, std::uint32_t group, double spike_time, double now);
    void attend(const CandidateQueue::Top& candidate, double horizon);
    void attend_adaptive(std::uint32_t neuron, double now);
    void look(std::uint32_t neuron, double now, double horizon);
    void bring_to(std::uint32_t block, double now);
    void restart(std::uint32_t neuron, double now);
    void spike(std::uint32_t neuron, double now);
    void emit(std::uint32_t neuron, double now);
};

void Engine::State::reset() {
    const std::size_t lanes = std::size_t{layout.blocks()} * block_lanes;
    potential.assign(lanes, 0);
    drive.assign(lanes, 0);
    hold.assign(lanes, -never);
    exact.assign(lanes, -1);
    clock.assign(layout.blocks(), 0);
    threshold = layout.lanes().threshold;
    for (std::size_t n = 0; n < shifts.size(); ++n) {
        threshold[n] += shifts[n];
    }
    inputs.clear();
    next_input = 0;
    arrivals.clear();
    sequence = 0;
    spikes.clear();
    counts = {};
    ran_away = false;
    time = 0;
    queue.clear();
    for (std::uint32_t n = 0; n < lanes; ++n) {
        if (threshold[n] <= 0) {
            queue.set(n, 0);
        }
    }
    for (std::size_t i = 0; i < adaptive.size(); ++i) {
        const std::uint32_t neuron = net->adaptive[i].neuron;
        adaptive[i].reset(0, shifts.empty() ? 0 : shifts[neuron]);
        queue.set(neuron, adaptive[i].next());
    }
}

double Engine::State::next_arrival() const {
    const double input = next_input < inputs.size() ? inputs[next_input].time : never;
    return arrivals.empty() ? input : std::min(input, arrivals.front().time);
}

/// Crossings before arrivals of the same time: what arrives at the very moment of a crossing can't undo it.
bool Engine::State::run(double until, std::uint32_t first, std::uint32_t count) {
    for (;;) {
        const double arrival = next_arrival();
        const double candidate = queue.least();
        const double next = std::min(arrival, candidate);
        if (next > until || next == never) {
            time = until == never ? time : until;
            return false;
        }
        if (candidate > arrival) {
            time = arrival;
            arrive();
            continue;
        }
        time = std::max(time, candidate);
        const std::size_t before = spikes.size();
        attend(queue.top(), arrival);
        if (spikes.size() != before) {
            if (spike_limit != 0 && counts.spikes >= spike_limit) {
                ran_away = true;
                return false;
            }
            if (spikes.back().neuron - first < count) {
                return true;
            }
        }
    }
}

/// Inputs before neurons, each by number, in the order of sources.
void Engine::State::arrive() {
    const bool input = next_input < inputs.size() && inputs[next_input].time <= time;
    const bool delayed = !arrivals.empty() && arrivals.front().time <= time;
    if (input && (!delayed || inputs[next_input].input <= arrivals.front().source)) {
        const std::uint32_t source = inputs[next_input].input;
        ++next_input;
        ++counts.input_spikes;
        emit(source, time);
        return;
    }
    std::pop_heap(arrivals.begin(), arrivals.end());
    const Arrival arrival = arrivals.back();
    arrivals.pop_back();
    deliver_group(arrival.source, arrival.group, arrival.spike_time, time);
}

/// A spike leaves its source: to synapses without delay at once, to the others in time.
void Engine::State::emit(std::uint32_t source, double now) {
    const auto groups = layout.groups(source);
    if (groups.empty()) {
        return;
    }
    if (groups.front().delay == 0) {
        deliver_group(source, 0, now, now);
        return;
    }
    arrivals.push_back({now + groups.front().delay, sequence++, source, 0, now});
    std::push_heap(arrivals.begin(), arrivals.end());
}

void Engine::State::deliver_group(std::uint32_t source, std::uint32_t group, double spike_time, double now) {
    const auto groups = layout.groups(source);
    const auto segments = layout.segments(groups[group]);
    deliver(view(), now, segments, layout.weights(), uniform.data());
    for (const BlockSegment& segment : segments) {
        queue.refresh(segment.block);
    }
    for (const AdaptiveSynapse& synapse : layout.adaptive(groups[group])) {
        adaptive[synapse.index].arrive(now, synapse.weight);
        queue.set(net->adaptive[synapse.index].neuron, adaptive[synapse.index].next());
    }
    counts.synaptic_events += groups[group].synapses;
    if (group + 1 < groups.size()) {
        arrivals.push_back({spike_time + groups[group + 1].delay, sequence++, source, group + 1, spike_time});
        std::push_heap(arrivals.begin(), arrivals.end());
    }
}

void Engine::State::attend(const CandidateQueue::Top& candidate, double horizon) {
    const std::uint32_t neuron = candidate.neuron;
    if (is_adaptive(neuron)) {
        attend_adaptive(neuron, time);
    } else if (hold[neuron] == candidate.key) {
        bring_to(neuron / block_lanes, time);
        hold[neuron] = -never;
        look(neuron, time, horizon);
    } else if (exact[neuron] == candidate.key) {
        spike(neuron, time);
    } else {
        look(neuron, time, horizon);
    }
}

void Engine::State::attend_adaptive(std::uint32_t neuron, double now) {
    AdaptiveNeuron& model = adaptive[adaptive_of[neuron]];
    ++counts.looks;
    const bool spiked = model.advance();
    queue.set(neuron, model.next());
    if (spiked) {
        ++counts.spikes;
        spikes.push_back({now, neuron});
        emit(net->inputs + neuron, now);
    }
}

/// The neuron's bound was reached: either its crossing is known now, or that it lies beyond the horizon.
void Engine::State::look(std::uint32_t neuron, double now, double horizon) {
    const double since = clock[neuron / block_lanes];
    const Membrane membrane{potential[neuron], drive[neuron], layout.lanes().tau_mem[neuron],
                            layout.lanes().tau_syn[neuron]};
    const CrossingBound bound = crossing_within(membrane, threshold[neuron], horizon - since);
    ++counts.looks;
    double key = std::max(since + bound.s, now);
    if (bound.exact) {
        exact[neuron] = key;
    } else {
        key = std::max(key, std::nextafter(horizon, never));
    }
    queue.set(neuron, key);
}

void Engine::State::bring_to(std::uint32_t block, double now) {
    const BlockSegment nothing{.block = block, .mask = 0, .first_weight = 0};
    deliver(view(), now, {&nothing, 1}, layout.weights(), uniform.data());
}

/// To the reset potential, for the refractory time.
void Engine::State::restart(std::uint32_t neuron, double now) {
    bring_to(neuron / block_lanes, now);
    potential[neuron] = layout.lanes().reset[neuron];
    exact[neuron] = -1;
    const double refractory = layout.lanes().refractory[neuron];
    if (refractory > 0) {
        hold[neuron] = now + refractory;
        queue.set(neuron, hold[neuron]);
    } else {
        queue.set(neuron, now);
    }
}

void Engine::State::spike(std::uint32_t neuron, double now) {
    restart(neuron, now);
    ++counts.spikes;
    spikes.push_back({now, neuron});
    emit(net->inputs + neuron, now);
}

Engine::Engine(const Net& net) : state_(std::make_unique<State>(net)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::reset() {
    state_->reset();
}

void Engine::add(std::span<const InputSpike> spikes) {
    auto& inputs = state_->inputs;
    inputs.erase(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(state_->next_input));
    state_->next_input = 0;
    for (const InputSpike& spike : spikes) {
        SPIKELOOM_ASSERT(spike.time >= state_->time && spike.input < state_->net->inputs,
                         "input " + std::to_string(spike.input) + " at " + std::to_string(spike.time) + " s");
        inputs.push_back(spike);
    }
    std::ranges::sort(inputs);
}

void Engine::advance(double until) {
    state_->run(until, 0, 0);
}

bool Engine::advance_to_first(double until, std::uint32_t first, std::uint32_t count) {
    return state_->run(until, first, count);
}

double Engine::time() const {
    return state_->time;
}

std::span<const Spike> Engine::spikes() const {
    return state_->spikes;
}

void Engine::clear_spikes() {
    state_->spikes.clear();
}

double Engine::voltage(std::uint32_t neuron) const {
    const State& s = *state_;
    if (s.is_adaptive(neuron)) {
        return s.adaptive[s.adaptive_of[neuron]].voltage(s.time);
    }
    const double leak = s.net->neurons[neuron].leak;
    if (s.hold[neuron] >= s.time) {
        return leak + s.potential[neuron];
    }
    const Membrane membrane{s.potential[neuron], s.drive[neuron], s.layout.lanes().tau_mem[neuron],
                            s.layout.lanes().tau_syn[neuron]};
    return leak + potential_after(membrane, s.time - s.clock[neuron / block_lanes]);
}

double Engine::current(std::uint32_t neuron) const {
    const State& s = *state_;
    if (s.is_adaptive(neuron)) {
        return s.adaptive[s.adaptive_of[neuron]].current(s.time);
    }
    const double elapsed = s.time - s.clock[neuron / block_lanes];
    return s.drive[neuron] * std::exp(-elapsed / s.layout.lanes().tau_syn[neuron]) / s.net->neurons[neuron].resistance;
}

void Engine::set_threshold_shifts(std::span<const double> shifts) {
    SPIKELOOM_ASSERT(shifts.empty() || shifts.size() == state_->net->neurons.size(), std::to_string(shifts.size()));
    state_->shifts.assign(shifts.begin(), shifts.end());
}

void Engine::reset_membrane(std::uint32_t neuron) {
    SPIKELOOM_ASSERT(!state_->is_adaptive(neuron), "neuron " + std::to_string(neuron));
    state_->restart(neuron, state_->time);
}

void Engine::set_weight(std::uint64_t synapse, double weight) {
    state_->layout.set_weight(*state_->net, synapse, weight);
}

void Engine::set_spike_limit(std::uint64_t limit) {
    state_->spike_limit = limit;
}

bool Engine::ran_away() const {
    return state_->ran_away;
}

const EngineCounts& Engine::counts() const {
    return state_->counts;
}

}  // namespace spikeloom::core::analog
