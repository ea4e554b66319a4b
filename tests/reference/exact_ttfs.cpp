#include "reference/exact_ttfs.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/lambert_w.hpp>

#include "core/base/diagnostics.hpp"

namespace spikeloom::test {
namespace {

struct Sums {
    double a1 = 0;
    double a2 = 0;
    double b = 0;
};

double equal_constants(const Sums& sums, double c, double tau) {
    const double ratio = sums.b / sums.a1;
    const double argument = -c / sums.a1 * std::exp(ratio);
    // Below the branch point the threshold is never met; a1 < 0 gives a downward crossing.
    if (!(argument >= -std::exp(-1.0)) || !std::isfinite(argument) || sums.a1 <= 0) {
        return never;
    }
    return tau * (ratio - boost::math::lambert_w0(argument));
}

double double_constant(const Sums& sums, double c, double tau_syn) {
    const double under = sums.a2 * sums.a2 - 4 * sums.a1 * c;
    const double quotient = 2 * sums.a1 / (sums.a2 + std::sqrt(under));
    return under < 0 || !(quotient > 0) ? never : 2 * tau_syn * std::log(quotient);
}

/// Any other ratio: V = k (a2 e^(-t/tau_mem) - a1 e^(-t/tau_syn)) R has one extremum; halving between `from` and it.
double any_constants(const Sums& sums, const Lif& lif, double from) {
    const double k = lif.resistance * lif.tau_syn / (lif.tau_mem - lif.tau_syn);
    const auto v = [&](double t) {
        return k * (sums.a2 * std::exp(-t / lif.tau_mem) - sums.a1 * std::exp(-t / lif.tau_syn));
    };
    const double balance = sums.a1 * lif.tau_mem / (sums.a2 * lif.tau_syn);
    const double extremum = std::log(balance) / (1 / lif.tau_syn - 1 / lif.tau_mem);
    if (!(balance > 0) || !(extremum > from) || v(extremum) < lif.threshold || v(from) >= lif.threshold) {
        return never;
    }
    double low = from;
    double high = extremum;
    for (int i = 0; i < 200; ++i) {
        const double middle = 0.5 * (low + high);
        (v(middle) < lif.threshold ? low : high) = middle;
    }
    return high;
}

}  // namespace

ExactTtfs::ExactTtfs(const core::analog::Net& net, const Epsilons& epsilons)
    : net_(net), epsilons_(epsilons), incoming_(net.neurons.size()) {
    for (std::uint32_t source = 0; source < net.sources(); ++source) {
        for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
            SPIKELOOM_ASSERT(source < net.inputs + net.targets[i], "a synapse to an earlier neuron");
            incoming_[net.targets[i]].push_back({source, net.weights[i], net.delays.empty() ? 0.0 : net.delays[i]});
        }
    }
}

std::vector<double> ExactTtfs::run(const std::vector<core::analog::InputSpike>& inputs) const {
    std::vector<double> times(net_.sources(), never);
    for (const core::analog::InputSpike& spike : inputs) {
        times[spike.input] = spike.time;
    }
    std::vector<Arrival> arrivals;
    for (std::size_t neuron = 0; neuron < net_.neurons.size(); ++neuron) {
        arrivals.clear();
        for (const Incoming& incoming : incoming_[neuron]) {
            if (times[incoming.source] != never) {
                arrivals.push_back({times[incoming.source] + incoming.delay, incoming.weight});
            }
        }
        std::stable_sort(arrivals.begin(), arrivals.end(),
                         [](const Arrival& a, const Arrival& b) { return a.time < b.time; });
        times[net_.inputs + neuron] = first_crossing(net_.neurons[neuron], arrivals);
    }
    return {times.begin() + net_.inputs, times.end()};
}

double ExactTtfs::first_crossing(const Lif& lif, const std::vector<Arrival>& sorted) const {
    const double c = lif.threshold / lif.resistance;
    Sums sums;
    double earliest = never;
    for (std::size_t k = 0; k < sorted.size(); ++k) {
        const auto [time, weight] = sorted[k];
        const double grown = weight * std::exp(time / lif.tau_syn);
        sums.a1 += grown;
        sums.b += grown * (time / lif.tau_syn);
        sums.a2 += weight * std::exp(time / lif.tau_mem);
        const Sums moved{.a1 = sums.a1 + epsilons_.a1, .a2 = sums.a2 + epsilons_.a2, .b = sums.b + epsilons_.b};
        double found = never;
        if (lif.tau_mem == lif.tau_syn) {
            found = equal_constants(moved, c, lif.tau_syn);
        } else if (lif.tau_mem == 2 * lif.tau_syn) {
            // V = R tau_syn / (tau_mem - tau_syn) (a2 x - a1 x^2), x = e^(-t / tau_mem).
            found = double_constant(moved, c, lif.tau_syn);
        } else {
            found = any_constants(moved, lif, time);
        }
        const double next = k + 1 < sorted.size() ? sorted[k + 1].time : never;
        if (found >= time && found <= next) {
            earliest = std::min(earliest, found);
        }
    }
    return earliest;
}

}  // namespace spikeloom::test
