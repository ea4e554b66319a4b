// The part of the analog compiler for ideal chips: nothing is mapped, the synapses go into the image as they are, or
// rounded to sign and n bits as a chip would have them.
#pragma once

#include "compiler/analog/compile_analog.hpp"

namespace spikeloom::compiler::analog {

/// `network` is sound, the options are within their ranges.
[[nodiscard]] AnalogCompileResult compile_ideal(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                                const AnalogCompileOptions& options);

}  // namespace spikeloom::compiler::analog
