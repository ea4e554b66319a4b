// The float reference: the Network, run as its equations stand (compiler/network.hpp), in the arithmetic of the
// framework that trained it. A plain interpreter with its own naive connectivity (sums over rows, convolution loops)
// that shares no code with the emulator or the compiler's passes: the yardstick of the quantisation gap.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/reference/reference_learner.hpp"

namespace spikeloom::compiler {

enum class Timing : std::uint8_t {
    same_step,  ///< ML frameworks: a layer sees its predecessor's spikes of the same step, a recurrence those of the
                ///< last
    next_step,  ///< chips: every message between populations takes one step; inputs act in the step they come in
};

enum class SubtractOrder : std::uint8_t { immediate, snntorch_delayed };  ///< ECOSYSTEM facts 1.5, last row

/// How a low-pass is written; the same in exact arithmetic, not in the last bits.
enum class LeakForm : std::uint8_t {
    increment,  ///< v += k (x - v): snnTorch, Norse
    product,    ///< v = v (1 - k) + k x: Lava
};

struct ReferenceOptions {
    Timing timing = Timing::same_step;
    bool single_precision = true;  ///< float32 state and operations, as the frameworks; else double
    SubtractOrder subtract = SubtractOrder::immediate;
    LeakForm leak = LeakForm::increment;
    ReferenceLearning learning{};  ///< of projections with Projection::learning; off: their weights stay
};

/// Projections that learn (ReferenceOptions::learning) are evaluated at the end of each epoch; spikes that arrive in a
/// step count for that step, the projection's delays apart, as on the chip. New weights act from the next step on.
///
/// Populations with registers (FixedNeuron) run the chip's equations in real numbers (real_registers.hpp says which
/// models): u = u (1 - du/4096) + 64 x, v = v (1 - dv/4096) + u + bias, spike where v > 64 threshold, then v = 0;
/// sigma-delta neurons send what the chip's would, unrounded. Nothing truncates, wraps or clips.
///
/// Runs a checked network (check_network is empty) step by step. Where the equations leave room:
///   - a refractory neuron (refractory_steps > 1) keeps its v and stays silent; its s goes on;
///   - a population that never spikes passes its membrane on;
///   - a sum runs over the sources in ascending order, then the projection's bias is added; a target's projections
///     follow each other in the network's order, after its own bias. Fixed, so that equal runs give equal bits.
class FloatInterpreter {
public:
    /// Keeps no reference to `network`.
    FloatInterpreter(const Network& network, const ReferenceOptions& options);
    FloatInterpreter(FloatInterpreter&&) noexcept;
    FloatInterpreter& operator=(FloatInterpreter&&) noexcept;
    ~FloatInterpreter();

    /// `inputs`: for every input port, one value a channel (spikes are 1; any real number is a graded input).
    void step(const std::vector<std::vector<float>>& inputs);
    /// State back to that of a fresh interpreter: s = v = 0, nothing in flight, step 0.
    void reset();

    /// Of the last step, 0 or 1 a neuron (1: it sent something); all 0 for populations that never spike.
    [[nodiscard]] std::span<const std::uint8_t> spikes(PopulationId population) const;
    [[nodiscard]] std::span<const double> membrane(PopulationId population) const;  ///< after the reset
    [[nodiscard]] std::span<const double> synaptic_current(PopulationId population) const;
    /// Weights of a projection that learns, in the order of plastic_places.
    [[nodiscard]] std::vector<double> plastic_weights(std::size_t projection) const;

    class Engine;  ///< the interpreter in one precision; an implementation detail

private:
    std::unique_ptr<Engine> engine_;
};

}  // namespace spikeloom::compiler
