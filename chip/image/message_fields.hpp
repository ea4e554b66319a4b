// What the readers and writers of image messages do with fields of any kind: numbers that fit, lists of one length,
// offsets. Private to chip/image.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

namespace spikeloom::chip {

/// Whether the value fits; then it is stored.
template <class Field, class Number>
[[nodiscard]] bool fit(Number value, Field& field) {
    if (!std::in_range<Field>(value)) {
        return false;
    }
    field = static_cast<Field>(value);
    return true;
}

[[nodiscard]] inline bool same_size(std::initializer_list<int> sizes) {
    return std::ranges::all_of(sizes, [&](int size) { return size == *sizes.begin(); });
}

using Offsets = std::vector<std::uint32_t>;

/// Messages hold how many there are of each, for they are smaller numbers.
template <class Repeated>
void add_counts(const Offsets& offsets, Repeated& counts) {
    for (std::size_t i = 1; i < offsets.size(); ++i) {
        counts.Add(offsets[i] - offsets[i - 1]);
    }
}

/// Offsets from counts; false when the sum does not fit.
template <class Repeated>
[[nodiscard]] bool offsets_of(const Repeated& counts, Offsets& offsets) {
    offsets.reserve(static_cast<std::size_t>(counts.size()) + 1);
    std::uint64_t sum = 0;
    offsets.push_back(0);
    for (const std::uint32_t count : counts) {
        sum += count;
        if (sum > std::numeric_limits<std::uint32_t>::max()) {
            return false;
        }
        offsets.push_back(static_cast<std::uint32_t>(sum));
    }
    return true;
}

}  // namespace spikeloom::chip
