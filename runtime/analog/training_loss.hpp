// The loss of time-to-first-spike classifiers (Goeltz et al. 2021; BRAINSCALES2_TTFS facts 1.5): cross entropy over
// label spike times, the earlier the likelier, and a pull of the true label towards early times.
//     L = log sum_n exp(-t_n / (xi tau)) + t_true / (xi tau) + alpha exp(t_true / (beta tau))
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace spikeloom::runtime {

struct TtfsLoss {
    double xi = 0.2;
    double alpha = 0.005;
    double beta = 1;
    double missing = 100;  ///< the loss of a sample whose true label neuron is silent; it has no gradient
    friend bool operator==(const TtfsLoss&, const TtfsLoss&) = default;

    /// `times` of the label neurons in units of tau (`never`: silent); by_time: dL/dt_n, as long as times.
    double evaluate(std::span<const double> times, std::uint32_t label, std::span<double> by_time) const;
};

/// The class that spikes first, of equals the lower; nothing where none spikes.
[[nodiscard]] std::optional<std::uint32_t> first_label(std::span<const double> times);

}  // namespace spikeloom::runtime
