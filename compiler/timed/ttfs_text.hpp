// Time-to-first-spike networks from plain arrays: a Protobuf text that says what the numbers mean (schema and manual:
// ttfs.proto) beside .npy files of weights and delays. Times become seconds here, g_leak becomes resistance = 1 /
// g_leak; weights stay as they are.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What a text may ask for; more is refused before anything is read.
struct TtfsTextLimits {
    std::uint64_t neurons = std::uint64_t{1} << 20;   ///< of all layers and channels
    std::uint64_t synapses = std::uint64_t{1} << 27;  ///< of all layers
    bool files = true;                                ///< false: every array is 1 everywhere (delays: 0), unread
};

/// Populations: the layers, in order. Inputs: the data's (shape {size}, or {repeat, size}: its copies), then one for
/// each layer and bias time, called "LAYER.bias", "LAYER.bias2", ... (a channel for each row with this time).
/// Unknown, duplicate, missing and out-of-range fields, arrays of the wrong shape or with values that are not
/// finite are errors, all reported at once as "origin:line:column". Paths of arrays are relative to `directory`.
[[nodiscard]] Result<TimedNetwork> parse_ttfs_text(const std::string& text, const std::string& origin,
                                                   const std::string& directory, const TtfsTextLimits& limits = {});
/// As parse_ttfs_text, of a file (at most 16 MiB).
[[nodiscard]] Result<TimedNetwork> read_ttfs_text(const std::string& path);

}  // namespace spikeloom::compiler
