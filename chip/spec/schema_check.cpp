#include "chip/spec/schema_check.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cctype>

#include "chip/spec/analog_spec.pb.h"

namespace spikeloom::chip {
namespace {

namespace pb = google::protobuf;

bool is_name(const std::string& text) {
    return text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

std::string joined(const std::string& path, const std::string& field) {
    return path.empty() ? field : path + "." + field;
}

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(const std::string& text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
        const unsigned first = byte(i);
        const std::size_t size = first < 0x80   ? 1
                                 : first < 0xC2 ? 0
                                 : first < 0xE0 ? 2
                                 : first < 0xF0 ? 3
                                 : first < 0xF5 ? 4
                                                : 0;
        const unsigned second = byte(i + 1);
        const bool out_of_range = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                                  (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
        if (size == 0 || out_of_range) {
            return false;
        }
        for (std::size_t k = 1; k < size; ++k) {
            if ((byte(i + k) & 0xC0U) != 0x80U) {
                return false;
            }
        }
        i += size;
    }
    return true;
}

}  // namespace

/// Whether all of the message's fields are there and in range, so that a rule may relate them.
bool SchemaCheck::sound(const std::string& path, const pb::Message& message) const {
    return message.IsInitialized() && clean(path);
}

/// Whether neither the field nor anything in it has a finding.
bool SchemaCheck::clean(const std::string& path) const {
    const auto below = [&](const std::string& bad) {
        return bad.starts_with(path) &&
               (bad.size() == path.size() || bad[path.size()] == '.' || bad[path.size()] == '[');
    };
    return std::ranges::none_of(bad_, below);
}

void SchemaCheck::report(const std::string& path, std::string found, std::string allowed, std::string help) {
    bad_.push_back(path);
    findings_.push_back({.severity = Severity::error,
                         .where = where_(path),
                         .found = std::move(found),
                         .allowed = std::move(allowed),
                         .help = std::move(help)});
}

// The walk over the schema.

void SchemaCheck::ranges(const pb::Message& message, const std::string& path, const proto::Allowed* outer) {
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::Descriptor& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
        const pb::FieldDescriptor& field = *descriptor.field(i);
        if (part_ == ChipSpecPart::limits && path.empty() && field.name() == "costs") {
            continue;
        }
        const proto::Allowed* allowed = outer;
        if (field.options().HasExtension(proto::allowed)) {
            allowed = &field.options().GetExtension(proto::allowed);
        }
        const std::string field_path = joined(path, field.name());
        if (field.is_repeated()) {
            for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
                value(message, field, fmt::format("{}[{}]", field_path, k), k, allowed);
            }
        } else if (reflection.HasField(message, &field)) {
            value(message, field, field_path, -1, allowed);
        }
    }
    if (message.GetDescriptor() == proto::IntRangeProto::descriptor()) {
        order(static_cast<const proto::IntRangeProto&>(message), path);
    } else if (message.GetDescriptor() == proto::RealRangeProto::descriptor()) {
        order(static_cast<const proto::RealRangeProto&>(message), path);
    }
}

template <class Range>
void SchemaCheck::order(const Range& range, const std::string& path) {
    if (range.has_least() && range.has_most() && range.least() > range.most()) {
        report(joined(path, "most"),
               fmt::format("'{}' ends before it starts: {}..{}", path, range.least(), range.most()), "least <= most");
    }
}

/// Checks one value: of a single field (index -1) or of a repeated one.
void SchemaCheck::value(const pb::Message& message, const pb::FieldDescriptor& field, const std::string& path,
                        int index, const proto::Allowed* allowed) {
    const pb::Reflection& reflection = *message.GetReflection();
    const bool many = index >= 0;
    switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
        return number(path,
                      many ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field),
                      allowed);
    case pb::FieldDescriptor::CPPTYPE_INT64:
        return number(path, reflection.GetInt64(message, &field), allowed);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return number(path, reflection.GetDouble(message, &field), allowed);
    case pb::FieldDescriptor::CPPTYPE_STRING:
        return text(path, reflection.GetString(message, &field));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return ranges(
            many ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field), path,
            allowed);
    case pb::FieldDescriptor::CPPTYPE_ENUM:  // names are checked where they are read
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
    case pb::FieldDescriptor::CPPTYPE_BOOL:
        return;
    }
}

template <class Number>
void SchemaCheck::number(const std::string& path, Number found, const proto::Allowed* allowed) {
    if (allowed == nullptr) {
        return;
    }
    const auto real = static_cast<double>(found);
    const bool inside = allowed->least() <= real && real <= allowed->most();  // NaN is not
    if (!inside) {
        report(path, fmt::format("'{}' is {}", path, found), fmt::format("{}..{}", allowed->least(), allowed->most()));
    }
}

void SchemaCheck::text(const std::string& path, const std::string& found) {
    if (found.empty() && part_ == ChipSpecPart::everything) {
        report(path, fmt::format("'{}' is empty", path), "a text");
    }
    if (!is_utf8(found)) {
        report(path, fmt::format("'{}' is not UTF-8", path), "UTF-8 text");
    }
}

void SchemaCheck::name(const std::string& path, const std::string& found) {
    if (!is_name(found)) {
        report(path, fmt::format("'{}' is '{}'", path, found), "at most 64 letters, digits, '-', '_' and '.'");
    }
}

/// low <= value <= high in every quantity of the message.
void SchemaCheck::bounds(const pb::Message& message, const std::string& path) {
    if (message.GetDescriptor() == proto::QuantityProto::descriptor()) {
        const auto& quantity = static_cast<const proto::QuantityProto&>(message);
        if (!quantity.has_value() || !clean(path)) {
            return;
        }
        if (quantity.has_low() && quantity.low() > quantity.value()) {
            report(path + ".low", fmt::format("low is {}, above the value {}", quantity.low(), quantity.value()),
                   "low <= value <= high");
        }
        if (quantity.has_high() && quantity.high() < quantity.value()) {
            report(path + ".high", fmt::format("high is {}, below the value {}", quantity.high(), quantity.value()),
                   "low <= value <= high");
        }
        return;
    }
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::Descriptor& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
        const pb::FieldDescriptor& field = *descriptor.field(i);
        if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
            continue;
        }
        const std::string field_path = joined(path, field.name());
        if (field.is_repeated()) {
            for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
                bounds(reflection.GetRepeatedMessage(message, &field, k), fmt::format("{}[{}]", field_path, k));
            }
        } else if (reflection.HasField(message, &field)) {
            bounds(reflection.GetMessage(message, &field), field_path);
        }
    }
}

void SchemaCheck::at_most(const std::string& path, std::int64_t found, std::int64_t most, const char* which) {
    if (found > most) {
        report(path, fmt::format("'{}' is {}", path, found), fmt::format("at most {} ({})", most, which));
    }
}

}  // namespace spikeloom::chip
