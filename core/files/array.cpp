#include "core/files/array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace spikeloom::files {
namespace {

template <class T>
T element(const Bytes& bytes, std::size_t i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return value;
}

/// IEEE 754 binary16, exact in double.
double half_to_double(std::uint16_t half) {
    const int exponent = (half >> 10) & 0x1F;
    const int mantissa = half & 0x3FF;
    const double sign = (half & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == 0x1F) {
        return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
    }
    if (exponent == 0) {
        return sign * std::ldexp(mantissa, -24);
    }
    return sign * std::ldexp(mantissa + 1024, exponent - 25);
}

std::int64_t clamp_to_integer(double value) {
    if (std::isnan(value)) {
        return 0;
    }
    if (value >= 0x1p63) {
        return std::numeric_limits<std::int64_t>::max();
    }
    if (value <= -0x1p63) {
        return std::numeric_limits<std::int64_t>::min();
    }
    return static_cast<std::int64_t>(value);
}

std::uint64_t unsigned_element(const Array& array, std::size_t i) {
    switch (array.item_bytes) {
    case 1:
        return element<std::uint8_t>(array.bytes, i);
    case 2:
        return element<std::uint16_t>(array.bytes, i);
    case 4:
        return element<std::uint32_t>(array.bytes, i);
    default:
        return element<std::uint64_t>(array.bytes, i);
    }
}

std::int64_t signed_element(const Array& array, std::size_t i) {
    switch (array.item_bytes) {
    case 1:
        return element<std::int8_t>(array.bytes, i);
    case 2:
        return element<std::int16_t>(array.bytes, i);
    case 4:
        return element<std::int32_t>(array.bytes, i);
    default:
        return element<std::int64_t>(array.bytes, i);
    }
}

double floating_element(const Array& array, std::size_t i) {
    switch (array.item_bytes) {
    case 2:
        return half_to_double(element<std::uint16_t>(array.bytes, i));
    case 4:
        return element<float>(array.bytes, i);
    default:
        return element<double>(array.bytes, i);
    }
}

template <class T>
Array from_values(std::vector<std::size_t> shape, const std::vector<T>& values, ElementKind kind) {
    SPIKELOOM_ASSERT(element_count(shape) == values.size(),
                     fmt::format("shape {} for {} values", shape_text(shape), values.size()));
    Array array{
        .shape = std::move(shape), .kind = kind, .item_bytes = sizeof(T), .bytes = Bytes(values.size() * sizeof(T))};
    if (!values.empty()) {
        std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
    }
    return array;
}

}  // namespace

double Array::real(std::size_t i) const {
    switch (kind) {
    case ElementKind::boolean:
        return element<std::uint8_t>(bytes, i) != 0 ? 1.0 : 0.0;
    case ElementKind::signed_integer:
        return static_cast<double>(signed_element(*this, i));
    case ElementKind::unsigned_integer:
        return static_cast<double>(unsigned_element(*this, i));
    case ElementKind::floating:
        return floating_element(*this, i);
    }
    return 0;
}

std::int64_t Array::integer(std::size_t i) const {
    switch (kind) {
    case ElementKind::boolean:
        return element<std::uint8_t>(bytes, i) != 0 ? 1 : 0;
    case ElementKind::signed_integer:
        return signed_element(*this, i);
    case ElementKind::unsigned_integer:
        return static_cast<std::int64_t>(std::min<std::uint64_t>(
            unsigned_element(*this, i), static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
    case ElementKind::floating:
        return clamp_to_integer(floating_element(*this, i));
    }
    return 0;
}

std::vector<double> Array::reals() const {
    std::vector<double> values(size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = real(i);
    }
    return values;
}

std::vector<float> Array::floats() const {
    std::vector<float> values(size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(real(i));
    }
    return values;
}

std::vector<std::int64_t> Array::integers() const {
    std::vector<std::int64_t> values(size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = integer(i);
    }
    return values;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
    return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string type_text(const Array& array) {
    const auto letter = [&] {
        switch (array.kind) {
        case ElementKind::boolean:
            return 'b';
        case ElementKind::signed_integer:
            return 'i';
        case ElementKind::unsigned_integer:
            return 'u';
        case ElementKind::floating:
            return 'f';
        }
        return '?';
    }();
    return fmt::format("{}{}", letter, array.item_bytes);
}

Array make_array(std::vector<std::size_t> shape, const std::vector<double>& values) {
    return from_values(std::move(shape), values, ElementKind::floating);
}

Array make_array(std::vector<std::size_t> shape, const std::vector<float>& values) {
    return from_values(std::move(shape), values, ElementKind::floating);
}

Array make_array(std::vector<std::size_t> shape, const std::vector<std::int64_t>& values) {
    return from_values(std::move(shape), values, ElementKind::signed_integer);
}

Array make_array(std::vector<std::size_t> shape, const std::vector<std::uint8_t>& values) {
    return from_values(std::move(shape), values, ElementKind::unsigned_integer);
}

std::optional<std::uint64_t> element_count(const std::vector<std::size_t>& shape) {
    if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) {
        return 0;
    }
    std::optional<std::uint64_t> count = 1;
    for (const std::size_t extent : shape) {
        count = checked_product(*count, extent);
        if (!count) {
            return std::nullopt;
        }
    }
    return count;
}

}  // namespace spikeloom::files
