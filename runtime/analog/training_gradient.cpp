#include "runtime/analog/training_gradient.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::runtime {
namespace {

bool equal_constants(const MembraneKernel& kernel) {
    return kernel.tau_mem == kernel.tau_syn;
}

/// R tau_syn / (tau_mem - tau_syn): what stands before the difference of exponentials.
double factor(const MembraneKernel& kernel) {
    return kernel.resistance * kernel.tau_syn / (kernel.tau_mem - kernel.tau_syn);
}

}  // namespace

double MembraneKernel::value(double s) const {
    if (equal_constants(*this)) {
        return resistance * s / tau_syn * std::exp(-s / tau_syn);
    }
    return factor(*this) * (std::exp(-s / tau_mem) - std::exp(-s / tau_syn));
}

double MembraneKernel::slope(double s) const {
    if (equal_constants(*this)) {
        return resistance / tau_syn * (1 - s / tau_syn) * std::exp(-s / tau_syn);
    }
    return factor(*this) * (std::exp(-s / tau_syn) / tau_syn - std::exp(-s / tau_mem) / tau_mem);
}

void SpikeTimeDerivative::set_inputs(std::span<const double> times) {
    times_ = times;
    const auto first = std::min_element(times.begin(), times.end());
    origin_ = first == times.end() || std::isinf(*first) ? 0 : *first;
    grown_mem_.resize(times.size());
    grown_syn_.resize(times.size());
    by_weight_.assign(times.size(), 0);
    by_time_.assign(times.size(), 0);
    const bool equal = equal_constants(kernel_);
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (std::isinf(times[i])) {
            continue;
        }
        grown_syn_[i] = std::exp((times[i] - origin_) / kernel_.tau_syn);
        grown_mem_[i] = equal ? grown_syn_[i] : std::exp((times[i] - origin_) / kernel_.tau_mem);
    }
}

bool SpikeTimeDerivative::compute(std::span<const double> weights, double spike) {
    const bool equal = equal_constants(kernel_);
    const double decay_syn = std::exp((origin_ - spike) / kernel_.tau_syn);
    const double decay_mem = equal ? decay_syn : std::exp((origin_ - spike) / kernel_.tau_mem);
    const double scale = equal ? kernel_.resistance : factor(kernel_);
    double rise = 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
        if (!(times_[i] < spike)) {
            by_weight_[i] = by_time_[i] = 0;
            continue;
        }
        const double syn = grown_syn_[i] * decay_syn;
        const double mem = grown_mem_[i] * decay_mem;
        const double age = (spike - times_[i]) / kernel_.tau_syn;
        const double value = scale * (equal ? age * syn : mem - syn);
        const double slope =
            scale * (equal ? (1 - age) * syn / kernel_.tau_syn : syn / kernel_.tau_syn - mem / kernel_.tau_mem);
        by_weight_[i] = -value;
        by_time_[i] = weights[i] * slope;
        rise += weights[i] * slope;
    }
    const bool rises = rise > 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
        by_weight_[i] = rises ? by_weight_[i] / rise : 0;
        by_time_[i] = rises ? by_time_[i] / rise : 0;
    }
    return rises;
}

}  // namespace spikeloom::runtime
