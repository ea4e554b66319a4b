// What an AnalogTrial works with: an engine for every run of the image, and buffers that trials reuse. Internal to
// chip/analog: trial.cpp runs trials, trial_sampling.cpp reads membranes on the way.
#pragma once

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "chip/analog/tables.hpp"
#include "core/analog/engine.hpp"
#include "core/analog/stepped.hpp"

namespace spikeloom::chip::analog {

struct AnalogTrial::State {
    explicit State(const AnalogChip& loaded);

    void run_one(std::size_t run, std::span<const core::analog::InputSpike> inputs, const TrialOptions& options);
    void gather(std::size_t run, std::span<const core::analog::InputSpike> inputs, double window_s);
    void stamp_inputs(const AnalogRun& run);
    void set_noise(std::size_t run);
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> awaited(std::size_t run, const TrialOptions& options) const;
    bool advance(std::size_t run, const TrialOptions& options);
    bool advance_sampling(std::size_t run, double until, std::uint32_t first, std::uint32_t count);
    void sample(std::size_t run, ConverterKind kind, std::size_t number);
    bool run_steps(std::size_t run, const TrialOptions& options);
    void collect(std::size_t run);
    void count(const Routes& routes, std::size_t source);

    AnalogChip chip;  // keeps the tables
    const AnalogChip::Tables& tables;
    const InstanceTables& instance;
    std::vector<core::analog::Engine> engines;          // by run
    std::vector<core::analog::SteppedRunner> steppers;  // by run, in their stead; or none
    bool noisy = false;

    std::vector<core::analog::InputSpike> pending;  // of the run: times and sources
    /// What a run did.
    struct Outcome {
        std::span<const core::analog::Spike> fired;  ///< by the net's neurons
        double end = 0;
        std::uint64_t input_spikes = 0;
        std::uint64_t synaptic_events = 0;
    };
    Outcome outcome;
    std::vector<core::analog::Spike> stepped_spikes;
    std::vector<core::analog::Spike> spikes;
    std::vector<core::analog::Spike> returned;  // of earlier runs, those that left the chip
    std::vector<double> shifts;
    std::vector<std::uint16_t> drops;
    AnalogCounts counts;

    /// Probe and position in the run's net.
    struct Probe {
        std::size_t trace;
        std::uint32_t neuron;
    };
    std::vector<MembraneTrace> traces;
    std::vector<std::array<std::vector<Probe>, 2>> probes;  // by run and converter
    std::uint64_t trial = 0;
};

}  // namespace spikeloom::chip::analog
