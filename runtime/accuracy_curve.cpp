#include "runtime/accuracy_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

json::array numbers(const std::vector<double>& values) {
    return json::array(values.begin(), values.end());
}

/// The numbers of an array; nothing where it holds anything else.
std::optional<std::vector<double>> numbers(const json::object& object, const char* name) {
    const json::value* found = object.if_contains(name);
    if (found == nullptr || !found->is_array()) {
        return std::nullopt;
    }
    std::vector<double> values;
    for (const json::value& value : found->get_array()) {
        if (!value.is_number()) {
            return std::nullopt;
        }
        values.push_back(value.to_number<double>());
    }
    return values;
}

std::optional<double> number(const json::object& object, const char* name) {
    const json::value* found = object.if_contains(name);
    return found != nullptr && found->is_number() ? std::optional(found->to_number<double>()) : std::nullopt;
}

/// A count that JSON holds, at most 2^53.
std::uint64_t count(const json::object& object, const char* name) {
    constexpr double most = 9007199254740992.0;
    const double value = number(object, name).value_or(0);
    return value >= 0 && value <= most ? static_cast<std::uint64_t>(value) : 0;
}

std::optional<AccuracyCurve> parse_curve(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return std::nullopt;
    }
    auto accuracy = numbers(*object, "accuracy");
    auto operations = numbers(*object, "synaptic_operations");
    const json::value* name = object->if_contains("name");
    if (!accuracy || !operations || accuracy->size() != operations->size() || name == nullptr || !name->is_string()) {
        return std::nullopt;
    }
    return AccuracyCurve{.name = std::string(name->get_string()),
                         .samples = count(*object, "samples"),
                         .accuracy = std::move(*accuracy),
                         .operations = std::move(*operations)};
}

/// 1, 2, 4, ... and the last, all at most `steps`.
std::vector<std::size_t> rows(std::size_t steps) {
    std::vector<std::size_t> shown;
    for (std::size_t step = 1; step < steps; step *= 2) {
        shown.push_back(step);
    }
    if (steps > 0) {
        shown.push_back(steps);
    }
    return shown;
}

}  // namespace

std::string to_json(const AccuracyCurves& curves) {
    json::object document;
    json::array all;
    for (const AccuracyCurve& curve : curves.curves) {
        all.push_back(json::object{{"name", curve.name},
                                   {"samples", curve.samples},
                                   {"accuracy", numbers(curve.accuracy)},
                                   {"synaptic_operations", numbers(curve.operations)}});
    }
    document["curves"] = std::move(all);
    if (curves.ann) {
        document["ann"] = json::object{{"accuracy", curves.ann->accuracy},
                                       {"multiply_accumulates", curves.ann->multiply_accumulates},
                                       {"pooling_additions", curves.ann->pooling_additions}};
    }
    return json::serialize(document);
}

std::optional<AccuracyCurves> parse_accuracy_curves(const std::string& text) {
    boost::system::error_code error;
    const json::value document = json::parse(text, error);
    const json::object* object = error ? nullptr : document.if_object();
    const json::value* all = object != nullptr ? object->if_contains("curves") : nullptr;
    if (all == nullptr || !all->is_array()) {
        return std::nullopt;
    }
    AccuracyCurves curves;
    for (const json::value& value : all->get_array()) {
        auto curve = parse_curve(value);
        if (!curve) {
            return std::nullopt;
        }
        curves.curves.push_back(std::move(*curve));
    }
    const json::value* ann = object->if_contains("ann");
    if (ann != nullptr && ann->is_object()) {
        curves.ann = AnnReference{.accuracy = number(ann->get_object(), "accuracy").value_or(-1),
                                  .multiply_accumulates = count(ann->get_object(), "multiply_accumulates"),
                                  .pooling_additions = count(ann->get_object(), "pooling_additions")};
    }
    return curves;
}

std::string to_text(const AccuracyCurves& curves) {
    std::string text;
    for (const AccuracyCurve& curve : curves.curves) {
        text += fmt::format("{}, {} samples\n  {:>6}  {:>9}  {:>24}\n", curve.name, curve.samples, "steps", "accuracy",
                            "synaptic events a sample");
        for (const std::size_t step : rows(curve.accuracy.size())) {
            text += fmt::format("  {:>6}  {:>7.2f} %  {:>24.0f}\n", step, 100 * curve.accuracy[step - 1],
                                curve.operations[step - 1]);
        }
    }
    if (curves.ann) {
        text += fmt::format("ANN: {:.2f} %, {} multiply-accumulates an inference", 100 * curves.ann->accuracy,
                            curves.ann->multiply_accumulates);
        text += curves.ann->pooling_additions > 0
                    ? fmt::format(", and {} additions in pooling\n", curves.ann->pooling_additions)
                    : "\n";
    }
    return text;
}

std::size_t settling_step(const AccuracyCurve& curve, double distance) {
    std::size_t settled = curve.accuracy.size();
    while (settled > 1 && std::abs(curve.accuracy[settled - 2] - curve.accuracy.back()) <= distance) {
        --settled;
    }
    return settled;
}

void CurveCollector::end_step(double operations) {
    answers_.push_back(tally_.answer());
    spent_.push_back(operations + (spent_.empty() ? 0.0 : spent_.back()));
}

void CurveCollector::end_sample(std::int32_t label) {
    curve_.accuracy.resize(std::max(curve_.accuracy.size(), answers_.size()), 0.0);
    curve_.operations.resize(curve_.accuracy.size(), 0.0);
    for (std::size_t step = 0; step < answers_.size(); ++step) {
        curve_.accuracy[step] += answers_[step] == label ? 1.0 : 0.0;
        curve_.operations[step] += spent_[step];
    }
    ++curve_.samples;
    answers_.clear();
    spent_.clear();
    tally_.clear();
}

AccuracyCurve CurveCollector::curve() const {
    AccuracyCurve means = curve_;
    for (std::vector<double>* sums : {&means.accuracy, &means.operations}) {
        std::ranges::for_each(*sums, [&](double& sum) { sum /= static_cast<double>(curve_.samples); });
    }
    return means;
}

}  // namespace spikeloom::runtime
