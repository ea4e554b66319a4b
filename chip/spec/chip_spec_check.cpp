// Ranges by a walk over the schema, then the rules that relate several fields.
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <span>

#include "chip/spec/chip_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

namespace pb = google::protobuf;

constexpr std::int64_t largest_register = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t most_cores = std::int64_t{1} << 20;

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

class Checker {
public:
    Checker(const Where& where, ChipSpecPart part) : where_(where), part_(part) {}

    Diagnostics check(const proto::ChipSpecProto& chip) {
        ranges(chip, "");
        rule("mesh", chip.has_mesh(), chip.mesh(), &Checker::mesh);
        rule("neuron", chip.has_neuron(), chip.neuron(), &Checker::neuron);
        rule("synapses", chip.has_synapses(), chip.synapses(), &Checker::synapses);
        rule("learning", chip.has_learning(), chip.learning(), &Checker::learning);
        if (chip.has_learning() && chip.has_synapses() && sound("learning", chip.learning()) &&
            sound("synapses", chip.synapses()) && chip.synapses().delay_bits_size() > 0) {
            longest_delay(chip.learning(), chip.synapses());
        }
        if (sound("limits", chip.limits()) && sound("synapses", chip.synapses()) && chip.has_limits() &&
            chip.has_synapses() && chip.synapses().index_bits_size() > 0) {
            widest_index(chip.limits(), chip.synapses());
        }
        if (part_ == ChipSpecPart::everything) {
            if (chip.has_name()) {
                name("name", chip.name());
            }
            costs(chip);
        }
        return std::move(findings_);
    }

private:
    template <class Message>
    void rule(const std::string& path, bool given, const Message& message, void (Checker::*related)(const Message&)) {
        if (given && sound(path, message)) {
            (this->*related)(message);
        }
    }

    /// Whether all of the message's fields are there and in range, so that a rule may relate them.
    bool sound(const std::string& path, const pb::Message& message) const {
        return message.IsInitialized() && clean(path);
    }

    /// Whether neither the field nor anything in it has a finding.
    bool clean(const std::string& path) const {
        const auto below = [&](const std::string& bad) {
            return bad.starts_with(path) &&
                   (bad.size() == path.size() || bad[path.size()] == '.' || bad[path.size()] == '[');
        };
        return std::ranges::none_of(bad_, below);
    }

    void report(const std::string& path, std::string found, std::string allowed, std::string help = {}) {
        bad_.push_back(path);
        findings_.push_back({.severity = Severity::error,
                             .where = where_(path),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    // The walk over the schema.

    void ranges(const pb::Message& message, const std::string& path, const proto::Allowed* outer = nullptr) {
        const pb::Reflection& reflection = *message.GetReflection();
        const pb::Descriptor& descriptor = *message.GetDescriptor();
        for (int i = 0; i < descriptor.field_count(); ++i) {
            const pb::FieldDescriptor& field = *descriptor.field(i);
            if (part_ == ChipSpecPart::limits && path.empty() &&
                field.number() == proto::ChipSpecProto::kCostsFieldNumber) {
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
            const auto& range = static_cast<const proto::IntRangeProto&>(message);
            if (range.has_least() && range.has_most() && range.least() > range.most()) {
                report(joined(path, "most"),
                       fmt::format("'{}' ends before it starts: {}..{}", path, range.least(), range.most()),
                       "least <= most");
            }
        }
    }

    /// Checks one value: of a single field (index -1) or of a repeated one.
    void value(const pb::Message& message, const pb::FieldDescriptor& field, const std::string& path, int index,
               const proto::Allowed* allowed) {
        const pb::Reflection& reflection = *message.GetReflection();
        const bool many = index >= 0;
        switch (field.cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_INT32:
            return number(
                path, many ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field),
                allowed);
        case pb::FieldDescriptor::CPPTYPE_INT64:
            return number(path, reflection.GetInt64(message, &field), allowed);
        case pb::FieldDescriptor::CPPTYPE_DOUBLE:
            return number(path, reflection.GetDouble(message, &field), allowed);
        case pb::FieldDescriptor::CPPTYPE_STRING:
            return text(path, reflection.GetString(message, &field));
        case pb::FieldDescriptor::CPPTYPE_MESSAGE:
            return ranges(
                many ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field),
                path, allowed);
        case pb::FieldDescriptor::CPPTYPE_ENUM:  // names are checked where they are read
        case pb::FieldDescriptor::CPPTYPE_UINT32:
        case pb::FieldDescriptor::CPPTYPE_UINT64:
        case pb::FieldDescriptor::CPPTYPE_FLOAT:
        case pb::FieldDescriptor::CPPTYPE_BOOL:
            return;
        }
    }

    template <class Number>
    void number(const std::string& path, Number found, const proto::Allowed* allowed) {
        if (allowed == nullptr) {
            return;
        }
        const auto real = static_cast<double>(found);
        const bool inside = allowed->least() <= real && real <= allowed->most();  // NaN is not
        if (!inside) {
            report(path, fmt::format("'{}' is {}", path, found),
                   fmt::format("{}..{}", allowed->least(), allowed->most()));
        }
    }

    void text(const std::string& path, const std::string& found) {
        if (found.empty() && part_ == ChipSpecPart::everything) {
            report(path, fmt::format("'{}' is empty", path), "a text");
        }
        if (!is_utf8(found)) {
            report(path, fmt::format("'{}' is not UTF-8", path), "UTF-8 text");
        }
    }

    // The rules.

    void name(const std::string& path, const std::string& found) {
        if (!is_name(found)) {
            report(path, fmt::format("'{}' is '{}'", path, found), "at most 64 letters, digits, '-', '_' and '.'");
        }
    }

    void mesh(const proto::MeshProto& mesh) {
        const std::int64_t cores = std::int64_t{mesh.columns()} * mesh.rows() * mesh.cores_per_tile();
        if (cores > most_cores) {
            report("mesh", fmt::format("the mesh has {} cores", cores), fmt::format("at most {}", most_cores));
        }
    }

    void neuron(const proto::NeuronFormatProto& neuron) {
        fits("neuron.threshold_mantissa_max", "the largest threshold", neuron.threshold_mantissa_max(),
             neuron.threshold_exponent());
        const std::int64_t bias = std::max(-neuron.bias_mantissa().least(), neuron.bias_mantissa().most());
        fits("neuron.bias_mantissa", "the largest bias", bias, neuron.bias_exponent().most());
        fits("neuron.refractory", "the refractory view of the voltage", neuron.refractory().most(),
             neuron.refractory_probe_shift());
        if (neuron.voltage_floor_exponent().most() > neuron.state_bits() - 1) {
            report("neuron.voltage_floor_exponent",
                   fmt::format("a floor of -2^{} + 1 is below what {} bits hold",
                               neuron.voltage_floor_exponent().most(), neuron.state_bits()),
                   fmt::format("at most {}", neuron.state_bits() - 1));
        }
        if (9 + 2 * neuron.voltage_ceiling_exponent().most() > neuron.state_bits() - 1) {
            report("neuron.voltage_ceiling_exponent",
                   fmt::format("a ceiling of 2^(9 + 2*{}) - 1 is above what {} bits hold",
                               neuron.voltage_ceiling_exponent().most(), neuron.state_bits()),
                   fmt::format("9 + 2e <= {}", neuron.state_bits() - 1));
        }
    }

    void fits(const std::string& path, const char* what, std::int64_t mantissa, std::int64_t exponent) {
        if (mantissa > (largest_register >> exponent)) {
            report(path, fmt::format("{}, {} * 2^{}, does not fit 32 bits", what, mantissa, exponent),
                   fmt::format("at most {}", largest_register >> exponent),
                   "make the mantissa or the exponent smaller");
        }
    }

    void synapses(const proto::SynapseMemoryProto& memory) {
        widths("synapses.weight_bits", memory.weight_bits());
        widths("synapses.index_bits", memory.index_bits());
        widths("synapses.skip_bits", memory.skip_bits());
        widths("synapses.delay_bits", memory.delay_bits());
        encodings(memory);
        at_most("synapses.words_per_axon", memory.words_per_axon(), memory.words(), "words");
        at_most("synapses.synapses_per_entry", memory.synapses_per_entry(), std::int64_t{1} << memory.count_bits(),
                "2^count_bits");
        at_most("synapses.synapse_formats", memory.synapse_formats(), std::int64_t{1} << memory.format_id_bits(),
                "2^format_id_bits");
        at_most("synapses.free_delay", memory.free_delay(), memory.max_delay(), "max_delay");
        if (memory.delay_bits_size() > 0) {
            const int widest = std::ranges::max(memory.delay_bits());
            at_most("synapses.max_delay", memory.max_delay(), (std::int64_t{1} << widest) - 1,
                    "what the widest of delay_bits holds");
        }
        if (memory.weight_bits_size() > 0 && std::ranges::max(memory.weight_bits()) == 0) {
            report("synapses.weight_bits", "no weight has any bit", "at least one width above 0");
        }
    }

    void at_most(const std::string& path, std::int64_t found, std::int64_t most, const char* which) {
        if (found > most) {
            report(path, fmt::format("'{}' is {}", path, found), fmt::format("at most {} ({})", most, which));
        }
    }

    template <class List>
    void widths(const std::string& path, const List& list) {
        if (list.empty()) {
            report(path, fmt::format("'{}' names no width", path), "at least one, ascending");
        }
        for (int i = 1; i < list.size(); ++i) {
            if (list[i] <= list[i - 1]) {
                report(fmt::format("{}[{}]", path, i), fmt::format("'{}' has {} after {}", path, list[i], list[i - 1]),
                       "ascending widths");
            }
        }
    }

    void encodings(const proto::SynapseMemoryProto& memory) {
        if (memory.encodings_size() == 0) {
            report("synapses.encodings", "'synapses.encodings' names no encoding", "SPARSE, RUNLENGTH, DENSE");
        }
        std::set<int> seen;
        for (int i = 0; i < memory.encodings_size(); ++i) {
            if (!seen.insert(memory.encodings(i)).second) {
                report(fmt::format("synapses.encodings[{}]", i),
                       fmt::format("{} is named a second time", proto::EncodingProto::Value_Name(memory.encodings(i))),
                       "once");
            }
        }
    }

    void widest_index(const proto::CoreLimitsProto& limits, const proto::SynapseMemoryProto& memory) {
        const int widest = std::ranges::max(memory.index_bits());
        if (limits.compartments() > (std::int64_t{1} << widest)) {
            report("synapses.index_bits",
                   fmt::format("the widest index has {} bits, the core {} compartments", widest, limits.compartments()),
                   "an index that names every compartment");
        }
    }

    void learning(const proto::LearningProto& learning) {
        const auto around_zero = [&](const char* field, const proto::IntRangeProto& range) {
            if (range.least() > 0 || range.most() < 1) {
                report(fmt::format("learning.{}", field),
                       fmt::format("'learning.{}' is {}..{}", field, range.least(), range.most()),
                       "a range that holds 0 and 1");
            }
        };
        around_zero("mantissa", learning.mantissa());
        around_zero("exponent", learning.exponent());
        around_zero("constant", learning.constant());
        conventions(learning.conventions());
    }

    /// `all`, or each of the others.
    void conventions(const proto::LearningConventionsProto& message) {
        const pb::Reflection& reflection = *message.GetReflection();
        const pb::Descriptor& descriptor = *message.GetDescriptor();
        for (int i = 0; i < descriptor.field_count(); ++i) {
            const pb::FieldDescriptor& field = *descriptor.field(i);
            if (field.number() == proto::LearningConventionsProto::kAllFieldNumber) {
                continue;
            }
            const bool given = reflection.HasField(message, &field);
            if (given && message.has_all()) {
                report("learning.conventions." + field.name(),
                       fmt::format("'{}' beside 'all', which chooses it already", field.name()), "one of the two");
            } else if (!given && !message.has_all()) {
                report("learning.conventions", fmt::format("nothing chooses '{}'", field.name()),
                       fmt::format("'{}', or 'all'", field.name()));
            }
        }
    }

    void longest_delay(const proto::LearningProto& learning, const proto::SynapseMemoryProto& memory) {
        const int widest = std::ranges::max(memory.delay_bits());
        at_most("learning.delay_most", learning.delay_most(), (std::int64_t{1} << widest) - 1,
                "what the widest of synapses.delay_bits holds");
    }

    void costs(const proto::ChipSpecProto& chip) {
        if (chip.costs_size() == 0) {
            report("costs", "the chip has no cost table", "at least one block costs { ... }",
                   "models/chips/generic.textproto shows one");
        }
        std::set<std::string> names;
        for (int i = 0; i < chip.costs_size(); ++i) {
            const std::string path = fmt::format("costs[{}]", i);
            const proto::CostTableProto& table = chip.costs(i);
            if (table.has_name()) {
                name(path + ".name", table.name());
                if (!names.insert(table.name()).second) {
                    report(path + ".name", fmt::format("a second cost table '{}'", table.name()), "names that differ");
                }
            }
            if (chip.has_learning() && !table.has_learning_update()) {
                report(path, fmt::format("the cost table '{}' has no price for learning", table.name()),
                       "learning_update { ... }, because the chip has a learning engine");
            }
            bounds(table, path);
            barrier(table, path + ".barrier");
        }
    }

    /// low <= value <= high in every quantity of the message.
    void bounds(const pb::Message& message, const std::string& path) {
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

    void barrier(const proto::CostTableProto& table, const std::string& path) {
        if (table.barrier_size() == 0) {
            report(path, "the barrier has no point", "at least one, at 1 tile");
        }
        for (int i = 0; i < table.barrier_size(); ++i) {
            const std::string point = fmt::format("{}[{}].tiles", path, i);
            if (!table.barrier(i).has_tiles()) {
                return;
            }
            const int tiles = table.barrier(i).tiles();
            if (i == 0 && tiles != 1) {
                report(point, fmt::format("the first barrier point is at {} tiles", tiles), "1");
            }
            if (i > 0 && tiles <= table.barrier(i - 1).tiles()) {
                report(point,
                       fmt::format("a barrier point at {} tiles after one at {}", tiles, table.barrier(i - 1).tiles()),
                       "ascending tiles");
            }
        }
    }

    const Where& where_;
    ChipSpecPart part_;
    Diagnostics findings_;
    std::vector<std::string> bad_;  // paths with a finding
};

Diagnostics check_value(const ChipSpec& spec, ChipSpecPart part) {
    const Where where = [&](const std::string& path) { return fmt::format("chip '{}': {}", spec.name, path); };
    Diagnostics findings = check_chip_spec_proto(to_proto(spec), where, part);
    for (std::size_t i = 0; i < spec.costs.size() && part == ChipSpecPart::everything; ++i) {
        std::span<const CostItem> wanted(cost_items);
        if (!spec.costs[i].prices(CostItem::learning_update)) {
            wanted = wanted.first(wanted.size() - 1);  // whether it may lack is checked with the schema
        }
        if (!std::ranges::equal(spec.costs[i].events, wanted, {}, &EventCost::item)) {
            findings.push_back({.severity = Severity::error,
                                .where = where(fmt::format("costs[{}]", i)),
                                .found = "the table's events are not one of each kind, in order",
                                .allowed = "the order of CostItem",
                                .help = {}});
        }
    }
    return findings;
}

}  // namespace

Diagnostics check_chip_spec_proto(const proto::ChipSpecProto& message, const Where& where, ChipSpecPart part) {
    return Checker(where, part).check(message);
}

Diagnostics check_chip_spec(const ChipSpec& spec) {
    return check_value(spec, ChipSpecPart::everything);
}

Diagnostics check_chip_limits(const ChipSpec& spec) {
    return check_value(spec, ChipSpecPart::limits);
}

}  // namespace spikeloom::chip
