// What the ways of a network onto a chip have in common: compiling, with the row told what came of it.
#pragma once

#include <optional>

#include "compiler/analog/compile_analog.hpp"
#include "compiler/compile.hpp"
#include "tools/chip_comparison.hpp"

namespace spikeloom::tools {

/// The compiled network, and in `row` what it takes; nothing, and the reasons in `row`, where it doesn't fit. Errors:
/// options that can't be followed.
[[nodiscard]] Result<std::optional<compiler::CompileResult>> compile_for(const ComparisonSetting& setting,
                                                                         const compiler::Network& network,
                                                                         const chip::ChipSpec& chip, ChipRow& row);
[[nodiscard]] std::optional<compiler::AnalogCompileResult> compile_for(const ComparisonSetting& setting,
                                                                       const compiler::TimedNetwork& network,
                                                                       const chip::AnalogSpec& chip, ChipRow& row);

/// Fills what the mapping says: cores, the limit that is used most, messages, hops, weight error.
void take_mapping(const chip::Image& image, ChipRow& row);
void take_mapping(const chip::AnalogImage& image, ChipRow& row);

}  // namespace spikeloom::tools
