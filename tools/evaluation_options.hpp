// The options that say how a labelled set goes through a network: how it is coded into spikes, and what counts as the
// answer. Shared by eval and compare.
#pragma once

#include "chip/image/image.hpp"
#include "runtime/evaluation.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

enum class DataOption : std::uint8_t { required, optional };

/// --data, --labels, --encode, --steps, --window, --drain, --cutoff, --max-rate, --decision, --decide-by, --first,
/// --limit.
void add_labelled_set_options(CommandLine& line, DataOption data);

/// What they say of a set on an image that was made of the file in the command line's operand: of a netx file as the
/// users of netx measure, unless the options say otherwise. Also reads --seed, which the subcommand adds. Throws
/// UsageError on words of no closed list.
[[nodiscard]] runtime::EvaluationOptions labelled_set_options(const CommandLine& line, const chip::Image& image,
                                                              const runtime::LabelledSet& set);

}  // namespace spikeloom::tools
