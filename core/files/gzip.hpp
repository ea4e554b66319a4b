// Deflate, both ways. Inflating has a cap: output grows as it is produced, never by what a header claims, and stops at
// the cap.
#pragma once

#include "core/files/bytes.hpp"

namespace spikeloom::files {

/// A whole gzip stream (members one after another, as gzip allows). Errors: damaged, truncated, larger than `cap`.
[[nodiscard]] Result<Bytes> gunzip(ByteView compressed, const std::string& origin,
                                   std::uint64_t cap = default_byte_cap);
/// Raw deflate data (a zip member) that must give exactly `size` bytes.
[[nodiscard]] Result<Bytes> inflate_raw(ByteView compressed, std::uint64_t size, const std::string& origin);
/// The file's bytes, inflated where it starts with gzip's magic number.
[[nodiscard]] Result<Bytes> read_maybe_gzip(const std::string& path, std::uint64_t cap = default_byte_cap);

/// gzip of the bytes (tests and exports).
[[nodiscard]] Bytes gzip(ByteView bytes);
/// Raw deflate data, as a zip member holds them.
[[nodiscard]] Bytes deflate_raw(ByteView bytes);

}  // namespace spikeloom::files
