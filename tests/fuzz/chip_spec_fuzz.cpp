// Any text gives a chip (or a board of a chip that is known) or findings, and cost tables or findings; a chip that was
// read prints and reads again as the same value, and its cost tables are those that its text gives alone.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/spec/board.hpp"
#include "chip/spec/chip_spec.hpp"

namespace {

/// What boards are made of.
const std::string& known_chip() {
    using namespace spikeloom;
    static const std::string text = [] {
        chip::ChipSpec chip;
        chip.name = chip.title = chip.description = "known";
        chip.network.parameters.between_chips.latency = 9;
        chip::Quantity none;
        none.source = "none";
        for (const char* name : {"silicon", "loihi2_derived"}) {
            chip::CostTable table;
            table.name = table.title = name;
            table.barrier = {{.tiles = 1, .time_ns = none}};
            table.static_power_core_mw = table.static_power_chip_mw = table.host_power_mw = none;
            for (const chip::CostItem item : chip::cost_items) {
                table.events.push_back({.item = item, .energy_pj = none, .time_ns = none});
            }
            chip.costs.push_back(table);
        }
        chip.network.cycle_ns.source = "none";
        return chip::print_chip_spec(chip);
    }();
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const chip::ChipFinder find = [](const std::string& name) -> Result<chip::ChipSource> {
        if (name.size() > 9) {
            return fail(Diagnostic{.where = {}, .found = "no chip " + name, .allowed = "short names"});
        }
        return chip::ChipSource{.text = known_chip(), .origin = name};
    };
    const auto spec = chip::parse_chip_or_board(text, "fuzz", find);
    const auto tables = chip::parse_costs_or_board(text, "fuzz", find);
    if (!tables && !has_error(tables.error())) {
        std::abort();
    }
    if (!spec) {
        return has_error(spec.error()) ? 0 : (std::abort(), 0);
    }
    if (!tables || *tables != spec->costs) {
        std::abort();
    }
    const auto again = chip::parse_chip_spec(chip::print_chip_spec(*spec), "again");
    if (!again || *again != *spec || !chip::check_chip_spec(*spec).empty()) {
        std::abort();
    }
    return 0;
}
