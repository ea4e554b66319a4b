// The neuron in 64-bit arithmetic, one compartment at a time: every convention, and noise.
#include <algorithm>

#include "core/base/random.hpp"
#include "core/neuron.hpp"

namespace spikeloom::core {
namespace {

constexpr std::int64_t wrap(std::int64_t value, int bits) {
    const int unused = 64 - bits;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << unused) >> unused;
}

constexpr std::int64_t decay(std::int64_t value, std::int64_t keep, int decay_bits) {
    const std::int64_t kept = ((value < 0 ? -value : value) * keep) >> decay_bits;
    return value < 0 ? -kept : kept;
}

/// Lava wraps once, and leaves +2^(bits - 1) as it is (LOIHI facts 1.4).
constexpr std::int64_t wrap_once(std::int64_t value, int bits) {
    const std::int64_t limit = std::int64_t{1} << (bits - 1);
    if (value > limit) {
        return value - 2 * limit;
    }
    return value <= -limit ? value + 2 * limit : value;
}

std::int64_t draw_noise(const Noise& noise, const NoiseKey& key, std::uint32_t core, std::uint32_t compartment) {
    const auto word = random_block({.seed = key.seed,
                                    .purpose = RandomPurpose::neuron_noise,
                                    .step = key.step,
                                    .core = core,
                                    .neuron = compartment})[0];
    const auto uniform = static_cast<std::int64_t>((std::uint64_t{word} * 255) >> 32) - 127;
    const std::int64_t mantissa = uniform + 64 * std::int64_t{noise.mantissa_offset};
    const int shift = noise.exponent - 7;
    return shift >= 0 ? mantissa * (std::int64_t{1} << shift) : mantissa / (std::int64_t{1} << -shift);
}

std::int64_t limit_current(std::int64_t value, const NeuronArithmetic& arithmetic) {
    switch (arithmetic.current_overflow) {
    case CurrentOverflow::wrap:
        return wrap(value, arithmetic.state_bits);
    case CurrentOverflow::single_wrap:
        return wrap_once(value, arithmetic.state_bits);
    case CurrentOverflow::unlimited:
        return value;
    }
    return value;
}

NeuronParameters parameters_at(const NeuronRun& run, const NeuronArrays& arrays, std::uint32_t slot) {
    NeuronParameters parameters = run.parameters;
    if (run.variation != Variation::none) {
        parameters.threshold = arrays.threshold[slot];
    }
    if (run.variation == Variation::all) {
        parameters.current_keep = arrays.current_keep[slot];
        parameters.voltage_keep = arrays.voltage_keep[slot];
        parameters.refractory = arrays.refractory[slot];
    }
    return parameters;
}

struct Input {
    std::int64_t sum = 0;
    std::int64_t noise = 0;
};

/// u and v of one slot, up to the threshold; returns v.
std::int32_t integrate(const NeuronArithmetic& arithmetic, const NeuronRun& run, const NeuronParameters& parameters,
                       NeuronArrays& arrays, std::uint32_t slot, Input input) {
    std::int64_t q = input.sum + (run.noise.target == Noise::Target::current ? input.noise : 0);
    if (arithmetic.sum_overflow == SumOverflow::wrap) {
        q = wrap(q, arithmetic.sum_bits);
    }
    const std::int64_t u =
        limit_current(decay(arrays.current[slot], parameters.current_keep, arithmetic.decay_bits) + q, arithmetic);
    arrays.current[slot] = static_cast<std::int32_t>(u);

    std::int64_t drive = u + arrays.bias[slot] + (run.noise.target == Noise::Target::voltage ? input.noise : 0);
    if (arithmetic.biased_current_overflow == BiasedCurrentOverflow::wrap) {
        drive = wrap(drive, arithmetic.state_bits);
    }
    const std::int64_t v = decay(arrays.voltage[slot], parameters.voltage_keep, arithmetic.decay_bits) + drive;
    return static_cast<std::int32_t>(arithmetic.voltage_overflow == VoltageOverflow::clip
                                         ? std::clamp<std::int64_t>(v, run.voltage_floor, run.voltage_ceiling)
                                         : v);
}

std::int32_t wrap32(std::int64_t value) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint64_t>(value)));
}

/// Threshold and refractoriness of an adaptive neuron whose v is integrated; whether it spikes.
bool fires_adaptively(const NeuronRun& run, std::int64_t threshold, NeuronArrays& arrays, std::uint32_t slot,
                      std::int64_t v) {
    constexpr int fraction_bits = 12;
    constexpr std::int64_t unity = std::int64_t{1} << fraction_bits;
    const std::int64_t risen = decay(arrays.adaptation[slot], unity - run.own.adaptation_decay, fraction_bits);
    const std::int64_t rest = decay(arrays.refractoriness[slot], unity - run.own.refractory_decay, fraction_bits);
    const std::int64_t theta = threshold + risen;
    const bool spike = v - rest >= theta;
    arrays.adaptation[slot] = wrap32(spike ? risen + run.own.adaptation_step : risen);
    arrays.refractoriness[slot] = wrap32(spike ? rest + 2 * theta : rest);
    return spike;
}

/// Of a slot whose v is integrated: what it sends, 0 where it does not spike, and its reset.
std::int32_t fire(const NeuronRun& run, const NeuronParameters& parameters, NeuronArrays& arrays, std::uint32_t slot,
                  std::int32_t before) {
    std::int32_t& v = arrays.voltage[slot];
    const bool ever = parameters.threshold != std::numeric_limits<std::int32_t>::max();
    if (run.model == NeuronModel::adaptive_threshold) {
        return ever && fires_adaptively(run, parameters.threshold, arrays, slot, v) ? 1 : 0;
    }
    const std::int32_t hold = run.refractory ? std::max(arrays.hold[slot] - 1, 0) : 0;
    if (hold > 0) {
        v = run.own.soft_reset ? before : 0;
    }
    std::int32_t sends = ever && v > parameters.threshold && !(run.own.soft_reset && hold > 0) ? 1 : 0;
    if (run.model == NeuronModel::ternary_leaky && ever && hold == 0 && v < run.own.threshold_low) {
        sends = -1;
    }
    if (sends != 0) {
        v = run.own.soft_reset ? v - parameters.threshold : 0;
    }
    if (run.refractory) {
        arrays.hold[slot] = sends != 0 ? parameters.refractory : hold;
    }
    return sends;
}

bool at_rest(const NeuronArrays& arrays, std::uint32_t slot) {
    return arrays.current[slot] == 0 && arrays.voltage[slot] == 0 && arrays.bias[slot] == 0;
}

}  // namespace

template <class Sum>
UpdateResult update_general(const NeuronArithmetic& arithmetic, const NeuronRun& run, NoiseKey key,
                            NeuronArrays& arrays, Sum* sums, std::uint32_t* spikes, std::int32_t* payloads) {
    UpdateResult result{spikes, 0};
    for (std::uint32_t i = 0; i < run.count; ++i) {
        const std::uint32_t slot = run.first + i;
        const NeuronParameters parameters = parameters_at(run, arrays, slot);
        std::int64_t sum = std::int64_t{sums[slot]} * (1 << weight_shift);
        if (arithmetic.sum_overflow == SumOverflow::wrap) {
            sum = wrap(sum, arithmetic.sum_bits);
        }
        const Input input{.sum = sum,
                          .noise = run.noise.target == Noise::Target::off
                                       ? 0
                                       : draw_noise(run.noise, key, run.core, run.compartment + i)};
        sums[slot] = 0;
        result.active += at_rest(arrays, slot) && input.sum == 0 ? 0 : 1;

        const std::int32_t before = arrays.voltage[slot];
        arrays.voltage[slot] = integrate(arithmetic, run, parameters, arrays, slot, input);
        const std::int32_t sends = fire(run, parameters, arrays, slot, before);
        if (sends != 0) {
            *result.spikes_end++ = slot;
            if (payloads != nullptr) {
                *payloads++ = sends;
            }
        }
    }
    return result;
}

template UpdateResult update_general(const NeuronArithmetic&, const NeuronRun&, NoiseKey, NeuronArrays&, std::int16_t*,
                                     std::uint32_t*, std::int32_t*);
template UpdateResult update_general(const NeuronArithmetic&, const NeuronRun&, NoiseKey, NeuronArrays&, std::int32_t*,
                                     std::uint32_t*, std::int32_t*);

}  // namespace spikeloom::core
