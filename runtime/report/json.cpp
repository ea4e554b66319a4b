// The JSON report. The unit of every figure is the end of its key (_pj, _ns, _s, _ms, _bytes, _mw); keys are stable,
// documented in README.md beside this file. What the recording lacks is null.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "runtime/report/findings.hpp"
#include "runtime/report/json_traffic.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

json::value number(double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}
json::value measured(double value) {
    return value < 0 ? json::value(nullptr) : number(value);
}

json::object estimate(const chip::Estimate& estimate) {
    return {{"value", number(estimate.value)}, {"low", number(estimate.low)}, {"high", number(estimate.high)}};
}

json::object quantity(const chip::Quantity& quantity) {
    return {{"value", number(quantity.value)},
            {"low", number(quantity.low)},
            {"high", number(quantity.high)},
            {"trust", name(quantity.trust)},
            {"source", quantity.source}};
}

json::value spread(const Spread& spread) {
    if (spread.count == 0) {
        return nullptr;
    }
    return json::object{{"count", spread.count},
                        {"least", number(spread.least)},
                        {"mean", number(spread.mean)},
                        {"most", number(spread.most)},
                        {"standard_error", number(spread.standard_error)}};
}

template <class T>
json::array numbers(const std::vector<T>& values) {
    json::array array;
    for (const T& value : values) {
        if constexpr (std::is_floating_point_v<T>) {
            array.push_back(number(value));
        } else {
            array.emplace_back(value);
        }
    }
    return array;
}

json::array strings(const std::vector<std::string>& values) {
    json::array array;
    for (const std::string& value : values) {
        array.emplace_back(value);
    }
    return array;
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
                                     {"shape", numbers(population.shape)},
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

json::array places(const std::vector<PlaceEnergy>& energies, const char* key) {
    json::array array;
    for (const PlaceEnergy& energy : energies) {
        array.push_back(json::object{{key, energy.place}, {"dynamic_pj", estimate(energy.energy_pj)}});
    }
    return array;
}

/// Where the energy goes, and what its range comes from.
void divide(const PricedRun& run, json::object& object) {
    json::array constants;
    chip::Estimate all;
    for (const chip::ConstantShare& share : run.constants) {
        all += share.energy_pj;
        constants.push_back(json::object{{"constant", share.constant},
                                         {"energy_pj", estimate(share.energy_pj)},
                                         {"spread_pj", number(share.energy_pj.spread())},
                                         {"trust", name(share.trust)},
                                         {"source", share.source}});
    }
    json::array populations;
    for (const PopulationEnergy& population : run.populations) {
        populations.push_back(json::object{{"population", population.population},
                                           {"dynamic_pj", estimate(total(population))},
                                           {"updates_pj", estimate(population.updates_pj)},
                                           {"spikes_pj", estimate(population.spikes_pj)},
                                           {"messages_pj", estimate(population.messages_pj)},
                                           {"synapses_pj", estimate(population.synapses_pj)},
                                           {"learning_pj", estimate(population.learning_pj)}});
    }
    json::array unpriced;
    for (const chip::CostItem item : run.unpriced) {
        unpriced.emplace_back(chip::name_of(item));
    }
    object["condition"] = run.condition.empty() ? json::value(nullptr) : json::value(run.condition);
    object["total_pj"] = run.constants.empty() ? json::value(nullptr) : json::value(estimate(all));
    object["constants"] = std::move(constants);
    object["dynamic_by_tile"] = places(run.tiles, "tile");
    object["dynamic_by_chip"] = places(run.chips, "chip");
    object["dynamic_by_population"] = std::move(populations);
    object["hops_by_link_pj"] = numbers(run.link_energy_pj);
    object["unpriced"] = std::move(unpriced);
}

json::object priced(const Report& report, const PricedRun& run) {
    json::array items;
    for (const chip::ItemEnergy& item : run.items) {
        items.push_back(
            json::object{{"event", name(item.item)}, {"count", item.count}, {"energy_pj", estimate(item.energy_pj)}});
    }
    json::object object{{"table", run.table},
                        {"title", run.title},
                        {"dynamic_pj", estimate(run.dynamic_pj)},
                        {"dynamic_per_pj", estimate(dynamic_per(report, run))},
                        {"static_pj", nullptr},
                        {"static_per_pj", nullptr},
                        {"items", std::move(items)},
                        {"time_ns", number(run.time_ns)},
                        {"time_per_ns", number(time_per(report, run))},
                        {"step_time_mean_ns", number(run.step_time_mean_ns)},
                        {"step_time_max_ns", number(run.step_time_max_ns)},
                        {"step_time_histogram", json::object{{"first_ns", number(run.step_times_ns.first)},
                                                             {"width_ns", number(run.step_times_ns.width)},
                                                             {"steps", numbers(run.step_times_ns.counts)}}},
                        {"slowest_steps_by_core", numbers(run.slowest_steps)},
                        {"dynamic_by_core_pj", numbers(run.core_energy_pj)},
                        {"samples_dynamic_pj", spread(run.sample_energy_pj)},
                        {"samples_latency_ns", spread(run.sample_latency_ns)}};
    if (run.static_pj) {
        object["static_pj"] = json::object{{"cores", estimate(run.static_pj->cores_pj)},
                                           {"chip", estimate(run.static_pj->chip_pj)},
                                           {"host", estimate(run.static_pj->host_pj)}};
        object["static_per_pj"] = estimate(static_per(report, run));
    }
    divide(run, object);
    return object;
}

std::string_view times_word(TimesFrom source) {
    switch (source) {
    case TimesFrom::recording:
        return "recording";
    case TimesFrom::same_constants:
        return "same_constants";
    case TimesFrom::core_steps:
        return "core_steps";
    case TimesFrom::another_table:
        return "another_table";
    }
    return "";
}

json::object difference(double before, double after) {
    return {{"absolute", number(after - before)}, {"relative", before > 0 ? number(after / before - 1) : nullptr}};
}

json::array priced_again(const Report& report) {
    json::array array;
    for (const PricedRun& run : report.repriced) {
        json::object object = priced(report, run);
        object["times_from"] = times_word(run.times_from);
        object["time_remark"] = run.time_remark;
        if (run.against < report.priced.size()) {
            const PricedRun& recorded = report.priced[run.against];
            json::object differences{{"dynamic_pj", difference(recorded.dynamic_pj.value, run.dynamic_pj.value)},
                                     {"time_ns", difference(recorded.time_ns, run.time_ns)}};
            if (recorded.static_pj && run.static_pj) {
                differences["static_pj"] = difference(sum(*recorded.static_pj).value, sum(*run.static_pj).value);
            }
            object["against"] = recorded.table;
            object["difference"] = std::move(differences);
        }
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
        confusion.push_back(numbers(row));
    }
    return json::object{{"samples", report.samples},
                        {"correct", report.correct},
                        {"without_decision", report.silent},
                        {"confusion", std::move(confusion)},
                        {"without_decision_by_label", numbers(report.silent_by_label)},
                        {"mean_first_spike_step", measured(report.mean_first_spike_step)},
                        {"accuracy_over_run", numbers(report.accuracy_over_run)}};
}

json::object neurobench(const Report& report) {
    const NeuroBench& figures = report.neurobench;
    const bool weights = figures.footprint_float_bytes > 0;  // else the recording says nothing of them
    const auto of_weights = [&](double value) { return weights ? number(value) : json::value(nullptr); };
    return {{"per", per(report).noun},
            {"footprint_bytes", number(figures.footprint_bytes)},
            {"footprint_float_bytes", of_weights(figures.footprint_float_bytes)},
            {"connection_sparsity", of_weights(figures.connection_sparsity)},
            {"connection_sparsity_float", of_weights(figures.connection_sparsity_float)},
            {"activation_sparsity", number(figures.activation_sparsity)},
            {"effective_macs", number(figures.effective_macs)},
            {"effective_acs", number(figures.effective_acs)},
            {"dense_operations", of_weights(figures.dense_operations)},
            {"membrane_updates", number(figures.membrane_updates)}};
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
                                     {"rms_error_of_rms_weight", number(loss.rms_error)},
                                     {"max_error_of_max_weight", number(loss.max_error)},
                                     {"weight_exponent", loss.weight_exponent},
                                     {"weight_bits", loss.weight_bits}});
    }
    return array;
}

json::value histogram(const Histogram& histogram) {
    if (histogram.counts.empty()) {
        return nullptr;
    }
    return json::object{{"first_register", number(histogram.first)},
                        {"width_register", number(histogram.width)},
                        {"synapses", numbers(histogram.counts)}};
}

json::array learning_series(const ProjectionLearning& learning) {
    json::array array;
    for (const LearningSeries& series : learning.series) {
        json::array lines;
        for (std::size_t i = 0; i < std::min(series.lines.size(), series.values.size()); ++i) {
            lines.push_back(json::object{{"of", series.lines[i]},
                                         {series.quantity == "d" ? "steps" : "registers", numbers(series.values[i])}});
        }
        array.push_back(json::object{{"quantity", series.quantity},
                                     {"recorded", series.recorded},
                                     {"time_ms", numbers(series.time_ms)},
                                     {"lines", std::move(lines)}});
    }
    return array;
}

json::array learning(const Report& report) {
    json::array array;
    for (const ProjectionLearning& learning : report.learning) {
        array.push_back(json::object{{"projection", learning.name},
                                     {"rule", learning.rule},
                                     {"traces", learning.traces},
                                     {"epoch_steps", learning.epoch},
                                     {"network_weight_per_register", number(learning.weight_per_unit)},
                                     {"synapses", learning.synapses},
                                     {"changed", learning.changed},
                                     {"limits_register", json::array{learning.limit_least, learning.limit_most}},
                                     {"at_least_limit", learning.at_least},
                                     {"at_most_limit", learning.at_most},
                                     {"mean_before_register", number(learning.mean_before)},
                                     {"mean_after_register", number(learning.mean_after)},
                                     {"weights_before", histogram(learning.before)},
                                     {"weights_after", histogram(learning.after)},
                                     {"snapshots", learning.snapshots},
                                     {"time_ms", numbers(learning.time_ms)},
                                     {"mean_register", numbers(learning.weight_mean)},
                                     {"share_at_limits", numbers(learning.share_at_limits)},
                                     {"probes", learning_series(learning)},
                                     {"warnings", strings(learning_warnings(report, learning, Script::plain))}});
    }
    return array;
}

json::array cost_constants(const std::vector<chip::CostTable>& costs) {
    json::array tables;
    for (const chip::CostTable& table : costs) {
        json::array events;
        for (const chip::EventCost& event : table.events) {
            events.push_back(json::object{{"event", name(event.item)},
                                          {"energy_pj", quantity(event.energy_pj)},
                                          {"time_ns", quantity(event.time_ns)}});
        }
        json::array barrier;
        for (const chip::BarrierPoint& point : table.barrier) {
            barrier.push_back(json::object{{"tiles", point.tiles}, {"time_ns", quantity(point.time_ns)}});
        }
        tables.push_back(json::object{{"table", table.name},
                                      {"title", table.title},
                                      {"condition", table.condition.empty() ? nullptr : json::value(table.condition)},
                                      {"voltage_v", table.voltage_v > 0 ? json::value(table.voltage_v) : nullptr},
                                      {"events", std::move(events)},
                                      {"barrier", std::move(barrier)},
                                      {"static_power_core_mw", quantity(table.static_power_core_mw)},
                                      {"static_power_chip_mw", quantity(table.static_power_chip_mw)},
                                      {"host_power_mw", quantity(table.host_power_mw)}});
    }
    return tables;
}

void print(const json::value& value, std::string& out, int depth);

void new_line(std::string& out, int depth) {
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

/// Arrays of plain numbers stay on one line.
bool flat(const json::array& array) {
    return std::none_of(array.begin(), array.end(),
                        [](const json::value& entry) { return entry.is_structured() || entry.is_string(); });
}

void print_array(const json::array& array, std::string& out, int depth) {
    const bool one_line = flat(array);
    out += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
        out += i == 0 ? "" : one_line ? ", " : ",";
        if (!one_line) {
            new_line(out, depth + 1);
        }
        print(array[i], out, depth + 1);
    }
    if (!one_line && !array.empty()) {
        new_line(out, depth);
    }
    out += ']';
}

void print(const json::value& value, std::string& out, int depth) {
    if (value.is_double()) {
        out += std::isfinite(value.get_double()) ? fmt::format("{}", value.get_double()) : "null";
    } else if (value.is_array()) {
        print_array(value.get_array(), out, depth);
    } else if (value.is_object() && !value.get_object().empty()) {
        out += '{';
        bool first = true;
        for (const auto& [key, member] : value.get_object()) {
            out += first ? "" : ",";
            new_line(out, depth + 1);
            out += json::serialize(json::value(key)) + ": ";
            print(member, out, depth + 1);
            first = false;
        }
        new_line(out, depth);
        out += '}';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string report_json(const Report& report) {
    json::object provenance;
    for (const auto& [key, value] : report.provenance) {
        provenance[key] = value;
    }
    json::array costs;
    for (const PricedRun& run : report.priced) {
        costs.push_back(priced(report, run));
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
                      {"step_s", number(report.step_s)},
                      {"headline", headline(report)},
                      {"evaluation", evaluation(report)},
                      {"costs", std::move(costs)},
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
                      {"learning", learning(report)},
                      {"gap", embedded(report.gap_json)},
                      {"curve", embedded(report.curve_json)},
                      {"losses", losses(report)},
                      {"cost_constants", cost_constants(report.cost_tables)},
                      {"repriced", priced_again(report)},
                      {"repriced_constants", cost_constants(report.repriced_tables)},
                      {"provenance", std::move(provenance)},
                      {"options", strings(report.options)},
                      {"rules", strings(report.rules)},
                      {"remarks", strings(report.remarks)}};
    std::string out;
    print(root, out, 0);
    return out + "\n";
}

}  // namespace spikeloom::runtime
