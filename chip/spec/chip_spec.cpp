#include "chip/spec/chip_spec.hpp"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

#include "chip/spec/chip_spec_proto.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::size_t most_text_bytes = std::size_t{16} << 20;

/// Line and column at the end of "origin:line:column".
std::pair<int, int> place(const Diagnostic& finding) {
    const auto number = [&](std::size_t begin, std::size_t end) {
        int value = 0;
        std::from_chars(finding.where.data() + begin, finding.where.data() + end, value);
        return value;
    };
    const std::size_t column = finding.where.rfind(':');
    const std::size_t line = column == std::string::npos ? column : finding.where.rfind(':', column - 1);
    if (line == std::string::npos) {
        return {};
    }
    return {number(line + 1, column), number(column + 1, finding.where.size())};
}

}  // namespace

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
    proto::ChipSpecProto message;
    files::StrictText strict = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(strict.findings);
    const Diagnostics meaning = check_chip_spec_proto(
        message, [&](const std::string& path) { return strict.positions.where(path); }, ChipSpecPart::everything);
    findings.insert(findings.end(), meaning.begin(), meaning.end());
    if (findings.empty()) {
        return from_proto(message);
    }
    std::multimap<std::pair<int, int>, Diagnostic> by_place;
    for (Diagnostic& finding : findings) {
        by_place.emplace(place(finding), std::move(finding));
    }
    findings.clear();
    for (auto& [at, finding] : by_place) {
        findings.push_back(std::move(finding));
    }
    return fail(std::move(findings));
}

Result<ChipSpec> read_chip_spec(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (file) {
        text.resize(most_text_bytes + 1);
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad() || (!file && !file.eof())) {
        return fail({.severity = Severity::error,
                     .where = path,
                     .found = fmt::format("the chip description can't be read: {}", std::strerror(errno)),
                     .allowed = "a text file",
                     .help = "`spikeloom chips` lists the bundled ones"});
    }
    if (text.size() > most_text_bytes) {
        return fail({.severity = Severity::error,
                     .where = path,
                     .found = "the file is too large for a chip description",
                     .allowed = fmt::format("at most {} bytes", most_text_bytes),
                     .help = {}});
    }
    return parse_chip_spec(text, path);
}

std::string print_chip_spec(const ChipSpec& spec) {
    google::protobuf::TextFormat::Printer printer;
    printer.SetUseShortRepeatedPrimitives(true);
    printer.SetUseUtf8StringEscaping(true);
    std::string text;
    printer.PrintToString(to_proto(spec), &text);
    return text;
}

}  // namespace spikeloom::chip
