// Adam (Kingma & Ba 2015) with a learning rate that falls in steps. All of its state is plain numbers, for checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace spikeloom::runtime {

struct AdamOptions {
    double rate = 0.005;
    double decay = 0.95;              ///< the rate's factor ...
    std::uint32_t decay_epochs = 20;  ///< ... after every so many epochs; 0: never
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    friend bool operator==(const AdamOptions&, const AdamOptions&) = default;

    /// In epoch 0, 1, ...
    [[nodiscard]] double rate_in(std::uint64_t epoch) const;
};

struct AdamState {
    std::uint64_t steps = 0;
    std::vector<double> mean;      ///< of the gradient, one a weight
    std::vector<double> variance;  ///< uncentred
    friend bool operator==(const AdamState&, const AdamState&) = default;
};

/// One step down the gradient; an empty state starts at zero.
void adam_step(const AdamOptions& options, double rate, std::span<const double> gradient, AdamState& state,
               std::span<double> weights);

}  // namespace spikeloom::runtime
