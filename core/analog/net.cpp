#include "core/analog/net.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::core::analog {

namespace {

bool sound(const Lif& neuron) {
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    return positive(neuron.tau_mem) && positive(neuron.tau_syn) && positive(neuron.resistance) &&
           std::isfinite(neuron.leak) && std::isfinite(neuron.reset) && !std::isnan(neuron.threshold) &&
           neuron.reset < neuron.threshold && neuron.refractory >= 0;
}

bool sound(const AdEx& model) {
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    return sound(model.lif) && std::isfinite(model.tau_syn_inhibitory) && model.tau_syn_inhibitory >= 0 &&
           (!model.exponential ||
            (positive(model.slope) && std::isfinite(model.exp_threshold) &&
             // Above it V runs away at once, and again after every reset.
             std::max(model.lif.reset, model.lif.leak) < model.exp_threshold + 10 * model.slope)) &&
           (!model.adaptation || (positive(model.tau_w) && std::isfinite(model.a) && std::isfinite(model.b))) &&
           (!model.conductance || (std::isfinite(model.e_excitatory) && std::isfinite(model.e_inhibitory)));
}

void check_synapses(const Net& net, std::vector<std::string>& faults) {
    if (net.row_begin.size() != net.sources() + 1 || net.row_begin.front() != 0 ||
        net.row_begin.back() != net.targets.size()) {
        faults.emplace_back("row_begin does not divide the synapses by source");
        return;
    }
    for (std::size_t s = 0; s < net.sources(); ++s) {
        if (net.row_begin[s] > net.row_begin[s + 1]) {
            faults.push_back("row_begin falls at source " + std::to_string(s));
            return;
        }
    }
    if (net.weights.size() != net.targets.size() || (!net.delays.empty() && net.delays.size() != net.targets.size())) {
        faults.emplace_back("weights or delays are not one a synapse");
        return;
    }
    for (std::size_t i = 0; i < net.targets.size(); ++i) {
        if (net.targets[i] >= net.neurons.size() || !std::isfinite(net.weights[i]) ||
            (!net.delays.empty() && !(net.delays[i] >= 0 && std::isfinite(net.delays[i])))) {
            faults.push_back("synapse " + std::to_string(i) + " has a target, weight or delay out of range");
            return;
        }
    }
}

}  // namespace

std::vector<std::string> faults_of(const Net& net) {
    std::vector<std::string> faults;
    for (std::size_t n = 0; n < net.neurons.size(); ++n) {
        if (!sound(net.neurons[n])) {
            faults.push_back("neuron " + std::to_string(n) + " has parameters out of range");
            break;
        }
    }
    for (std::size_t i = 0; i < net.adaptive.size(); ++i) {
        if (net.adaptive[i].neuron >= net.neurons.size() || !sound(net.adaptive[i].model) ||
            (i > 0 && net.adaptive[i].neuron <= net.adaptive[i - 1].neuron)) {
            faults.push_back("adaptive entry " + std::to_string(i) + " is out of order or has parameters out of range");
            break;
        }
    }
    check_synapses(net, faults);
    return faults;
}

}  // namespace spikeloom::core::analog
