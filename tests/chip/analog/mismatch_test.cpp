#include "chip/analog/mismatch.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "builders.hpp"
#include "chip/analog/tables.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;

namespace {

struct Moments {
    double mean = 0;
    double sigma = 0;
};

Moments moments(std::size_t n, const std::function<double(std::size_t)>& value) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += value(i);
        squares += value(i) * value(i);
    }
    const double mean = sum / static_cast<double>(n);
    return {.mean = mean, .sigma = std::sqrt(squares / static_cast<double>(n) - mean * mean)};
}

/// Mean 0 and the given sigma, within four standard errors.
void check_normal(const Moments& found, double sigma, std::size_t n) {
    const auto samples = static_cast<double>(n);
    CHECK(std::abs(found.mean) < 4 * sigma / std::sqrt(samples));
    CHECK(std::abs(found.sigma - sigma) < 4 * sigma / std::sqrt(2 * samples));
}

AnalogImage many_neurons(std::uint32_t n) {
    return ideal_image({.channels = 1,
                        .layers = {n},
                        .weights = {std::vector<double>(n, 2.0)},
                        .lif = {.tau_mem = 10e-6, .tau_syn = 5e-6, .leak = 0.5, .threshold = 1.5, .reset = 0.5}});
}

std::vector<core::analog::Net> nets(const AnalogImage& image, const InstanceOptions& options) {
    const auto chip = AnalogChip::load(image, options);
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return {chip->nets().begin(), chip->nets().end()};
}

}  // namespace

TEST_CASE("an override spreads one parameter of an ideal chip, and leaves the others") {
    const std::uint32_t n = 20000;
    const AnalogImage image = many_neurons(n);
    const core::analog::Net plain = nets(image, {})[0];
    for (const double sigma : {0.01, 0.1}) {
        const core::analog::Net net =
            nets(image, {.seed = 5, .instance = 3, .overrides = {{.of = MismatchOf::threshold, .sigma = sigma}}})[0];
        check_normal(moments(n, [&](std::size_t i) { return net.neurons[i].threshold - 1.5; }), sigma, n);
        core::analog::Net restored = net;
        for (Lif& lif : restored.neurons) {
            lif.threshold = 1.5;
        }
        CHECK(restored == plain);
    }
    const core::analog::Net weights =
        nets(image, {.overrides = {{.of = MismatchOf::synaptic_weight, .sigma = 0.2}}})[0];
    check_normal(moments(n, [&](std::size_t i) { return weights.weights[i] / 2 - 1; }), 0.2, n);
    const core::analog::Net taus = nets(image, {.overrides = {{.of = MismatchOf::tau_syn, .sigma = 0.1}}})[0];
    check_normal(moments(n, [&](std::size_t i) { return taus.neurons[i].tau_syn / 5e-6 - 1; }), 0.1, n);
}

TEST_CASE("an instance is its seed and number, and no other instance") {
    const AnalogImage image = random_image(2, 8, 60);
    const InstanceOptions seven{.seed = 1, .instance = 7, .mismatch = true};
    CHECK(nets(image, seven) == nets(image, seven));
    InstanceOptions other = seven;
    other.instance = 8;
    CHECK(nets(image, seven) != nets(image, other));
    other = seven;
    other.seed = 2;
    CHECK(nets(image, seven) != nets(image, other));
    other.seed = std::uint64_t{1} + (std::uint64_t{1} << 32);
    CHECK(nets(image, seven) != nets(image, other));
}

TEST_CASE("whole chips spread as their description says, more so uncalibrated") {
    const std::uint32_t neurons = 512;
    AnalogImage image =
        empty_image(1, neurons, 1,
                    {.model = {.lif = {.tau_mem = 10e-6, .tau_syn = 6e-6, .refractory = never}}, .weight_unit = 0.1});
    for (std::uint32_t n = 0; n < neurons; ++n) {
        image.runs[0].neurons.push_back({.neuron = n,
                                         .circuits = {{.hemisphere = static_cast<std::uint8_t>(n / 256),
                                                       .column = static_cast<std::uint16_t>(n % 256)}},
                                         .address = static_cast<std::uint8_t>(n / 256 * 32 + n % 32)});
    }
    const auto spreads = [&](CalibrationState state, double threshold, double leak, double tau_mem, double tau_syn) {
        const core::analog::Net net =
            nets(image, {.seed = 9, .instance = 1, .mismatch = true, .calibration = state})[0];
        const std::vector<Lif>& lifs = net.neurons;
        check_normal(moments(neurons, [&](std::size_t i) { return lifs[i].threshold - 1; }), threshold, neurons);
        check_normal(moments(neurons, [&](std::size_t i) { return lifs[i].leak; }), leak, neurons);
        check_normal(moments(neurons, [&](std::size_t i) { return lifs[i].tau_mem / 10e-6 - 1; }), tau_mem, neurons);
        check_normal(moments(neurons, [&](std::size_t i) { return lifs[i].tau_syn / 6e-6 - 1; }), tau_syn, neurons);
    };
    spreads(CalibrationState::expected, 0.035, 0.03, 0.09, 0.04);
    spreads(CalibrationState::none, 0.1, 0.1, 0.2, 0.2);
}

TEST_CASE("joined circuits share a membrane: their mean, but the first one's comparator") {
    const std::vector<Deviations> circuits{
        {.threshold = 0.1, .leak = 0.2, .reset = 0.3, .tau_mem = 0.1, .tau_syn = 0.4, .weight = 1, .refractory = 0.5},
        {.threshold = 9, .leak = 0.4, .reset = 9, .tau_mem = -0.3, .tau_syn = 0, .weight = 0, .refractory = 9}};
    const Deviations mean = joined(circuits);
    CHECK(mean.threshold == 0.1);
    CHECK(mean.reset == 0.3);
    CHECK(mean.refractory == 0.5);
    CHECK(mean.leak == doctest::Approx(0.3));
    CHECK(mean.tau_mem == doctest::Approx(-0.1));
    CHECK(mean.tau_syn == doctest::Approx(0.2));
    CHECK(mean.weight == doctest::Approx(0.5));
}

TEST_CASE("every column of a joined neuron weighs its own synapses") {
    AnalogImage image =
        empty_image(1, 1, 1, {.model = {.lif = {.tau_syn = 6e-6, .refractory = never}}, .weight_unit = 0.1});
    AnalogRun& run = image.runs[0];
    run.neurons.push_back({.neuron = 0, .circuits = {{.column = 3}, {.column = 4}}});
    run.drivers.push_back({.driver = 0, .rows = {RowMode::excitatory, RowMode::inhibitory}});
    run.crossbar.push_back({.node = {.input = 8, .output = 0}});
    run.host_sources.push_back({.index = 0, .label = 2});
    const InstanceOptions options{.seed = 4, .overrides = {{.of = MismatchOf::weight, .sigma = 0.1}}};
    const auto weight = [&](std::uint8_t left, std::uint8_t right) {
        run.cells = {{.row = 0, .column = 3, .weight = left, .label = 2},
                     {.row = 0, .column = 4, .weight = right, .label = 2}};
        return nets(image, options)[0].weights.at(0);
    };
    const Spread spread = spread_of(image.chip, options);
    const double left = 1 + deviations_of(spread, 4, 0, 3).weight;
    const double right = 1 + deviations_of(spread, 4, 0, 4).weight;
    CHECK(weight(10, 0) == doctest::Approx(left).epsilon(1e-6));
    CHECK(weight(0, 10) == doctest::Approx(right).epsilon(1e-6));
    CHECK(weight(20, 30) == doctest::Approx(2 * left + 3 * right).epsilon(1e-6));
}

TEST_CASE("a neuron stays one whatever is drawn") {
    const Lif target{.leak = 0, .threshold = 1, .reset = 0.2};
    const Lif odd =
        deviating(target, {.threshold = -0.9, .reset = 0.5, .tau_mem = -3, .tau_syn = -1, .refractory = -2});
    CHECK(odd.reset < odd.threshold);
    CHECK(odd.tau_mem > 0);
    CHECK(odd.tau_syn > 0);
    CHECK(odd.refractory >= 0);
    const Lif readout = deviating({.threshold = never, .refractory = never}, {.threshold = 0.1, .refractory = 0.1});
    CHECK(readout.threshold == never);
    CHECK(readout.refractory == never);
}

TEST_CASE("overrides that make no sense are refused, all at once") {
    const auto chip =
        AnalogChip::load(many_neurons(1), {.overrides = {{.of = MismatchOf::leak, .sigma = -1},
                                                         {.of = MismatchOf::leak, .sigma = 0.1},
                                                         {.of = MismatchOf::weight, .trial_sigma = std::nan("")}}});
    REQUIRE_FALSE(chip.has_value());
    CHECK(chip.error().size() == 3);
}
