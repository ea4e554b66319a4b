// The neuron circuit: a leaky integrate-and-fire compartment with a decaying synaptic current, in fixed point, to
// the bit (LOIHI facts 1.2). One step, in order:
//     q = wrap(sum of the weights that arrived)             u = wrap(decay(u) + q)
//     v = clip(decay(v) + wrap(u + bias))                   v = 0 while refractory;  spike: v > threshold, then v = 0
// (soft reset: then v -= threshold, and v stays as it is while refractory.) The other models:
// core/base/neuron_model.hpp. decay(x) = sgn(x) * (|x| * keep >> decay_bits): the decayed value is truncated toward
// zero. Compartments lie in slots of structure-of-arrays; a run is a stretch of slots that one kernel call updates.
#pragma once

#include <cstdint>
#include <limits>

#include "core/aligned.hpp"
#include "core/base/neuron_model.hpp"

namespace spikeloom::core {

enum class SumOverflow : std::uint8_t { wrap, unlimited };
enum class CurrentOverflow : std::uint8_t { wrap, single_wrap, unlimited };
enum class BiasedCurrentOverflow : std::uint8_t { wrap, unlimited };
enum class VoltageOverflow : std::uint8_t { clip, unlimited };

/// Widths of the registers, and what happens at their ends. State is stored in 32 bits: what is "unlimited"
/// wraps there, as in the tools whose convention it is.
struct NeuronArithmetic {
    int state_bits = 24;
    int sum_bits = 22;
    int decay_bits = 12;
    SumOverflow sum_overflow = SumOverflow::wrap;
    CurrentOverflow current_overflow = CurrentOverflow::wrap;
    BiasedCurrentOverflow biased_current_overflow = BiasedCurrentOverflow::wrap;
    VoltageOverflow voltage_overflow = VoltageOverflow::clip;

    friend bool operator==(const NeuronArithmetic&, const NeuronArithmetic&) = default;
};

/// Weights are multiples of 2^6; sums of them are kept in units of that.
inline constexpr int weight_shift = 6;

/// Whether the vector kernel, which knows one arithmetic but for the width of the sums, computes this one.
[[nodiscard]] constexpr bool is_standard(const NeuronArithmetic& arithmetic) {
    NeuronArithmetic same = arithmetic;
    same.sum_bits = NeuronArithmetic{}.sum_bits;
    return same == NeuronArithmetic{} && arithmetic.sum_bits > weight_shift && arithmetic.sum_bits <= 32;
}
/// In units of 2^6, the natural overflow of 16 bits is the 22-bit wrap.
[[nodiscard]] constexpr bool wraps_in_16_bits(const NeuronArithmetic& arithmetic) {
    return arithmetic.sum_overflow == SumOverflow::wrap && arithmetic.sum_bits == 16 + weight_shift;
}

/// Noise of a core: (uniform integer in -127..127 + 64 * mantissa_offset) * 2^(exponent - 7), truncated toward zero.
struct Noise {
    enum class Target : std::uint8_t { off, current, voltage };
    Target target = Target::off;
    int mantissa_offset = 0;
    int exponent = 0;
};

/// Who draws noise, and when: the key of the random numbers.
struct NoiseKey {
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
};

struct NeuronParameters {
    std::int32_t current_keep = 0;  ///< 2^decay_bits - effective decay, 0..2^decay_bits
    std::int32_t voltage_keep = 0;
    std::int32_t threshold = std::numeric_limits<std::int32_t>::max();  ///< the maximum is never met
    std::int32_t refractory = 1;  ///< may fire again this many steps after a spike; 1 or less: no dead step

    friend bool operator==(const NeuronParameters&, const NeuronParameters&) = default;
};

/// Which parameters differ within a run; those are in the arrays by slot, the others in the run.
enum class Variation : std::uint8_t { none, threshold, all };

/// Consecutive slots of one core, updated together.
struct NeuronRun {
    std::uint32_t first = 0;  ///< slot
    std::uint32_t count = 0;
    Variation variation = Variation::none;
    bool refractory = false;  ///< some slot has dead steps: the run uses NeuronArrays::hold
    NeuronModel model = NeuronModel::leaky;
    ModelParameters own = {};  ///< threshold_low and adaptation_step in units of v, no mantissas
    int payload_bits = 32;     ///< of what the run sends, which wraps
    NeuronParameters parameters = {};
    std::int32_t voltage_floor = 0;
    std::int32_t voltage_ceiling = 0;
    Noise noise = {};
    std::uint32_t core = 0;         ///< for the key of the noise
    std::uint32_t compartment = 0;  ///< of the first slot, likewise
};

/// State and parameters by slot. The arrays are padded: a kernel may read a vector beyond the last slot.
struct NeuronArrays {
    AlignedVector<std::int32_t> current;
    AlignedVector<std::int32_t> voltage;
    AlignedVector<std::int32_t> bias;
    AlignedVector<std::int32_t> hold;       ///< steps of the refractory time left, the next one included; may be empty
    AlignedVector<std::int32_t> threshold;  ///< for Variation::threshold and all; may be empty
    AlignedVector<std::int32_t> current_keep;  ///< these three for Variation::all; may be empty
    AlignedVector<std::int32_t> voltage_keep;
    AlignedVector<std::int32_t> refractory;
    AlignedVector<std::int32_t> residue;     ///< sigma_delta, delta. These four for models that have them; may be empty
    AlignedVector<std::int32_t> error;       ///< with cumulative_error
    AlignedVector<std::int32_t> adaptation;  ///< adaptive_threshold: theta - threshold
    AlignedVector<std::int32_t> refractoriness;  ///< adaptive_threshold: r
    AlignedVector<std::int32_t> sent;            ///< scratch of update_model, as long as its longest run

    static constexpr std::size_t padding = 64;
};

struct UpdateResult {
    std::uint32_t* spikes_end;  ///< one past the last spike written
    std::uint32_t active;       ///< compartments whose u, v, bias or arriving sum (wrapped) was not zero
};

/// Updates a leaky run in the standard arithmetic, without noise; vector code chosen at run time. `sums` are the sums
/// of this step by slot, in units of 2^6; they are set to zero. Appends the slots that spike, ascending, to `spikes`
/// (room for run.count and NeuronArrays::padding more, which may be written).
[[nodiscard]] UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int16_t* sums,
                                           std::uint32_t* spikes);
/// The same on sums of 32 bits, which are taken as `sum_bits` wide.
[[nodiscard]] UpdateResult update_standard(const NeuronRun& run, NeuronArrays& arrays, std::int32_t* sums,
                                           std::uint32_t* spikes, int sum_bits);

/// As update_standard, for every model that integrates, every arithmetic and with noise; plain 64-bit code. `payloads`:
/// what each spike sends, for models that send values, with the room of `spikes`; else it may be null.
template <class Sum>
[[nodiscard]] UpdateResult update_general(const NeuronArithmetic& arithmetic, const NeuronRun& run, NoiseKey key,
                                          NeuronArrays& arrays, Sum* sums, std::uint32_t* spikes,
                                          std::int32_t* payloads);
extern template UpdateResult update_general(const NeuronArithmetic&, const NeuronRun&, NoiseKey, NeuronArrays&,
                                            std::int16_t*, std::uint32_t*, std::int32_t*);
extern template UpdateResult update_general(const NeuronArithmetic&, const NeuronRun&, NoiseKey, NeuronArrays&,
                                            std::int32_t*, std::uint32_t*, std::int32_t*);

/// A run of any other model; loops that compilers make vectors of. Its parameters don't vary. Only `state_bits` of the
/// arithmetic counts (resonators clip). Of a model with two inputs, slots 2 i and 2 i + 1 of the run are one neuron,
/// which spikes at the first. `active` counts neurons whose state, bias or input was not zero.
[[nodiscard]] UpdateResult update_model(const NeuronArithmetic& arithmetic, const NeuronRun& run, NeuronArrays& arrays,
                                        std::int32_t* sums, std::uint32_t* spikes, std::int32_t* payloads);

}  // namespace spikeloom::core
