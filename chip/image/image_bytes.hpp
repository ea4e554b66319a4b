// Numbers, checksums and whole files, as both kinds of image file use them. Private to chip/image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"

namespace spikeloom::chip {

/// Little-endian.
template <class Number>
void append_number(std::string& bytes, Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        bytes.push_back(static_cast<char>(number >> (8 * i) & 0xFFU));
    }
}

template <class Number>
[[nodiscard]] Number number_at(std::string_view bytes, std::size_t at) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        number |= static_cast<Number>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    }
    return number;
}

/// CRC-32 that runs on from `before`.
[[nodiscard]] std::uint32_t checksum(std::uint32_t before, std::string_view bytes);

/// Takes bytes; false when they could not be written (errno says why).
using Sink = std::function<bool(std::string_view)>;
/// Writes beside the path what `write` puts into its sink, and renames: nothing half-written under the final name.
/// `write` gives "" or why it could not. What has the name already is replaced only if it is an image, or empty: a
/// network or a recording is not lost to a slip of the hand, nor a device to a rename.
[[nodiscard]] Result<void> replace_file(const std::string& path, const std::function<std::string(const Sink&)>& write);

/// The size of a regular file, or why there is none.
[[nodiscard]] Result<std::uint64_t> size_of_file(const std::string& path);

}  // namespace spikeloom::chip
