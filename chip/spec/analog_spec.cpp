#include "chip/spec/analog_spec.hpp"

#include <algorithm>
#include <utility>

#include "chip/spec/analog_spec_proto.hpp"
#include "chip/spec/chip_text.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::chip {

std::string_view name_of(MismatchOf of) {
    switch (of) {
    case MismatchOf::threshold:
        return "threshold";
    case MismatchOf::leak:
        return "leak";
    case MismatchOf::reset:
        return "reset";
    case MismatchOf::tau_mem:
        return "tau_mem";
    case MismatchOf::tau_syn:
        return "tau_syn";
    case MismatchOf::weight:
        return "weight";
    case MismatchOf::synaptic_weight:
        return "synaptic_weight";
    case MismatchOf::refractory:
        return "refractory";
    }
    return "?";
}

std::string_view name_of(AnalogCostItem item) {
    switch (item) {
    case AnalogCostItem::input_spike:
        return "input_spike";
    case AnalogCostItem::spike:
        return "spike";
    case AnalogCostItem::synaptic_event:
        return "synaptic_event";
    case AnalogCostItem::output_spike:
        return "output_spike";
    case AnalogCostItem::ppu_vector_instruction:
        return "ppu_vector_instruction";
    }
    return "?";
}

bool AnalogCrossbar::has_node(const CrossbarNode& node) const {
    return std::ranges::binary_search(nodes, node);
}

const Quantity* AnalogCostTable::find_event(AnalogCostItem item) const {
    const auto found = std::ranges::find(events, item, &AnalogEventCost::item);
    return found == events.end() ? nullptr : &found->energy_pj;
}

const Mismatch* AnalogSpec::find_mismatch(MismatchOf of) const {
    const auto found = std::ranges::find(mismatch, of, &Mismatch::of);
    return found == mismatch.end() ? nullptr : &*found;
}

const AnalogCostTable* AnalogSpec::find_costs(const std::string& wanted) const {
    const auto found = std::ranges::find(costs, wanted, &AnalogCostTable::name);
    return found == costs.end() ? nullptr : &*found;
}

Result<AnalogSpec> parse_analog_spec(const std::string& text, const std::string& origin) {
    proto::AnalogSpecProto message;
    files::StrictText strict = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(strict.findings);
    const Diagnostics meaning = check_analog_spec_proto(
        message, [&](const std::string& path) { return strict.positions.where(path); }, ChipSpecPart::everything);
    findings.insert(findings.end(), meaning.begin(), meaning.end());
    if (findings.empty()) {
        return from_proto(message);
    }
    return fail(by_place(std::move(findings)));
}

Result<AnalogSpec> read_analog_spec(const std::string& path) {
    return read_chip_text(path).and_then([&](const std::string& text) { return parse_analog_spec(text, path); });
}

std::string print_analog_spec(const AnalogSpec& spec) {
    return print_chip_text(to_proto(spec));
}

bool is_analog_spec(const std::string& text) {
    return has_top_level_field(text, "time_base");
}

}  // namespace spikeloom::chip
