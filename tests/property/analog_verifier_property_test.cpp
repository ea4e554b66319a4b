// The analog verifier against the emulator: whenever a register of an image is changed at random and the emulator,
// which has its own way through the routes, then finds other synapses than the network's, the verifier says so.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <utility>

#include "chip/analog/analog_chip.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

using chip::AnalogImage;
using chip::AnalogRun;
using test::TimedNetworkBuilder;

/// Summed weights by (source, target) of the network, without those that are 0.
using Synapses = std::map<std::pair<std::uint32_t, std::uint32_t>, double>;

Synapses emulated(const chip::analog::AnalogChip& chip) {
    const AnalogImage& image = chip.image();
    Synapses synapses;
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        const AnalogRun& run = image.runs[r];
        const core::analog::Net& net = chip.nets()[r];
        const auto source_of = [&](std::size_t s) {
            if (s >= net.inputs) {
                return image.channels() + run.neurons[s - net.inputs].neuron;
            }
            const chip::HostSource& host = run.host_sources[s];
            return host.is_neuron ? image.channels() + host.index : host.index;
        };
        for (std::size_t s = 0; s < net.sources(); ++s) {
            for (std::uint64_t i = net.row_begin[s]; i < net.row_begin[s + 1]; ++i) {
                const std::uint32_t target = run.neurons[net.targets[i]].neuron;
                synapses[{source_of(s), target}] += std::round(net.weights[i] / image.neurons[target].weight_unit);
            }
        }
    }
    std::erase_if(synapses, [](const auto& synapse) { return synapse.second == 0; });
    return synapses;
}

template <class T>
void flip(T& value, std::uint32_t bit) {
    value = static_cast<T>(value ^ (1U << bit));
}

/// One bit of one register.
void change(AnalogImage& image, TimedNetworkBuilder& random) {
    AnalogRun& run = image.runs[random.below(static_cast<std::uint32_t>(image.runs.size()))];
    const auto any = [&](auto& list) -> auto& { return list[random.below(static_cast<std::uint32_t>(list.size()))]; };
    switch (random.below(8)) {
    case 0:
        return flip(any(run.cells).weight, random.below(6));
    case 1:
        return flip(any(run.cells).label, random.below(6));
    case 2:
        return flip(any(run.drivers).mask, random.below(5));
    case 3:
        return flip(any(run.crossbar).mask, random.below(14));
    case 4:
        return flip(any(run.crossbar).target, random.below(14));
    case 5:
        return flip(any(run.host_sources).label, random.below(14));
    case 6:
        return flip(any(run.host_sources).lane, random.below(2));
    default:
        return flip(any(run.neurons).address, random.below(8));
    }
}

}  // namespace

TEST_CASE("whatever the emulator would do otherwise, the verifier finds") {
    TimedNetworkBuilder builder(5);
    const Source in = builder.input(150);
    const Source hidden = builder.population(90);
    const Source out = builder.population(5);
    builder.connect(in, hidden, 0.9);
    builder.connect(hidden, hidden, 0.2);
    builder.connect(hidden, out);
    const TimedNetwork network = builder.build();
    const auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    const auto sound = chip::analog::AnalogChip::load(compiled->image, {});
    REQUIRE(sound);
    const Synapses expected = emulated(*sound);
    REQUIRE(expected.size() > 10000);
    int harmful = 0;
    for (int i = 0; i < 150; ++i) {
        AnalogImage image = compiled->image;
        change(image, builder);
        const auto chip = chip::analog::AnalogChip::load(image, {});
        if (chip && emulated(*chip) != expected) {
            ++harmful;
            CAPTURE(i);
            CHECK_FALSE(verify_analog(image, network).empty());
        }
    }
    CHECK(harmful > 50);
}

}  // namespace spikeloom::compiler
