#include <fmt/format.h>

#include <algorithm>

#include "tools/descriptions.hpp"

namespace spikeloom::tools {

namespace json = boost::json;

namespace {

/// "1e-05", or the range of it over neurons.
template <class Of>
std::string values_text(const compiler::TimedPopulation& population, Of of) {
    double least = of(population.neurons.front());
    double most = least;
    for (const AdEx& neuron : population.neurons) {
        least = std::min(least, of(neuron));
        most = std::max(most, of(neuron));
    }
    return least == most ? fmt::format("{:.6g}", least) : fmt::format("{:.6g}..{:.6g}", least, most);
}

json::object population_row(const compiler::TimedPopulation& population) {
    const auto lif = [](auto member) { return [member](const AdEx& neuron) { return neuron.lif.*member; }; };
    return {{"population", population.name},
            {"shape", shape_text(population.shape)},
            {"neurons", population.size()},
            {"model", population.adaptive ? "AdEx" : "LIF"},
            {"tau_mem_s", values_text(population, lif(&Lif::tau_mem))},
            {"tau_syn_s", values_text(population, lif(&Lif::tau_syn))},
            {"resistance", values_text(population, lif(&Lif::resistance))},
            {"leak", values_text(population, lif(&Lif::leak))},
            {"threshold", values_text(population, lif(&Lif::threshold))},
            {"refractory_s", values_text(population, lif(&Lif::refractory))}};
}

json::object projection_row(const compiler::TimedNetwork& network, const compiler::TimedProjection& projection) {
    const auto [least, most] = std::minmax_element(projection.weights.begin(), projection.weights.end());
    json::object row{{"projection", projection.name},
                     {"from", network.source_name(projection.source)},
                     {"to", network.populations[projection.target.value()].name},
                     {"synapses", projection.targets.size()}};
    if (!projection.weights.empty()) {
        row["weights"] = fmt::format("{:.4g}..{:.4g}", *least, *most);
    }
    if (!projection.delays.empty()) {
        const auto [shortest, longest] = std::minmax_element(projection.delays.begin(), projection.delays.end());
        row["delays_s"] = fmt::format("{:.4g}..{:.4g}", *shortest, *longest);
    }
    return row;
}

}  // namespace

json::object describe(const LoadedTimedNetwork& loaded) {
    const compiler::TimedNetwork& network = loaded.network;
    json::array inputs;
    for (const compiler::TimedInput& input : network.inputs) {
        json::object row{{"input", input.name}, {"shape", shape_text(input.shape)}, {"channels", input.size()}};
        if (!input.constant_times.empty()) {
            row["constant_times_s"] = json::array(input.constant_times.begin(), input.constant_times.end());
        }
        inputs.push_back(std::move(row));
    }
    json::array populations;
    for (const compiler::TimedPopulation& population : network.populations) {
        populations.push_back(population_row(population));
    }
    json::array projections;
    for (const compiler::TimedProjection& projection : network.projections) {
        projections.push_back(projection_row(network, projection));
    }
    json::array outputs;
    for (const PopulationId output : network.outputs) {
        outputs.push_back(json::object{{"output", network.populations[output.value()].name}});
    }
    json::object described{{"kind", "network in continuous time"},
                           {"format", loaded.format},
                           {"name", network.name},
                           {"inputs", std::move(inputs)},
                           {"populations", std::move(populations)},
                           {"projections", std::move(projections)},
                           {"outputs", std::move(outputs)}};
    if (network.coding) {
        const chip::TtfsCoding& coding = *network.coding;
        described["coding"] =
            json::object{{"time_unit_s", coding.time_unit_s},   {"earliest_s", coding.earliest_s},
                         {"latest_s", coding.latest_s},         {"large_values", coding.inverted ? "early" : "late"},
                         {"silent_below", coding.silent_below}, {"window_s", coding.window_s}};
    }
    return described;
}

}  // namespace spikeloom::tools
