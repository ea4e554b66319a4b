// idx, the format of MNIST and its kin: four bytes of type and dimensions, big-endian extents, data (plain or
// gzipped). Format: http://yann.lecun.com/exdb/mnist, "THE IDX FILE FORMAT".
#pragma once

#include <string>

#include "core/files/array.hpp"

namespace spikeloom::files {

/// Errors name `origin` and the offset: no idx magic, unknown type, extents that don't match the bytes.
[[nodiscard]] Result<Array> parse_idx(ByteView bytes, const std::string& origin);
/// Inflates .gz on the way.
[[nodiscard]] Result<Array> read_idx(const std::string& path, std::uint64_t cap = default_byte_cap);
[[nodiscard]] Bytes print_idx(const Array& array);

}  // namespace spikeloom::files
