// The mapping report, as text: what went where, what every limit is filled to and which one binds, how far from the
// bounds, what quantisation lost. Kept in the image, printed by the tool.
#pragma once

#include <span>
#include <string>

#include "chip/image/image.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/place.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What the passes decided.
struct MappingDecisions {
    const Network& network;
    const MappedNetwork& mapped;
    const Partition& partition;
    const Placement& placement;
    std::span<const float> rates_by_node{};  ///< spikes a step of a calibration run; empty: every node spikes once
    const LegalNetwork* legal = nullptr;     ///< where neurons had to be split or copied
};

[[nodiscard]] std::string mapping_report(const MappingDecisions& decisions, const chip::Image& image,
                                         const Diagnostics& remarks);

}  // namespace spikeloom::compiler
