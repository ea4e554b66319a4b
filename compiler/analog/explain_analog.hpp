// Why a network takes so many runs of an analog chip, or none: how full the fullest run is, what each population needs
// of circuits, and what a change would bring. As explain() for chips with steps: every figure is that of a network that
// was changed and mapped, and a network that needs more runs than are allowed has a figure too.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct AnalogTrial {
    std::string change;
    std::string how{};        ///< the option that does it; empty: it takes another network
    bool maps = false;        ///< in any number of runs that is tried (most_runs_tried)
    bool fits = false;        ///< in as many as are allowed
    std::uint32_t runs = 0;   ///< one after the other
    double weights_lost = 0;  ///< root of the share of their squares
    std::string refusal{};    ///< the first reason where it doesn't map
};

/// What the run that has most of it takes.
struct AnalogUse {
    std::string what;
    std::size_t most = 0;
    std::size_t room = 0;
};

struct AnalogNeed {
    std::string population;
    std::size_t neurons = 0;
    std::size_t most_inputs = 0;      ///< distinct sources of one neuron, each a signed input
    std::size_t circuits = 0;         ///< of that neuron, at least
    std::size_t circuits_of_all = 0;  ///< at least
};

struct AnalogExplanation {
    AnalogTrial as_is;
    Diagnostics refusal;         ///< as compile_analog() tells it; empty: the network fits
    std::size_t least_runs = 0;  ///< no mapping takes fewer: neuron circuits
    std::vector<AnalogUse> uses;
    std::vector<AnalogNeed> populations;
    std::vector<AnalogTrial> trials;  ///< what fits first, then by runs, then by what is lost
    bool interrupted = false;
};

inline constexpr int most_runs_tried = 1024;

/// Of a chip with circuits, not an ideal one. Errors: the network is not sound, options out of range.
[[nodiscard]] Result<AnalogExplanation> explain_analog(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                                       const AnalogCompileOptions& options,
                                                       const std::function<bool()>& stop = {});

/// The network with the strongest inputs of every neuron only (an input: all synapses of one source), or without a
/// share of the smallest weights of every projection. `lost` takes the root of what share of the sum of squares went.
[[nodiscard]] TimedNetwork with_strongest_inputs(const TimedNetwork& network, std::size_t keep, double& lost);
[[nodiscard]] TimedNetwork without_weakest(const TimedNetwork& network, double share, double& lost);

}  // namespace spikeloom::compiler
