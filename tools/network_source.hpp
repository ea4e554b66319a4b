// A network from any file that holds one (NIR, netx or text form), with the options that settle what they leave open:
// in steps for stepped chips, in continuous time for analog ones. Shared by compile and inspect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/netx/netx_reader.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

void add_nir_options(CommandLine& line);

struct LoadedNetwork {
    compiler::Network network;
    std::string format;  ///< "NIR 1.0.7", "netx", "text"
    std::vector<compiler::Resolution> resolutions;
    Diagnostics remarks;
};

/// Errors of the readers; throws UsageError on a bad --nir or --netx option.
[[nodiscard]] Result<LoadedNetwork> load_network(const std::string& path, const CommandLine& line);

struct LoadedTimedNetwork {
    compiler::TimedNetwork network;
    std::string format;  ///< "TTFS text", "NIR 1.0.7", "text"
    std::vector<compiler::Resolution> resolutions;
    Diagnostics remarks;
};

/// The network of first spikes that the file holds (TTFS text, NIR with its metadata); nothing where it holds another
/// kind of network, or none.
[[nodiscard]] Result<std::optional<LoadedTimedNetwork>> load_first_spike_network(const std::string& path,
                                                                                 const CommandLine& line);

/// The network in continuous time: a TTFS text, or a Network (NIR, text) through to_timed().
[[nodiscard]] Result<LoadedTimedNetwork> load_timed_network(const std::string& path, const CommandLine& line);

/// "time unit: seconds, because tau lies in ... (--nir-time-unit)"
[[nodiscard]] std::string to_text(const compiler::Resolution& resolution);
/// "12x34x34"
[[nodiscard]] std::string shape_text(const compiler::Shape& shape);

}  // namespace spikeloom::tools
