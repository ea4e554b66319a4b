// The user's story in one type: load an image, give it a stimulus, run it, watch it through sinks.
//
//     auto session = Session::open(image, {.threads = 2}).value();
//     session.add_probe("hidden[0:3].v");
//     session.run(1000, *stimulus, sinks);
//
// Spikes come back as population and neuron, not as core and compartment: the image's symbol table is applied here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "chip/cost.hpp"
#include "chip/image/image.hpp"
#include "core/base/ids.hpp"
#include "runtime/probe.hpp"
#include "runtime/step_clock.hpp"
#include "runtime/stimulus.hpp"

namespace spikeloom::runtime {

struct SessionOptions {
    int threads = 1;
    std::uint64_t seed = 0;
    /// As chip::ChipOptions::least_parallel_work: steps with less to do stay on one thread. 0: none does.
    std::size_t least_parallel_work = chip::ChipOptions{}.least_parallel_work;
    /// How steps are timed; nothing: not at all. No spike depends on it.
    std::optional<TimingOptions> timing{};
};

/// Where the emulation's own time went, in all runs of the session.
struct EmulationTimes {
    double wall_s = 0;        ///< of run(), sinks included
    double chip_s = 0;        ///< of it, the chip's steps
    double timing_cpu_s = 0;  ///< processor time of timing the steps, over all threads
};

/// A spike of the network.
struct NetworkSpike {
    PopulationId population;
    NeuronId neuron;
    std::int32_t payload = 1;  ///< what it sends
    friend auto operator<=>(const NetworkSpike&, const NetworkSpike&) = default;
};

/// What a sink sees of each step. The spans live until the call returns.
struct StepView {
    Step step;
    std::span<const chip::InputSpike> inputs;
    std::span<const NetworkSpike> spikes;               ///< ascending by population and neuron
    std::span<const Counters> core_counts;              ///< of this step, one a core
    std::span<const std::vector<std::int32_t>> probes;  ///< registers, one vector a probe
};

class Sink {
public:
    virtual ~Sink() = default;
    virtual Result<void> on_step(const StepView& view) = 0;
    /// What the step took, if the session times steps: in the steps' order, some steps later, before run() returns.
    virtual Result<void> on_timing(const TimingView& /*view*/) { return {}; }
};

class Session {
public:
    [[nodiscard]] static Result<Session> open(const chip::Image& image, const SessionOptions& options);

    /// "hidden[0:8].v", "in_e[0:100].w" (see probe.hpp): adds a probe, or says what there is to probe. Probes of one
    /// population or projection and variable are one: their elements are united. Voltages are those of the dynamics
    /// (0 after a spike), not the register's R * 2^7 of the refractory time.
    Result<void> add_probe(const std::string& specification);
    [[nodiscard]] std::span<const Probe> probes() const { return probes_; }
    [[nodiscard]] std::span<const LearningProbe> learning_probes() const { return learning_probes_; }
    /// The registers of a learning probe after the last step, one an element.
    [[nodiscard]] std::vector<std::int32_t> values(const LearningProbe& probe) const;

    /// Runs `steps` steps; stops early, at a step's end, when `stop` (may be empty) returns true. Returns steps done.
    /// The stimulus is asked for steps counted from the last reset_state(), sinks see steps counted over all of them.
    Result<std::uint64_t> run(std::uint64_t steps, Stimulus& stimulus, std::span<Sink* const> sinks,
                              const std::function<bool()>& stop = {});

    /// Between samples: u, v, delays in flight and refractory times as after load; counters and steps go on.
    void reset_state();
    /// Steps run since the session was opened.
    [[nodiscard]] std::uint64_t steps_done() const { return steps_done_; }

    [[nodiscard]] const chip::Image& image() const { return *image_; }
    [[nodiscard]] chip::Chip& chip() { return chip_; }
    [[nodiscard]] const chip::Chip& chip() const { return chip_; }
    /// Null if steps are not timed.
    [[nodiscard]] const StepClock* clock() const { return clock_.get(); }
    [[nodiscard]] EmulationTimes emulation_times() const;
    [[nodiscard]] std::int32_t voltage(PopulationId population, NeuronId neuron) const;

private:
    Session(const chip::Image& image, chip::Chip chip);
    struct Place {
        CoreId core;
        CompartmentId compartment;
    };

    /// The chip's last step as the network's spikes and probes.
    void collect_step();

    Result<std::uint64_t> run_steps(std::uint64_t steps, Stimulus& stimulus, std::span<Sink* const> sinks,
                                    const std::function<bool()>& stop);
    /// Hands timings on until no more than `left` steps are waited for.
    Result<void> collect_timings(std::size_t left, std::span<Sink* const> sinks);

    const chip::Image* image_;  ///< outlives the session
    chip::Chip chip_;
    std::unique_ptr<StepClock> clock_;
    double wall_s_ = 0;
    double chip_s_ = 0;
    std::vector<Probe> probes_;
    std::vector<LearningProbe> learning_probes_;
    std::vector<std::vector<Place>> places_;            ///< by population, neuron
    std::vector<std::vector<NetworkSpike>> neuron_of_;  ///< by core, compartment
    std::uint64_t steps_done_ = 0;
    std::uint64_t state_start_ = 0;         ///< steps_done_ at the last reset_state()
    std::vector<chip::InputSpike> inputs_;  ///< of the step
    std::vector<NetworkSpike> spikes_;      ///< of the step
    std::vector<std::vector<std::int32_t>> probe_values_;
};

}  // namespace spikeloom::runtime
