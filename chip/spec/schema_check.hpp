// What the checks of chip descriptions share: a walk over a message that enforces the ranges which stand in its schema
// (option `allowed`), and the book of findings that lets rules between fields leave out what is wrong already. Private
// to chip/spec.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/chip_spec_proto.hpp"

namespace spikeloom::chip {

class SchemaCheck {
public:
    /// In ChipSpecPart::limits texts may be empty, and the walk leaves out the top-level field "costs".
    SchemaCheck(const Where& where, ChipSpecPart part) : where_(where), part_(part) {}

    void report(const std::string& path, std::string found, std::string allowed, std::string help = {});
    [[nodiscard]] Diagnostics take() { return std::move(findings_); }

    /// Whether neither the field nor anything in it has a finding.
    [[nodiscard]] bool clean(const std::string& path) const;
    /// Whether all of the message's fields are there and in range, so that a rule may relate them.
    [[nodiscard]] bool sound(const std::string& path, const google::protobuf::Message& message) const;

    /// Every number in its range, every text filled and UTF-8, every range in order.
    void ranges(const google::protobuf::Message& message) { ranges(message, "", nullptr); }
    /// low <= value <= high in every quantity of the message.
    void bounds(const google::protobuf::Message& message, const std::string& path);
    void name(const std::string& path, const std::string& found);
    void at_most(const std::string& path, std::int64_t found, std::int64_t most, const char* which);

private:
    void ranges(const google::protobuf::Message& message, const std::string& path, const proto::Allowed* outer);
    template <class Range>
    void order(const Range& range, const std::string& path);
    void value(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
               const std::string& path, int index, const proto::Allowed* allowed);
    template <class Number>
    void number(const std::string& path, Number found, const proto::Allowed* allowed);
    void text(const std::string& path, const std::string& found);

    const Where& where_;
    ChipSpecPart part_;
    Diagnostics findings_;
    std::vector<std::string> bad_;  // paths with a finding
};

}  // namespace spikeloom::chip
