// Time-to-first-spike networks as NIR. NIR says nothing of spike times, so a file that holds such a network says so in
// the root graph's metadata, under `ttfs` (README.md here: keys, units, what a spike means). Such a file is read here,
// in doubles and without a step; any other NIR file is a network in steps, and not ours.
#pragma once

#include <optional>
#include <string>

#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Nothing where the file has no /node/metadata/ttfs. All findings with their HDF5 paths. HDF5 runs in a child process,
/// as in read_nir.
[[nodiscard]] Result<std::optional<TimedNetwork>> read_timed_nir(const std::string& path);

}  // namespace spikeloom::compiler
