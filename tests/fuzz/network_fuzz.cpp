// Network texts and stored networks from hostile hands. First byte: even, the rest is a text (no files, small limits);
// odd, it is a stored network. What is accepted must be sound, and must survive being stored and read again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/text/network_text.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::compiler;

constexpr NetworkTextLimits small{.neurons = 1U << 12, .synapses = 1U << 16, .pairs = 1U << 20, .files = false};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool is_text = data[0] % 2 == 0;
    const Result<Network> network =
        is_text ? parse_network_text(rest, "fuzz", "", small) : deserialise_network(rest, "fuzz");
    if (!network) {
        SPIKELOOM_ASSERT(has_error(network.error()), "refused without an error");
        return 0;
    }
    SPIKELOOM_ASSERT(!has_error(check_network(*network)), to_text(check_network(*network)));
    const std::string stored = serialise_network(*network);
    const Result<Network> again = deserialise_network(stored, "again");
    SPIKELOOM_ASSERT(again.has_value(), to_text(again.error()));
    // Bytes, not values: a stored NaN would not equal itself.
    SPIKELOOM_ASSERT(serialise_network(*again) == stored, "stored again, it differs");
    return 0;
}
