#include "compiler/legalise/late_reference.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/legalise/legal_network.hpp"

namespace spikeloom::compiler {

void bias_late(Network& network, std::uint32_t population, int steps) {
    Population& own = network.populations[population];
    const auto carrier = std::ranges::find_if(network.projections, [&](const Projection& projection) {
        return projection.target.value() == population && projection.bias_from_step == 0;
    });
    if (own.fixed || carrier == network.projections.end()) {
        return;
    }
    const bool leaks_at_once = leaks(own.kind) && !has_synaptic_current(own.kind);
    std::vector<double> biases(own.size());
    std::vector<double> leaks_to(own.size());
    for (std::size_t i = 0; i < biases.size(); ++i) {
        const bool moved = leaks_at_once && own.v_reset[i] == 0 && own.resistance[i] != 0;
        biases[i] = carrier->bias[i] + own.bias[i] + (moved ? own.v_leak[i] / own.resistance[i] : 0.0);
        leaks_to[i] = moved ? 0.0 : own.v_leak[i];
    }
    carrier->bias = Parameter(std::move(biases));
    own.bias = Parameter(0.0);
    own.v_leak = Parameter(std::move(leaks_to));
    for (Projection& projection : network.projections) {
        projection.bias_from_step += projection.target.value() == population ? steps : 0;
    }
}

int biased_from(const Network& network, std::size_t population) {
    std::optional<int> least;
    for (const Projection& projection : network.projections) {
        if (projection.target.value() == population) {
            least = std::min(least.value_or(projection.bias_from_step), projection.bias_from_step);
        }
    }
    return least.value_or(0);
}

Network without_added_starts(Network network, std::span<const int> added) {
    for (std::size_t p = 0; p < std::min(added.size(), network.populations.size()); ++p) {
        const int steps = added[p];
        if (steps > 0 && biased_from(network, p) >= steps) {
            for (Projection& projection : network.projections) {
                projection.bias_from_step -= projection.target.value() == p ? steps : 0;
            }
        }
        if (std::optional<FixedNeuron>& fixed = network.populations[p].fixed) {
            ModelParameters& own = fixed->parameters;
            const bool once = own.reset_interval == LateStart::once;
            own.reset_interval = once ? 0 : own.reset_interval;
            own.reset_offset = own.reset_interval == 0 ? 0 : (own.reset_offset - steps) % own.reset_interval;
            own.reset_offset += own.reset_offset < 0 ? own.reset_interval : 0;
        }
    }
    return network;
}

}  // namespace spikeloom::compiler
