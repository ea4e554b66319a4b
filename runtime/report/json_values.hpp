// The values that all parts of the JSON report are made of: ranges, sourced quantities, lists.
#pragma once

#include <boost/json.hpp>
#include <type_traits>
#include <vector>

#include "runtime/json_number.hpp"
#include "runtime/report.hpp"

namespace spikeloom::runtime {

[[nodiscard]] inline boost::json::object to_json(const chip::Estimate& estimate) {
    return {{"value", json_number(estimate.value)},
            {"low", json_number(estimate.low)},
            {"high", json_number(estimate.high)}};
}

[[nodiscard]] inline boost::json::object to_json(const chip::Quantity& quantity) {
    return {{"value", json_number(quantity.value)},
            {"low", json_number(quantity.low)},
            {"high", json_number(quantity.high)},
            {"trust", name(quantity.trust)},
            {"source", quantity.source}};
}

/// null where nothing was counted.
[[nodiscard]] inline boost::json::value to_json(const Spread& spread) {
    if (spread.count == 0) {
        return nullptr;
    }
    return boost::json::object{{"count", spread.count},
                               {"least", json_number(spread.least)},
                               {"mean", json_number(spread.mean)},
                               {"most", json_number(spread.most)},
                               {"standard_error", json_number(spread.standard_error)}};
}

template <class T>
[[nodiscard]] boost::json::array to_json(const std::vector<T>& values) {
    boost::json::array array;
    for (const T& value : values) {
        if constexpr (std::is_floating_point_v<T>) {
            array.push_back(json_number(value));
        } else {
            array.emplace_back(value);
        }
    }
    return array;
}

}  // namespace spikeloom::runtime
