#include "reference/naive_analog.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace spikeloom::test {

namespace {

struct Arrival {
    double time;
    double weight;
};

struct NaiveNeuron {
    Lif model;
    double restart = 0;     ///< the membrane moves from here on ...
    double restart_at = 0;  ///< ... and starts at this potential above the leak
    std::vector<Arrival> arrivals{};

    [[nodiscard]] double kernel(double s) const {
        const double tau_m = model.tau_mem;
        const double tau_s = model.tau_syn;
        if (s <= 0) {
            return 0;
        }
        // tau_s / (tau_m - tau_s) (e^-s/tau_m - e^-s/tau_s), for constants that may be nearly equal.
        const double gap = tau_m - tau_s;
        return gap == 0
                   ? model.resistance * s / tau_m * std::exp(-s / tau_m)
                   : model.resistance * tau_s / gap * std::exp(-s / tau_m) * -std::expm1(-s * gap / (tau_m * tau_s));
    }
    [[nodiscard]] double voltage(double t) const {
        if (t <= restart) {
            return model.leak + restart_at;
        }
        double v = restart_at * std::exp(-(t - restart) / model.tau_mem);
        double current_then = 0;
        for (const Arrival& arrival : arrivals) {
            if (arrival.time > t) {
                continue;
            }
            if (arrival.time <= restart) {
                current_then += arrival.weight * std::exp(-(restart - arrival.time) / model.tau_syn);
            } else {
                v += arrival.weight * kernel(t - arrival.time);
            }
        }
        return model.leak + v + current_then * kernel(t - restart);
    }
    /// First crossing in (from, to], or never.
    [[nodiscard]] double crossing(double from, double to, double grid) const {
        from = std::max(from, restart);
        for (double left = from; left < to; left += grid) {
            double right = std::min(left + grid, to);
            if (voltage(right) < model.threshold) {
                continue;
            }
            double low = left;
            for (int i = 0; i < 200 && low < right; ++i) {
                const double middle = low + (right - low) / 2;
                if (middle == low || middle == right) {
                    break;
                }
                (voltage(middle) < model.threshold ? low : right) = middle;
            }
            return right;
        }
        return never;
    }
};

}  // namespace

std::vector<core::analog::Spike> naive_analog_run(const core::analog::Net& net,
                                                  const std::vector<core::analog::InputSpike>& inputs, double until,
                                                  double grid) {
    std::vector<NaiveNeuron> neurons;
    for (const Lif& model : net.neurons) {
        neurons.push_back({.model = model});
    }
    std::multiset<std::tuple<double, std::uint32_t, double>> coming;  // time, target, weight
    const auto send = [&](std::uint32_t source, double time) {
        for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
            coming.emplace(time + (net.delays.empty() ? 0 : net.delays[i]), net.targets[i], net.weights[i]);
        }
    };
    for (const auto& input : inputs) {
        send(input.input, input.time);
    }
    std::vector<core::analog::Spike> spikes;
    double now = 0;
    while (now < until) {
        const double horizon = coming.empty() ? until : std::min(until, std::get<0>(*coming.begin()));
        double first = never;
        std::uint32_t who = 0;
        for (std::uint32_t n = 0; n < neurons.size(); ++n) {
            const double crossing = neurons[n].crossing(now, horizon, grid);
            if (crossing < first) {
                first = crossing;
                who = n;
            }
        }
        if (first != never) {
            now = first;
            spikes.push_back({first, who});
            neurons[who].restart = first + neurons[who].model.refractory;
            neurons[who].restart_at = neurons[who].model.reset - neurons[who].model.leak;
            send(net.inputs + who, first);
            continue;
        }
        now = horizon;
        while (!coming.empty() && std::get<0>(*coming.begin()) <= now) {
            const auto [time, target, weight] = *coming.begin();
            coming.erase(coming.begin());
            neurons[target].arrivals.push_back({time, weight});
        }
        if (coming.empty() && horizon == until) {
            break;
        }
    }
    return spikes;
}

}  // namespace spikeloom::test
