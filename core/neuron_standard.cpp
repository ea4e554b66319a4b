// The neuron in 32-bit vectors. The product |x| * keep has up to 36 bits, but with |x| = a * 4096 + b
//     (|x| * keep) >> 12  ==  a * keep + ((b * keep) >> 12)
// exactly, and both products fit 32 bits: |x| <= 2^23, keep <= 4096.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/neuron_standard.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

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

template <Variation variation>
HWY_INLINE RunVectors load_parameters(RunVectors p, const NeuronArrays& arrays, std::size_t slot) {
    const D32 d;
    if constexpr (variation != Variation::none) {
        p.threshold = hn::LoadU(d, arrays.threshold.data() + slot);
    }
    if constexpr (variation == Variation::all) {
        const Vector keep = hn::LoadU(d, arrays.keep.data() + slot);
        p.current_keep = hn::And(keep, hn::Set(d, 0xFFFF));
        p.voltage_keep = hn::ShiftRight<16>(keep);
        p.refractory = hn::LoadU(d, arrays.refractory.data() + slot);
    }
    return p;
}

HWY_INLINE std::uint32_t* append_spikes(LaneMask mask, std::size_t slot, std::uint32_t* out) {
    const D32 d;
    if (hn::AllFalse(d, mask)) {
        return out;
    }
    alignas(8) std::uint8_t bytes[HWY_MAX_BYTES / 8 + 8] = {};
    const std::size_t written = hn::StoreMaskBits(d, mask, bytes);
    for (std::size_t byte = 0; byte < written; ++byte) {
        for (unsigned bits = bytes[byte]; bits != 0; bits &= bits - 1) {
            *out++ = static_cast<std::uint32_t>(slot + 8 * byte) + static_cast<std::uint32_t>(__builtin_ctz(bits));
        }
    }
    return out;
}

/// One vector of slots. `partial`: only the lanes of `inside` belong to the run; the others keep their state.
template <Variation variation, bool refractory, bool partial>
HWY_INLINE LaneMask update_vector(const NeuronRun& run, const RunVectors& uniform, NeuronArrays& arrays,
                                  std::int16_t* sums, std::size_t slot, LaneMask inside, Vector& active) {
    const D32 d;
    const D16 d16;
    const Vector zero = hn::Zero(d);
    const RunVectors p = load_parameters<variation>(uniform, arrays, slot);
    std::int32_t* const u_at = arrays.current.data() + slot;
    std::int32_t* const v_at = arrays.voltage.data() + slot;

    const auto sum16 = hn::LoadU(d16, sums + slot);
    const Vector q = hn::ShiftLeft<weight_shift>(hn::PromoteTo(d, sum16));
    const Vector u_old = hn::LoadU(d, u_at);
    const Vector v_old = hn::LoadU(d, v_at);
    const Vector bias = hn::LoadU(d, arrays.bias.data() + slot);
    LaneMask busy = hn::Ne(hn::Or(hn::Or(u_old, v_old), hn::Or(bias, q)), zero);

    const Vector u = wrap24(hn::Add(decay(u_old, p.current_keep), q));
    const Vector drive = wrap24(hn::Add(u, bias));
    Vector v = hn::Add(decay(v_old, p.voltage_keep), drive);
    v = hn::Min(hn::Max(v, hn::Set(d, run.voltage_floor)), hn::Set(d, run.voltage_ceiling));

    Vector hold = zero;
    if constexpr (refractory) {
        hold = hn::Max(hn::Sub(hn::LoadU(d, arrays.hold.data() + slot), hn::Set(d, 1)), zero);
        v = hn::IfThenZeroElse(hn::Gt(hold, zero), v);
    }
    LaneMask spike = hn::Gt(v, p.threshold);
    v = hn::IfThenZeroElse(spike, v);

    if constexpr (partial) {
        spike = hn::And(spike, inside);
        busy = hn::And(busy, inside);
        hn::BlendedStore(u, inside, d, u_at);
        hn::BlendedStore(v, inside, d, v_at);
        if constexpr (refractory) {
            hn::BlendedStore(hn::IfThenElse(spike, p.refractory, hold), inside, d, arrays.hold.data() + slot);
        }
    } else {
        hn::StoreU(u, d, u_at);
        hn::StoreU(v, d, v_at);
        hn::StoreU(hn::Zero(d16), d16, sums + slot);
        if constexpr (refractory) {
            hn::StoreU(hn::IfThenElse(spike, p.refractory, hold), d, arrays.hold.data() + slot);
        }
    }
    active = hn::Sub(active, hn::VecFromMask(d, busy));
    return spike;
}

template <Variation variation, bool refractory>
UpdateResult update_run(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    const D32 d;
    const RunVectors uniform{hn::Set(d, run.parameters.current_keep), hn::Set(d, run.parameters.voltage_keep),
                             hn::Set(d, run.parameters.threshold), hn::Set(d, run.parameters.refractory)};
    const std::size_t lanes = hn::Lanes(d);
    const LaneMask everything = hn::FirstN(d, lanes);
    Vector active = hn::Zero(d);
    std::size_t done = 0;
    for (; done + lanes <= run.count; done += lanes) {
        const std::size_t slot = run.first + done;
        const LaneMask spike =
            update_vector<variation, refractory, false>(run, uniform, arrays, sums, slot, everything, active);
        spikes = append_spikes(spike, slot, spikes);
    }
    if (done < run.count) {
        const std::size_t slot = run.first + done;
        const LaneMask inside = hn::FirstN(d, run.count - done);
        const LaneMask spike =
            update_vector<variation, refractory, true>(run, uniform, arrays, sums, slot, inside, active);
        spikes = append_spikes(spike, slot, spikes);
        for (std::size_t i = done; i < run.count; ++i) {
            sums[run.first + i] = 0;
        }
    }
    return {spikes, static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(d, active)))};
}

template <Variation variation>
UpdateResult update_any(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    return run.refractory ? update_run<variation, true>(run, arrays, sums, spikes)
                          : update_run<variation, false>(run, arrays, sums, spikes);
}

UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    switch (run.variation) {
    case Variation::none:
        return update_any<Variation::none>(run, arrays, sums, spikes);
    case Variation::threshold:
        return update_any<Variation::threshold>(run, arrays, sums, spikes);
    case Variation::all:
        return update_any<Variation::all>(run, arrays, sums, spikes);
    }
    return {spikes, 0};
}

}  // namespace spikeloom::core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloom::core {

HWY_EXPORT(update_standard);

UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums, std::uint32_t* spikes) {
    return HWY_DYNAMIC_DISPATCH(update_standard)(run, arrays, sums, spikes);
}

}  // namespace spikeloom::core
#endif
