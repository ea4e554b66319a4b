// What the run cost, and what its prices rest on, as JSON.
#include "runtime/report/findings.hpp"
#include "runtime/report/json_parts.hpp"
#include "runtime/report/json_values.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

json::array places(const std::vector<PlaceEnergy>& energies, const char* key) {
    json::array array;
    for (const PlaceEnergy& energy : energies) {
        array.push_back(json::object{{key, energy.place}, {"dynamic_pj", to_json(energy.energy_pj)}});
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
                                         {"energy_pj", to_json(share.energy_pj)},
                                         {"spread_pj", json_number(share.energy_pj.spread())},
                                         {"trust", name(share.trust)},
                                         {"source", share.source}});
    }
    json::array populations;
    for (const PopulationEnergy& population : run.populations) {
        populations.push_back(json::object{{"population", population.population},
                                           {"dynamic_pj", to_json(total(population))},
                                           {"updates_pj", to_json(population.updates_pj)},
                                           {"spikes_pj", to_json(population.spikes_pj)},
                                           {"messages_pj", to_json(population.messages_pj)},
                                           {"synapses_pj", to_json(population.synapses_pj)},
                                           {"learning_pj", to_json(population.learning_pj)}});
    }
    json::array unpriced;
    for (const chip::CostItem item : run.unpriced) {
        unpriced.emplace_back(chip::name_of(item));
    }
    object["condition"] = run.condition.empty() ? json::value(nullptr) : json::value(run.condition);
    object["total_pj"] = run.constants.empty() ? json::value(nullptr) : json::value(to_json(all));
    object["constants"] = std::move(constants);
    object["dynamic_by_tile"] = places(run.tiles, "tile");
    object["dynamic_by_chip"] = places(run.chips, "chip");
    object["dynamic_by_population"] = std::move(populations);
    object["hops_by_link_pj"] = to_json(run.link_energy_pj);
    object["unpriced"] = std::move(unpriced);
}

json::object priced(const Report& report, const PricedRun& run) {
    json::array items;
    for (const chip::ItemEnergy& item : run.items) {
        items.push_back(
            json::object{{"event", name(item.item)}, {"count", item.count}, {"energy_pj", to_json(item.energy_pj)}});
    }
    json::object object{{"table", run.table},
                        {"title", run.title},
                        {"dynamic_pj", to_json(run.dynamic_pj)},
                        {"dynamic_per_pj", to_json(dynamic_per(report, run))},
                        {"static_pj", nullptr},
                        {"static_per_pj", nullptr},
                        {"items", std::move(items)},
                        {"time_ns", json_number(run.time_ns)},
                        {"time_per_ns", json_number(time_per(report, run))},
                        {"step_time_mean_ns", json_number(run.step_time_mean_ns)},
                        {"step_time_max_ns", json_number(run.step_time_max_ns)},
                        {"step_time_histogram", json::object{{"first_ns", json_number(run.step_times_ns.first)},
                                                             {"width_ns", json_number(run.step_times_ns.width)},
                                                             {"steps", to_json(run.step_times_ns.counts)}}},
                        {"slowest_steps_by_core", to_json(run.slowest_steps)},
                        {"dynamic_by_core_pj", to_json(run.core_energy_pj)},
                        {"samples_dynamic_pj", to_json(run.sample_energy_pj)},
                        {"samples_latency_ns", to_json(run.sample_latency_ns)}};
    if (run.static_pj) {
        object["static_pj"] = json::object{{"cores", to_json(run.static_pj->cores_pj)},
                                           {"chip", to_json(run.static_pj->chip_pj)},
                                           {"host", to_json(run.static_pj->host_pj)}};
        object["static_per_pj"] = to_json(static_per(report, run));
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
    return {{"absolute", json_number(after - before)},
            {"relative", before > 0 ? json_number(after / before - 1) : nullptr}};
}

}  // namespace

json::array costs_json(const Report& report) {
    json::array costs;
    for (const PricedRun& run : report.priced) {
        costs.push_back(priced(report, run));
    }
    return costs;
}

json::array repriced_json(const Report& report) {
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

json::array cost_constants_json(const std::vector<chip::CostTable>& costs) {
    json::array tables;
    for (const chip::CostTable& table : costs) {
        json::array events;
        for (const chip::EventCost& event : table.events) {
            events.push_back(json::object{{"event", name(event.item)},
                                          {"energy_pj", to_json(event.energy_pj)},
                                          {"time_ns", to_json(event.time_ns)}});
        }
        json::array barrier;
        for (const chip::BarrierPoint& point : table.barrier) {
            barrier.push_back(json::object{{"tiles", point.tiles}, {"time_ns", to_json(point.time_ns)}});
        }
        tables.push_back(json::object{{"table", table.name},
                                      {"title", table.title},
                                      {"condition", table.condition.empty() ? nullptr : json::value(table.condition)},
                                      {"voltage_v", table.voltage_v > 0 ? json::value(table.voltage_v) : nullptr},
                                      {"events", std::move(events)},
                                      {"barrier", std::move(barrier)},
                                      {"static_power_core_mw", to_json(table.static_power_core_mw)},
                                      {"static_power_chip_mw", to_json(table.static_power_chip_mw)},
                                      {"host_power_mw", to_json(table.host_power_mw)}});
    }
    return tables;
}

}  // namespace spikeloom::runtime
