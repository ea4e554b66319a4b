// The chip: cores, the spike network between them, and the step that they all take together. Loads an Image,
// executes it to the bit, counts what happens. Time and energy are computed from the counts (chip/cost.hpp);
// nothing here depends on a cost, on the number of threads, or on the order of cores.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/counters.hpp"
#include "core/base/diagnostics.hpp"
#include "core/base/ids.hpp"
#include "core/learning/draws.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::chip {

struct ChipOptions {
    int threads = 1;
    std::uint64_t seed = 0;  ///< of the neuron noise
    /// Threads are woken for steps of at least so many (expected) sparse synaptic events: waking them costs some 20 us.
    std::size_t least_parallel_work = 60'000;
    bool time_phases = false;  ///< measure PhaseTimes; costs a few clock readings a step
};

/// Where the emulator's own time went since load, processor seconds summed over threads.
struct PhaseTimes {
    double deliver_s = 0;
    double update_s = 0;
    double learn_s = 0;
    double queue_s = 0;
    double count_s = 0;
};

/// A spike from outside: channel `channel` of input port `port`, delivered in the step that it is given to.
struct InputSpike {
    std::uint32_t port = 0;
    std::uint32_t channel = 0;
    /// Of a graded spike, for traces and third factors; weights see it only of a port that is graded.
    std::int32_t payload = 0;
};

/// A synapse of a plastic projection: neurons (or a channel) of its source and its target.
struct PlasticSynapse {
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    friend auto operator<=>(const PlasticSynapse&, const PlasticSynapse&) = default;
};

using LearningDraws = core::EpochDraws;

/// A spike of a compartment.
struct CoreSpike {
    CoreId core;
    CompartmentId compartment;
    std::int32_t payload = 1;  ///< what it sends, which multiplied the weights; not 0
    friend auto operator<=>(const CoreSpike&, const CoreSpike&) = default;
};

/// What each core did in one step: enough to compute the step's time and energy under any cost table.
struct StepCounts {
    std::span<const Counters> cores;  ///< of this step, one a core of the image
};

class Chip {
public:
    /// Checks the image (check_image) and builds the delivery tables. The image may be dropped afterwards.
    [[nodiscard]] static Result<Chip> load(const Image& image, const ChipOptions& options);

    Chip(Chip&&) noexcept;
    Chip& operator=(Chip&&) noexcept;
    ~Chip();

    /// One algorithmic step. `inputs` act on u in this very step; spikes of compartments act in the next
    /// (plus their synapse's delay).
    void step(std::span<const InputSpike> inputs);

    /// Spikes of the last step, ascending by core and compartment.
    [[nodiscard]] std::span<const CoreSpike> spikes() const;
    /// Counts of the last step.
    [[nodiscard]] StepCounts step_counts() const;
    /// Counts since load or reset, one a core.
    [[nodiscard]] std::span<const Counters> counters() const;

    /// Registers after the last step: u and v of models that integrate. Of sigma_delta sigma and the activation; of the
    /// resonators, v of the first compartment is re, of the second im; of delta, v is the activation. After a spike the
    /// chip's voltage register reads R * 2^7 until the refractory time is over (`as_register`); the dynamics see 0.
    [[nodiscard]] std::int32_t current(CoreId core, CompartmentId compartment) const;
    [[nodiscard]] std::int32_t voltage(CoreId core, CompartmentId compartment, bool as_register = false) const;

    /// Host access: overwrites the bias of a compartment (constant-current input encoding).
    void set_bias(CoreId core, CompartmentId compartment, BiasRegister bias);

    // Learning. `profile` is an index into the image's `learning`.

    /// Off: traces and weights stay as they are (an evaluation between lessons). On after load.
    void set_learning(bool on);
    /// The synapses of a profile, ascending by source, target, format, then as the image lists them (as
    /// plastic_projection does).
    [[nodiscard]] std::vector<PlasticSynapse> plastic_synapses(std::uint32_t profile) const;
    /// Their weights, delays or tags (registers), in that order.
    [[nodiscard]] std::vector<std::int32_t> plastic_values(std::uint32_t profile, rules::Variable variable) const;
    /// Host access: overwrites them; values outside of the registers' range are clipped. Delays that the rule does not
    /// learn, and tags that it does not use, stay as they are.
    void set_plastic_values(std::uint32_t profile, rules::Variable variable, std::span<const std::int32_t> values);
    /// A trace (x1..y3) of a neuron of the profile's source or target, after the last epoch. r1: the reward trace.
    [[nodiscard]] std::int32_t trace(std::uint32_t profile, rules::Operand operand, std::uint32_t neuron) const;
    /// Host access: adds to r1 (saturating at -128..127), and sets r0 for this epoch.
    void reward(std::uint32_t profile, std::int32_t value);
    /// The random numbers of the coming step and of the epochs that it ends; without a call the engine draws its own.
    void set_learning_draws(const LearningDraws& draws);

    /// State back to that after load: u, v, delays in flight, refractory counters, step number. Counters too, and
    /// weights, delays and tags that were learned.
    void reset();
    /// As reset, but counters and the random numbers' step count go on, and what was learned stays (traces are
    /// forgotten): between samples of a run.
    void reset_state();

    [[nodiscard]] Step now() const;  ///< the number of the next step
    [[nodiscard]] std::size_t cores() const;
    [[nodiscard]] std::size_t synapses() const;
    /// Bytes that the loaded chip holds, by purpose, for the report and the benchmark.
    [[nodiscard]] std::size_t resident_bytes() const;
    /// Zero unless ChipOptions::time_phases.
    [[nodiscard]] PhaseTimes phase_times() const;

private:
    class State;
    explicit Chip(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::chip
