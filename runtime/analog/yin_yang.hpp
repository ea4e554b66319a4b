// The Yin-Yang data set (Kriener, Goeltz, Petrovici 2022, arXiv 2102.08211), from its definition: points of a circle of
// radius 0.5 around (0.5, 0.5); class 0 and 1 are the two halves of the symbol (yang, yin), class 2 its dots of radius
// 0.1. A sample's values are (x, y, 1 - x, 1 - y), its class is drawn uniformly. The random numbers are our own, so
// that samples differ from those of the authors' generator; their distribution doesn't.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/analog/timed_set.hpp"

namespace spikeloom::runtime {

/// 0: yang, 1: yin, 2: dot; nothing outside the circle.
[[nodiscard]] std::optional<std::int32_t> yin_yang_class(double x, double y);

/// samples x 4 values and their labels; sample i is a function of seed and i.
[[nodiscard]] TimedSet make_yin_yang(std::size_t samples, std::uint64_t seed);

}  // namespace spikeloom::runtime
