// The words of the options that override a mapping: lists of cores, pins, populations that are kept
// together, parts of a fan-in. What
// makes no sense as a word throws UsageError in the name of its option; whether cores and populations exist is the
// compiler's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.hpp"

namespace spikeloom::tools {

/// "0-3,7" as 0, 1, 2, 3, 7. At most 2^20 cores, listed twice or not.
[[nodiscard]] std::vector<std::uint32_t> parse_core_list(const std::string& option, std::string_view text);

/// "hidden=0-3,7"; the last = separates, so that a name may hold one.
[[nodiscard]] compiler::MappingOverrides::Pin parse_pin(std::string_view text);

/// "hidden=8"; the last = separates.
[[nodiscard]] compiler::MappingOverrides::FanInParts parse_fan_in_parts(std::string_view text);

/// "a,b,c" as its names; one that is empty is no name.
[[nodiscard]] std::vector<std::string> parse_together(std::string_view text);

}  // namespace spikeloom::tools
