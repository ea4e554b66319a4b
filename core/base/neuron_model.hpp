// What a compartment of a digital core computes: the names of the models, and the parameters that only some of them
// have. Vocabulary of the image, the compiler and the neuron kernels; core/neuron_models.hpp executes them.
//
// Loihi 1 has the leaky circuit alone; Loihi 2 runs the others as microcode (LOIHI facts 3.2). One step, to the bit;
// tz(x) = sgn(x) (|x| >> 12), a: the weights times payloads that arrived, e: state_exponent:
//   leaky               u, v as core/neuron.hpp; spike 1 where v > threshold; then v = 0, or v -= threshold
//   (soft_reset) ternary_leaky       spike +1 where v > threshold, -1 where v < threshold_low; then v = 0 resonate_fire
//   re' = tz(cos re) - tz(sin im) + (a_re << e), im' = tz(sin re) + tz(cos im) + (a_im << e);
//                       spike where re >= threshold, im >= 0 and im was < 0
//   resonate_fire_izhikevich  the same; spike where im crosses the threshold, which resets (see the model's test)
//   sigma_delta         sigma += a; x = activation(sigma + bias); d = x - x_before + residue; sends d >> e where
//                       |d| >= threshold, and keeps what is left
//   delta               the same on x = a << e, without sigma
//   graded_vector       sends a where |a| > threshold;  graded_relu: where a > threshold
//   product             two inputs: sends (a1 * a2) >> e where it exceeds the threshold
//   adaptive_threshold  leaky with a threshold that rises with every spike and decays back
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
    std::int32_t threshold_low = 0;     ///< ternary_leaky, as `threshold` is given: mantissa
    std::int32_t sin_decay = 0;         ///< of 2^12
    std::int32_t cos_decay = 0;         ///< of 2^12
    std::int32_t state_exponent = 0;    ///< 0..31
    bool relu = true;                   ///< sigma_delta: activation max(0, x), else x
    bool cumulative_error = false;      ///< sigma_delta: the residue adds up over steps without a message
    bool corrected = false;             ///< sigma_delta: the variant whose receiver never drifts from the sender
    std::int32_t reset_interval = 0;    ///< leaky: u = v = 0 every so many steps; 0: never
    std::int32_t reset_offset = 0;      ///< step of the first such reset, within the interval
    std::int32_t adaptation_decay = 0;  ///< adaptive_threshold, of 2^12
    std::int32_t adaptation_step = 0;   ///< what a spike adds to the threshold
    std::int32_t refractory_decay = 0;  ///< adaptive_threshold, of 2^12

    friend auto operator<=>(const ModelParameters&, const ModelParameters&) = default;
};

}  // namespace spikeloom
