// The models of Loihi 2 that are not leaky circuits, each one loop over plain arrays. What a neuron sends goes into a
// scratch array first, so that the loop has no branch; then it is gathered into spikes.
#include <algorithm>
#include <limits>

#include "core/neuron.hpp"

namespace spikeloom::core {
namespace {

using I32 = std::int32_t;
using U32 = std::uint32_t;

constexpr I32 add(I32 a, I32 b) {
    return static_cast<I32>(static_cast<U32>(a) + static_cast<U32>(b));
}
constexpr I32 subtract(I32 a, I32 b) {
    return static_cast<I32>(static_cast<U32>(a) - static_cast<U32>(b));
}
constexpr I32 shift_left(I32 a, int by) {
    return static_cast<I32>(static_cast<U32>(a) << static_cast<unsigned>(by));
}
constexpr U32 magnitude(I32 a) {
    return a < 0 ? U32{0} - static_cast<U32>(a) : static_cast<U32>(a);
}

/// tz(k x) of core/base/neuron_model.hpp for |x| < 2^31, |k| <= 2^12, in 32 bits: with |x| = 4096 a + b,
/// (|x| |k|) >> 12 is a |k| + (b |k| >> 12).
constexpr I32 scaled(I32 x, I32 k) {
    const U32 size = magnitude(x);
    const U32 factor = magnitude(k);
    const U32 kept = (size >> 12U) * factor + (((size & 4095U) * factor) >> 12U);
    return static_cast<I32>((x ^ k) < 0 ? U32{0} - kept : kept);
}

/// What the loops read and write, from the run's first slot on. Pointers may be null where a model has no such state.
struct View {
    I32* __restrict sums;
    I32* __restrict first;   ///< sigma
    I32* __restrict second;  ///< activation as it was, or as the receiver knows it; re and im, in turn
    I32* __restrict residue;
    I32* __restrict error;
    I32* __restrict sent;
    const I32* __restrict bias;
    U32 count;      ///< neurons
    U32 threshold;  ///< of a magnitude; the largest is never met
    I32 signed_threshold;
    int exponent;
};

View view_of(const NeuronRun& run, NeuronArrays& arrays, I32* sums) {
    const auto at = [&](AlignedVector<I32>& array) { return array.empty() ? nullptr : array.data() + run.first; };
    const bool never = run.parameters.threshold == std::numeric_limits<I32>::max();
    return {.sums = sums + run.first,
            .first = at(arrays.current),
            .second = at(arrays.voltage),
            .residue = at(arrays.residue),
            .error = at(arrays.error),
            .sent = arrays.sent.data(),
            .bias = at(arrays.bias),
            .count = run.count / static_cast<U32>(inputs_of(run.model)),
            .threshold = never ? std::numeric_limits<U32>::max() : static_cast<U32>(run.parameters.threshold),
            .signed_threshold = run.parameters.threshold,
            .exponent = run.own.state_exponent};
}

/// Delta encoding of x, of one neuron: what goes out, before it is scaled.
template <bool cumulative>
I32 encode(const View& view, U32 i, I32 x) {
    const I32 d = add(subtract(x, view.second[i]), view.residue[i]);
    I32 out = 0;
    if constexpr (cumulative) {
        const I32 error = add(view.error[i], d);
        out = magnitude(error) >= view.threshold ? d : 0;
        view.error[i] = out != 0 ? 0 : error;
    } else {
        out = magnitude(d) >= view.threshold ? d : 0;
    }
    view.residue[i] = subtract(d, out);
    view.second[i] = x;
    return out;
}

I32 activation(const View& view, U32 i, bool relu) {
    const I32 x = add(view.first[i], view.bias[i]);
    return relu ? std::max(x, 0) : x;
}

template <bool cumulative>
U32 sigma_delta(const View& view, bool relu) {
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 a = view.sums[i];
        active += (a | view.first[i] | view.second[i] | view.residue[i] | view.bias[i]) != 0 ? 1 : 0;
        view.first[i] = add(view.first[i], a);
        view.sent[i] = encode<cumulative>(view, i, activation(view, i, relu)) >> view.exponent;
        view.sums[i] = 0;
    }
    return active;
}

U32 corrected_sigma_delta(const View& view, bool relu) {
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 a = view.sums[i];
        active += (a | view.first[i] | view.second[i] | view.bias[i]) != 0 ? 1 : 0;
        view.first[i] = add(view.first[i], a);
        const I32 d = subtract(activation(view, i, relu), view.second[i]);
        view.sent[i] = (magnitude(d) >= view.threshold ? d : 0) >> view.exponent;
        view.second[i] = add(view.second[i], shift_left(view.sent[i], view.exponent));
        view.sums[i] = 0;
    }
    return active;
}

template <bool cumulative>
U32 delta(const View& view) {
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 a = view.sums[i];
        active += (a | view.second[i] | view.residue[i]) != 0 ? 1 : 0;
        view.sent[i] = encode<cumulative>(view, i, shift_left(a, view.exponent)) >> view.exponent;
        view.sums[i] = 0;
    }
    return active;
}

U32 graded(const View& view, bool rectified) {
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 a = view.sums[i];
        active += a != 0 ? 1 : 0;
        view.sent[i] = magnitude(a) > view.threshold && !(rectified && a < 0) ? a : 0;
        view.sums[i] = 0;
    }
    return active;
}

U32 product(const View& view) {
    const std::int64_t threshold = view.threshold == std::numeric_limits<U32>::max()
                                       ? std::numeric_limits<std::int64_t>::max()
                                       : std::int64_t{view.threshold};
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 a = view.sums[2 * i];
        const I32 b = view.sums[2 * i + 1];
        active += (a | b) != 0 ? 1 : 0;
        const std::int64_t scaled_down = (std::int64_t{a} * b) >> view.exponent;
        const bool above = (scaled_down < 0 ? -scaled_down : scaled_down) > threshold;
        // The low 32 bits; what is sent is narrower.
        view.sent[i] = above ? static_cast<I32>(static_cast<U32>(static_cast<std::uint64_t>(scaled_down))) : 0;
        view.sums[2 * i] = 0;
        view.sums[2 * i + 1] = 0;
    }
    return active;
}

template <bool izhikevich>
U32 resonate(const View& view, const ModelParameters& p, I32 limit) {
    U32 active = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 re = view.second[2 * i];
        const I32 im = view.second[2 * i + 1];
        const I32 a = view.sums[2 * i];
        const I32 b = view.sums[2 * i + 1];
        active += (re | im | a | b) != 0 ? 1 : 0;
        const I32 turned_re = subtract(scaled(re, p.cos_decay), scaled(im, p.sin_decay));
        const I32 turned_im = add(scaled(re, p.sin_decay), scaled(im, p.cos_decay));
        I32 next_re = std::clamp(add(turned_re, shift_left(a, view.exponent)), -limit, limit);
        I32 next_im = std::clamp(add(turned_im, shift_left(b, view.exponent)), -limit, limit);
        bool spike = false;
        if constexpr (izhikevich) {
            spike = next_im >= view.signed_threshold;
            next_re = spike ? 0 : next_re;
            next_im = spike ? view.signed_threshold - 1 : next_im;
        } else {
            spike = next_re >= view.signed_threshold && next_im >= 0 && im < 0;
        }
        view.second[2 * i] = next_re;
        view.second[2 * i + 1] = next_im;
        view.sent[i] = spike ? 1 : 0;
        view.sums[2 * i] = 0;
        view.sums[2 * i + 1] = 0;
    }
    return active;
}

/// One step of all neurons; returns how many were active.
U32 advance(const NeuronArithmetic& arithmetic, const NeuronRun& run, const View& view) {
    const I32 limit = static_cast<I32>((U32{1} << static_cast<unsigned>(arithmetic.state_bits - 1)) - 1);
    switch (run.model) {
    case NeuronModel::sigma_delta:
        if (run.own.corrected) {
            return corrected_sigma_delta(view, run.own.relu);
        }
        return run.own.cumulative_error ? sigma_delta<true>(view, run.own.relu)
                                        : sigma_delta<false>(view, run.own.relu);
    case NeuronModel::delta:
        return run.own.cumulative_error ? delta<true>(view) : delta<false>(view);
    case NeuronModel::graded_vector:
    case NeuronModel::graded_relu:
        return graded(view, run.model == NeuronModel::graded_relu);
    case NeuronModel::product:
        return product(view);
    case NeuronModel::resonate_fire:
        return resonate<false>(view, run.own, limit);
    case NeuronModel::resonate_fire_izhikevich:
        return resonate<true>(view, run.own, limit);
    case NeuronModel::leaky:
    case NeuronModel::ternary_leaky:
    case NeuronModel::adaptive_threshold:
        break;  // update_general
    }
    return 0;
}

}  // namespace

UpdateResult update_model(const NeuronArithmetic& arithmetic, const NeuronRun& run, NeuronArrays& arrays, I32* sums,
                          U32* spikes, I32* payloads) {
    const View view = view_of(run, arrays, sums);
    const U32 active = advance(arithmetic, run, view);
    const auto stride = static_cast<U32>(inputs_of(run.model));
    const int unused = 32 - run.payload_bits;
    U32 sent = 0;
    for (U32 i = 0; i < view.count; ++i) {
        const I32 value = shift_left(view.sent[i], unused) >> unused;
        spikes[sent] = run.first + stride * i;
        if (payloads != nullptr) {
            payloads[sent] = value;
        }
        sent += value != 0 ? 1 : 0;
    }
    return {spikes + sent, active};
}

}  // namespace spikeloom::core
