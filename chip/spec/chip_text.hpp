// The text form of chip descriptions, of either kind: read from a file, findings in the order of the text, printed
// canonically.
#pragma once

#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"

namespace google::protobuf {
class Message;
}

namespace spikeloom::chip {

/// The whole file, which may not be larger than a description can be (16 MB). `what` names it in errors.
[[nodiscard]] Result<std::string> read_chip_text(const std::string& path, std::string_view what = "chip description");
/// Whether the field stands at the top level of the text (comments, quoted texts and blocks aside).
[[nodiscard]] bool has_top_level_field(std::string_view text, std::string_view field);
/// Ordered by the line and column that their places end with.
[[nodiscard]] Diagnostics by_place(Diagnostics findings);
[[nodiscard]] std::string print_chip_text(const google::protobuf::Message& message);

}  // namespace spikeloom::chip
