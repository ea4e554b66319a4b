// Whole files as bytes, with a cap, so that no size is ever taken on trust: what a header claims is compared with the
// bytes that are there. Also the few loads that readers of binary formats share.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::files {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// No reader of this folder holds more than this of one file or array, unless it is told so.
inline constexpr std::uint64_t default_byte_cap = std::uint64_t{4} << 30;

/// The file's bytes. Errors: cannot be opened or read (with the system's reason), larger than `cap` bytes.
[[nodiscard]] Result<Bytes> read_bytes(const std::string& path, std::uint64_t cap = default_byte_cap);

/// Writes the bytes to `path`, replacing what is there. Errors: cannot be opened, or not written whole.
[[nodiscard]] Result<void> write_bytes(const std::string& path, ByteView bytes);

/// a * b, or nothing where it overflows.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        return std::nullopt;
    }
    return product;
}

/// The unsigned integer at `offset`; the caller has checked that it lies within the bytes.
template <std::unsigned_integral T>
[[nodiscard]] T load(ByteView bytes, std::size_t offset, std::endian order) {
    std::array<std::byte, sizeof(T)> raw{};
    std::memcpy(raw.data(), bytes.data() + offset, sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const std::size_t shift = order == std::endian::little ? i : sizeof(T) - 1 - i;
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(raw[i]) << (8 * shift)));
    }
    return value;
}

/// Appends an unsigned integer, least significant byte first.
template <std::unsigned_integral T>
void append_little(Bytes& bytes, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFFU));
    }
}

inline void append(Bytes& bytes, ByteView more) {
    const std::size_t held = bytes.size();
    bytes.resize(held + more.size());
    if (!more.empty()) {
        std::memcpy(bytes.data() + held, more.data(), more.size());
    }
}

inline void append_text(Bytes& bytes, std::string_view text) {
    append(bytes, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace spikeloom::files
