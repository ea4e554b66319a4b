// Any text gives a calibration or findings; a calibration that was read prints and reads again as the same value.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/analog/calibration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto calibration = chip::analog::parse_calibration(text, "fuzz");
    if (!calibration) {
        return has_error(calibration.error()) ? 0 : (std::abort(), 0);
    }
    const auto again = chip::analog::parse_calibration(chip::analog::print_calibration(*calibration), "again");
    if (!again || *again != *calibration) {
        std::abort();
    }
    return 0;
}
