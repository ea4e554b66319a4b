// An array read from a file: any shape, any plain number type, held as the file's own type in C order and native
// byte order, and read as double, float or 64-bit integer. The readers (npy, idx) all give this value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/files/bytes.hpp"

namespace spikeloom::files {

enum class ElementKind : std::uint8_t { boolean, signed_integer, unsigned_integer, floating };

struct Array {
    std::vector<std::size_t> shape;  ///< empty: a scalar
    ElementKind kind = ElementKind::floating;
    int item_bytes = 8;  ///< 1, 2, 4 or 8 (floating: 2, 4 or 8)
    Bytes bytes;         ///< C order, native byte order; size() * item_bytes of them

    [[nodiscard]] std::size_t size() const { return bytes.size() / static_cast<std::size_t>(item_bytes); }
    [[nodiscard]] bool is_integer() const { return kind != ElementKind::floating; }

    /// Element i in C order (i < size()).
    [[nodiscard]] double real(std::size_t i) const;
    /// Element i: floating values are truncated toward zero, what doesn't fit is clamped, NaN is 0.
    [[nodiscard]] std::int64_t integer(std::size_t i) const;

    [[nodiscard]] std::vector<double> reals() const;
    [[nodiscard]] std::vector<float> floats() const;
    [[nodiscard]] std::vector<std::int64_t> integers() const;

    friend bool operator==(const Array&, const Array&) = default;
};

/// "256x12", "scalar".
[[nodiscard]] std::string shape_text(const std::vector<std::size_t>& shape);
/// "f4", "u1", "b1" as numpy names types.
[[nodiscard]] std::string type_text(const Array& array);

/// Arrays from values, for writing. The values' count must be the shape's product.
[[nodiscard]] Array make_array(std::vector<std::size_t> shape, const std::vector<double>& values);
[[nodiscard]] Array make_array(std::vector<std::size_t> shape, const std::vector<float>& values);
[[nodiscard]] Array make_array(std::vector<std::size_t> shape, const std::vector<std::int64_t>& values);
[[nodiscard]] Array make_array(std::vector<std::size_t> shape, const std::vector<std::uint8_t>& values);

/// Number of elements of a shape, or nothing where it overflows. Extents of a shape with a zero may be anything.
[[nodiscard]] std::optional<std::uint64_t> element_count(const std::vector<std::size_t>& shape);

}  // namespace spikeloom::files
