// An image as a stream of records (the format: image_file.hpp), through functions that take and give bytes, so that
// files and memory share one reader and one writer. Private to chip/image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "chip/image/image.hpp"
#include "chip/image/image_bytes.hpp"

namespace spikeloom::chip {

/// Fills the buffer with so many bytes; false when they could not be read (errno says why).
using Source = std::function<bool(std::string& buffer, std::size_t count)>;

/// "" or why the image, which passed check_image, could not be written.
[[nodiscard]] std::string write_stream(const Image& image, const Sink& sink);
/// Reads exactly `size` bytes, all of them, into an image that passes check_image.
[[nodiscard]] Result<Image> read_stream(const Source& source, std::uint64_t size, const std::string& origin);

}  // namespace spikeloom::chip
