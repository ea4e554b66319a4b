#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "runtime/analog/timed_record.hpp"
#include "runtime/json_number.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

constexpr double pj_per_uj = 1e6;

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string microseconds(double seconds) {
    return fmt::format("{:.4g} us", seconds * 1e6);
}

std::string energy_line(const TimedRecord& record, const chip::AnalogCostTable& table, double samples) {
    const chip::analog::AnalogEnergy energy = chip::analog::price(record.counts, table);
    std::string line =
        fmt::format("  {:<12} {:.4g} uJ ({:.4g} to {:.4g}), of it {:.4g} uJ the chip's {:.4g} mW", table.name,
                    energy.total_pj.value / samples / pj_per_uj, energy.total_pj.low / samples / pj_per_uj,
                    energy.total_pj.high / samples / pj_per_uj, energy.chip_pj.value / samples / pj_per_uj,
                    table.chip_power_mw.value);
    return line + "\n";
}

std::string saved_text(const TimedRecord& record, double samples) {
    const chip::analog::AnalogCounts& whole = *record.whole;
    const auto saved = [](double now, double before) { return before == 0 ? 0 : 100 * (1 - now / before); };
    std::string text = fmt::format(
        "stopped at the first spike of '{}': saved {:.1f} % of the time ({} instead of {}), {:.1f} % of the spikes "
        "({:.1f} instead of {:.1f})",
        record.populations[record.output].name, saved(record.counts.duration_s, whole.duration_s),
        microseconds(record.counts.duration_s / samples), microseconds(whole.duration_s / samples),
        saved(static_cast<double>(record.counts.spikes), static_cast<double>(whole.spikes)),
        static_cast<double>(record.counts.spikes) / samples, static_cast<double>(whole.spikes) / samples);
    for (const chip::AnalogCostTable& table : record.chip.costs) {
        const double now = chip::analog::price(record.counts, table).total_pj.value;
        const double before = chip::analog::price(whole, table).total_pj.value;
        text += fmt::format(", {:.1f} % of the energy ({}: {:.4g} instead of {:.4g} uJ)", saved(now, before),
                            table.name, now / samples / pj_per_uj, before / samples / pj_per_uj);
    }
    return text + fmt::format("; {} answers changed\n", record.changed_answers);
}

std::string instances_text(const TimedRecord& record) {
    const InstanceSpread spread = spread_of(record.scores);
    std::string text = "  chip  accuracy  silent  missing label spikes  decision\n";
    for (const InstanceScore& score : record.scores) {
        text += fmt::format("  {:>4}  {:>6.2f} %  {:>6}  {:>20}  {}\n", score.instance, 100 * score.accuracy(),
                            score.silent, score.missing,
                            score.decision_s == never ? "none" : microseconds(score.decision_s));
    }
    text += fmt::format("{} chips: accuracy {:.2f} % on average, standard deviation {:.2f}, {:.2f} to {:.2f} %",
                        record.scores.size(), 100 * spread.mean, 100 * spread.deviation, 100 * spread.least,
                        100 * spread.most);
    if (record.required_accuracy > 0) {
        text += fmt::format("; yield {:.1f} % (accuracy at least {:.2f} %)",
                            100 * yield_at(record.scores, record.required_accuracy), 100 * record.required_accuracy);
    }
    return text + "\n";
}

json::object counts_json(const chip::analog::AnalogCounts& counts) {
    return {{"input_spikes", counts.input_spikes},
            {"spikes", counts.spikes},
            {"synaptic_events", counts.synaptic_events},
            {"output_spikes", counts.output_spikes},
            {"crossbar_drops", counts.crossbar_drops},
            {"late_inputs", counts.late_inputs},
            {"duration_s", counts.duration_s}};
}

json::array energy_json(const TimedRecord& record, const chip::analog::AnalogCounts& counts) {
    json::array tables;
    const double samples = std::max<double>(1, static_cast<double>(record.samples()));
    for (const chip::AnalogCostTable& table : record.chip.costs) {
        const chip::analog::AnalogEnergy energy = chip::analog::price(counts, table);
        tables.push_back(json::object{{"table", table.name},
                                      {"title", table.title},
                                      {"chip_power_mw", table.chip_power_mw.value},
                                      {"chip_power_source", table.chip_power_mw.source},
                                      {"energy_per_inference_uj", energy.total_pj.value / samples / pj_per_uj},
                                      {"energy_per_inference_low_uj", energy.total_pj.low / samples / pj_per_uj},
                                      {"energy_per_inference_high_uj", energy.total_pj.high / samples / pj_per_uj},
                                      {"chip_energy_per_inference_uj", energy.chip_pj.value / samples / pj_per_uj}});
    }
    return tables;
}

json::object instances_json(const TimedRecord& record) {
    json::array chips;
    for (const InstanceScore& score : record.scores) {
        chips.push_back(json::object{{"instance", score.instance},
                                     {"accuracy", score.accuracy()},
                                     {"silent", score.silent},
                                     {"missing_label_spikes", score.missing},
                                     {"mean_decision_s", json_number(score.decision_s)},
                                     {"spikes_per_inference", score.spikes}});
    }
    const InstanceSpread spread = spread_of(record.scores);
    json::object object{{"chips", std::move(chips)},
                        {"mean_accuracy", spread.mean},
                        {"standard_deviation", spread.deviation},
                        {"least", spread.least},
                        {"most", spread.most}};
    if (record.required_accuracy > 0) {
        object["required_accuracy"] = record.required_accuracy;
        object["yield"] = yield_at(record.scores, record.required_accuracy);
    }
    return object;
}

}  // namespace

std::string record_text(const TimedRecord& record) {
    const double samples = std::max<double>(1, static_cast<double>(record.samples()));
    const auto each = [samples](std::uint64_t count) { return static_cast<double>(count) / samples; };
    std::string text =
        fmt::format("{} on {} ({}), {}\n", record.network, record.chip.name, record.instance, record.set);
    text +=
        fmt::format("accuracy {:.2f} % ({} of {} samples), {} silent\n", percent(record.correct(), record.samples()),
                    record.correct(), record.samples(), record.silent());
    const double decision = record.mean_decision_s();
    text += decision == never ? "no sample was answered\n"
                              : fmt::format("decision after {} on average ({:.4g} tau)\n", microseconds(decision),
                                            decision / record.time_unit_s);
    text += fmt::format("an inference: {} of chip time, {:.1f} input spikes",
                        microseconds(record.counts.duration_s / samples), each(record.counts.input_spikes));
    for (const TimedPopulationRecord& population : record.populations) {
        text +=
            fmt::format(", '{}' {:.1f} (of {} neurons)", population.name, each(population.spikes), population.neurons);
    }
    text += fmt::format("; {:.1f} synaptic events", each(record.counts.synaptic_events));
    text += record.whole ? "\n" : fmt::format("; {:.2f} label neurons without a spike\n", each(record.missing()));
    if (record.counts.crossbar_drops + record.counts.late_inputs != 0) {
        text += fmt::format(
            "an inference: {:.2f} spikes dropped by the crossbar, {:.2f} input spikes late on a busy lane\n",
            each(record.counts.crossbar_drops), each(record.counts.late_inputs));
    }
    if (!record.chip.costs.empty()) {
        text += "energy an inference:\n";
    }
    for (const chip::AnalogCostTable& table : record.chip.costs) {
        text += energy_line(record, table, samples);
    }
    if (record.whole) {
        text += saved_text(record, samples);
    }
    if (!record.scores.empty()) {
        text += instances_text(record);
    }
    return text + (record.interrupted ? "interrupted: not all samples were run\n" : "");
}

std::string record_json(const TimedRecord& record) {
    const double samples = std::max<double>(1, static_cast<double>(record.samples()));
    json::array populations;
    for (const TimedPopulationRecord& population : record.populations) {
        populations.push_back(json::object{{"population", population.name},
                                           {"neurons", population.neurons},
                                           {"spikes_per_inference", static_cast<double>(population.spikes) / samples}});
    }
    json::object object{{"kind", "evaluation on an analog chip"},
                        {"network", record.network},
                        {"chip", record.chip.name},
                        {"instance", record.instance},
                        {"set", record.set},
                        {"program", record.program},
                        {"samples", record.samples()},
                        {"correct", record.correct()},
                        {"accuracy", percent(record.correct(), record.samples()) / 100},
                        {"silent", record.silent()},
                        {"missing_label_spikes", record.whole ? json::value(nullptr) : json::value(record.missing())},
                        {"time_unit_s", record.time_unit_s},
                        {"window_s", record.window_s},
                        {"mean_decision_s", json_number(record.mean_decision_s())},
                        {"mean_decision_tau", json_number(record.mean_decision_s() / record.time_unit_s)},
                        {"time_per_inference_s", record.counts.duration_s / samples},
                        {"populations", std::move(populations)},
                        {"counts", counts_json(record.counts)},
                        {"energy", energy_json(record, record.counts)},
                        {"interrupted", record.interrupted}};
    if (record.whole) {
        object["without_stopping"] = json::object{{"counts", counts_json(*record.whole)},
                                                  {"energy", energy_json(record, *record.whole)},
                                                  {"changed_answers", record.changed_answers}};
    }
    if (!record.scores.empty()) {
        object["monte_carlo"] = instances_json(record);
    }
    return json::serialize(object) + "\n";
}

}  // namespace spikeloom::runtime
