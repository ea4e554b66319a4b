// The neuron in 32-bit vectors. The product |x| * keep has up to 36 bits, but with |x| = a * 4096 + b
//     (|x| * keep) >> 12  ==  a * keep + ((b * keep) >> 12)
// exactly, and both products fit 32 bits: |x| <= 2^23, keep <= 4096.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/neuron_standard.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "core/neuron.hpp"

HWY_BEFORE_NAMESPACE();
namespace spikeloom::core::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D32 = hn::ScalableTag<std::int32_t>;
using D16 = hn::Rebind<std::int16_t, D32>;
using Vector = hn::Vec<D32>;
using LaneMask = hn::Mask<D32>;

HWY_INLINE Vector decay(Vector value, Vector keep) {
    const D32 d;
    const Vector sign = hn::ShiftRight<31>(value);
    const Vector magnitude = hn::Sub(hn::Xor(value, sign), sign);
    const Vector high = hn::ShiftRight<12>(magnitude);
    const Vector low = hn::And(magnitude, hn::Set(d, 4095));
    const Vector kept = hn::Add(hn::Mul(high, keep), hn::ShiftRight<12>(hn::Mul(low, keep)));
    return hn::Sub(hn::Xor(kept, sign), sign);
}

HWY_INLINE Vector wrap24(Vector value) {
    return hn::ShiftRight<8>(hn::ShiftLeft<8>(value));
}

struct RunVectors {
    Vector current_keep, voltage_keep, threshold, refractory;
};

/// What a kernel reads and writes, taken out of the arrays once.
template <class Sum>
struct RunView {
    std::int32_t* HWY_RESTRICT current;
    std::int32_t* HWY_RESTRICT voltage;
    std::int32_t* HWY_RESTRICT hold;
    Sum* HWY_RESTRICT sums;
    const std::int32_t* HWY_RESTRICT bias;
    const std::int32_t* HWY_RESTRICT threshold;
    const std::int32_t* HWY_RESTRICT current_keep;
    const std::int32_t* HWY_RESTRICT voltage_keep;
    const std::int32_t* HWY_RESTRICT refractory;
    RunVectors uniform;
    Vector floor, ceiling;
    int unused_bits;  ///< of sums of 32 bits, above those that count
};

template <class Sum>
RunView<Sum> view_of(const NeuronRun& run, NeuronArrays& arrays, Sum* sums, int sum_bits) {
    const D32 d;
    const auto at = [&](auto& array) { return array.empty() ? nullptr : array.data() + run.first; };
    return {at(arrays.current),
            at(arrays.voltage),
            at(arrays.hold),
            sums + run.first,
            at(arrays.bias),
            at(arrays.threshold),
            at(arrays.current_keep),
            at(arrays.voltage_keep),
            at(arrays.refractory),
            {hn::Set(d, run.parameters.current_keep), hn::Set(d, run.parameters.voltage_keep),
             hn::Set(d, run.parameters.threshold), hn::Set(d, run.parameters.refractory)},
            hn::Set(d, run.voltage_floor),
            hn::Set(d, run.voltage_ceiling),
            32 - sum_bits};
}

/// The sums from the i-th on, as u takes them.
template <class Sum>
HWY_INLINE Vector load_sums(const RunView<Sum>& view, std::size_t i) {
    const D32 d;
    if constexpr (sizeof(Sum) == 2) {
        return hn::ShiftLeft<weight_shift>(hn::PromoteTo(d, hn::LoadU(D16(), view.sums + i)));
    } else {
        const Vector all = hn::LoadU(d, view.sums + i);
        return hn::ShiftRightSame(hn::ShiftLeftSame(all, view.unused_bits + weight_shift), view.unused_bits);
    }
}

template <class Sum>
HWY_INLINE void clear_sums(const RunView<Sum>& view, std::size_t i) {
    const hn::Rebind<Sum, D32> d;
    hn::StoreU(hn::Zero(d), d, view.sums + i);
}

template <Variation variation, class Sum>
HWY_INLINE RunVectors load_parameters(const RunView<Sum>& view, std::size_t i) {
    const D32 d;
    RunVectors p = view.uniform;
    if constexpr (variation != Variation::none) {
        p.threshold = hn::LoadU(d, view.threshold + i);
    }
    if constexpr (variation == Variation::all) {
        p.current_keep = hn::LoadU(d, view.current_keep + i);
        p.voltage_keep = hn::LoadU(d, view.voltage_keep + i);
        p.refractory = hn::LoadU(d, view.refractory + i);
    }
    return p;
}

/// One vector of compartments, from the i-th of the run. `partial`: only the lanes of `inside` belong to the run; the
/// others keep their state. Returns who spikes; `active` loses one where a compartment was active.
template <Variation variation, bool refractory, bool soft, bool partial, class Sum>
HWY_INLINE LaneMask update_vector(const RunView<Sum>& view, std::size_t i, LaneMask inside, Vector& active) {
    const D32 d;
    const Vector zero = hn::Zero(d);
    const RunVectors p = load_parameters<variation>(view, i);

    const Vector q = load_sums(view, i);
    const Vector u_old = hn::LoadU(d, view.current + i);
    const Vector v_old = hn::LoadU(d, view.voltage + i);
    const Vector bias = hn::LoadU(d, view.bias + i);
    LaneMask busy = hn::Ne(hn::Or(hn::Or(u_old, v_old), hn::Or(bias, q)), zero);

    const Vector u = wrap24(hn::Add(decay(u_old, p.current_keep), q));
    const Vector drive = wrap24(hn::Add(u, bias));
    Vector v = hn::Add(decay(v_old, p.voltage_keep), drive);
    v = hn::Min(hn::Max(v, view.floor), view.ceiling);

    Vector hold = zero;
    if constexpr (refractory) {
        hold = hn::Max(hn::Sub(hn::LoadU(d, view.hold + i), hn::Set(d, 1)), zero);
        v = hn::IfThenElse(hn::Gt(hold, zero), soft ? v_old : zero, v);
    }
    LaneMask spike = hn::Gt(v, p.threshold);
    if constexpr (soft && refractory) {
        spike = hn::AndNot(hn::Gt(hold, zero), spike);
    }
    v = hn::IfThenElse(spike, soft ? hn::Sub(v, p.threshold) : zero, v);

    if constexpr (partial) {
        spike = hn::And(spike, inside);
        busy = hn::And(busy, inside);
        hn::BlendedStore(u, inside, d, view.current + i);
        hn::BlendedStore(v, inside, d, view.voltage + i);
    } else {
        hn::StoreU(u, d, view.current + i);
        hn::StoreU(v, d, view.voltage + i);
        clear_sums(view, i);
    }
    if constexpr (refractory) {
        hold = hn::IfThenElse(spike, p.refractory, hold);
        if constexpr (partial) {
            hn::BlendedStore(hold, inside, d, view.hold + i);
        } else {
            hn::StoreU(hold, d, view.hold + i);
        }
    }
    active = hn::Add(active, hn::VecFromMask(d, busy));
    return spike;
}

template <Variation variation, bool refractory, bool soft, class Sum>
UpdateResult update_run(const NeuronRun& run, const RunView<Sum>& view, std::uint32_t* spikes) {
    const D32 d;
    const hn::RebindToUnsigned<D32> du;
    const std::size_t lanes = hn::Lanes(d);
    const std::size_t count = run.count;
    auto slots = hn::Add(hn::Iota(du, 0), hn::Set(du, run.first));
    const auto next = hn::Set(du, static_cast<std::uint32_t>(lanes));
    const auto append = [&](LaneMask spike) {
        if (!hn::AllFalse(d, spike)) {
            spikes += hn::CompressStore(slots, hn::MaskFromVec(hn::BitCast(du, hn::VecFromMask(d, spike))), du, spikes);
        }
    };
    Vector active = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        append(update_vector<variation, refractory, soft, false>(view, i, LaneMask{}, active));
        slots = hn::Add(slots, next);
    }
    if (i < count) {
        append(update_vector<variation, refractory, soft, true>(view, i, hn::FirstN(d, count - i), active));
        std::fill(view.sums + i, view.sums + count, Sum{0});
    }
    return {spikes, static_cast<std::uint32_t>(-hn::GetLane(hn::SumOfLanes(d, active)))};
}

template <Variation variation, class Sum>
UpdateResult update_any(const NeuronRun& run, const RunView<Sum>& view, std::uint32_t* spikes) {
    if (run.own.soft_reset) {
        return run.refractory ? update_run<variation, true, true>(run, view, spikes)
                              : update_run<variation, false, true>(run, view, spikes);
    }
    return run.refractory ? update_run<variation, true, false>(run, view, spikes)
                          : update_run<variation, false, false>(run, view, spikes);
}

template <class Sum>
UpdateResult update_view(const NeuronRun& run, const RunView<Sum>& view, std::uint32_t* spikes) {
    switch (run.variation) {
    case Variation::none:
        return update_any<Variation::none>(run, view, spikes);
    case Variation::threshold:
        return update_any<Variation::threshold>(run, view, spikes);
    case Variation::all:
        return update_any<Variation::all>(run, view, spikes);
    }
    return {spikes, 0};
}

UpdateResult update_standard16(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    return update_view(run, view_of(run, arrays, sums, 32), spikes);
}

UpdateResult update_standard32(const NeuronRun& run, NeuronArrays& arrays, std::int32_t* sums, std::uint32_t* spikes,
                               int sum_bits) {
    return update_view(run, view_of(run, arrays, sums, sum_bits), spikes);
}

}  // namespace spikeloom::core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloom::core {

HWY_EXPORT(update_standard16);
HWY_EXPORT(update_standard32);

UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    return HWY_DYNAMIC_DISPATCH(update_standard16)(run, arrays, sums, spikes);
}

UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int32_t* sums, std::uint32_t* spikes,
                             int sum_bits) {
    return HWY_DYNAMIC_DISPATCH(update_standard32)(run, arrays, sums, spikes, sum_bits);
}

}  // namespace spikeloom::core
#endif
