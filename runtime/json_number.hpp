// Numbers in JSON, which knows neither NaN nor infinity: what was not measured is null.
#pragma once

#include <boost/json/value.hpp>
#include <cmath>

namespace spikeloom::runtime {

/// null unless finite.
[[nodiscard]] inline boost::json::value json_number(double value) {
    return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
}

}  // namespace spikeloom::runtime
