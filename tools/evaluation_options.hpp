// The options that say how a labelled set goes through a network: how it is coded into spikes, and what counts as the
// answer. Shared by eval and compare.
#pragma once

#include "runtime/evaluation.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// --data, --labels, --encode, --steps, --window, --drain, --cutoff, --max-rate, --decision, --decide-by, --first,
/// --limit. Nothing here asks that --data be given.
void add_labelled_set_options(CommandLine& line);

/// Also reads --seed, which the subcommand adds. Throws UsageError on words of no closed list.
[[nodiscard]] runtime::EvaluationOptions labelled_set_options(const CommandLine& line, const runtime::LabelledSet& set);

}  // namespace spikeloom::tools
