// What no core can hold, made of neurons that cores can: a neuron with more sources than a core takes in has its sum
// made in parts (split_fan_in.hpp, on chips with graded spikes, a step later), a neuron that reaches more cores than a
// core can send to gets copies of itself (copy_neurons.hpp, on every chip). Works between quantisation and partition,
// in integers, so that both are exact. A network without such neurons is left alone.
#pragma once

#include <optional>

#include "chip/spec/chip_spec.hpp"
#include "compiler/compile.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Nothing: every neuron fits a core. Errors: neurons that fit none, and why none of the two helps, with what each
/// needs, the room, and what would help in figures. `like`: what the same network came to in other formats,
/// whose parts are taken again.
[[nodiscard]] Result<std::optional<LegalMapping>> legalise(const Network& network, const MappedNetwork& mapped,
                                                           const chip::ChipSpec& chip, const CompileOptions& options,
                                                           const LegalNetwork* like = nullptr);

}  // namespace spikeloom::compiler
