// numpy's files: .npy (format versions 1 to 3) and .npz (a zip of them, stored or deflated). Every integer, float
// and bool type, both byte orders, both memory orders; objects, strings, complex and structured types are refused by
// name. The header is parsed strictly, and sizes are compared with the bytes that are there.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/files/array.hpp"

namespace spikeloom::files {

/// Errors name `origin` and the byte offset: no magic, unknown version, header not as numpy writes it, type that is
/// not a plain number, shape whose bytes aren't exactly those that follow.
[[nodiscard]] Result<Array> parse_npy(ByteView bytes, const std::string& origin);
[[nodiscard]] Result<Array> read_npy(const std::string& path, std::uint64_t cap = default_byte_cap);

/// Array name (the member's name without .npy) and value, in the order of the archive.
using NamedArrays = std::vector<std::pair<std::string, Array>>;
/// `cap` bounds the sum of all arrays.
[[nodiscard]] Result<NamedArrays> parse_npz(ByteView bytes, const std::string& origin,
                                            std::uint64_t cap = default_byte_cap);
[[nodiscard]] Result<NamedArrays> read_npz(const std::string& path, std::uint64_t cap = default_byte_cap);
/// The array of that name, or nullptr.
[[nodiscard]] const Array* find_array(const NamedArrays& arrays, const std::string& name);

/// As numpy.save writes it (version 1, little endian, C order).
[[nodiscard]] Bytes print_npy(const Array& array);
[[nodiscard]] Result<void> write_npy(const Array& array, const std::string& path);
/// As numpy.savez (stored) or numpy.savez_compressed (deflated) would.
[[nodiscard]] Bytes print_npz(const NamedArrays& arrays, bool compressed = false);
[[nodiscard]] Result<void> write_npz(const NamedArrays& arrays, const std::string& path, bool compressed = false);

}  // namespace spikeloom::files
