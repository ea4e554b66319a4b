// The JSON form. Changes are in units of the variable's register (_lsb), times in steps.
#include <boost/json.hpp>
#include <cmath>

#include "runtime/workbench/window.hpp"

namespace spikeloom::runtime {

namespace {

namespace json = boost::json;
using rules::Variable;

constexpr std::array<std::string_view, 3> keys{"dw", "dd", "dt"};

json::array traces(const auto& parameters) {
    json::array array;
    for (const rules::TraceParameters& trace : parameters) {
        array.push_back(json::object{{"impulse", trace.impulse}, {"tau_steps", trace.tau}});
    }
    return array;
}

json::object rule_object(const rules::Rule& rule) {
    json::object object{{"name", rule.name}};
    for (const Variable variable : rules::variables) {
        const auto& series = rule.series(variable);
        object[keys[static_cast<std::size_t>(variable)]] =
            series.empty() ? json::value(nullptr) : json::value(rules::print(series));
    }
    object["epoch_steps"] = rule.epoch;
    object["x"] = traces(rule.x);
    object["y"] = traces(rule.y);
    object["reward_tau_steps"] = rule.reward_tau;
    return object;
}

json::object protocol_object(const ProtocolOptions& options) {
    json::object object{{"kind", name_of(options.kind)},
                        {"repetitions", options.repeats},
                        {"range_steps", options.range},
                        {"spacing_steps", options.spacing},
                        {"step_s", options.step_s}};
    if (options.kind == ProtocolKind::frequency || options.kind == ProtocolKind::reward) {
        object["difference_steps"] = options.difference;
    }
    if (options.kind == ProtocolKind::reward) {
        object["reward"] = options.reward;
        object["reward_operand"] = rules::name_of(options.reward_operand);
    }
    return object;
}

/// What the point's coordinates are called.
std::array<std::string_view, 2> coordinate_keys(ProtocolKind kind) {
    switch (kind) {
    case ProtocolKind::pair:
        return {"difference_steps", ""};
    case ProtocolKind::triplet:
        return {"first_difference_steps", "second_difference_steps"};
    case ProtocolKind::frequency:
        return {"rate_hz", ""};
    case ProtocolKind::reward:
        return {"delay_steps", ""};
    }
    return {};
}

json::object point_object(const WindowPoint& point, ProtocolKind kind) {
    const auto names = coordinate_keys(kind);
    json::object object{{names[0], point.x}};
    if (!names[1].empty()) {
        object[names[1]] = point.y;
    }
    for (std::size_t v = 0; v < point.changes.size(); ++v) {
        if (point.changes[v]) {
            const Change& change = *point.changes[v];
            object[keys[v]] = json::object{{"float_lsb", change.real},
                                           {"chip_mean_lsb", change.mean},
                                           {"chip_standard_deviation_lsb", change.deviation},
                                           {"chip_least_lsb", change.least},
                                           {"chip_most_lsb", change.most},
                                           {"chip_at_bound_share", change.at_bound}};
        }
    }
    return object;
}

}  // namespace

std::string window_json(const Window& window) {
    const rules::LearningArithmetic& a = window.options.arithmetic;
    json::object document{{"format", "spikeloom-rule-window"}, {"version", 1}, {"rule", rule_object(window.rule)}};
    document["chip"] = json::object{{"name", window.chip},
                                    {"trace_bits", a.trace_bits},
                                    {"weight_bits", a.weight_bits},
                                    {"tag_bits", a.tag_bits},
                                    {"fraction_bits", a.fraction_bits}};
    document["protocol"] = protocol_object(window.options.protocol);
    document["trials"] = window.options.trials;
    document["seed"] = window.options.seed;
    document["weight_start_lsb"] = window.options.weight;
    document["weight_least_lsb"] = window.options.weights.least;
    document["weight_most_lsb"] = window.options.weights.most;
    json::array all;
    for (const WindowSeries& series : window.series) {
        json::array points;
        for (const WindowPoint& point : series.points) {
            points.push_back(point_object(point, window.options.protocol.kind));
        }
        all.push_back(json::object{{"label", series.label}, {"points", std::move(points)}});
    }
    document["series"] = std::move(all);
    json::array sentences;
    for (const std::string& sentence : findings(window)) {
        sentences.emplace_back(sentence);
    }
    document["findings"] = std::move(sentences);
    return json::serialize(document) + "\n";
}

}  // namespace spikeloom::runtime
