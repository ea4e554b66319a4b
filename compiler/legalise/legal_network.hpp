// A network as it is mapped after legalisation, beside what the user gave: neurons that no core can hold have helpers
// that make parts of their sums, or copies that share their targets. Helpers and copies are populations of their own
// behind the user's, whose numbers stay. Everything is exact in the chip's integers, since the pass works on
// mantissas and registers that are chosen already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// A population some of whose neurons' sums are made in parts.
struct FanInSplit {
    std::uint32_t population = 0;          ///< whose neurons these are
    std::uint32_t helpers = 0;             ///< the population that makes the parts
    std::vector<std::uint32_t> neurons{};  ///< of the population, ascending
    std::uint32_t shift = 0;               ///< the parts are in units of 2^shift of what synapses bring
    std::uint32_t most_sources = 0;
    std::uint32_t most_parts = 0;  ///< of one neuron
};

/// A population with neurons that have copies.
struct FanOutCopies {
    std::uint32_t population = 0;
    std::uint32_t copies = 0;              ///< the population of the copies
    std::vector<std::uint32_t> stand_for;  ///< neuron of `population`, by copy
};

/// A population that moves by itself, by biases or leaks, while its spikes come later: how it starts (late_start.hpp).
struct LateStart {
    /// Of reset_interval: the longest that an image takes.
    static constexpr std::int32_t once = 1'000'000'000;

    std::uint32_t population = 0;  ///< the user's, or of copies
    int steps = 0;                 ///< that its spikes come later
    bool reset = false;            ///< u and v become 0 before step `steps` + 1
    /// What u started from as it was quantised, one a neuron; empty: it still does.
    std::vector<std::int32_t> quantised_currents{};
    std::uint32_t moving = 0;   ///< neurons that move by themselves
    std::uint32_t inexact = 0;  ///< of those: that can't be brought to where they would start, to the bit
    std::uint32_t early = 0;    ///< of those: that spike, or send, before their time
    double off = 0;  ///< how far the others are from there, the farthest: u and v, as a share of the threshold
};

struct LegalNetwork {
    Network network;    ///< what is mapped
    Network reference;  ///< the user's, with the added steps as delays: what the same spikes are computed from
    std::vector<int> added_steps;              ///< by population of the user's network: how much later its spikes come
    std::vector<chip::ProjectionLoss> losses;  ///< by projection of the user's network
    SpikeRates rates;                          ///< of `network`; empty: each counts once
    std::vector<FanInSplit> fan_in;
    std::vector<FanOutCopies> fan_out;
    std::vector<LateStart> late_starts{};
};

/// The network and what it is mapped from: the same populations, nodes and projections.
struct LegalMapping {
    LegalNetwork legal;
    MappedNetwork mapped;
    /// By node: the largest magnitude that its spikes can carry; 0: not known, but for the payload's width.
    std::vector<std::int64_t> largest_payload;
    Diagnostics remarks;
};

}  // namespace spikeloom::compiler
