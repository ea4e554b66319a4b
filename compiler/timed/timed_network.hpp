// TimedNetwork: a spiking network in continuous time, in units that no chip has. What a time-to-first-spike net is, and
// what analog chips run: no step, delays in seconds, spikes at real times. Front ends (ttfs_text, NIR) make it; the
// analog compiler maps it; to_stepped() makes a Network of it, for chips with steps. Equations:
// core/base/analog_neuron.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "compiler/network.hpp"
#include "core/base/analog_neuron.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct TimedInput {
    std::string name;
    Shape shape;
    std::vector<double> constant_times;  ///< s; every channel spikes then in every sample (a bias); empty: data
    [[nodiscard]] std::size_t size() const { return element_count(shape); }
    friend bool operator==(const TimedInput&, const TimedInput&) = default;
};

struct TimedPopulation {
    std::string name;
    Shape shape;
    std::vector<AdEx> neurons;  ///< one for all, or one each
    bool adaptive = false;      ///< false: only neurons[].lif counts
    [[nodiscard]] std::size_t size() const { return element_count(shape); }
    [[nodiscard]] const AdEx& neuron(std::size_t i) const { return neurons[neurons.size() == 1 ? 0 : i]; }
    friend bool operator==(const TimedPopulation&, const TimedPopulation&) = default;
};

/// Synapses by source: row_begin[s] .. row_begin[s + 1]. A spike adds its weight to the target's I.
struct TimedProjection {
    std::string name;
    Source source;
    PopulationId target;
    std::vector<std::uint64_t> row_begin;
    std::vector<std::uint32_t> targets;
    std::vector<double> weights;
    std::vector<double> delays;  ///< s, one a synapse; empty: none
    friend bool operator==(const TimedProjection&, const TimedProjection&) = default;
};

struct TimedNetwork {
    std::string name;
    std::vector<TimedInput> inputs;
    std::vector<TimedPopulation> populations;
    std::vector<TimedProjection> projections;
    std::vector<PopulationId> outputs;
    std::optional<chip::TtfsCoding> coding;

    [[nodiscard]] std::size_t source_size(const Source& source) const;
    [[nodiscard]] const std::string& source_name(const Source& source) const;
    [[nodiscard]] bool has_delays() const;
    friend bool operator==(const TimedNetwork&, const TimedNetwork&) = default;
};

/// Sizes that disagree, indices out of range, numbers that are not finite or not positive, duplicate names. Empty:
/// sound.
[[nodiscard]] Diagnostics check_timed_network(const TimedNetwork& network);

/// All-to-all synapses of W[source][target] (row-major); zero weights are kept. `delays` as W, or one a source, or
/// empty.
void set_dense(TimedProjection& projection, std::size_t sources, std::size_t targets, std::vector<double> weights,
               const std::vector<double>& delays = {});

/// The same network in steps of step_s, for stepped chips: w_in = tau_syn / step_s, delays and refractory times
/// rounded to steps (those of one-spike neurons as long as `max_refractory_steps`, with a remark). Inputs with constant
/// times become ordinary ports, which the caller drives.
struct SteppedNetwork {
    Network network;
    Diagnostics remarks;
};
[[nodiscard]] Result<SteppedNetwork> to_stepped(const TimedNetwork& network, double step_s, int max_refractory_steps);

/// What may be brought near where a network with steps has no exact counterpart; by default it is refused.
struct ContinuousTimeOptions {
    /// Neurons without a synaptic current get one with this time constant: a spike is a pulse of the same charge; s.
    double pulse_s = 0;
    double leakless_tau_s = 0;      ///< membrane time constant of neurons that don't leak, large against a sample; s
    double least_refractory_s = 0;  ///< steps bound a neuron's rate; so can this
    /// Steps of a sample, in each of which a constant input current comes as a spike of an input of its own.
    std::uint32_t bias_steps = 0;
    bool approximate_reset = false;  ///< reset to the leak potential where the network subtracts the threshold
};

/// A Network (NIR CubaLIF, netx and so on) in continuous time: a spike's charge and a constant input's effect are those
/// of the steps, so one adds step_s / tau_syn * w_in * weight to I; decays given in registers become time constants.
/// Everything that has no continuous meaning (threshold neurons, soft reset, biases, values, plasticity) is refused,
/// but for what the options allow.
[[nodiscard]] Result<TimedNetwork> to_timed(const Network& network, const ContinuousTimeOptions& options = {});

}  // namespace spikeloom::compiler
