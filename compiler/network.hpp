// Network: what somebody trained or wrote, in units that no chip has: populations of neurons with float
// parameters, projections between them, inputs and outputs. Front ends make it, the passes consume it, the float
// reference runs it. A comparable value.
//
// One step of length step_s computes, for every neuron (x: input current of the step, s: synaptic current,
// v: membrane, z: spike; k = step_s / tau):
//   x  = bias + sum over projections (weights * spikes of the source + projection bias)
//   s += step_s/tau_syn * (w_in * x - s)           current-based kinds; others: s = x
//   v += step_s/tau_mem * (v_leak - v + r * s)     leaky kinds; integrators: v += step_s * r * s; threshold: v = x
//   z  = v > v_threshold;  where z: v = v_reset, or v -= v_threshold
// (NIR facts 1.5; equal to the bit to snnTorch and Norse in float32.)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/base/ids.hpp"
#include "core/base/neuron_model.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::compiler {

using Shape = std::vector<std::uint32_t>;

/// Product of the extents; 1 for an empty shape. (Readers refuse shapes whose product overflows.)
[[nodiscard]] std::size_t element_count(const Shape& shape);

/// One number for all neurons of a population, or one a neuron in C order.
struct Parameter {
    std::vector<double> values;

    Parameter() = default;
    Parameter(double value) : values{value} {}  // NOLINT(google-explicit-constructor): a number is a parameter
    explicit Parameter(std::vector<double> all) : values(std::move(all)) {}

    [[nodiscard]] bool uniform() const { return values.size() == 1; }
    [[nodiscard]] double operator[](std::size_t neuron) const { return values[uniform() ? 0 : neuron]; }
    friend bool operator==(const Parameter&, const Parameter&) = default;
};

enum class NeuronKind : std::uint8_t {
    integrate_fire,            ///< NIR IF
    leaky,                     ///< NIR LIF
    current_based,             ///< NIR CubaLIF
    integrator,                ///< NIR I: never spikes
    leaky_integrator,          ///< NIR LI: never spikes
    current_based_integrator,  ///< NIR CubaLI: never spikes
    threshold,                 ///< NIR Threshold: no memory
};

[[nodiscard]] constexpr bool spikes(NeuronKind kind) {
    return kind == NeuronKind::integrate_fire || kind == NeuronKind::leaky || kind == NeuronKind::current_based ||
           kind == NeuronKind::threshold;
}
[[nodiscard]] constexpr bool has_synaptic_current(NeuronKind kind) {
    return kind == NeuronKind::current_based || kind == NeuronKind::current_based_integrator;
}
[[nodiscard]] constexpr bool leaks(NeuronKind kind) {
    return kind == NeuronKind::leaky || kind == NeuronKind::current_based || kind == NeuronKind::leaky_integrator ||
           kind == NeuronKind::current_based_integrator;
}

enum class ResetRule : std::uint8_t { to_value, subtract_threshold };

/// Registers of neurons that were trained for a chip, bit by bit (netx): the compiler takes them as they are and
/// chooses no scale. One value for all neurons; weights into the population are whole numbers, in units of 2^6 of u
/// (for models with a state of their own: of the sum `a`, see core/base/neuron_model.hpp).
struct FixedNeuron {
    NeuronModel model = NeuronModel::leaky;
    ModelParameters parameters{};
    std::int32_t current_decay = 4096;  ///< effective, of 2^12, 0..4096
    std::int32_t voltage_decay = 0;     ///< effective, of 2^12, 0..4096
    std::int32_t threshold = 0;         ///< mantissa: v > threshold * 2^6 (leaky models); as it is (other models)
    std::vector<std::int32_t> biases;   ///< added to v every step; empty (all 0), 1 or size() values

    friend bool operator==(const FixedNeuron&, const FixedNeuron&) = default;
};

/// Parameters hold 1 or size() values; those that the kind doesn't use keep their defaults.
struct Population {
    std::string name;
    Shape shape;
    NeuronKind kind = NeuronKind::leaky;
    ResetRule reset = ResetRule::to_value;
    Parameter tau_syn_s{1e-3};
    Parameter tau_mem_s{1e-2};
    Parameter resistance{1.0};
    Parameter v_leak{0.0};
    Parameter v_threshold{1.0};
    Parameter v_reset{0.0};
    Parameter w_in{1.0};
    Parameter bias{0.0};       ///< constant input current, added to x every step
    int refractory_steps = 1;  ///< may fire again this many steps after a spike; 1 = no dead step
    /// Given: the equations above don't count, but for refractory_steps; `kind` only says whether the neurons spike.
    std::optional<FixedNeuron> fixed{};

    [[nodiscard]] std::size_t size() const { return element_count(shape); }
    friend bool operator==(const Population&, const Population&) = default;
};

/// Row-major [target][source].
struct DenseWeights {
    std::vector<float> weights;
    friend bool operator==(const DenseWeights&, const DenseWeights&) = default;
};

/// By source: synapses row_begin[s] .. row_begin[s+1]. `delays` (steps beyond Projection::delay_steps) is empty or
/// one a synapse. Several synapses between the same two neurons are allowed.
struct SparseWeights {
    std::vector<std::uint64_t> row_begin;
    std::vector<std::uint32_t> targets;
    std::vector<float> weights;
    std::vector<std::uint8_t> delays;
    friend bool operator==(const SparseWeights&, const SparseWeights&) = default;
};

/// Summed pooling of the source before the kernel: window, stride, zero padding, and a factor (1/area: average).
struct Pooling {
    std::array<std::uint32_t, 2> kernel{1, 1};
    std::array<std::uint32_t, 2> stride{1, 1};
    std::array<std::uint32_t, 2> padding{0, 0};
    double scale = 1.0;
    friend bool operator==(const Pooling&, const Pooling&) = default;
};

/// A 2-D cross-correlation with shared weights, as torch.nn.Conv2d (1-D: height 1). Shapes are (channels, height,
/// width); `kernel` is [out channel][in channel / groups][row][column].
struct ConvolutionWeights {
    std::array<std::uint32_t, 3> input{1, 1, 1};  ///< after pooling
    std::array<std::uint32_t, 3> output{1, 1, 1};
    std::array<std::uint32_t, 2> kernel_size{1, 1};
    std::array<std::uint32_t, 2> stride{1, 1};
    std::array<std::uint32_t, 2> padding{0, 0};  ///< top and left; bottom and right follow from the shapes
    std::array<std::uint32_t, 2> dilation{1, 1};
    std::uint32_t groups = 1;
    std::vector<float> kernel;
    std::optional<Pooling> pooling;                ///< of the source, (channels, height, width) = source_shape
    std::array<std::uint32_t, 3> source{1, 1, 1};  ///< before pooling; equals `input` without it
    friend bool operator==(const ConvolutionWeights&, const ConvolutionWeights&) = default;
};

/// Neuron i to neuron i, one weight for all or one each.
struct OneToOneWeights {
    std::vector<float> weights;
    friend bool operator==(const OneToOneWeights&, const OneToOneWeights&) = default;
};

using Weights = std::variant<DenseWeights, SparseWeights, ConvolutionWeights, OneToOneWeights>;

/// Where spikes come from: a population, or an input port.
struct Source {
    enum class Kind : std::uint8_t { population, input };
    Kind kind = Kind::population;
    std::uint32_t index = 0;
    friend bool operator==(const Source&, const Source&) = default;
};

/// Plasticity of a projection. The rule is in the chip's terms (registers, traces of 7 bits, steps), as users of Loihi
/// write it; the float reference runs it in reals, with weights in units of weight_max / 255.
struct Learning {
    enum class Sign : std::uint8_t { mixed, excitatory, inhibitory };
    struct ThirdFactor {
        enum class From : std::uint8_t { nowhere, input, current, voltage };
        From from = From::nowhere;
        std::string input;  ///< From::input: a port as large as the target, or of one channel
        int shift = 0;
        friend bool operator==(const ThirdFactor&, const ThirdFactor&) = default;
    };

    rules::Rule rule;
    Sign sign = Sign::mixed;
    double weight_max = 1;     ///< the largest |weight| that learning shall reach, in the network's units
    int weight_bits = 8;       ///< as delivered; the engine keeps 8 bits and a sign
    std::string reward_input;  ///< an input port whose spikes are rewards; empty: none
    std::vector<std::int32_t> reward_values;  ///< one a channel of it
    std::array<ThirdFactor, 3> third_factors{};
    friend bool operator==(const Learning&, const Learning&) = default;
};

struct Projection {
    std::string name;  ///< the NIR nodes on the way, "fc1" or "pool1+conv2"
    Source source;
    PopulationId target;
    Weights weights;
    int delay_steps = 0;                 ///< beyond the step that every message takes
    int aligned_steps = 0;               ///< of those, what only a chip needs (balance_delays): not in same-step timing
    Parameter bias{0.0};                 ///< added to the target's x with the projection: 1 or target size values
    int bias_from_step = 0;              ///< 1: absent in the first step (Norse's recurrent branch)
    bool recurrent = false;              ///< on a cycle: in same-step timing it carries the spikes of the step before
    std::optional<Learning> learning{};  ///< its weights are plastic (dense, sparse or one-to-one, not convolutions)

    friend bool operator==(const Projection&, const Projection&) = default;
};

struct InputPort {
    std::string name;
    Shape shape;
    bool graded = false;  ///< its spikes carry whole numbers, which multiply the weights
    [[nodiscard]] std::size_t size() const { return element_count(shape); }
    friend bool operator==(const InputPort&, const InputPort&) = default;
};

struct OutputPort {
    std::string name;
    PopulationId population;
    friend bool operator==(const OutputPort&, const OutputPort&) = default;
};

struct Network {
    std::string name;
    double step_s = 1e-3;
    std::vector<InputPort> inputs;
    std::vector<Population> populations;
    std::vector<Projection> projections;
    std::vector<OutputPort> outputs;

    [[nodiscard]] std::size_t source_size(const Source& source) const;
    [[nodiscard]] const std::string& source_name(const Source& source) const;
    friend bool operator==(const Network&, const Network&) = default;
};

/// Everything that is wrong with the network (sizes that disagree, indices out of range, parameters that are not
/// finite, duplicate names, ...), as diagnostics that name population and projection. Empty: it is sound.
[[nodiscard]] Diagnostics check_network(const Network& network);

/// One synapse of an expanded projection.
struct Connection {
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    float weight = 0;
    std::uint16_t delay_steps = 0;  ///< Projection::delay_steps included
};

/// Whether weights of zero are synapses: those of plastic projections, which may grow.
enum class Zeros : std::uint8_t { left_out, kept };

/// Appends the synapses of one source neuron, each with its own delay added to `delay_steps`.
void append_synapses(const Weights& weights, std::size_t sources, std::size_t targets, std::uint32_t source,
                     int delay_steps, std::vector<Connection>& out, Zeros zeros = Zeros::left_out);

/// Appends the synapses of one source neuron, ascending by target, zero weights left out unless the projection is
/// plastic; convolutions and pooling are expanded on the way (contributions of one pooled window to one target are
/// summed into one connection).
void append_connections(const Network& network, const Projection& projection, std::uint32_t source,
                        std::vector<Connection>& out);
[[nodiscard]] std::uint64_t connection_count(const Network& network, const Projection& projection);

}  // namespace spikeloom::compiler
