// Any text gives a chip or findings, and cost tables or findings; a chip that was read prints and reads again as the
// same value, and its cost tables are those that its text gives alone.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/spec/chip_spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto spec = chip::parse_chip_spec(text, "fuzz");
    const auto tables = chip::parse_cost_tables(text, "fuzz");
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
