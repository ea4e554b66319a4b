// A naive forward pass of time-to-first-spike layers, sharing nothing with the engine: the membrane as the plain sum of
// its kernels, searched on a grid between any two inputs and then bisected. A crossing and return between two points of
// the grid would be missed; tests that compare times keep away from those.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/base/analog_neuron.hpp"
#include "runtime/analog/training.hpp"

namespace spikeloom::test {

inline double naive_kernel(double tau_mem, double tau_syn, double resistance, double s) {
    if (s <= 0) {
        return 0;
    }
    if (tau_mem == tau_syn) {
        return resistance * s / tau_syn * std::exp(-s / tau_syn);
    }
    return resistance * tau_syn / (tau_mem - tau_syn) * (std::exp(-s / tau_mem) - std::exp(-s / tau_syn));
}

/// First time at which the summed kernels reach 1, up to `last`.
inline double naive_spike(const runtime::MembraneKernel& kernel, std::span<const double> times,
                          std::span<const double> weights, double last = 12) {
    const auto voltage = [&](double t) {
        double sum = 0;
        for (std::size_t i = 0; i < times.size(); ++i) {
            if (times[i] < t) {
                sum += weights[i] * naive_kernel(kernel.tau_mem, kernel.tau_syn, kernel.resistance, t - times[i]);
            }
        }
        return sum;
    };
    std::vector<double> points;
    for (const double time : times) {
        if (time < last) {
            points.push_back(time);
        }
    }
    points.push_back(last);
    std::sort(points.begin(), points.end());
    constexpr int grid = 100;
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
        const double width = points[i + 1] - points[i];
        for (int k = 0; width > 0 && k < grid; ++k) {
            double low = points[i] + width * k / grid;
            double high = k + 1 == grid ? points[i + 1] : points[i] + width * (k + 1) / grid;
            if (voltage(high) < 1) {
                continue;
            }
            for (int step = 0; step < 100; ++step) {
                const double middle = (low + high) / 2;
                (voltage(middle) < 1 ? low : high) = middle;
            }
            return high;
        }
    }
    return never;
}

/// Layer after layer, with the weights that a chip of these layers would have.
class NaiveForward : public runtime::TtfsForward {
public:
    Result<void> load(std::span<const runtime::TtfsLayer> layers) override {
        layers_.assign(layers.begin(), layers.end());
        return {};
    }
    void run(std::size_t, std::uint64_t, std::span<const double> inputs, std::span<double> spikes) override {
        std::vector<double> times(inputs.begin(), inputs.end());
        std::size_t next = 0;
        for (const runtime::TtfsLayer& layer : layers_) {
            times.insert(times.end(), layer.bias_times.begin(), layer.bias_times.end());
            std::vector<double> outputs;
            for (std::size_t n = 0; n < layer.neurons; ++n) {
                std::vector<double> weights;
                for (std::size_t s = 0; s < layer.sources(); ++s) {
                    weights.push_back(rounded_weight(layer, layer.weights[s * layer.neurons + n]));
                }
                outputs.push_back(naive_spike(layer.kernel, times, weights));
                spikes[next++] = outputs.back();
            }
            times = outputs;
        }
    }

private:
    std::vector<runtime::TtfsLayer> layers_;
};

}  // namespace spikeloom::test
