// The event-driven engine: runs a Net in continuous time, exactly. Between two arrivals a neuron's membrane has a
// closed form with a single extremum, so that no spike is missed and none invented. Events are totally ordered by
// (time, kind, neuron or source, sequence); the result is a function of net and inputs alone.
//
//     Engine engine(net);                       // lays the net out; it must outlive the engine
//     engine.reset();
//     engine.add(inputs);                       // in any order
//     engine.advance(50e-6);                    // or stop_at_first(range)
//     for (const Spike& spike : engine.spikes()) ...
//
// One engine is one trial on one thread. Threads work on trials: samples, chips.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/analog/net.hpp"

namespace spikeloom::core::analog {

/// What happened since the last reset.
struct EngineCounts {
    std::uint64_t input_spikes = 0;
    std::uint64_t spikes = 0;
    std::uint64_t synaptic_events = 0;  ///< spikes arriving at synapses
    std::uint64_t looks = 0;            ///< neurons looked at because their bound was reached
    friend bool operator==(const EngineCounts&, const EngineCounts&) = default;
};

class Engine {
public:
    /// The net must outlive the engine and be sound (faults_of).
    explicit Engine(const Net& net);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// All neurons at rest, no spikes, time 0.
    void reset();
    /// Spikes to come, in any order; none may lie before time().
    void add(std::span<const InputSpike> spikes);
    /// Runs all events up to and at `until` (s).
    void advance(double until);
    /// The same, but ends with the first spike of a neuron in first .. first + count - 1. True: there was one.
    bool advance_to_first(double until, std::uint32_t first, std::uint32_t count);

    [[nodiscard]] double time() const;
    /// In order of time (then neuron) since the last reset or clear_spikes().
    [[nodiscard]] std::span<const Spike> spikes() const;
    void clear_spikes();
    /// Membrane and synaptic current of a neuron at time().
    [[nodiscard]] double voltage(std::uint32_t neuron) const;
    [[nodiscard]] double current(std::uint32_t neuron) const;

    /// Added to a neuron's threshold until changed again (trial-to-trial noise); counts from the next reset on.
    void set_threshold_shifts(std::span<const double> shifts);
    /// The membrane of a Lif neuron to its reset potential at time(), and held there for its refractory time, as after
    /// a spike; its synaptic current goes on.
    void reset_membrane(std::uint32_t neuron);
    /// A plastic synapse's weight (numbered as in the net), from now on; the net stays as it is.
    void set_weight(std::uint64_t synapse, double weight);

    /// Spikes after which a trial ends early, against nets that run away; 0: none.
    void set_spike_limit(std::uint64_t limit);
    /// Whether the limit ended the trial.
    [[nodiscard]] bool ran_away() const;

    [[nodiscard]] const EngineCounts& counts() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::core::analog
