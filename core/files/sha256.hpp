// SHA-256 of inputs, for the provenance of a recording.
#pragma once

#include <string>

#include "core/files/bytes.hpp"

namespace spikeloom::files {

/// 64 lower-case hex digits.
[[nodiscard]] std::string sha256(ByteView bytes);
[[nodiscard]] Result<std::string> sha256_file(const std::string& path);

}  // namespace spikeloom::files
