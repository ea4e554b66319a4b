// The stepped mode: a Net on a grid of time, for those who compare with a stepped code, their own, hxtorch's or
// fastAndDeep's. Every choice that such codes make differently is an option here, and the order of operations is fixed,
// so that the times can be equal to the bit. In step k, with charge x = the weights of the spikes that arrive in it:
//
//   order            membrane_first                        current_first
//                    V <- membrane(V, I)                   I <- b I + x
//                    spike in k if V > threshold           V <- membrane(V, I)
//                    I <- b I + x                          spike in k if V > threshold
//
//   scheme, drive    membrane(V, I), as it is bracketed                  a, b
//   exponential, dt_over_tau      (a (V - leak) + (R I) (dt/tau_mem)) + leak   exp(-dt/tau_mem), exp(-dt/tau_syn)
//   exponential, one_minus_decay  (a (V - leak) + leak) + (1 - a) (R I)        exp(-dt/tau_mem), exp(-dt/tau_syn)
//   forward_euler                 V + (dt/tau_mem) (R I + (leak - V))          b = 1 - dt/tau_syn
//
// A spike in step k then resets V, which stays so for ceil(refractory/dt) further steps. V starts at leak, I at 0.
// AdEx: V + (dt/tau_mem) (R I + (leak - V) + exponential - w) under either scheme, then, before the reset, w +
// (dt/tau_w) (a (V - leak) - w), + b with a spike. x is summed by ascending source (inputs, then neurons), within a
// source in the order of its row, in double under float64. A matrix product of torch sums in an order of its own, which
// differs by library and machine: x may differ from it in the last bits, and a spike time by a step where V comes that
// close to the threshold.
//
//     SteppedRunner runner(net, fast_and_deep(0.01, 350));   // run() may be called by many threads
//     for (const SteppedSpike& spike : runner.run(inputs).spikes) ...
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/analog/net.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::core::analog {

enum class StepScheme : std::uint8_t { forward_euler, exponential };
/// How the current enters the membrane of the exponential scheme.
enum class StepDrive : std::uint8_t { dt_over_tau, one_minus_decay };
enum class StepOrder : std::uint8_t { membrane_first, current_first };
enum class ThresholdTest : std::uint8_t { above, at_or_above };
/// The step of a time t: trunc(t * (1 / dt)), trunc(t / dt), or t / dt to the nearest (halves to even, as torch).
enum class StepRounding : std::uint8_t { reciprocal, quotient, nearest };
/// The time of a spike in step k: k dt or (k + 1) dt.
enum class StepTime : std::uint8_t { begin, end };
/// In which step a neuron's spike in step k arrives: in that of its time, delay added, by StepRounding, which may be k
/// - 1 (29 * 0.01 * (1 / 0.01) < 29); or in k + round(delay / dt).
enum class StepArrival : std::uint8_t { by_time, by_step };
enum class StepPrecision : std::uint8_t { float64, float32 };

struct SteppedOptions {
    double dt = 1e-7;  ///< in `unit`
    /// s. All times are divided by it first, and those of spikes multiplied by it in the end: with tau, the steps are
    /// those of codes that count time in tau, to the bit where the inputs' times are.
    double unit = 1;
    std::uint32_t steps = 1000;
    StepScheme scheme = StepScheme::exponential;
    StepDrive drive = StepDrive::one_minus_decay;
    StepOrder order = StepOrder::membrane_first;
    ThresholdTest test = ThresholdTest::above;
    StepRounding rounding = StepRounding::nearest;
    StepTime time = StepTime::begin;
    StepArrival arrival = StepArrival::by_step;
    std::uint32_t hop_steps = 0;    ///< added to the arrival of neurons' spikes: 1 for codes whose layers wait a step
    bool first_spike_only = false;  ///< V goes on without reset, and is not tested again
    StepPrecision precision = StepPrecision::float64;
    friend bool operator==(const SteppedOptions&, const SteppedOptions&) = default;
};

/// fastAndDeep v1.0.0 (Goeltz et al. 2021), src/utils.py, its forward integrator: double, layer by layer over all
/// steps, spikes of a layer handed on as times, so that they fall onto steps again. Its steps are trunc(t / dt), which
/// on the GPU of the recorded run was trunc(t * (1 / dt)) (BRAINSCALES2_TTFS facts 2). Equal to the bit only with times
/// in units of tau (tau_mem = tau_syn = 1, dt = 0.01): those in seconds round differently. It takes the decay of V from
/// tau_syn, and knows tau_mem = tau_syn only; what arrives after the last step arrives nowhere.
[[nodiscard]] SteppedOptions fast_and_deep(double dt = 0.01, std::uint32_t steps = 350);
/// hxtorch.spiking with mock=True (functional/lif.py): v' = a (v - leak) + leak + (1 - a) i, i' = b i + x, float32.
[[nodiscard]] SteppedOptions hxtorch_mock(double dt = 1e-6, std::uint32_t steps = 100);
/// hxtorch.spiking's newer step (functional/step_integration_code_factory.py): forward Euler, float32, also AdEx.
[[nodiscard]] SteppedOptions hxtorch_euler(double dt = 1e-6, std::uint32_t steps = 100);
/// By name: "exponential" (the default options), "euler", "fast_and_deep", "hxtorch_mock", "hxtorch_euler".
[[nodiscard]] std::optional<SteppedOptions> stepped_preset(std::string_view name, double dt, std::uint32_t steps);

struct SteppedSpike {
    double time = 0;
    std::uint32_t neuron = 0;
    std::uint32_t step = 0;
    friend auto operator<=>(const SteppedSpike&, const SteppedSpike&) = default;
};

struct SteppedResult {
    std::vector<SteppedSpike> spikes;   ///< ascending by step, then neuron
    std::uint64_t input_spikes = 0;     ///< within the steps
    std::uint64_t late_inputs = 0;      ///< after the last step: not seen
    std::uint64_t synaptic_events = 0;  ///< spikes arriving at synapses within the steps
};

/// What is wrong with it (errors), or doubtful: steps longer than a time constant (warnings).
[[nodiscard]] Diagnostics check_stepped(const Net& net, const SteppedOptions& options);

/// A net made ready for many runs. Layers run one after the other over all steps, each in vectors. Neurons in a loop
/// run together; among them a spike in step k arrives in k at the earliest (current_first: k + 1).
class SteppedRunner {
public:
    /// The net must be sound (faults_of); it is not needed any more afterwards. check_stepped must find no error.
    SteppedRunner(const Net& net, const SteppedOptions& options);
    ~SteppedRunner();
    SteppedRunner(SteppedRunner&&) noexcept;
    SteppedRunner& operator=(SteppedRunner&&) noexcept;

    /// From rest; inputs in any order, at times >= 0. `shifts` are added to the neurons' thresholds (empty: none).
    [[nodiscard]] SteppedResult run(std::span<const InputSpike> inputs, std::span<const double> shifts = {}) const;
    /// V of `neuron` after each step, `steps` values: what a stepped code would plot.
    [[nodiscard]] std::vector<double> membrane(std::span<const InputSpike> inputs, std::uint32_t neuron) const;

private:
    struct State;
    std::unique_ptr<const State> state_;
};

[[nodiscard]] SteppedResult run_stepped(const Net& net, std::span<const InputSpike> inputs,
                                        const SteppedOptions& options);

}  // namespace spikeloom::core::analog
