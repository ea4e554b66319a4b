#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/analog/lane_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

// After highway.h.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/analog/lane_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace spikeloom::core::analog::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, block_lanes>;
using Vector = hn::Vec<D>;

/// What `elapsed` seconds do: U -> U mem + drive gain, drive -> drive syn.
struct Factors {
    Vector mem, syn, gain;
};

/// (e^-s/tau_mem - e^-s/tau_syn) tau_syn / (tau_mem - tau_syn), written so that nearly equal constants lose nothing.
HWY_INLINE Factors factors_of(Vector elapsed, Vector tau_mem, Vector tau_syn) {
    const D d;
    const Vector s_mem = hn::Div(elapsed, tau_mem);
    const Vector s_syn = hn::Div(elapsed, tau_syn);
    const Vector mem = hn::Exp(d, hn::Neg(s_mem));
    const Vector syn = hn::Exp(d, hn::Neg(s_syn));
    const Vector difference = hn::Neg(hn::Abs(hn::Sub(s_syn, s_mem)));
    const Vector one = hn::Set(d, 1.0);
    const Vector relative =
        hn::IfThenElse(hn::Eq(difference, hn::Zero(d)), one, hn::Div(hn::Expm1(d, difference), difference));
    return {mem, syn, hn::Mul(hn::Mul(s_mem, hn::Max(mem, syn)), relative)};
}

/// The same for one pair of constants, kept from block to block.
class UniformFactors {
public:
    HWY_INLINE Factors of(double elapsed, double tau_mem, double tau_syn) {
        if (elapsed != elapsed_ || tau_mem != tau_mem_ || tau_syn != tau_syn_) {
            elapsed_ = elapsed;
            tau_mem_ = tau_mem;
            tau_syn_ = tau_syn;
            const double s_mem = elapsed / tau_mem;
            const double s_syn = elapsed / tau_syn;
            mem_ = std::exp(-s_mem);
            syn_ = tau_mem == tau_syn ? mem_ : std::exp(-s_syn);
            const double difference = -std::abs(s_syn - s_mem);
            gain_ = s_mem * std::max(mem_, syn_) * (difference == 0 ? 1.0 : std::expm1(difference) / difference);
        }
        const D d;
        return {hn::Set(d, mem_), hn::Set(d, syn_), hn::Set(d, gain_)};
    }

private:
    double elapsed_ = -1, tau_mem_ = 0, tau_syn_ = 0;
    double mem_ = 1, syn_ = 1, gain_ = 0;
};

HWY_INLINE void deliver_lanes(const LaneView& view, double time, std::size_t lane, const Factors& factors,
                              Vector weight) {
    const D d;
    const Vector zero = hn::Zero(d);
    const Vector now = hn::Set(d, time);
    const auto held = hn::Ge(hn::Load(d, view.hold + lane), now);
    const Vector before = hn::Load(d, view.potential + lane);
    const Vector drive_before = hn::Load(d, view.drive + lane);
    const Vector potential =
        hn::IfThenElse(held, before, hn::MulAdd(before, factors.mem, hn::Mul(drive_before, factors.gain)));
    const Vector drive = hn::MulAdd(drive_before, factors.syn, weight);
    hn::Store(potential, d, view.potential + lane);
    hn::Store(drive, d, view.drive + lane);

    const auto touched = hn::AndNot(held, hn::Ne(weight, zero));
    if (hn::AllFalse(d, touched)) {
        return;
    }
    const Vector threshold = hn::Load(d, view.threshold + lane);
    const Vector risen = hn::Max(potential, zero);
    const Vector missing = hn::Sub(threshold, risen);
    const auto driven = hn::Gt(drive, threshold);
    Vector check = hn::Set(d, never);
    if (!hn::AllFalse(d, hn::And(touched, driven))) {
        const Vector wait = hn::Div(hn::Mul(missing, hn::Load(d, view.tau_mem + lane)), hn::Sub(drive, risen));
        check = hn::IfThenElse(driven, hn::MulAdd(wait, hn::Set(d, 1 - 1e-12), now), check);
    }
    check = hn::IfThenElse(hn::Le(missing, zero), now, check);
    hn::Store(hn::IfThenElse(touched, check, hn::Load(d, view.check + lane)), d, view.check + lane);
    hn::Store(hn::IfThenElse(touched, hn::Set(d, -1.0), hn::Load(d, view.exact + lane)), d, view.exact + lane);
}

void deliver_kernel(const LaneView& view, double time, std::span<const BlockSegment> segments, const double* weights,
                    const std::uint8_t* uniform) {
    const D d;
    const std::size_t width = hn::Lanes(d);
    UniformFactors cache;
    alignas(64) std::array<double, block_lanes> spread;
    for (const BlockSegment& segment : segments) {
        const std::size_t first = std::size_t{segment.block} * block_lanes;
        const double elapsed = time - view.clock[segment.block];
        view.clock[segment.block] = time;
        const double* row = weights + segment.first_weight;
        if (segment.mask != 0xFFFF) {
            spread.fill(0.0);
            for (std::uint32_t mask = segment.mask; mask != 0; mask &= mask - 1) {
                spread[static_cast<std::size_t>(std::countr_zero(mask))] = *row++;
            }
            row = spread.data();
        }
        if (uniform[segment.block] != 0) {
            const Factors factors = cache.of(elapsed, view.tau_mem[first], view.tau_syn[first]);
            for (std::size_t i = 0; i < block_lanes; i += width) {
                deliver_lanes(view, time, first + i, factors, hn::LoadU(d, row + i));
            }
        } else {
            for (std::size_t i = 0; i < block_lanes; i += width) {
                const Factors factors = factors_of(hn::Set(d, elapsed), hn::Load(d, view.tau_mem + first + i),
                                                   hn::Load(d, view.tau_syn + first + i));
                deliver_lanes(view, time, first + i, factors, hn::LoadU(d, row + i));
            }
        }
    }
}

}  // namespace spikeloom::core::analog::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloom::core::analog {

HWY_EXPORT(deliver_kernel);

void deliver(const LaneView& view, double time, std::span<const BlockSegment> segments, const double* weights,
             const std::uint8_t* uniform) {
    HWY_DYNAMIC_DISPATCH(deliver_kernel)(view, time, segments, weights, uniform);
}

}  // namespace spikeloom::core::analog
#endif
