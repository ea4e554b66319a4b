// Any text gives a chip or findings; a chip that was read prints and reads again as the same value.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/spec/chip_spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    const auto spec = chip::parse_chip_spec(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    if (!spec) {
        return has_error(spec.error()) ? 0 : (std::abort(), 0);
    }
    const auto again = chip::parse_chip_spec(chip::print_chip_spec(*spec), "again");
    if (!again || *again != *spec || !chip::check_chip_spec(*spec).empty()) {
        std::abort();
    }
    return 0;
}
