// Populations with registers (FixedNeuron) in the text form: the fields that reader and printer share.
#pragma once

#include <string>

#include "compiler/network.hpp"

namespace spikeloom::compiler::text {

/// " model: sigma_delta threshold: 12288 ...": what differs from the defaults, biases aside.
[[nodiscard]] std::string registers_text(const FixedNeuron& fixed);

}  // namespace spikeloom::compiler::text
