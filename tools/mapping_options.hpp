// The options by which a user steers the passes of compile(): effort, threads, seed, and what is decided instead of
// them (pins, forbidden cores, populations kept together, rates of a calibration run). Shared by every subcommand that
// compiles for chips with steps. Ctrl-C once takes the best mapping so far, twice ends the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "core/base/diagnostics.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// --seed, --effort, --threads, --split-fan-in, --approximate-reset, --approximate-weights; --weight-bits is added by
/// whoever also compiles for analog chips, which know it too.
void add_mapping_options(CommandLine& line);
/// --pin, --forbid-core, --keep-together, --rates.
void add_override_options(CommandLine& line);
/// Whether one of them is given.
[[nodiscard]] bool any_override(const CommandLine& line);

/// Those of add_override_options, into `options`. Throws UsageError on words that make no sense; whether populations
/// and cores exist is the compiler's business. Errors: those of the recording that --rates names, which must be of this
/// network.
[[nodiscard]] Result<void> take_overrides(const CommandLine& line, const compiler::Network& network,
                                          compiler::CompileOptions& options);

/// The options as the compiler takes them. `stop` is InterruptGuard::requested, so a guard should live meanwhile.
/// Throws UsageError on numbers that make no sense.
[[nodiscard]] compiler::CompileOptions mapping_options(const CommandLine& line);

}  // namespace spikeloom::tools
