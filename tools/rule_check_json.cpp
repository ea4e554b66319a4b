// The printed form of `spikeloom rule check`, for programs.
#include "runtime/json_number.hpp"
#include "tools/rule_check.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

json::array to_json(const rules::Interval& interval) {
    return {interval.least, interval.most};
}

/// First and last column.
json::array columns_json(rules::Columns columns) {
    return {columns.first, columns.end - 1};
}

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

std::string text_of(std::string_view text) {
    return std::string(text);
}

json::array to_json(const std::vector<rules::FactorAnalysis>& factors) {
    json::array all;
    for (const rules::FactorAnalysis& factor : factors) {
        all.push_back(json::object{{"operand", text_of(name_of(factor.factor.operand))},
                                   {"constant", factor.factor.constant},
                                   {"sign", factor.factor.sign},
                                   {"width_bits", factor.width_bits},
                                   {"range", to_json(factor.range)},
                                   {"clipped", factor.clipped}});
    }
    return all;
}

json::object to_json(const rules::ProductAnalysis& product) {
    return {{"variable", text_of(name_of(product.variable))},
            {"text", product.text},
            {"columns", columns_json(product.product.columns)},
            {"dependency", text_of(name_of(product.product.dependency))},
            {"mantissa", product.product.mantissa},
            {"exponent", product.product.exponent},
            {"factors", to_json(product.factors)},
            {"width_bits", product.width_bits},
            {"dropped_bits", product.dropped_bits},
            {"net_exponent", product.net_exponent},
            {"change", to_json(product.range)},
            {"change_step", product.step},
            {"change_at_impulse", or_null(product.at_impulse)},
            {"saturation", product.saturation},
            {"saturates", product.saturates()},
            {"dead", product.is_dead()},
            {"move_probability_most", product.move_most},
            {"lost_below", product.lost_below}};
}

json::object to_json(const rules::SeriesAnalysis& series, const rules::Rule& rule) {
    const rules::ProductSeries& sum = rule.series(series.variable);
    return {{"variable", text_of(name_of(series.variable))},
            {"text", rules::print(sum)},
            {"decimation", or_null(sum.decimation)},
            {"range", to_json(series.variable_range)},
            {"change_per_epoch", to_json(series.change)},
            {"finer_text", series.finer.empty() ? json::value(nullptr) : json::value(series.finer)},
            {"epochs_to_end", or_null(series.epochs_to_end)}};
}

json::object to_json(const rules::TraceAnalysis& trace) {
    return {{"trace", text_of(name_of(trace.operand))},
            {"read", trace.read},
            {"given", trace.given},
            {"impulse", trace.impulse},
            {"tau_steps", trace.tau},
            {"lifetime_steps", trace.lifetime_steps},
            {"saturating_interval_steps", runtime::json_number(trace.saturating_interval)}};
}

json::object to_json(const rules::Finding& finding) {
    json::object object{{"kind", text_of(name_of(finding.kind))},
                        {"serious", finding.serious},
                        {"where", finding.where},
                        {"found", finding.found},
                        {"advice", finding.advice}};
    if (finding.columns.end > 0) {
        object["columns"] = columns_json(finding.columns);
    }
    return object;
}

json::object to_json(const chip::Quantity& quantity) {
    return {{"value", quantity.value},
            {"low", quantity.low},
            {"high", quantity.high},
            {"trust", text_of(name_of(quantity.trust))},
            {"source", quantity.source}};
}

json::array costs_json(const chip::ChipSpec& chip) {
    json::array all;
    for (const chip::CostTable& table : chip.costs) {
        const chip::EventCost& cost = table.event(chip::CostItem::learning_update);
        const bool known = !cost.energy_pj.source.empty();
        all.push_back(json::object{{"table", table.name},
                                   {"energy_pj", known ? json::value(to_json(cost.energy_pj)) : json::value(nullptr)},
                                   {"time_ns", known ? json::value(to_json(cost.time_ns)) : json::value(nullptr)}});
    }
    return all;
}

template <class T, class Convert>
json::array list(const std::vector<T>& values, const Convert& convert) {
    json::array all;
    for (const T& value : values) {
        all.push_back(convert(value));
    }
    return all;
}

}  // namespace

json::object to_json(const CheckedRule& checked) {
    const rules::RuleAnalysis& analysis = checked.analysis;
    const rules::Rule& rule = checked.loaded.file.rule;
    const auto convert = [](const auto& value) { return to_json(value); };
    return {{"rule", rule.name},
            {"chip", checked.chip.name},
            {"epoch_steps", rule.epoch},
            {"traces_known", checked.loaded.from_file},
            {"series", list(analysis.series, [&](const auto& series) { return to_json(series, rule); })},
            {"products", list(analysis.products, convert)},
            {"traces", list(analysis.traces, convert)},
            {"memory", json::object{{"synapse_tag_bits", analysis.memory.tag ? checked.chip.learning.tag_bits : 0},
                                    {"axon_trace_bits", analysis.memory.pre_traces * analysis.memory.trace_bits},
                                    {"neuron_trace_bits", analysis.memory.post_traces * analysis.memory.trace_bits}}},
            {"update_cost", costs_json(checked.chip)},
            {"forced_update_interval_steps",
             analysis.forced_interval_steps == 0 ? json::value(nullptr) : json::value(analysis.forced_interval_steps)},
            {"findings", list(analysis.findings, convert)}};
}

}  // namespace spikeloom::tools
