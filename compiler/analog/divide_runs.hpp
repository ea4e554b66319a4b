// Divide: a network into runs of one chip, one after the other. Spikes of earlier runs enter later ones from the host,
// so only feed-forward parts can be divided. Runs are filled in the order of dependence, as far as circuits and routes
// allow; a network that fits stays in one run.
#pragma once

#include <span>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "compiler/analog/fabric.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler::analog {

struct DivideInput {
    const TimedNetwork& network;
    const FanIn& fan_in;
    std::span<const std::int32_t> registers;  ///< one a synapse of fan_in
    const Fabric& fabric;
    int joined_circuits = 0;  ///< that a neuron may have at most
    int max_runs = 0;
};

[[nodiscard]] Result<std::vector<chip::AnalogRun>> divide_runs(const DivideInput& input);

}  // namespace spikeloom::compiler::analog
