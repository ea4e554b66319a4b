// The part of the analog compiler for chips with circuits, drivers and routes: scale, divide, place, route, report.
#pragma once

#include "compiler/analog/compile_analog.hpp"

namespace spikeloom::compiler::analog {

/// `network` is sound, the options are within their ranges.
[[nodiscard]] Result<AnalogCompileResult> map_network(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                                      const AnalogCompileOptions& options);

}  // namespace spikeloom::compiler::analog
