// The hot loop: a block's neurons are brought to the time of an arrival, the arriving weights added, and for those that
// were touched a lower bound of the next crossing noted. In vectors chosen at run time.
//
// The bound: from U+ = max(U, 0) a membrane rises at most at (drive - U+) / tau_mem, and never to a positive threshold
// that its drive does not exceed. So most neurons cost no root at all.
#pragma once

#include <cstdint>
#include <span>

#include "core/analog/layout.hpp"

namespace spikeloom::core::analog {

/// Arrays of one engine, a value a lane (block * 16 + lane); clocks and uniform one a block.
struct LaneView {
    double* potential;        ///< U, counted from the leak
    double* drive;            ///< resistance * I
    double* hold;             ///< held at the reset potential until then; -never: not held
    double* check;            ///< when the neuron wants attention (CandidateQueue's keys)
    double* exact;            ///< equal to `check` where that is the crossing itself
    double* clock;            ///< time of the block's potentials and drives
    const double* threshold;  ///< counted from the leak
    const double* tau_mem;
    const double* tau_syn;
};

/// Delivers `weights` of the segments at `time`; `uniform[block]` says which blocks have one pair of time constants.
void deliver(const LaneView& view, double time, std::span<const BlockSegment> segments, const double* weights,
             const std::uint8_t* uniform);

}  // namespace spikeloom::core::analog
