// Protobuf text format, read strictly: a file that a person wrote is either understood whole, or everything that is
// wrong with it is said at once, each finding with line and column. Unknown and duplicate fields, wrong types, numbers
// out of range, missing `required` fields and plain syntax are findings; the parser recovers and goes on.
// (Protobuf's own parser stops at the first error.) What a value means is checked by the caller, who asks
// TextPositions where the field stood.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace google::protobuf {
class Message;
}

namespace spikeloom::files {

/// Line and column in a text, counted from 1.
struct TextPosition {
    int line = 1;
    int column = 1;
    friend bool operator==(const TextPosition&, const TextPosition&) = default;
};

/// Where the fields of a parsed message stood. A path names fields from the root, elements of repeated fields by
/// index: "population[2].tau_mem_s", "mesh.rows", "weights[17]".
class TextPositions {
public:
    explicit TextPositions(std::string origin = {}) : origin_(std::move(origin)) {}

    /// "origin:line:column" of the field, or of the nearest enclosing message that was given (at last "origin:1:1").
    [[nodiscard]] std::string where(std::string_view path) const;
    [[nodiscard]] TextPosition position(std::string_view path) const;
    /// Whether the field was given, with a value of the right type or not.
    [[nodiscard]] bool contains(std::string_view path) const { return find(path) != nullptr; }
    [[nodiscard]] std::string where(TextPosition position) const;

    /// Notes one more value of `field` (a path without the last index).
    void add(const std::string& field, TextPosition position) { positions_[field].push_back(position); }

private:
    [[nodiscard]] const TextPosition* find(std::string_view path) const;

    std::string origin_;
    std::map<std::string, std::vector<TextPosition>, std::less<>> positions_;
};

struct StrictText {
    Diagnostics findings;  ///< empty: the whole text was understood
    TextPositions positions;
};

/// Parses `text` into `message` (cleared before). Fields that were in order are set even when others were not, so
/// that the caller may go on and check those. Never throws for any bytes; messages nest at most 64 deep, and at
/// most 100 findings are kept.
[[nodiscard]] StrictText parse_strict_text(const std::string& text, const std::string& origin,
                                           google::protobuf::Message& message);

/// The candidate that `name` is probably a misspelling of (case aside), or "" when none is near.
[[nodiscard]] std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace spikeloom::files
