#include "runtime/analog/training_loss.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace spikeloom::runtime {

double TtfsLoss::evaluate(std::span<const double> times, std::uint32_t label, std::span<double> by_time) const {
    std::fill(by_time.begin(), by_time.end(), 0.0);
    const double true_time = times[label];
    if (std::isinf(true_time)) {
        return missing;
    }
    // Relative to the earliest, so that no exponential overflows and the sum is at least 1.
    const double earliest = *std::min_element(times.begin(), times.end());
    double sum = 0;
    for (std::size_t n = 0; n < times.size(); ++n) {
        by_time[n] = std::exp((earliest - times[n]) / xi);
        sum += by_time[n];
    }
    for (double& value : by_time) {
        value *= -1 / (sum * xi);
    }
    const double pull = alpha * std::exp(true_time / beta);
    by_time[label] += 1 / xi + pull / beta;
    return std::log(sum) + (true_time - earliest) / xi + pull;
}

std::optional<std::uint32_t> first_label(std::span<const double> times) {
    const auto first = std::min_element(times.begin(), times.end());
    if (first == times.end() || std::isinf(*first)) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(first - times.begin());
}

}  // namespace spikeloom::runtime
