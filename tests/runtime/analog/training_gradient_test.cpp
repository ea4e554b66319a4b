#include "runtime/analog/training_gradient.hpp"

#include <doctest/doctest.h>

#include <boost/math/special_functions/lambert_w.hpp>
#include <cmath>
#include <optional>

#include "core/base/random.hpp"
#include "tests/runtime/analog/naive_ttfs.hpp"

namespace spikeloom::runtime {
namespace {

struct Neuron {
    std::vector<double> times, weights;
};

/// Input times in 0..2, weights in -1..3.
Neuron random_neuron(std::uint64_t number, std::size_t inputs) {
    Neuron neuron;
    for (std::size_t i = 0; i < inputs; ++i) {
        const auto draw = [&](std::uint32_t what) {
            return random_uniform({.seed = 4, .step = number, .core = what, .neuron = static_cast<std::uint32_t>(i)});
        };
        neuron.times.push_back(2 * draw(0));
        neuron.weights.push_back(4 * draw(1) - 1);
    }
    return neuron;
}

/// The causal inputs' sums of facts 1.2, tau_syn = 1.
struct Sums {
    double a1 = 0, b = 0, a2 = 0;
    Sums(const Neuron& neuron, double spike, double tau_mem) {
        for (std::size_t i = 0; i < neuron.times.size(); ++i) {
            if (neuron.times[i] < spike) {
                a1 += neuron.weights[i] * std::exp(neuron.times[i]);
                b += neuron.weights[i] * neuron.times[i] * std::exp(neuron.times[i]);
                a2 += neuron.weights[i] * std::exp(neuron.times[i] / tau_mem);
            }
        }
    }
};

struct Derivative {
    double by_weight = 0, by_time = 0;
};

/// Goeltz et al. 2021, tau_mem = tau_syn = 1, threshold 1, g_leak 1: through Lambert's W.
Derivative closed_form_equal(const Neuron& neuron, double spike, std::size_t i) {
    const Sums sums(neuron, spike, 1);
    const double w = boost::math::lambert_w0(-1 / sums.a1 * std::exp(sums.b / sums.a1));
    const double age = spike - neuron.times[i];
    const double common = -1 / sums.a1 / (1 + w) * std::exp(neuron.times[i]);
    return {common * age, common * neuron.weights[i] * (age - 1)};
}

/// The same for tau_mem = 2, g_leak 0.5 (c = 0.5).
Derivative closed_form_double(const Neuron& neuron, double spike, std::size_t i) {
    const Sums sums(neuron, spike, 2);
    const double c = 0.5;
    const double x = std::sqrt(sums.a2 * sums.a2 - 4 * sums.a1 * c);
    const double common = (1 + c / x * std::exp(spike / 2)) * std::exp(neuron.times[i]) / sums.a1;
    const double slow = std::exp(neuron.times[i] / 2) / x;
    return {2 * (common - slow), neuron.weights[i] * (2 * common - slow)};
}

double spike_of(const MembraneKernel& kernel, const Neuron& neuron) {
    return test::naive_spike(kernel, neuron.times, neuron.weights);
}

/// Away from events that the derivative doesn't see: nearly tangential crossings, inputs just at the spike.
bool is_smooth(const MembraneKernel& kernel, const Neuron& neuron, double spike) {
    double rise = 0;
    for (std::size_t i = 0; i < neuron.times.size(); ++i) {
        if (std::abs(neuron.times[i] - spike) < 1e-3) {
            return false;
        }
        rise += neuron.times[i] < spike ? neuron.weights[i] * kernel.slope(spike - neuron.times[i]) : 0;
    }
    return rise > 0.1;
}

template <class Change>
double difference(const MembraneKernel& kernel, Neuron neuron, const Change& change) {
    constexpr double h = 1e-5;
    change(neuron, h);
    const double later = spike_of(kernel, neuron);
    change(neuron, -2 * h);
    return (later - spike_of(kernel, neuron)) / (2 * h);
}

}  // namespace

TEST_CASE("the derivatives of a spike time are its finite differences, for any ratio of time constants") {
    for (const MembraneKernel kernel : {MembraneKernel{1, 1, 1}, MembraneKernel{2, 1, 2}, MembraneKernel{0.6, 1, 1.5},
                                        MembraneKernel{3.7, 1, 4}, MembraneKernel{1.0001, 1, 1}}) {
        CAPTURE(kernel.tau_mem);
        SpikeTimeDerivative derivative(kernel);
        int compared = 0;
        for (std::uint64_t number = 0; number < 60; ++number) {
            const Neuron neuron = random_neuron(number, 6);
            const double spike = spike_of(kernel, neuron);
            if (std::isinf(spike) || !is_smooth(kernel, neuron, spike)) {
                continue;
            }
            derivative.set_inputs(neuron.times);
            REQUIRE(derivative.compute(neuron.weights, spike));
            for (std::size_t i = 0; i < neuron.times.size(); ++i) {
                const double by_weight = difference(kernel, neuron, [i](Neuron& n, double h) { n.weights[i] += h; });
                const double by_time = difference(kernel, neuron, [i](Neuron& n, double h) { n.times[i] += h; });
                CHECK(derivative.by_weight()[i] == doctest::Approx(by_weight).epsilon(1e-5).scale(0.1));
                CHECK(derivative.by_time()[i] == doctest::Approx(by_time).epsilon(1e-5).scale(0.1));
            }
            ++compared;
        }
        CHECK(compared >= 20);
    }
}

TEST_CASE("the derivatives are the published closed forms where those exist") {
    struct Form {
        MembraneKernel kernel;
        Derivative (*closed)(const Neuron&, double, std::size_t);
    };
    for (const Form& form : {Form{{1, 1, 1}, closed_form_equal}, Form{{2, 1, 2}, closed_form_double}}) {
        SpikeTimeDerivative derivative(form.kernel);
        int compared = 0;
        for (std::uint64_t number = 100; number < 160; ++number) {
            const Neuron neuron = random_neuron(number, 12);
            const double spike = spike_of(form.kernel, neuron);
            if (std::isinf(spike) || !is_smooth(form.kernel, neuron, spike)) {
                continue;
            }
            derivative.set_inputs(neuron.times);
            REQUIRE(derivative.compute(neuron.weights, spike));
            for (std::size_t i = 0; i < neuron.times.size(); ++i) {
                const Derivative closed = form.closed(neuron, spike, i);
                const bool causal = neuron.times[i] < spike;
                CHECK(derivative.by_weight()[i] == doctest::Approx(causal ? closed.by_weight : 0).epsilon(1e-8));
                CHECK(derivative.by_time()[i] == doctest::Approx(causal ? closed.by_time : 0).epsilon(1e-8));
            }
            ++compared;
        }
        CHECK(compared >= 20);
    }
}

TEST_CASE("a shift of all inputs shifts the spike by as much") {
    const MembraneKernel kernel{1.7, 0.9, 1};
    SpikeTimeDerivative derivative(kernel);
    const Neuron neuron = random_neuron(7, 20);
    const double spike = spike_of(kernel, neuron);
    REQUIRE(std::isfinite(spike));
    derivative.set_inputs(neuron.times);
    REQUIRE(derivative.compute(neuron.weights, spike));
    double sum = 0;
    for (const double value : derivative.by_time()) {
        sum += value;
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("silent inputs have no derivative, and a falling membrane gives none") {
    SpikeTimeDerivative derivative({});
    const std::vector<double> times{0.1, never, 0.3};
    const std::vector<double> weights{4, 5, 1};
    derivative.set_inputs(times);
    REQUIRE(derivative.compute(weights, 0.8));
    CHECK(derivative.by_weight()[0] < 0);
    CHECK(derivative.by_weight()[1] == 0);
    CHECK(derivative.by_time()[1] == 0);
    // A chip's spike three time constants after the only inputs: by these weights the membrane falls there.
    CHECK_FALSE(derivative.compute(weights, 3.5));
    CHECK(derivative.by_weight()[0] == 0);
}

}  // namespace spikeloom::runtime
