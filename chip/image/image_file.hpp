// The image file: "SPIKELOOM-IMAGE\n", a version, then records
//     kind (4 bytes), length of the message (8), message (Protobuf), CRC-32 (4)
// with numbers little-endian. Records follow in the order header, inputs, cores, mapping report, source network (the
// last two in pieces), end. The checksum runs on from the magic number over all records (checksums themselves aside),
// so that a record can be neither changed, nor left out, nor moved. Every length is compared with what is left of the
// file and with a cap before anything is read; every count with what came.
#pragma once

#include <string>
#include <string_view>

#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// The file's bytes, and back. As write_image and read_image, which stream.
[[nodiscard]] Result<std::string> serialise_image(const Image& image);
[[nodiscard]] Result<Image> parse_image(std::string_view bytes, const std::string& origin);

}  // namespace spikeloom::chip
