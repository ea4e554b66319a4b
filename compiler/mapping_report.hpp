// The mapping report, as text: what went where, what every limit is filled to and which one binds, how far from the
// bounds, what quantisation lost. The image keeps it whole; the tool prints large ones in brief.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "chip/image/image.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/merge_decays.hpp"
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
    std::span<const MergedDecays> merged_decays{};  ///< whose populations come first in `network`
};

struct MappingReport {
    std::string whole;
    std::string brief;  ///< of cores, populations and projections those that matter most, and how many more there are
};

/// Brief lists take so many: the fullest cores, the largest populations, the projections with most synapses.
inline constexpr std::size_t brief_report_rows = 20;

[[nodiscard]] MappingReport mapping_report(const MappingDecisions& decisions, const chip::Image& image,
                                           const Diagnostics& remarks);

}  // namespace spikeloom::compiler
