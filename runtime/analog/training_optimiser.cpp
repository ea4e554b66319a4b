#include "runtime/analog/training_optimiser.hpp"

#include <cmath>

namespace spikeloom::runtime {

double AdamOptions::rate_in(std::uint64_t epoch) const {
    const std::uint64_t falls = decay_epochs == 0 ? 0 : epoch / decay_epochs;
    return rate * std::pow(decay, static_cast<double>(falls));
}

void adam_step(const AdamOptions& options, double rate, std::span<const double> gradient, AdamState& state,
               std::span<double> weights) {
    state.mean.resize(weights.size());
    state.variance.resize(weights.size());
    ++state.steps;
    const double unbias1 = 1 - std::pow(options.beta1, static_cast<double>(state.steps));
    const double unbias2 = 1 - std::pow(options.beta2, static_cast<double>(state.steps));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        state.mean[i] += (1 - options.beta1) * (gradient[i] - state.mean[i]);
        state.variance[i] += (1 - options.beta2) * (gradient[i] * gradient[i] - state.variance[i]);
        weights[i] -= rate * (state.mean[i] / unbias1) / (std::sqrt(state.variance[i] / unbias2) + options.epsilon);
    }
}

}  // namespace spikeloom::runtime
