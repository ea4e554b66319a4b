#include "chip/spec/board.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "chip/spec/chip_spec_proto.hpp"
#include "chip/spec/chip_text.hpp"
#include "chip/spec/cost_table_proto.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::chip {
namespace {

namespace fs = std::filesystem;

constexpr const char* extension = ".textproto";

/// Names of the descriptions in a folder, ascending.
std::vector<std::string> descriptions_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.empty() ? fs::path(".") : folder, error)) {
        if (entry.path().extension() == extension) {
            names.push_back(entry.path().stem().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

/// The table's event, put where the order of CostItem wants it.
void set_event(CostTable& table, CostItem item, const proto::EventCostProto& cost) {
    const EventCost event{
        .item = item, .energy_pj = from_proto(cost.energy_pj()), .time_ns = from_proto(cost.time_ns())};
    const auto at = std::ranges::lower_bound(table.events, item, {}, &EventCost::item);
    if (at != table.events.end() && at->item == item) {
        *at = event;
    } else {
        table.events.insert(at, event);
    }
}

void change(CostTable& table, const proto::BoardCostsProto& board) {
    if (board.chip_barrier_size() > 0) {
        table.chip_barrier.clear();
    }
    for (const auto& point : board.chip_barrier()) {
        table.chip_barrier.push_back({.chips = point.chips(), .time_ns = from_proto(point.time_ns())});
    }
    if (board.has_hop_chip()) {
        set_event(table, CostItem::hop_chip, board.hop_chip());
    }
    const auto replace = [](bool given, const proto::QuantityProto& power, Quantity& old) {
        old = given ? from_proto(power) : old;
    };
    replace(board.has_static_power_core_mw(), board.static_power_core_mw(), table.static_power_core_mw);
    replace(board.has_static_power_chip_mw(), board.static_power_chip_mw(), table.static_power_chip_mw);
    replace(board.has_host_power_mw(), board.host_power_mw(), table.host_power_mw);
    if (board.has_condition()) {
        table.condition = board.condition();
    }
}

class BoardReader {
public:
    BoardReader(const std::string& text, const std::string& origin, const ChipFinder& find)
        : find_(find), strict_(files::parse_strict_text(text, origin, message_)) {}

    [[nodiscard]] Result<ChipSpec> read();

private:
    [[nodiscard]] std::string where(const std::string& path) const { return strict_.positions.where(path); }
    [[nodiscard]] Diagnostic refusal(const std::string& path, std::string found, std::string allowed,
                                     std::string help = {}) const {
        return {.severity = Severity::error,
                .where = where(path),
                .found = std::move(found),
                .allowed = std::move(allowed),
                .help = std::move(help)};
    }
    [[nodiscard]] Result<ChipSpec> chip() const;
    [[nodiscard]] Diagnostics change_costs(ChipSpec& spec) const;

    const ChipFinder& find_;
    proto::BoardFileProto message_;
    files::StrictText strict_;
};

/// The chip that the board is made of.
Result<ChipSpec> BoardReader::chip() const {
    const std::string& name = message_.board().chip();
    if (!find_) {
        return fail(refusal("board", fmt::format("a board of '{}', in a text that no file holds", name),
                            "a chip description that is whole", "a board is read from its file"));
    }
    const auto source = find_(name);
    if (!source) {
        Diagnostic finding = source.error().front();
        finding.where = where("board.chip");
        return fail(std::move(finding));
    }
    if (is_board(source->text)) {
        return fail(refusal("board.chip", fmt::format("'{}' ({}) is a board itself", name, source->origin), "a chip",
                            "name the chip that it is made of, with all chips of both boards"));
    }
    if (is_analog_spec(source->text)) {
        return fail(refusal("board.chip", fmt::format("'{}' ({}) is an analog chip", name, source->origin),
                            "a chip with steps"));
    }
    return parse_chip_spec(source->text, source->origin).and_then([&](ChipSpec spec) -> Result<ChipSpec> {
        if (spec.mesh.chips() > 1) {
            return fail(refusal("board.chip",
                                fmt::format("'{}' ({}) has {} chips", name, source->origin, spec.mesh.chips()),
                                "one chip"));
        }
        proto::ChipSpecProto message;
        static_cast<void>(files::parse_strict_text(source->text, source->origin, message));
        if (message.has_network() && !message.network().has_between_chips() && !message_.board().has_between_chips()) {
            return fail(refusal("board",
                                fmt::format("neither the board nor '{}' says how links between chips are", name),
                                "'between_chips' in the board"));
        }
        return spec;
    });
}

Diagnostics BoardReader::change_costs(ChipSpec& spec) const {
    Diagnostics findings;
    std::vector<std::string> known;
    std::ranges::transform(spec.costs, std::back_inserter(known), &CostTable::name);
    for (int i = 0; i < message_.board().costs_size(); ++i) {
        const proto::BoardCostsProto& costs = message_.board().costs(i);
        const auto table = std::ranges::find(spec.costs, costs.name(), &CostTable::name);
        if (table == spec.costs.end()) {
            findings.push_back(refusal(fmt::format("board.costs[{}].name", i),
                                       fmt::format("chip '{}' has no cost table '{}'", spec.name, costs.name()),
                                       fmt::format("{}", fmt::join(known, ", "))));
        } else {
            change(*table, costs);
        }
    }
    return findings;
}

Result<ChipSpec> BoardReader::read() {
    Diagnostics findings = std::move(strict_.findings);
    const Diagnostics meaning = check_board_proto(message_, [&](const std::string& path) { return where(path); });
    findings.insert(findings.end(), meaning.begin(), meaning.end());
    if (!findings.empty()) {
        return fail(by_place(std::move(findings)));
    }
    auto spec = chip();
    if (!spec) {
        return spec;
    }
    findings = change_costs(*spec);
    const proto::BoardProto& board = message_.board();
    spec->name = message_.name();
    spec->title = message_.title();
    spec->description = message_.description();
    spec->mesh.chip_columns = board.chip_columns();
    spec->mesh.chip_rows = board.chip_rows();
    if (board.has_between_chips()) {
        if (spec->network == SpikeNetwork{}) {
            findings.push_back(refusal("board.between_chips",
                                       fmt::format("chip '{}' has no network whose links could differ", board.chip()),
                                       "a chip with a block 'network'"));
        }
        spec->network.parameters.between_chips = {.latency = board.between_chips().latency(),
                                                  .interval = board.between_chips().interval()};
    }
    // The chip by itself was sound: what is found now, the board brought in.
    const Diagnostics whole = check_chip_spec_proto(
        to_proto(*spec), [&](const std::string&) { return where("board"); }, ChipSpecPart::everything);
    findings.insert(findings.end(), whole.begin(), whole.end());
    if (!findings.empty()) {
        return fail(by_place(std::move(findings)));
    }
    return spec;
}

}  // namespace

ChipFinder chips_beside(const std::string& path) {
    return [folder = fs::path(path).parent_path()](const std::string& name) -> Result<ChipSource> {
        const fs::path file = folder / (name + extension);
        std::error_code error;
        if (!fs::is_regular_file(file, error)) {
            return fail(Diagnostic{.severity = Severity::error,
                                   .where = {},
                                   .found = fmt::format("there is no chip '{}' beside the board", name),
                                   .allowed = fmt::format("{}", fmt::join(descriptions_in(folder), ", ")),
                                   .help = fmt::format("a board is made of a chip that {} describes", file.string())});
        }
        return read_chip_text(file.string()).map([&](std::string text) {
            return ChipSource{.text = std::move(text), .origin = file.string()};
        });
    };
}

bool is_board(const std::string& text) {
    return has_top_level_field(text, "board");
}

Result<ChipSpec> parse_chip_or_board(const std::string& text, const std::string& origin, const ChipFinder& find) {
    return is_board(text) ? parse_board(text, origin, find) : parse_chip_spec(text, origin);
}

Result<std::vector<CostTable>> parse_costs_or_board(const std::string& text, const std::string& origin,
                                                    const ChipFinder& find) {
    if (!is_board(text)) {
        return parse_cost_tables(text, origin);
    }
    return parse_board(text, origin, find).map([](ChipSpec spec) { return std::move(spec.costs); });
}

Result<ChipSpec> parse_board(const std::string& text, const std::string& origin, const ChipFinder& find) {
    return BoardReader(text, origin, find).read();
}

}  // namespace spikeloom::chip
