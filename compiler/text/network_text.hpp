// The text form of a Network (Protobuf text, schema and manual: network.proto), for networks that are written, not
// trained: populations, and projections by rule (dense file, fixed in-degree, fixed out-degree, pairwise Bernoulli,
// one-to-one, convolution). Rules draw from counter-based random numbers, so a file and its seed name one network.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What a text may ask for; more is refused before anything is drawn.
struct NetworkTextLimits {
    std::uint64_t neurons = std::uint64_t{1} << 24;   ///< of all populations and inputs
    std::uint64_t synapses = std::uint64_t{1} << 28;  ///< stored weights, of all projections
    std::uint64_t pairs = std::uint64_t{1} << 34;     ///< tried by pairwise rules
    bool files = true;                                ///< whether weights may come from files
};

/// Unknown, duplicate, missing and out-of-range fields are errors, all reported at once as "origin:line:column".
/// Paths of weight files are relative to `directory`.
[[nodiscard]] Result<Network> parse_network_text(const std::string& text, const std::string& origin,
                                                 const std::string& directory, const NetworkTextLimits& limits = {});
/// As parse_network_text, of a file (at most 256 MiB).
[[nodiscard]] Result<Network> read_network_text(const std::string& path);

/// The expanded network in Protobuf's binary form: what an Image keeps of its source. Empty where it would exceed
/// Protobuf's 2 GB.
[[nodiscard]] std::string serialise_network(const Network& network);
/// And back. Any bytes are safe: what isn't a sound network (check_network) is refused, naming `origin`.
[[nodiscard]] Result<Network> deserialise_network(const std::string& bytes, const std::string& origin);

}  // namespace spikeloom::compiler
