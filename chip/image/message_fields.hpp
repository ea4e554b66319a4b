// What the readers of image messages ask of every field. Private to chip/image.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>

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

}  // namespace spikeloom::chip
