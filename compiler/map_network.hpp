// The first half of compile(): which formats the weights take, and which neurons share a core. Also what `explain`
// tries changes of a network or a chip with, since it decides the number of cores.
#pragma once

#include <optional>

#include "chip/spec/chip_spec.hpp"
#include "compiler/compile.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "compiler/network.hpp"
#include "compiler/overrides.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Quantised, made of neurons that cores can hold, and dealt to cores.
struct Mapping {
    MappedNetwork mapped;
    Partition partition;
    Diagnostics remarks;
    std::optional<LegalNetwork> legal;  ///< where neurons had to be split or copied: what `mapped` is of

    /// Of the weights that the user gave.
    [[nodiscard]] const std::vector<chip::ProjectionLoss>& losses() const {
        return legal ? legal->losses : mapped.losses;
    }
};

/// Of a checked network. Errors: what the chip can't express, limits that no partition respects.
[[nodiscard]] Result<Mapping> map_network(const Network& network, const chip::ChipSpec& chip,
                                          const CompileOptions& options, const OverridePlan& overrides);

}  // namespace spikeloom::compiler
