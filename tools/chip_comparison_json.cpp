#include "runtime/json_number.hpp"
#include "runtime/report/findings.hpp"
#include "tools/chip_comparison_forms.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

json::value number_or_null(bool there, double value) {
    return there ? runtime::json_number(value) : json::value(nullptr);
}

json::object estimate(const chip::Estimate& value) {
    return {{"value", value.value}, {"low", value.low}, {"high", value.high}};
}

json::value estimate(const std::optional<chip::Estimate>& value) {
    return value ? json::value(estimate(*value)) : json::value(nullptr);
}

json::array findings_json(const Diagnostics& findings) {
    json::array list;
    for (const Diagnostic& finding : findings) {
        list.push_back(json::object{
            {"where", finding.where}, {"found", finding.found}, {"allowed", finding.allowed}, {"help", finding.help}});
    }
    return list;
}

json::object constant_json(const chip::ConstantShare& share) {
    return {{"constant", share.constant}, {"trust", chip::name_of(share.trust)}, {"source", share.source}};
}

json::object price_json(const InferencePrice& price) {
    const bool priced = !price.table.empty();
    json::array constants;
    for (const chip::ConstantShare& share : price.constants) {
        json::object constant = constant_json(share);
        constant["energy_pj"] = estimate(share.energy_pj);
        constants.push_back(std::move(constant));
    }
    const auto trust = price.energy_trust();
    return {{"table", priced ? json::value(price.table) : json::value(nullptr)},
            {"title", price.title},
            {"energy_pj", priced ? json::value(estimate(price.energy_pj())) : json::value(nullptr)},
            {"energy_trust", trust ? json::value(chip::name_of(*trust)) : json::value(nullptr)},
            {"events_pj", estimate(price.events_pj)},
            {"cores_in_use_pj", estimate(price.cores_pj)},
            {"rest_of_chip_pj", estimate(price.chip_pj)},
            {"unused_cores_pj", estimate(price.idle_cores_pj)},
            {"processors_pj", estimate(price.processors_pj)},
            {"latency_ns", price.latency_ns},
            {"latency_least_ns", number_or_null(price.latency_most_ns > 0, price.latency_least_ns)},
            {"latency_most_ns", number_or_null(price.latency_most_ns > 0, price.latency_most_ns)},
            {"latency_rests_on", price.slowest ? json::value(constant_json(*price.slowest)) : json::value(nullptr)},
            {"energy_to_decision_pj", estimate(price.decision_pj)},
            {"latency_to_decision_ns", number_or_null(price.decision_pj.has_value(), price.decision_ns)},
            {"constants", std::move(constants)}};
}

json::object inference_json(const Inference& inference) {
    json::array prices;
    for (const InferencePrice& price : inference.prices) {
        prices.push_back(price_json(price));
    }
    const chip::Estimate accuracy = runtime::wilson_interval(inference.correct, inference.samples);
    return {{"time", inference.time},         {"samples", inference.samples},
            {"correct", inference.correct},   {"silent", inference.silent},
            {"accuracy", accuracy.value},     {"accuracy_low", accuracy.low},
            {"accuracy_high", accuracy.high}, {"mean_decision_s", number_or_null(true, inference.decision_s)},
            {"spikes", inference.spikes},     {"costs", std::move(prices)}};
}

json::object row_json(const ChipRow& row) {
    const bool mapped = row.fits && row.cores_there > 0;
    return {{"chip", row.chip},
            {"title", row.title},
            {"time_base", row.continuous ? "continuous" : "stepped"},
            {"fits", row.fits},
            {"approximated", row.approximated},
            {"why", findings_json(row.why)},
            {"cores", mapped && !row.continuous ? json::value(row.cores) : json::value(nullptr)},
            {"cores_there", mapped && !row.continuous ? json::value(row.cores_there) : json::value(nullptr)},
            {"runs", mapped && row.continuous ? json::value(row.cores) : json::value(nullptr)},
            {"fullest_limit", row.fullest > 0 ? json::value(row.binding) : json::value(nullptr)},
            {"fullest_share", number_or_null(row.fullest > 0, row.fullest)},
            {"mean_share", number_or_null(row.fullest > 0, row.filled)},
            {"messages", row.fits && !row.continuous ? json::value(row.messages) : json::value(nullptr)},
            {"hops", row.fits && !row.continuous ? json::value(row.hops) : json::value(nullptr)},
            {"weight_error", number_or_null(row.weight_error.has_value(), row.weight_error.value_or(0))},
            {"inference", row.inference ? json::value(inference_json(*row.inference)) : json::value(nullptr)},
            {"not_run", findings_json(row.not_run)},
            {"remarks", json::array(row.remarks.begin(), row.remarks.end())}};
}

}  // namespace

json::object comparison_json(const ChipComparison& comparison) {
    json::array chips;
    for (const ChipRow& row : comparison.chips) {
        chips.push_back(row_json(row));
    }
    return {{"network", comparison.network},
            {"format", comparison.format},
            {"set", comparison.set.empty() ? json::value(nullptr) : json::value(comparison.set)},
            {"chips", std::move(chips)},
            {"interrupted", comparison.interrupted}};
}

}  // namespace spikeloom::tools
