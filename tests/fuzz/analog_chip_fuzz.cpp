// Any text gives an analog chip or findings; a chip that was read prints and reads again as the same value.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/spec/analog_spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto spec = chip::parse_analog_spec(text, "fuzz");
    if (!spec) {
        return has_error(spec.error()) ? 0 : (std::abort(), 0);
    }
    const auto again = chip::parse_analog_spec(chip::print_analog_spec(*spec), "again");
    if (!again || *again != *spec || !chip::check_analog_spec(*spec).empty() || !chip::is_analog_spec(text)) {
        std::abort();
    }
    return 0;
}
