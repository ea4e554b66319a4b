// The text form of a Network (Protobuf text, schema: network.proto), for networks that are written, not trained:
// populations, and projections by rule (dense file, fixed in-degree, fixed out-degree, pairwise Bernoulli,
// one-to-one). Rules draw from counter-based random numbers, so a file and a seed name one network.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Unknown, duplicate, missing and out-of-range fields are errors, all reported at once as "origin:line:column".
/// Paths of weight files are relative to `directory`.
[[nodiscard]] Result<Network> parse_network_text(const std::string& text, const std::string& origin,
                                                 const std::string& directory);
[[nodiscard]] Result<Network> read_network_text(const std::string& path);

/// The expanded network in Protobuf's binary form, and back: what an Image keeps of its source.
[[nodiscard]] std::string serialise_network(const Network& network);
[[nodiscard]] Result<Network> deserialise_network(const std::string& bytes, const std::string& origin);

}  // namespace spikeloom::compiler
