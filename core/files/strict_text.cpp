#include "core/files/strict_text.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/files/strict_text_field.hpp"

namespace spikeloom::files {
namespace {

namespace pb = google::protobuf;
using pb::io::Tokenizer;

constexpr int max_depth = 64;
constexpr std::size_t max_findings = 100;
constexpr std::size_t max_text_bytes = std::size_t{256} << 20;

/// Short and printable: what a finding quotes of a file.
std::string quoted(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, 40)) {
        shown += (c >= ' ' && c <= '~') ? c : '?';
    }
    return "'" + shown + (text.size() > 40 ? "...'" : "'");
}

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

class Parser : private pb::io::ErrorCollector {
public:
    Parser(const std::string& text, const std::string& origin)
        : stream_(text.data(), static_cast<int>(text.size())),
          tokens_(&stream_, this),
          result_{{}, TextPositions(origin)} {
        tokens_.set_allow_f_after_float(true);
        tokens_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
        tokens_.set_require_space_after_number(false);
        tokens_.set_allow_multiline_strings(false);
        tokens_.Next();
    }

    StrictText parse(pb::Message& message) {
        parse_message(message, "", '\0', here());
        // In order of place; the order in which two at one place were found stays.
        std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
            return std::tuple(a.position.line, a.position.column, a.number) <
                   std::tuple(b.position.line, b.position.column, b.number);
        });
        for (Finding& finding : found_) {
            result_.findings.push_back(std::move(finding.diagnostic));
        }
        return std::move(result_);
    }

private:
    struct Finding {
        std::size_t number = 0;
        TextPosition position;
        Diagnostic diagnostic;
    };
    using Seen = std::map<const pb::FieldDescriptor*, TextPosition>;  // looked up only, never walked

    // The tokenizer's own complaints: bad characters, unterminated strings.
    void AddError(int line, pb::io::ColumnNumber column, const std::string& text) override {
        report({line + 1, column + 1}, text);
    }

    [[nodiscard]] const Tokenizer::Token& token() const { return *token_; }
    [[nodiscard]] TextPosition here() const { return {token().line + 1, token().column + 1}; }
    [[nodiscard]] bool at_end() const { return token().type == Tokenizer::TYPE_END || full(); }
    [[nodiscard]] bool at(char symbol) const {
        return token().type == Tokenizer::TYPE_SYMBOL && token().text.size() == 1 && token().text[0] == symbol;
    }
    [[nodiscard]] bool at_opener() const { return at('{') || at('<') || at('['); }
    [[nodiscard]] bool at_closer() const { return at('}') || at('>') || at(']'); }
    [[nodiscard]] bool full() const { return found_.size() >= max_findings; }
    [[nodiscard]] std::string shown() const {
        return token().type == Tokenizer::TYPE_END ? "the end of the text" : quoted(token().text);
    }
    bool take(char symbol) {
        if (!at(symbol)) {
            return false;
        }
        tokens_.Next();
        return true;
    }

    void report(TextPosition position, std::string found, std::string allowed = {}, std::string help = {}) {
        if (full()) {
            return;
        }
        if (found_.size() + 1 == max_findings) {
            found = fmt::format("{} (and this is finding {}: the rest is left unread)", found, max_findings);
        }
        found_.push_back({found_.size(),
                          position,
                          {Severity::error, result_.positions.where(position), std::move(found), std::move(allowed),
                           std::move(help)}});
    }

    /// After a syntax error: on to the next line that can start a field, or to the bracket that ends the block.
    void recover() {
        const int line = token().line;
        int depth = 0;
        while (!at_end()) {
            if (depth == 0 && (at('}') || at('>'))) {
                return;
            }
            if (depth == 0 && token().line > line && token().type == Tokenizer::TYPE_IDENTIFIER) {
                return;
            }
            depth += at_opener() ? 1 : 0;
            depth -= at_closer() && depth > 0 ? 1 : 0;
            tokens_.Next();
        }
    }

    /// Passes over one value of whatever type.
    void skip_value() {
        take(':');
        if (at_opener()) {
            int depth = 0;
            do {
                depth += at_opener() ? 1 : 0;
                depth -= at_closer() ? 1 : 0;
                tokens_.Next();
            } while (depth > 0 && !at_end());
            return;
        }
        skip_scalar();
    }

    void skip_scalar() {
        take('-');
        if (at_end() || at_closer()) {
            return;
        }
        const bool text = token().type == Tokenizer::TYPE_STRING;
        tokens_.Next();
        while (text && token().type == Tokenizer::TYPE_STRING) {
            tokens_.Next();
        }
    }

    void parse_message(pb::Message& message, const std::string& path, char closer, TextPosition opened) {
        Seen seen;
        while (true) {
            if (at_end()) {
                if (closer != '\0' && !full()) {
                    report(
                        here(),
                        fmt::format("the block opened at line {}, column {} is not closed", opened.line, opened.column),
                        fmt::format("'{}'", closer));
                }
                break;
            }
            if (closer != '\0' && take(closer)) {
                break;
            }
            if (at_closer()) {
                report(here(), fmt::format("{} closes nothing that is open", shown()));
                tokens_.Next();
                continue;
            }
            parse_field(message, path, seen);
            if (!take(',')) {
                take(';');
            }
        }
        report_missing(message, path, seen, opened);
    }

    void report_missing(const pb::Message& message, const std::string& path, const Seen& seen, TextPosition opened) {
        const pb::Descriptor& descriptor = *message.GetDescriptor();
        for (int i = 0; i < descriptor.field_count(); ++i) {
            const pb::FieldDescriptor& field = *descriptor.field(i);
            if (field.is_required() && seen.count(&field) == 0) {
                report(
                    opened,
                    fmt::format("{} lacks the field '{}'", path.empty() ? "the text" : "'" + path + "'", field.name()),
                    what_is_expected(field));
            }
        }
    }

    void parse_field(pb::Message& message, const std::string& path, Seen& seen) {
        const TextPosition position = here();
        if (token().type != Tokenizer::TYPE_IDENTIFIER) {
            report(position, fmt::format("a field name is expected, but here stands {}", shown()));
            if (!at_closer()) {
                tokens_.Next();
            }
            recover();
            return;
        }
        const std::string name = token().text;
        tokens_.Next();
        const pb::Descriptor& descriptor = *message.GetDescriptor();
        const pb::FieldDescriptor* field = descriptor.FindFieldByName(name);
        if (field == nullptr) {
            report_unknown(descriptor, path, name, position);
            skip_value();
            return;
        }
        if (!admit(*field, position, seen)) {
            skip_value();
            return;
        }
        const std::string field_path = path.empty() ? name : path + "." + name;
        const bool is_message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
        if (!take(':') && !is_message) {
            report(here(), fmt::format("after '{}' a ':' is expected, but here stands {}", name, shown()));
            if (at_opener()) {
                skip_value();
            } else {
                recover();
            }
            return;
        }
        if (field->is_repeated() && take('[')) {
            parse_list(message, *field, field_path);
        } else {
            parse_value(message, *field, field_path);
        }
    }

    void report_unknown(const pb::Descriptor& descriptor, const std::string& path, const std::string& name,
                        TextPosition position) {
        const std::vector<std::string> known = field_names(descriptor);
        const std::string near = nearest_name(name, known);
        report(position, fmt::format("unknown field {}{}", quoted(name), path.empty() ? "" : " in '" + path + "'"),
               joined(known), near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }

    /// Whether the field may be given here and now: once, and no other of its oneof.
    bool admit(const pb::FieldDescriptor& field, TextPosition position, Seen& seen) {
        if (field.is_repeated()) {
            seen.emplace(&field, position);
            return true;
        }
        if (const auto earlier = seen.find(&field); earlier != seen.end()) {
            report(position, fmt::format("'{}' is given a second time", field.name()), "once",
                   fmt::format("the first is at line {}, column {}", earlier->second.line, earlier->second.column));
            return false;
        }
        if (const pb::OneofDescriptor* choice = field.real_containing_oneof(); choice != nullptr) {
            for (int i = 0; i < choice->field_count(); ++i) {
                if (const auto other = seen.find(choice->field(i)); other != seen.end()) {
                    report(position, fmt::format("'{}' is given beside '{}'", field.name(), other->first->name()),
                           "one of the two",
                           fmt::format("'{}' is at line {}, column {}", other->first->name(), other->second.line,
                                       other->second.column));
                    return false;
                }
            }
        }
        seen.emplace(&field, position);
        return true;
    }

    void parse_list(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        if (take(']')) {
            return;
        }
        while (!at_end()) {
            parse_value(message, field, path);
            if (take(']')) {
                return;
            }
            if (!take(',')) {
                report(here(),
                       fmt::format("in the list '{}' a ',' or ']' is expected, but here stands {}", path, shown()));
                while (!at_end() && !at(']') && !at('}') && !at('>')) {
                    tokens_.Next();
                }
                take(']');
                return;
            }
        }
        report(here(), fmt::format("the list '{}' is not closed", path), "']'");
    }

    void parse_value(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
            parse_block(message, field, path);
            return;
        }
        const TextPosition position = here();
        result_.positions.add(path, position);
        if (!at_opener() && !at_closer() && !at_end()) {
            parse_scalar({message, field}, path);
            return;
        }
        report(position, fmt::format("'{}' is {}, but here stands {}", path, what_is_expected(field), shown()),
               what_is_expected(field));
        if (at_opener()) {
            skip_value();
        }
    }

    void parse_block(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        const TextPosition opened = here();
        const char closer = at('{') ? '}' : '>';
        if (!at('{') && !at('<')) {
            report(opened, fmt::format("'{}' is a block, but here stands {}", path, shown()), "{ ... }");
            skip_value();
            return;
        }
        if (depth_ >= max_depth) {
            report(opened, "blocks nest too deep", fmt::format("at most {} levels", max_depth));
            skip_value();
            return;
        }
        tokens_.Next();
        const pb::Reflection& reflection = *message.GetReflection();
        result_.positions.add(path, opened);
        ++depth_;
        if (field.is_repeated()) {
            const std::string element = fmt::format("{}[{}]", path, reflection.FieldSize(message, &field));
            parse_message(*reflection.AddMessage(&message, &field), element, closer, opened);
        } else {
            parse_message(*reflection.MutableMessage(&message, &field), path, closer, opened);
        }
        --depth_;
    }

    /// One scalar, of the field's type; consumes it in any case.
    void parse_scalar(const FieldPlace& place, const std::string& path) {
        switch (scalar_kind(place.field)) {
        case ScalarKind::integer:
            parse_integer(place, path);
            break;
        case ScalarKind::real:
            parse_real(place, path);
            break;
        case ScalarKind::name:
            parse_name(place, path);
            break;
        case ScalarKind::text:
            parse_text(place, path);
            break;
        case ScalarKind::block:
            break;
        }
    }

    void refuse_scalar(const FieldPlace& place, const std::string& path, const std::string& allowed = {}) {
        report(here(), fmt::format("'{}' is {}, but here stands {}", path, what_is_expected(place.field), shown()),
               allowed.empty() ? what_is_expected(place.field) : allowed);
        skip_scalar();
    }

    void parse_integer(const FieldPlace& place, const std::string& path) {
        const TextPosition position = here();
        const bool negative = take('-');
        if (token().type != Tokenizer::TYPE_INTEGER) {
            refuse_scalar(place, path);
            return;
        }
        const std::string text = (negative ? "-" : "") + token().text;
        const std::string allowed = set_integer(place, negative, parse_unsigned(token().text));
        tokens_.Next();
        if (!allowed.empty()) {
            report(position, fmt::format("'{}' = {} does not fit", path, quoted(text)), allowed);
        }
    }

    /// The number at the cursor; nothing where no number stands, and NaN where it is none that a double can hold.
    [[nodiscard]] std::optional<double> number() const {
        const std::string& text = token().text;
        if (token().type == Tokenizer::TYPE_INTEGER || token().type == Tokenizer::TYPE_FLOAT) {
            return parse_number(text).value_or(std::numeric_limits<double>::quiet_NaN());
        }
        if (token().type == Tokenizer::TYPE_IDENTIFIER && (text == "inf" || text == "infinity")) {
            return std::numeric_limits<double>::infinity();
        }
        return std::nullopt;
    }

    void parse_real(const FieldPlace& place, const std::string& path) {
        const TextPosition position = here();
        const bool negative = take('-');
        const bool not_a_number = token().type == Tokenizer::TYPE_IDENTIFIER && token().text == "nan";
        const std::optional<double> value = not_a_number ? std::numeric_limits<double>::quiet_NaN() : number();
        if (!value) {
            refuse_scalar(place, path);
            return;
        }
        const std::string text = token().text;
        tokens_.Next();
        if (std::isnan(*value) && !not_a_number) {
            report(position, fmt::format("'{}' = {} is no number that a double can hold", path, quoted(text)),
                   "a decimal number, as 0.25 or 1e-3");
            return;
        }
        const std::string allowed = set_real(place, negative ? -*value : *value);
        if (!allowed.empty()) {
            report(position, fmt::format("'{}' = {} does not fit", path, quoted(text)), allowed);
        }
    }

    void parse_name(const FieldPlace& place, const std::string& path) {
        const std::vector<std::string> names = value_names(place.field);
        if (token().type != Tokenizer::TYPE_IDENTIFIER) {
            refuse_scalar(place, path, joined(names));
            return;
        }
        const auto found = std::find(names.begin(), names.end(), token().text);
        if (found != names.end()) {
            set_name(place, static_cast<std::size_t>(found - names.begin()));
        } else {
            const std::string near = nearest_name(token().text, names);
            report(here(), fmt::format("'{}' = {} is unknown", path, shown()), joined(names),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", near));
        }
        tokens_.Next();
    }

    void parse_text(const FieldPlace& place, const std::string& path) {
        if (token().type != Tokenizer::TYPE_STRING) {
            refuse_scalar(place, path);
            return;
        }
        std::string value;
        while (token().type == Tokenizer::TYPE_STRING) {
            Tokenizer::ParseStringAppend(token().text, &value);
            tokens_.Next();
        }
        set_text(place, std::move(value));
    }

    pb::io::ArrayInputStream stream_;
    std::vector<Finding> found_;
    Tokenizer tokens_;
    const Tokenizer::Token* token_ = &tokens_.current();
    StrictText result_;
    int depth_ = 0;
};

}  // namespace

StrictText parse_strict_text(const std::string& text, const std::string& origin, pb::Message& message) {
    message.Clear();
    if (text.size() > max_text_bytes) {
        StrictText refused{{}, TextPositions(origin)};
        refused.findings.push_back({Severity::error, origin, fmt::format("the text has {} bytes", text.size()),
                                    fmt::format("at most {}", max_text_bytes), "keep weights in a .npy file"});
        return refused;
    }
    return Parser(text, origin).parse(message);
}

}  // namespace spikeloom::files
