#include "chip/spec/chip_spec.hpp"

#include <algorithm>
#include <utility>

#include "chip/spec/board.hpp"
#include "chip/spec/chip_spec_proto.hpp"
#include "chip/spec/chip_text.hpp"
#include "chip/spec/cost_table_proto.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::chip {
std::string_view name_of(CostItem item) {
    switch (item) {
    case CostItem::update_active:
        return "update_active";
    case CostItem::update_idle:
        return "update_idle";
    case CostItem::spike:
        return "spike";
    case CostItem::message_out:
        return "message_out";
    case CostItem::message_in:
        return "message_in";
    case CostItem::hop_local:
        return "hop_local";
    case CostItem::hop_ew:
        return "hop_ew";
    case CostItem::hop_ns:
        return "hop_ns";
    case CostItem::synaptic_event_sparse:
        return "synaptic_event_sparse";
    case CostItem::synaptic_event_runlength:
        return "synaptic_event_runlength";
    case CostItem::synaptic_event_dense:
        return "synaptic_event_dense";
    case CostItem::input_spike:
        return "input_spike";
    case CostItem::learning_update:
        return "learning_update";
    case CostItem::hop_vertical:
        return "hop_vertical";
    case CostItem::hop_chip:
        return "hop_chip";
    case CostItem::output_spike:
        return "output_spike";
    }
    return "?";
}

std::string_view name_of(Trust trust) {
    switch (trust) {
    case Trust::measured:
        return "measured";
    case Trust::fitted:
        return "fitted";
    case Trust::simulated:
        return "simulated";
    case Trust::inferred:
        return "inferred";
    case Trust::guessed:
        return "guessed";
    }
    return "?";
}

std::string_view name_of(SynapseEncoding encoding) {
    switch (encoding) {
    case SynapseEncoding::sparse:
        return "sparse";
    case SynapseEncoding::runlength:
        return "runlength";
    case SynapseEncoding::dense:
        return "dense";
    }
    return "?";
}

const EventCost& CostTable::event(CostItem item) const {
    static const EventCost nothing;
    const auto index = static_cast<std::size_t>(item);
    if (index < events.size() && events[index].item == item) {
        return events[index];
    }
    const auto found = std::ranges::find(events, item, &EventCost::item);
    return found == events.end() ? nothing : *found;
}

bool CostTable::prices(CostItem item) const {
    return std::ranges::find(events, item, &EventCost::item) != events.end();
}

const CostTable* ChipSpec::find_costs(const std::string& wanted) const {
    const auto found = std::ranges::find(costs, wanted, &CostTable::name);
    return found == costs.end() ? nullptr : &*found;
}

Result<ChipSpec> parse_chip_spec(const std::string& text, const std::string& origin) {
    if (is_board(text)) {
        return parse_board(text, origin, {});
    }
    proto::ChipSpecProto message;
    files::StrictText strict = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(strict.findings);
    const Diagnostics meaning = check_chip_spec_proto(
        message, [&](const std::string& path) { return strict.positions.where(path); }, ChipSpecPart::everything);
    findings.insert(findings.end(), meaning.begin(), meaning.end());
    if (findings.empty()) {
        return from_proto(message);
    }
    return fail(by_place(std::move(findings)));
}

Result<ChipSpec> read_chip_spec(const std::string& path) {
    return read_chip_text(path).and_then(
        [&](const std::string& text) { return parse_chip_or_board(text, path, chips_beside(path)); });
}

Result<std::vector<CostTable>> parse_cost_tables(const std::string& text, const std::string& origin) {
    proto::ChipSpecProto chip;
    const files::StrictText whole = files::parse_strict_text(text, origin, chip);
    const auto of_chip = {"name", "title", "mesh", "limits", "neuron", "synapses", "conventions", "board"};
    if (std::ranges::any_of(of_chip, [&](const char* field) { return whole.positions.contains(field); })) {
        return parse_chip_spec(text, origin).map([](ChipSpec spec) { return std::move(spec.costs); });
    }
    proto::CostTablesProto message;
    files::StrictText strict = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(strict.findings);
    const Diagnostics meaning =
        check_cost_tables_proto(message, [&](const std::string& path) { return strict.positions.where(path); });
    findings.insert(findings.end(), meaning.begin(), meaning.end());
    if (findings.empty()) {
        return from_proto(message);
    }
    return fail(by_place(std::move(findings)));
}

Result<std::vector<CostTable>> read_cost_tables(const std::string& path) {
    return read_chip_text(path, "cost table").and_then([&](const std::string& text) {
        return parse_costs_or_board(text, path, chips_beside(path));
    });
}

std::string print_chip_spec(const ChipSpec& spec) {
    return print_chip_text(to_proto(spec));
}

}  // namespace spikeloom::chip
