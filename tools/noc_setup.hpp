// What `spikeloom noc` runs on what: a spike network, given by options or taken from a chip description, and the
// traffic on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/diagnostics.hpp"
#include "router/load.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

struct NocSetup {
    router::Graph graph;
    router::Model model = router::Model::flit;
    router::Traffic traffic;
    std::uint64_t seed = 0;
    std::string chip;                ///< its name; empty: none
    std::optional<double> cycle_ns;  ///< of the chip

    [[nodiscard]] router::TrafficSource source() const { return {traffic, graph.mesh(), seed}; }
};

void add_noc_network_options(CommandLine& line);
/// Throws UsageError.
[[nodiscard]] Result<NocSetup> noc_setup(const CommandLine& line);
/// "8 x 8 mesh, 1 core a tile, ..."
[[nodiscard]] std::string network_text(const NocSetup& setup);

/// The value of an option of integers; throws UsageError where it is outside [least, most].
[[nodiscard]] std::int64_t bounded(const CommandLine& line, const std::string& option, std::int64_t least,
                                   std::int64_t most);

}  // namespace spikeloom::tools
