#include "core/files/strict_text.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

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

std::vector<std::string> field_names(const pb::Descriptor& message) {
    std::vector<std::string> names;
    for (int i = 0; i < message.field_count(); ++i) {
        names.push_back(message.field(i)->name());
    }
    return names;
}

std::vector<std::string> value_names(const pb::EnumDescriptor& enumeration) {
    std::vector<std::string> names;
    for (int i = 0; i < enumeration.value_count(); ++i) {
        names.push_back(enumeration.value(i)->name());
    }
    return names;
}

const char* what_is_expected(const pb::FieldDescriptor& field) {
    switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
    case pb::FieldDescriptor::CPPTYPE_INT64:
        return "a whole number";
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
        return "a whole number from 0";
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return "a number";
    case pb::FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
        return "one of the schema's names";
    case pb::FieldDescriptor::CPPTYPE_STRING:
        return "a text in quotes";
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return "a block { ... }";
    }
    return "a value";
}

/// An integer token in decimal, 0x or 0 notation.
std::optional<std::uint64_t> parse_unsigned(const std::string& text) {
    std::uint64_t value = 0;
    if (!Tokenizer::ParseInteger(text, std::numeric_limits<std::uint64_t>::max(), &value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<double> parse_number(std::string text) {
    if (!text.empty() && (text.back() == 'f' || text.back() == 'F') && text.rfind("0x", 0) != 0) {
        text.pop_back();
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
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
            parse_scalar(message, field, path);
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
    bool parse_scalar(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_INT32:
        case pb::FieldDescriptor::CPPTYPE_INT64:
        case pb::FieldDescriptor::CPPTYPE_UINT32:
        case pb::FieldDescriptor::CPPTYPE_UINT64:
            return parse_integer(message, field, path);
        case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        case pb::FieldDescriptor::CPPTYPE_FLOAT:
            return parse_real(message, field, path);
        case pb::FieldDescriptor::CPPTYPE_BOOL:
        case pb::FieldDescriptor::CPPTYPE_ENUM:
            return parse_name(message, field, path);
        case pb::FieldDescriptor::CPPTYPE_STRING:
            return parse_text(message, field, path);
        case pb::FieldDescriptor::CPPTYPE_MESSAGE:
            break;
        }
        return false;
    }

    bool refuse_scalar(const pb::FieldDescriptor& field, const std::string& path, const std::string& allowed = {}) {
        const TextPosition position = here();
        const std::string found = (at('-') ? "'-'" : shown());
        report(position, fmt::format("'{}' is {}, but here stands {}", path, what_is_expected(field), found),
               allowed.empty() ? what_is_expected(field) : allowed);
        skip_scalar();
        return false;
    }

    bool parse_integer(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        const TextPosition position = here();
        const bool negative = take('-');
        if (token().type != Tokenizer::TYPE_INTEGER) {
            return refuse_scalar(field, path);
        }
        const std::string text = (negative ? "-" : "") + token().text;
        const std::optional<std::uint64_t> magnitude = parse_unsigned(token().text);
        tokens_.Next();
        const auto in_range = [&]<class Number>(Number) {
            using Limits = std::numeric_limits<Number>;
            const auto least = negative ? static_cast<std::uint64_t>(0) - static_cast<std::uint64_t>(Limits::min())
                                        : static_cast<std::uint64_t>(Limits::max());
            const bool fits = magnitude && *magnitude <= least;
            if (!fits) {
                report(position, fmt::format("'{}' = {} does not fit", path, quoted(text)),
                       fmt::format("{}..{}", Limits::min(), Limits::max()));
            }
            return fits;
        };
        const std::uint64_t bits = negative ? std::uint64_t{0} - magnitude.value_or(0) : magnitude.value_or(0);
        const pb::Reflection& reflection = *message.GetReflection();
        const bool many = field.is_repeated();
        switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_INT32: {
            const auto value = static_cast<std::int32_t>(bits);
            return in_range(std::int32_t{}) &&
                   (many ? reflection.AddInt32(&message, &field, value) : reflection.SetInt32(&message, &field, value),
                    true);
        }
        case pb::FieldDescriptor::CPPTYPE_INT64: {
            const auto value = static_cast<std::int64_t>(bits);
            return in_range(std::int64_t{}) &&
                   (many ? reflection.AddInt64(&message, &field, value) : reflection.SetInt64(&message, &field, value),
                    true);
        }
        case pb::FieldDescriptor::CPPTYPE_UINT32: {
            const auto value = static_cast<std::uint32_t>(bits);
            return in_range(std::uint32_t{}) && (many ? reflection.AddUInt32(&message, &field, value)
                                                      : reflection.SetUInt32(&message, &field, value),
                                                 true);
        }
        case pb::FieldDescriptor::CPPTYPE_UINT64:
            return in_range(std::uint64_t{}) &&
                   (many ? reflection.AddUInt64(&message, &field, bits) : reflection.SetUInt64(&message, &field, bits),
                    true);
        default:  // only integer fields come here
            return false;
        }
    }

    bool parse_real(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        const TextPosition position = here();
        const bool negative = take('-');
        const std::string text = token().text;
        std::optional<double> value;
        if (token().type == Tokenizer::TYPE_INTEGER || token().type == Tokenizer::TYPE_FLOAT) {
            value = parse_number(text);
        } else if (token().type == Tokenizer::TYPE_IDENTIFIER && (text == "inf" || text == "infinity")) {
            value = std::numeric_limits<double>::infinity();
        } else if (token().type == Tokenizer::TYPE_IDENTIFIER && text == "nan") {
            value = std::numeric_limits<double>::quiet_NaN();
        } else {
            return refuse_scalar(field, path);
        }
        tokens_.Next();
        if (!value) {
            report(position, fmt::format("'{}' = {} is no number that a double can hold", path, quoted(text)),
                   "a decimal number, as 0.25 or 1e-3");
            return false;
        }
        const double number = negative ? -*value : *value;
        const pb::Reflection& reflection = *message.GetReflection();
        if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_DOUBLE) {
            field.is_repeated() ? reflection.AddDouble(&message, &field, number)
                                : reflection.SetDouble(&message, &field, number);
            return true;
        }
        const bool huge = *value > std::numeric_limits<float>::max() && *value <= std::numeric_limits<double>::max();
        if (huge) {
            report(position, fmt::format("'{}' = {} does not fit", path, quoted(text)),
                   "a 32-bit float, |x| <= 3.4e38");
            return false;
        }
        field.is_repeated() ? reflection.AddFloat(&message, &field, static_cast<float>(number))
                            : reflection.SetFloat(&message, &field, static_cast<float>(number));
        return true;
    }

    bool parse_name(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        const pb::Reflection& reflection = *message.GetReflection();
        const bool is_enum = field.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM;
        const std::vector<std::string> names =
            is_enum ? value_names(*field.enum_type()) : std::vector<std::string>{"true", "false"};
        if (token().type != Tokenizer::TYPE_IDENTIFIER) {
            return refuse_scalar(field, path, joined(names));
        }
        const auto found = std::find(names.begin(), names.end(), token().text);
        if (found == names.end()) {
            const std::string near = nearest_name(token().text, names);
            report(here(), fmt::format("'{}' = {} is unknown", path, shown()), joined(names),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", near));
            tokens_.Next();
            return false;
        }
        if (is_enum) {
            const pb::EnumValueDescriptor* value = field.enum_type()->value(static_cast<int>(found - names.begin()));
            field.is_repeated() ? reflection.AddEnum(&message, &field, value)
                                : reflection.SetEnum(&message, &field, value);
        } else {
            const bool value = *found == "true";
            field.is_repeated() ? reflection.AddBool(&message, &field, value)
                                : reflection.SetBool(&message, &field, value);
        }
        tokens_.Next();
        return true;
    }

    bool parse_text(pb::Message& message, const pb::FieldDescriptor& field, const std::string& path) {
        if (token().type != Tokenizer::TYPE_STRING) {
            return refuse_scalar(field, path);
        }
        std::string value;
        while (token().type == Tokenizer::TYPE_STRING) {
            Tokenizer::ParseStringAppend(token().text, &value);
            tokens_.Next();
        }
        const pb::Reflection& reflection = *message.GetReflection();
        field.is_repeated() ? reflection.AddString(&message, &field, std::move(value))
                            : reflection.SetString(&message, &field, std::move(value));
        return true;
    }

    pb::io::ArrayInputStream stream_;
    std::vector<Finding> found_;
    Tokenizer tokens_;
    const Tokenizer::Token* token_ = &tokens_.current();
    StrictText result_;
    int depth_ = 0;
};

}  // namespace

const TextPosition* TextPositions::find(std::string_view path) const {
    std::size_t index = 0;
    if (!path.empty() && path.back() == ']') {
        const std::size_t open = path.rfind('[');
        if (open == std::string_view::npos) {
            return nullptr;
        }
        const std::string_view digits = path.substr(open + 1, path.size() - open - 2);
        if (std::from_chars(digits.data(), digits.data() + digits.size(), index).ec != std::errc{}) {
            return nullptr;
        }
        path = path.substr(0, open);
    }
    const auto found = positions_.find(path);
    return found == positions_.end() || index >= found->second.size() ? nullptr : &found->second[index];
}

TextPosition TextPositions::position(std::string_view path) const {
    while (!path.empty()) {
        if (const TextPosition* found = find(path)) {
            return *found;
        }
        const std::size_t cut = path.find_last_of(".[");
        path = path.substr(0, cut == std::string_view::npos ? 0 : cut);
    }
    return {};
}

std::string TextPositions::where(std::string_view path) const {
    return where(position(path));
}

std::string TextPositions::where(TextPosition position) const {
    return fmt::format("{}:{}:{}", origin_, position.line, position.column);
}

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

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    if (name.size() > 100) {
        return best;
    }
    for (const std::string& candidate : candidates) {
        // Levenshtein distance, one row at a time.
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = i;
        }
        for (std::size_t i = 1; i <= name.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j < row.size(); ++j) {
                const std::size_t replaced = diagonal + (same(name[i - 1], candidate[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
            }
        }
        if (row.back() < best_distance && row.back() < std::max(name.size(), candidate.size())) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace spikeloom::files
