// Setting fields of a Protobuf message by what stands in a text: the typed half of the strict reader (strict_text.cpp),
// which knows nothing of places and findings.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spikeloom::files {

/// A field of a message that a value goes to: added to a repeated field, else set.
struct FieldPlace {
    google::protobuf::Message& message;
    const google::protobuf::FieldDescriptor& field;
};

enum class ScalarKind : std::uint8_t { integer, real, name, text, block };
[[nodiscard]] ScalarKind scalar_kind(const google::protobuf::FieldDescriptor& field);

/// "a whole number", "true or false", ...
[[nodiscard]] const char* what_is_expected(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] std::vector<std::string> field_names(const google::protobuf::Descriptor& message);
/// Of an enum, or true and false.
[[nodiscard]] std::vector<std::string> value_names(const google::protobuf::FieldDescriptor& field);

/// An integer as it stands in the text, in decimal, 0x or 0 notation; nothing beyond 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(const std::string& text);
/// A decimal number; a trailing f is allowed. Nothing where a double can't hold it.
[[nodiscard]] std::optional<double> parse_number(std::string text);

/// These return what would be allowed, or "" when the value fitted and is set.
[[nodiscard]] std::string set_integer(const FieldPlace& place, bool negative, std::optional<std::uint64_t> magnitude);
[[nodiscard]] std::string set_real(const FieldPlace& place, double value);
/// `index` into value_names().
void set_name(const FieldPlace& place, std::size_t index);
void set_text(const FieldPlace& place, std::string value);

}  // namespace spikeloom::files
