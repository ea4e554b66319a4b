// A Net laid out for the engine: neurons in blocks of 16 that share a clock, synapses in segments, one a source, delay
// and block. A segment's weights are packed (8 bytes a synapse); its mask says which neurons of the block they reach.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned.hpp"
#include "core/analog/net.hpp"

namespace spikeloom::core::analog {

inline constexpr std::uint32_t block_lanes = 16;

/// Of a neuron, in its own frame: potentials from the leak, weights and currents times the resistance.
struct LaneParameters {
    AlignedVector<double> tau_mem, tau_syn, threshold, reset, refractory;
};

struct BlockSegment {
    std::uint32_t block = 0;
    std::uint16_t mask = 0;          ///< bit i: lane i has a synapse
    std::uint64_t first_weight = 0;  ///< into Layout::weights, in order of lanes
};

struct AdaptiveSynapse {
    std::uint32_t index = 0;  ///< into Net::adaptive
    double weight = 0;
};

/// What a spike of one source does after one delay.
struct DeliveryGroup {
    double delay = 0;
    std::uint64_t first_segment = 0;
    std::uint64_t first_adaptive = 0;
    std::uint64_t synapses = 0;
};

/// Where a synapse of the Net's order lies.
struct SynapsePlace {
    bool adaptive = false;
    std::uint64_t index = 0;  ///< into weights, or into adaptive_synapses
};

class Layout {
public:
    explicit Layout(const Net& net);

    [[nodiscard]] std::uint32_t blocks() const { return blocks_; }
    [[nodiscard]] std::span<const DeliveryGroup> groups(std::uint32_t source) const {
        return {groups_.data() + first_group_[source], groups_.data() + first_group_[source + 1]};
    }
    /// A group ends where the next one of the whole layout begins; the last of all is a sentinel.
    [[nodiscard]] std::span<const BlockSegment> segments(const DeliveryGroup& group) const {
        return {segments_.data() + group.first_segment, segments_.data() + (&group + 1)->first_segment};
    }
    [[nodiscard]] std::span<const AdaptiveSynapse> adaptive(const DeliveryGroup& group) const {
        return {adaptive_.data() + group.first_adaptive, adaptive_.data() + (&group + 1)->first_adaptive};
    }
    [[nodiscard]] const double* weights() const { return weights_.data(); }
    [[nodiscard]] const LaneParameters& lanes() const { return lanes_; }
    /// Whether all neurons of the block have the same time constants.
    [[nodiscard]] bool uniform(std::uint32_t block) const { return uniform_[block]; }

    /// Replaces the weight of synapse `synapse` of `net` (the one laid out).
    void set_weight(const Net& net, std::uint64_t synapse, double weight);

private:
    void lay_parameters(const Net& net);
    void lay_row(const Net& net, std::uint32_t source, std::span<const std::uint64_t> order);

    std::uint32_t blocks_ = 0;
    LaneParameters lanes_;
    std::vector<bool> uniform_;
    std::vector<bool> is_adaptive_;
    std::vector<std::uint32_t> adaptive_index_;
    std::vector<std::uint64_t> first_group_;
    std::vector<DeliveryGroup> groups_;
    std::vector<BlockSegment> segments_;
    std::vector<AdaptiveSynapse> adaptive_;
    AlignedVector<double> weights_;
    std::vector<SynapsePlace> places_;
};

}  // namespace spikeloom::core::analog
