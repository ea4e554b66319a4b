// Why a filling of cores does not fit a chip: neurons that no core holds, and more cores than there are, each with the
// limit that binds, the need, the room and what would help.
#pragma once

#include <cstddef>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// One error for each population and limit that some of its neurons pass alone.
[[nodiscard]] Diagnostics refuse_misfits(const Filling& filling, const Network& network, const MappedNetwork& mapped,
                                         const chip::ChipSpec& chip);

/// More cores than `there` are.
[[nodiscard]] Diagnostic refuse_cores(const Filling& filling, std::size_t there, const Network& network,
                                      const MappedNetwork& mapped, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
