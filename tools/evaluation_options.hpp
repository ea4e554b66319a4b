// The options that say how a labelled set goes through a network: how it is coded into spikes, and what counts as the
// answer. Shared by eval and compare.
#pragma once

#include <cstdint>
#include <optional>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"
#include "runtime/evaluation.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

enum class DataOption : std::uint8_t { required, optional };

/// --data, --labels, --encode, --steps, --window, --drain, --cutoff, --max-rate, --decision, --decide-by, --first,
/// --limit.
void add_labelled_set_options(CommandLine& line, DataOption data);

/// What the options' defaults depend on.
struct AnsweringNetwork {
    bool graded = false;                  ///< its only input port carries values
    std::optional<bool> output_spikes{};  ///< of the first output; none: there is no output
    std::uint32_t depth = 0;              ///< populations before the output on the shortest way (runtime/pipeline.hpp)
};
[[nodiscard]] AnsweringNetwork answering(const chip::Image& image);
[[nodiscard]] AnsweringNetwork answering(const compiler::Network& network);

/// What they say of a set on a network that was made of the file in the command line's operand: of a netx file as the
/// users of netx measure, unless the options say otherwise. Also reads --seed, which the subcommand adds. Throws
/// UsageError on words of no closed list.
[[nodiscard]] runtime::EvaluationOptions labelled_set_options(const CommandLine& line, const AnsweringNetwork& network,
                                                              const runtime::LabelledSet& set);

}  // namespace spikeloom::tools
