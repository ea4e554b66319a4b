#include "core/files/strict_text_field.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace spikeloom::files {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

/// The integer, if Number can hold it.
template <class Number>
std::optional<Number> narrowed(bool negative, std::uint64_t magnitude) {
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
    const auto least = std::uint64_t{0} - static_cast<std::uint64_t>(std::numeric_limits<Number>::min());
    if (magnitude > (negative ? least : most)) {
        return std::nullopt;
    }
    return static_cast<Number>(negative ? std::uint64_t{0} - magnitude : magnitude);
}

/// Sets by `add` or `set`, members of Reflection for Number, if the integer fits.
template <class Number>
std::string set_narrowed(const FieldPlace& place, bool negative, std::optional<std::uint64_t> magnitude,
                         void (pb::Reflection::*add)(pb::Message*, const Field*, Number) const,
                         void (pb::Reflection::*set)(pb::Message*, const Field*, Number) const) {
    const std::optional<Number> value = magnitude ? narrowed<Number>(negative, *magnitude) : std::nullopt;
    if (!value) {
        return fmt::format("{}..{}", std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max());
    }
    const pb::Reflection& reflection = *place.message.GetReflection();
    (reflection.*(place.field.is_repeated() ? add : set))(&place.message, &place.field, *value);
    return {};
}

}  // namespace

ScalarKind scalar_kind(const Field& field) {
    switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
    case Field::CPPTYPE_INT64:
    case Field::CPPTYPE_UINT32:
    case Field::CPPTYPE_UINT64:
        return ScalarKind::integer;
    case Field::CPPTYPE_DOUBLE:
    case Field::CPPTYPE_FLOAT:
        return ScalarKind::real;
    case Field::CPPTYPE_BOOL:
    case Field::CPPTYPE_ENUM:
        return ScalarKind::name;
    case Field::CPPTYPE_STRING:
        return ScalarKind::text;
    case Field::CPPTYPE_MESSAGE:
        return ScalarKind::block;
    }
    return ScalarKind::block;
}

const char* what_is_expected(const Field& field) {
    switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
    case Field::CPPTYPE_INT64:
        return "a whole number";
    case Field::CPPTYPE_UINT32:
    case Field::CPPTYPE_UINT64:
        return "a whole number from 0";
    case Field::CPPTYPE_DOUBLE:
    case Field::CPPTYPE_FLOAT:
        return "a number";
    case Field::CPPTYPE_BOOL:
        return "true or false";
    case Field::CPPTYPE_ENUM:
        return "one of the schema's names";
    case Field::CPPTYPE_STRING:
        return "a text in quotes";
    case Field::CPPTYPE_MESSAGE:
        return "a block { ... }";
    }
    return "a value";
}

std::vector<std::string> field_names(const pb::Descriptor& message) {
    std::vector<std::string> names;
    for (int i = 0; i < message.field_count(); ++i) {
        names.push_back(message.field(i)->name());
    }
    return names;
}

std::vector<std::string> value_names(const Field& field) {
    if (field.enum_type() == nullptr) {
        return {"true", "false"};
    }
    std::vector<std::string> names;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
        names.push_back(field.enum_type()->value(i)->name());
    }
    return names;
}

std::optional<std::uint64_t> parse_unsigned(const std::string& text) {
    std::uint64_t value = 0;
    if (!pb::io::Tokenizer::ParseInteger(text, std::numeric_limits<std::uint64_t>::max(), &value)) {
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

std::string set_integer(const FieldPlace& place, bool negative, std::optional<std::uint64_t> magnitude) {
    using pb::Reflection;
    if (place.field.cpp_type() == Field::CPPTYPE_INT32) {
        return set_narrowed<std::int32_t>(place, negative, magnitude, &Reflection::AddInt32, &Reflection::SetInt32);
    }
    if (place.field.cpp_type() == Field::CPPTYPE_INT64) {
        return set_narrowed<std::int64_t>(place, negative, magnitude, &Reflection::AddInt64, &Reflection::SetInt64);
    }
    if (place.field.cpp_type() == Field::CPPTYPE_UINT32) {
        return set_narrowed<std::uint32_t>(place, negative, magnitude, &Reflection::AddUInt32, &Reflection::SetUInt32);
    }
    return set_narrowed<std::uint64_t>(place, negative, magnitude, &Reflection::AddUInt64, &Reflection::SetUInt64);
}

std::string set_real(const FieldPlace& place, double value) {
    const pb::Reflection& reflection = *place.message.GetReflection();
    const bool many = place.field.is_repeated();
    if (place.field.cpp_type() == Field::CPPTYPE_DOUBLE) {
        many ? reflection.AddDouble(&place.message, &place.field, value)
             : reflection.SetDouble(&place.message, &place.field, value);
        return {};
    }
    if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return "a 32-bit float, |x| <= 3.4e38";
    }
    many ? reflection.AddFloat(&place.message, &place.field, static_cast<float>(value))
         : reflection.SetFloat(&place.message, &place.field, static_cast<float>(value));
    return {};
}

void set_name(const FieldPlace& place, std::size_t index) {
    const pb::Reflection& reflection = *place.message.GetReflection();
    const bool many = place.field.is_repeated();
    if (place.field.enum_type() == nullptr) {
        many ? reflection.AddBool(&place.message, &place.field, index == 0)
             : reflection.SetBool(&place.message, &place.field, index == 0);
        return;
    }
    const pb::EnumValueDescriptor* value = place.field.enum_type()->value(static_cast<int>(index));
    many ? reflection.AddEnum(&place.message, &place.field, value)
         : reflection.SetEnum(&place.message, &place.field, value);
}

void set_text(const FieldPlace& place, std::string value) {
    const pb::Reflection& reflection = *place.message.GetReflection();
    place.field.is_repeated() ? reflection.AddString(&place.message, &place.field, std::move(value))
                              : reflection.SetString(&place.message, &place.field, std::move(value));
}

}  // namespace spikeloom::files
