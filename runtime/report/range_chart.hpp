// Figures with their ranges, a line each: a dot, a whisker for the bounds that constants or statistics give, a pale bar
// for the spread over samples. Several of a unit under one axis, so that an eye can say which of them differ.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spikeloom::runtime {

struct RangeRow {
    std::string name;
    std::string detail;
    std::string colour;  ///< style class
    double value = 0;    ///< base unit
    double low = 0;      ///< bounds; equal: none
    double high = 0;
    double least = 0;  ///< over samples; equal: none
    double most = 0;
    std::string tooltip{};
    std::string absent{};  ///< why there is no figure; it stands in its place, and the numbers are not looked at
};

struct RangeAxis {
    std::string unit;  ///< "J"; an SI prefix is put before it
    std::string name;  ///< "energy per inference"
    std::string label;
    std::optional<std::pair<double, double>> domain{};  ///< none: from 0, or logarithmic over more than a factor of 30
};

/// An inline SVG; "" without rows, or where none has a figure.
[[nodiscard]] std::string range_chart(const std::vector<RangeRow>& rows, const RangeAxis& axis);

}  // namespace spikeloom::runtime
