#include "compiler/timed/scale_times.hpp"

namespace spikeloom::compiler {

void scale_times(TimedNetwork& network, double factor) {
    for (TimedInput& input : network.inputs) {
        for (double& time : input.constant_times) {
            time *= factor;
        }
    }
    for (TimedPopulation& population : network.populations) {
        for (AdEx& neuron : population.neurons) {
            neuron.lif.tau_mem *= factor;
            neuron.lif.tau_syn *= factor;
            neuron.lif.refractory *= factor;
            neuron.tau_syn_inhibitory *= factor;
            neuron.tau_w *= factor;
        }
    }
    for (TimedProjection& projection : network.projections) {
        for (double& delay : projection.delays) {
            delay *= factor;
        }
    }
    if (network.coding) {
        network.coding->time_unit_s *= factor;
        network.coding->earliest_s *= factor;
        network.coding->latest_s *= factor;
        network.coding->window_s *= factor;
    }
}

}  // namespace spikeloom::compiler
