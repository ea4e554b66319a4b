#include "compiler/nir/nir_neuron.hpp"

#include <algorithm>

#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {
namespace {

NeuronKind kind_of(NirType type) {
    switch (type) {
    case NirType::threshold:
        return NeuronKind::threshold;
    case NirType::integrator:
        return NeuronKind::integrator;
    case NirType::integrate_fire:
        return NeuronKind::integrate_fire;
    case NirType::leaky_integrator:
        return NeuronKind::leaky_integrator;
    case NirType::leaky:
        return NeuronKind::leaky;
    case NirType::current_based_integrator:
        return NeuronKind::current_based_integrator;
    case NirType::current_based:
        return NeuronKind::current_based;
    case NirType::input:
    case NirType::output:
    case NirType::affine:
    case NirType::linear:
    case NirType::scale:
    case NirType::conv1d:
    case NirType::conv2d:
    case NirType::sum_pool:
    case NirType::average_pool:
    case NirType::flatten:
    case NirType::delay:
    case NirType::graph:
        break;
    }
    assertion_failed("is_neuron(type)", __FILE__, __LINE__, nir_type_name(type));
}

/// Equal values fold into one.
Parameter compact(std::vector<double> values) {
    if (std::ranges::all_of(values, [&](double value) { return value == values[0]; })) {
        values.resize(1);
    }
    return Parameter(std::move(values));
}

class Reader {
public:
    Reader(const NirNode& node, const Shape& shape) : node_(node), shape_(shape) {}

    /// A parameter times a factor, or the fallback where the node has none.
    [[nodiscard]] Parameter get(const char* name, double factor = 1, double fallback = 0) const {
        const NirArray* array = node_.find(name);
        if (array == nullptr) {
            return fallback;
        }
        auto values = array->values.size() == 1 ? array->values : *spread(*array, shape_);
        std::ranges::for_each(values, [&](double& value) { value *= factor; });
        return compact(std::move(values));
    }

private:
    const NirNode& node_;
    const Shape& shape_;
};

/// a * b / step, neuron by neuron.
Parameter product_over_step(const Parameter& a, const Parameter& b, double step_s) {
    std::vector<double> values(std::max(a.values.size(), b.values.size()));
    for (std::size_t index = 0; index < values.size(); ++index) {
        values[index] = a[index] * b[index] / step_s;
    }
    return compact(std::move(values));
}

}  // namespace

Population population_of(const NirNode& node, const std::string& name, const Shape& shape,
                         const NirConventions& conventions) {
    const Reader reader(node, shape);
    Population population;
    population.name = name;
    population.shape = shape;
    population.kind = kind_of(node.type);
    if (leaks(population.kind)) {
        population.tau_mem_s = reader.get(node.find("tau") != nullptr ? "tau" : "tau_mem", conventions.unit_s);
        population.v_leak = reader.get("v_leak");
    }
    if (population.kind != NeuronKind::threshold) {
        population.resistance = reader.get("r");
        if (!leaks(population.kind)) {
            // dv/dt = r I: r is per unit of time of the file.
            population.resistance =
                reader.get("r", 1 / (conventions.scale_r_by_dt ? conventions.step_s : conventions.unit_s));
        } else if (conventions.scale_r_by_dt) {
            population.resistance = product_over_step(population.resistance, population.tau_mem_s, conventions.step_s);
        }
    }
    if (has_synaptic_current(population.kind)) {
        population.tau_syn_s = reader.get("tau_syn", conventions.unit_s);
        population.w_in = reader.get("w_in", 1, 1);
        if (conventions.scale_w_in_by_dt) {
            population.w_in = product_over_step(population.w_in, population.tau_syn_s, conventions.step_s);
        }
    }
    if (spikes(population.kind)) {
        population.v_threshold = reader.get(population.kind == NeuronKind::threshold ? "threshold" : "v_threshold");
        population.v_reset = reader.get("v_reset");
        population.reset = population.kind == NeuronKind::threshold ? ResetRule::to_value : conventions.reset;
    }
    return population;
}

}  // namespace spikeloom::compiler
