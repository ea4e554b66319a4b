// What a compartment of a digital core computes: the names of the models, and the parameters that only some of them
// have. Vocabulary of the image, the compiler and the neuron kernels; core/neuron_models.cpp executes them.
//
// Loihi 1 has the leaky circuit alone; Loihi 2 runs the others as microcode (LOIHI facts 3.2). One step, to the bit:
// a: weights times payloads that arrived, in units of the stored weight (64 times that is what leaky circuits take);
// tz(x) = sgn(x) (|x| >> 12); e: state_exponent, >> rounds down; state of 32 bits, which wraps.
//   leaky               u, v as core/neuron.hpp; spike 1 where v > threshold; then v = 0, or v -= threshold
//   (soft_reset) ternary_leaky       the same; sends +1 where v > threshold, -1 where v < threshold_low; then v = 0
//   resonate_fire       re' = tz(cos re) - tz(sin im) + (a_re << e), im' = tz(sin re) + tz(cos im) + (a_im << e),
//   clipped
//                       to the state's width; spike 1 where re' >= threshold, im' >= 0 and im < 0
//   resonate_fire_izhikevich  the same state; spike 1 where im' >= threshold; then re' = 0, im' = threshold - 1
//   sigma_delta         sigma += a; x = sigma + bias, or max(0, that) (relu); d = x - x_before + residue;
//                       out = d where |d| >= threshold, else 0; residue = d - out; sends out >> e
//     cumulative_error  error += d, and |error| >= threshold lets d out; what goes out sets error = 0
//     corrected         d = x - sent; sends (d where |d| >= threshold, else 0) >> e; sent += that << e; no residue
//   delta               d, residue, error as sigma_delta's, of x = a << e
//   graded_vector       sends a where |a| > threshold;  graded_relu: where a > threshold
//   product             p = (a1 a2) >> e; sends p where |p| > threshold
//   adaptive_threshold  u, v as leaky, but v stays at a spike; theta = threshold + tz(keep (theta - threshold)), r =
//   tz(keep
//                       r); spike 1 where v - r >= theta; then r += 2 theta, theta += adaptation_step
// What is sent and is 0 is no spike. Where it is from: leaky, ternary, both resonators, sigma_delta (relu, residue),
// delta, graded_vector, product (e = 0) and the periodic reset follow runs of Lava's fixed-point models to the bit
// (tests/conformance/neuron_models_test.cpp). Inferred from what is published of the same models, without a run:
// cumulative_error, corrected, no relu, graded_relu, e > 0 of product. adaptive_threshold is guessed from the equations
// of Lava's ATRLIF: its fixed-point model takes decays of 0 or 1 only, here they have 12 bits.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spikeloom {

enum class NeuronModel : std::uint8_t {
    leaky,
    ternary_leaky,
    resonate_fire,
    resonate_fire_izhikevich,
    sigma_delta,
    delta,
    graded_vector,
    graded_relu,
    product,
    adaptive_threshold,
};

inline constexpr std::array<std::string_view, 10> neuron_model_names{
    "leaky",         "ternary_leaky", "resonate_fire", "resonate_fire_izhikevich", "sigma_delta", "delta",
    "graded_vector", "graded_relu",   "product",       "adaptive_threshold"};

[[nodiscard]] constexpr std::string_view name_of(NeuronModel model) {
    return neuron_model_names[static_cast<std::size_t>(model)];
}
/// Whether what it sends has a value (payload); the others send 1.
[[nodiscard]] constexpr bool sends_values(NeuronModel model) {
    return model == NeuronModel::ternary_leaky || model == NeuronModel::sigma_delta || model == NeuronModel::delta ||
           model == NeuronModel::graded_vector || model == NeuronModel::graded_relu || model == NeuronModel::product;
}
/// Whether it has u and v of the leaky circuit, and a threshold that is a mantissa.
[[nodiscard]] constexpr bool integrates(NeuronModel model) {
    return model == NeuronModel::leaky || model == NeuronModel::ternary_leaky ||
           model == NeuronModel::adaptive_threshold;
}
/// Sums of arriving weights that it keeps apart: neuron i of such a population takes two compartments of the image, one
/// behind the other, the second for its imaginary part or its second factor.
[[nodiscard]] constexpr int inputs_of(NeuronModel model) {
    return model == NeuronModel::resonate_fire || model == NeuronModel::resonate_fire_izhikevich ||
                   model == NeuronModel::product
               ? 2
               : 1;
}

/// Parameters beside those of the leaky circuit; a model ignores what it does not use.
struct ModelParameters {
    bool soft_reset = false;            ///< leaky: a spike takes the threshold off v
    std::int32_t threshold_low = 0;     ///< ternary_leaky: mantissa, as `threshold` is
    std::int32_t sin_decay = 0;         ///< resonators, of 2^12, -4096..4096
    std::int32_t cos_decay = 0;         ///< likewise
    std::int32_t state_exponent = 0;    ///< 0..24
    bool relu = true;                   ///< sigma_delta: activation max(0, x), else x
    bool cumulative_error = false;      ///< sigma_delta, delta: steps without a message add up
    bool corrected = false;             ///< sigma_delta: the variant whose receiver never drifts from the sender
    std::int32_t reset_interval = 0;    ///< leaky, ternary_leaky: u = v = 0 every so many steps; 0: never
    std::int32_t reset_offset = 0;      ///< before step n, counted from 1, where n mod interval is this
    std::int32_t adaptation_decay = 0;  ///< adaptive_threshold: keep of theta is 4096 less this, 0..4096
    std::int32_t adaptation_step = 0;   ///< adaptive_threshold: mantissa, as `threshold` is
    std::int32_t refractory_decay = 0;  ///< adaptive_threshold: keep of r is 4096 less this, 0..4096

    friend auto operator<=>(const ModelParameters&, const ModelParameters&) = default;
};

}  // namespace spikeloom
