// What inspect says of analog chips and their images.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/descriptions.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

std::string range_text(const chip::RealRange& range, double unit) {
    return fmt::format("{:g} to {:g}", range.least / unit, range.most / unit);
}

/// "0.031 (0 to 0.05, inferred)"; no bounds where they are the value.
std::string quantity_text(const chip::Quantity& quantity) {
    if (quantity.low == quantity.high) {
        return fmt::format("{:g} ({})", quantity.value, name_of(quantity.trust));
    }
    return fmt::format("{:g} ({:g} to {:g}, {})", quantity.value, quantity.low, quantity.high, name_of(quantity.trust));
}

json::object array_limits(const chip::AnalogArray& array) {
    return {{"hemispheres", array.hemispheres},
            {"neuron_circuits", array.circuits()},
            {"synapses", std::int64_t{array.circuits()} * array.rows},
            {"rows_per_hemisphere", array.rows},
            {"drivers_per_hemisphere", array.drivers},
            {"padi_buses_per_hemisphere", array.padi_buses},
            {"weight_bits", array.weight_bits},
            {"label_bits", array.label_bits},
            {"signed_inputs_per_circuit", array.signed_inputs()},
            {"joined_circuits", array.joined_circuits}};
}

json::object crossbar_limits(const chip::AnalogCrossbar& crossbar) {
    return {{"neuron_outputs", crossbar.neuron_outputs},
            {"l2_lanes", crossbar.l2_lanes},
            {"background_sources", crossbar.background_sources},
            {"nodes", crossbar.nodes.size()},
            {"label_bits", crossbar.label_bits}};
}

json::object converter_limits(const chip::Converter& converter) {
    return {{"bits", converter.bits},
            {"period_us", converter.period_s * 1e6},
            {"channels", converter.channels},
            {"samples", converter.samples}};
}

void describe_limits(const chip::AnalogSpec& chip, json::object& described) {
    described["array"] = array_limits(chip.array);
    described["crossbar"] = crossbar_limits(chip.crossbar);
    described["ranges"] = json::object{{"tau_mem_us", range_text(chip.ranges.tau_mem_s, 1e-6)},
                                       {"tau_syn_us", range_text(chip.ranges.tau_syn_s, 1e-6)},
                                       {"refractory_us", range_text(chip.ranges.refractory_s, 1e-6)},
                                       {"potential_lsb", range_text(chip.ranges.potential_lsb, 1)},
                                       {"parameter_bits", chip.ranges.parameter_bits}};
    described["links"] = json::object{{"time_stamp_ns", chip.links.time_stamp_s * 1e9},
                                      {"lane_interval_ns", chip.links.lane_interval_s * 1e9},
                                      {"host_round_trip_us", chip.links.host_round_trip_s * 1e6}};
    described["cadc"] = converter_limits(chip.cadc);
    described["madc"] = converter_limits(chip.madc);
    if (chip.plasticity.present) {
        described["plasticity"] =
            json::object{{"processors", chip.plasticity.processors},
                         {"clock_mhz", chip.plasticity.clock_hz / 1e6},
                         {"vector_bytes", chip.plasticity.vector_bytes},
                         {"correlation_tau_us", range_text(chip.plasticity.correlation_tau_s, 1e-6)},
                         {"sensor_bits", chip.plasticity.sensor_bits}};
    }
    json::array mismatch;
    for (const chip::Mismatch& one : chip.mismatch) {
        mismatch.push_back(json::object{{"mismatch_of", name_of(one.of)},
                                        {"uncalibrated", quantity_text(one.uncalibrated)},
                                        {"calibrated", quantity_text(one.calibrated)},
                                        {"trial", quantity_text(one.trial)}});
    }
    described["mismatch"] = std::move(mismatch);
    json::array costs;
    for (const chip::AnalogCostTable& table : chip.costs) {
        costs.push_back(json::object{{"cost_table", table.name},
                                     {"chip_power_mw", quantity_text(table.chip_power_mw)},
                                     {"event_prices", table.events.size()},
                                     {"title", table.title}});
    }
    described["cost_tables"] = std::move(costs);
}

json::object run_row(const chip::AnalogRun& run, std::size_t index) {
    std::size_t circuits = 0;
    for (const chip::PlacedNeuron& neuron : run.neurons) {
        circuits += neuron.circuits.size();
    }
    const auto weighted =
        std::ranges::count_if(run.cells, [](const chip::SynapseCell& cell) { return cell.weight > 0; });
    return {{"run", index},
            {"neurons", run.neurons.size()},
            {"circuits", circuits},
            {"drivers", run.drivers.size()},
            {"synapses", run.cells.size()},
            {"not_zero", weighted},
            {"crossbar_nodes", run.crossbar.size()},
            {"host_sources", run.host_sources.size()},
            {"background_sources", run.background.size()}};
}

template <class Text>
json::array texts(const std::vector<Text>& values) {
    json::array all;
    for (const Text& value : values) {
        all.emplace_back(value);
    }
    return all;
}

}  // namespace

json::object describe(const chip::AnalogSpec& chip) {
    json::object described{{"kind", "analog chip description"}, {"name", chip.name},         {"title", chip.title},
                           {"description", chip.description},   {"time_base", "continuous"}, {"ideal", chip.ideal},
                           {"speed_up", chip.speed_up}};
    if (!chip.ideal) {
        describe_limits(chip, described);
    }
    return described;
}

json::object describe(const chip::AnalogImage& image) {
    json::array inputs;
    for (const chip::AnalogInput& input : image.inputs) {
        inputs.push_back(json::object{{"input", input.name},
                                      {"shape", shape_text(input.shape)},
                                      {"channels", input.count},
                                      {"constant_spikes", input.constant_times.size()}});
    }
    json::array populations;
    for (std::size_t i = 0; i < image.populations.size(); ++i) {
        const chip::AnalogPopulation& population = image.populations[i];
        const bool output = std::ranges::find(image.outputs, i) != image.outputs.end();
        const Lif lif = population.count == 0 ? Lif{} : image.neurons[population.first_neuron].model.lif;
        populations.push_back(json::object{{"population", population.name},
                                           {"shape", shape_text(population.shape)},
                                           {"neurons", population.count},
                                           {"first_tau_mem_us", lif.tau_mem * 1e6},
                                           {"first_tau_syn_us", lif.tau_syn * 1e6},
                                           {"output", output}});
    }
    json::object described{{"kind", "analog image"},
                           {"program", image.provenance.program},
                           {"network", image.network_name},
                           {"network_file", image.provenance.network_file},
                           {"network_sha256", image.provenance.network_sha256},
                           {"chip", image.chip.name},
                           {"inputs", std::move(inputs)},
                           {"populations", std::move(populations)}};
    if (image.coding) {
        described["coding"] = json::object{
            {"time_unit_us", image.coding->time_unit_s * 1e6}, {"earliest_us", image.coding->earliest_s * 1e6},
            {"latest_us", image.coding->latest_s * 1e6},       {"inverted", image.coding->inverted},
            {"silent_below", image.coding->silent_below},      {"window_us", image.coding->window_s * 1e6}};
    }
    if (image.chip.ideal) {
        described["synapses"] = image.synapses.targets.size();
        described["delays"] = !image.synapses.delays.empty();
    } else {
        json::array runs;
        for (std::size_t i = 0; i < image.runs.size(); ++i) {
            runs.push_back(run_row(image.runs[i], i));
        }
        described["runs"] = std::move(runs);
    }
    described["options"] = texts(image.provenance.options);
    described["rules"] = texts(image.provenance.rules);
    return described;
}

}  // namespace spikeloom::tools
