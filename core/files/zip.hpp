// Zip archives as numpy writes them: the central directory is the truth, members are stored or deflated, zip64 where
// a size needs it. No encryption, no split archives, no other method. Every member's CRC is checked.
// Format: PKWARE APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16, 4.5.3.
#pragma once

#include <string>
#include <vector>

#include "core/files/bytes.hpp"

namespace spikeloom::files {

struct ZipMember {
    std::string name;
    Bytes bytes;  ///< inflated
};

/// All members, in the order of the directory. `cap` bounds the sum of their sizes.
[[nodiscard]] Result<std::vector<ZipMember>> parse_zip(ByteView bytes, const std::string& origin,
                                                       std::uint64_t cap = default_byte_cap);
/// An archive of members below 4 GB.
[[nodiscard]] Bytes print_zip(const std::vector<ZipMember>& members, bool compressed);

}  // namespace spikeloom::files
