// The JSON report. The unit of every figure is the end of its key (_pj, _ns, _s, _ms, _bytes, _mw); keys are stable,
// documented in README.md beside this file. What the recording lacks is null.
#include "runtime/report/findings.hpp"
#include "runtime/report/json_parts.hpp"
#include "runtime/report/json_print.hpp"
#include "runtime/report/json_values.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

json::value measured(double value) {
    return value < 0 ? json::value(nullptr) : json_number(value);
}

json::object counts(const Counters& counters) {
    json::object object;
    for (const CounterInfo& info : counter_table) {
        object[info.name] = counters[info.counter];
    }
    return object;
}

json::object headline(const Report& report) {
    const Per unit = per(report);
    const auto each = [&](std::uint64_t count) { return static_cast<double>(count) / unit.count; };
    json::object object{{"per", unit.noun},
                        {"count", static_cast<std::uint64_t>(unit.count)},
                        {"accuracy", nullptr},
                        {"accuracy_low", nullptr},
                        {"accuracy_high", nullptr},
                        {"accuracy_float", report.gap ? measured(report.gap->float_accuracy) : nullptr},
                        {"cores_used", report.cores.size()},
                        {"cores_available", report.mesh.cores()},
                        {"spikes_per", each(report.totals[Counter::spikes])},
                        {"synaptic_events_per", each(report.totals.synaptic_events())}};
    if (report.samples > 0) {
        const chip::Estimate interval = accuracy_interval(report);
        object["accuracy"] = interval.value;
        object["accuracy_low"] = interval.low;
        object["accuracy_high"] = interval.high;
    }
    return object;
}

json::array populations(const Report& report) {
    json::array array;
    for (const PopulationActivity& population : report.populations) {
        array.push_back(json::object{{"name", population.name},
                                     {"shape", to_json(population.shape)},
                                     {"neurons", population.neurons},
                                     {"spikes", report.spikes_recorded ? json::value(population.spikes) : nullptr},
                                     {"output", population.output},
                                     {"spiking", population.spiking}});
    }
    return array;
}

json::array cores(const Report& report) {
    json::array array;
    for (const CoreOccupancy& core : report.cores) {
        const auto place = static_cast<int>(core.place);
        json::object object{{"place", core.place},
                            {"tile_x", report.mesh.column(place)},
                            {"tile_y", report.mesh.row(place)},
                            {"synapses", core.synapses}};
        for (const Limit limit : recorded_limits(report)) {
            object[key(limit)] = used(core, limit);
        }
        object["binding_limit"] = key(binding(report, core));
        object["binding_utilisation"] = utilisation(report, core, binding(report, core));
        object["counters"] = counts(core.counters);
        array.push_back(std::move(object));
    }
    return array;
}

json::value evaluation(const Report& report) {
    if (report.samples == 0) {
        return nullptr;
    }
    json::array confusion;
    for (const auto& row : report.confusion) {
        confusion.push_back(to_json(row));
    }
    return json::object{{"samples", report.samples},
                        {"correct", report.correct},
                        {"without_decision", report.silent},
                        {"confusion", std::move(confusion)},
                        {"without_decision_by_label", to_json(report.silent_by_label)},
                        {"mean_first_spike_step", measured(report.mean_first_spike_step)},
                        {"accuracy_over_run", to_json(report.accuracy_over_run)}};
}

json::object neurobench(const Report& report) {
    const NeuroBench& figures = report.neurobench;
    const bool weights = figures.footprint_float_bytes > 0;  // else the recording says nothing of them
    const auto of_weights = [&](double value) { return weights ? json_number(value) : json::value(nullptr); };
    return {{"per", per(report).noun},
            {"footprint_bytes", json_number(figures.footprint_bytes)},
            {"footprint_float_bytes", of_weights(figures.footprint_float_bytes)},
            {"connection_sparsity", of_weights(figures.connection_sparsity)},
            {"connection_sparsity_float", of_weights(figures.connection_sparsity_float)},
            {"activation_sparsity", json_number(figures.activation_sparsity)},
            {"effective_macs", json_number(figures.effective_macs)},
            {"effective_acs", json_number(figures.effective_acs)},
            {"dense_operations", of_weights(figures.dense_operations)},
            {"membrane_updates", json_number(figures.membrane_updates)}};
}

/// The file's own JSON, as it was; null if it is none.
json::value embedded(const std::string& text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    return error ? json::value(nullptr) : value;
}

json::array losses(const Report& report) {
    json::array array;
    for (const chip::ProjectionLoss& loss : report.losses) {
        array.push_back(json::object{{"projection", loss.name},
                                     {"weights", loss.weights},
                                     {"synapses", loss.synapses},
                                     {"zeroed", loss.zeroed},
                                     {"clipped", loss.clipped},
                                     {"rms_error_of_rms_weight", json_number(loss.rms_error)},
                                     {"max_error_of_max_weight", json_number(loss.max_error)},
                                     {"weight_exponent", loss.weight_exponent},
                                     {"weight_bits", loss.weight_bits}});
    }
    return array;
}

}  // namespace

std::string report_json(const Report& report) {
    json::object provenance;
    for (const auto& [key, value] : report.provenance) {
        provenance[key] = value;
    }
    json::object limits;
    for (const Limit limit : recorded_limits(report)) {
        limits[key(limit)] = room(report, limit);
    }
    json::object root{{"format", "spikeloom-report"},
                      {"version", 1},
                      {"network", report.network},
                      {"chip", report.chip},
                      {"program", report.program},
                      {"recorded_at", report.recorded_at},
                      {"interrupted", report.interrupted},
                      {"steps", report.steps},
                      {"step_s", json_number(report.step_s)},
                      {"headline", headline(report)},
                      {"evaluation", evaluation(report)},
                      {"costs", costs_json(report)},
                      {"traffic", traffic_json(report)},
                      {"populations", populations(report)},
                      {"mesh", json::object{{"columns", report.mesh.columns},
                                            {"rows", report.mesh.rows},
                                            {"cores_per_tile", report.mesh.cores_per_tile},
                                            {"chip_columns", report.mesh.chip_columns},
                                            {"chip_rows", report.mesh.chip_rows}}},
                      {"limits_per_core", std::move(limits)},
                      {"cores", cores(report)},
                      {"counters", counts(report.totals)},
                      {"neurobench", neurobench(report)},
                      {"learning_frozen", report.learning_frozen},
                      {"learning", learning_json(report)},
                      {"gap", embedded(report.gap_json)},
                      {"curve", embedded(report.curve_json)},
                      {"losses", losses(report)},
                      {"cost_constants", cost_constants_json(report.cost_tables)},
                      {"repriced", repriced_json(report)},
                      {"repriced_constants", cost_constants_json(report.repriced_tables)},
                      {"provenance", std::move(provenance)},
                      {"options", to_json(report.options)},
                      {"rules", to_json(report.rules)},
                      {"remarks", to_json(report.remarks)}};
    return indented(root);
}

}  // namespace spikeloom::runtime
