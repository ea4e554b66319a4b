// TTFS texts from hostile hands, without files: every array is ones. What is accepted must be sound, and what can be
// brought into steps and back must stay so.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/timed/ttfs_text.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::compiler;

constexpr TtfsTextLimits small{.neurons = 1U << 12, .synapses = 1U << 16, .files = false};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const Result<TimedNetwork> network = parse_ttfs_text(text, "fuzz", "", small);
    if (!network) {
        SPIKELOOM_ASSERT(has_error(network.error()), "refused without an error");
        return 0;
    }
    SPIKELOOM_ASSERT(!has_error(check_timed_network(*network)), to_text(check_timed_network(*network)));
    if (const auto stepped = to_stepped(*network, 1e-7, 63)) {
        const auto back = to_timed(stepped->network);
        SPIKELOOM_ASSERT(!back || !has_error(check_timed_network(*back)), "unsound after steps");
    }
    return 0;
}
