#include <algorithm>

#include "chip/analog/tables.hpp"

namespace spikeloom::chip::analog {
namespace {

/// The model of a neuron that has more than Lif, with this instance's Lif in it.
AdEx deviating_adaptive(const AdEx& target, const Lif& lif) {
    AdEx model = target;
    if (target.tau_syn_inhibitory > 0) {
        model.tau_syn_inhibitory *= lif.tau_syn / target.lif.tau_syn;
    }
    model.lif = lif;
    return model;
}

/// Sums what a source sends to each neuron; where a neuron tells excitation from inhibition, each apart.
class MergedRow {
public:
    explicit MergedRow(std::size_t neurons) : sums_(2 * neurons), touched_(2 * neurons) {}

    void add(std::uint32_t neuron, bool sides_differ, double weight) {
        const std::size_t slot = 2 * std::size_t{neuron} + (sides_differ && weight < 0 ? 1 : 0);
        if (touched_[slot] == 0) {
            touched_[slot] = 1;
            order_.push_back(static_cast<std::uint32_t>(slot));
        }
        sums_[slot] += weight;
    }

    void take(core::analog::Net& net) {
        for (const std::uint32_t slot : order_) {
            net.targets.push_back(slot / 2);
            net.weights.push_back(sums_[slot]);
            sums_[slot] = 0;
            touched_[slot] = 0;
        }
        order_.clear();
    }

private:
    std::vector<double> sums_;
    std::vector<std::uint8_t> touched_;
    std::vector<std::uint32_t> order_;
};

}  // namespace

core::analog::Net build_net(const AnalogImage& image, const AnalogRun& run, const RunTables& tables, bool merge,
                            std::vector<std::uint32_t>* synapse_cells) {
    const AnalogArray& array = image.chip.array;
    const Routes& routes = tables.routes;
    core::analog::Net net;
    net.neurons = tables.lifs;
    net.inputs = static_cast<std::uint32_t>(routes.crossbar.size() - tables.neurons.size());
    std::vector<double> units;
    std::vector<std::uint8_t> sides_differ;
    for (std::uint32_t n = 0; n < tables.neurons.size(); ++n) {
        const NeuronTarget& target = image.neurons[tables.neurons[n]];
        units.push_back(target.weight_unit);
        sides_differ.push_back(target.adaptive ? 1 : 0);
        if (target.adaptive) {
            net.adaptive.push_back({.neuron = n, .model = deviating_adaptive(target.model, tables.lifs[n])});
        }
    }
    net.row_begin.reserve(routes.crossbar.size() + 1);
    net.row_begin.push_back(0);
    net.targets.reserve(routes.cells.size());
    net.weights.reserve(routes.cells.size());
    MergedRow row(tables.neurons.size());
    for (std::size_t source = 0; source < routes.crossbar.size(); ++source) {
        for (std::uint64_t i = routes.cell_begin[source]; i < routes.cell_begin[source + 1]; ++i) {
            const std::uint32_t index = routes.cells[i];
            const SynapseCell& cell = run.cells[index];
            if (merge && cell.weight == 0) {
                continue;
            }
            const std::uint32_t neuron =
                routes.neuron_at[static_cast<std::size_t>(cell.hemisphere * array.columns + cell.column)];
            const int sign = routes.row_sign[static_cast<std::size_t>(cell.hemisphere * array.rows + cell.row)];
            double weight = units[neuron] * (sign * cell.weight);
            if (!tables.cell_factors.empty()) {
                weight *= static_cast<double>(tables.cell_factors[index]);
            }
            if (merge) {
                row.add(neuron, sides_differ[neuron] != 0, weight);
            } else {
                net.targets.push_back(neuron);
                net.weights.push_back(weight);
                synapse_cells->push_back(index);
            }
        }
        row.take(net);
        net.row_begin.push_back(net.targets.size());
    }
    return net;
}

}  // namespace spikeloom::chip::analog
