#include "chip/analog/background.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "builders.hpp"
#include "chip/analog/analog_chip.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;
using core::analog::InputSpike;

namespace {

std::vector<InputSpike> spikes_of(const BackgroundSetting& setting, std::uint64_t trial, double window_s) {
    std::vector<InputSpike> spikes;
    append_background({}, setting, trial, window_s, 0, spikes);
    return spikes;
}

}  // namespace

TEST_CASE("a regular source spikes at the end of every period") {
    const std::vector<InputSpike> spikes = spikes_of({.period = 125, .label = 7}, 0, 4.5e-6);
    REQUIRE(spikes.size() == 4);
    CHECK(spikes[0].time == doctest::Approx(1e-6));
    CHECK(spikes[3].time == doctest::Approx(4e-6));
    CHECK(spikes == spikes_of({.period = 125, .label = 7}, 5, 4.5e-6));
}

TEST_CASE("a random source spikes with rate / 255 a period, and draws the masked bits of its labels") {
    for (const std::uint16_t rate : {0, 1, 64, 200, 255}) {
        CAPTURE(rate);
        const BackgroundSetting setting{
            .random = true, .period = 1, .rate = rate, .seed = 1234, .label = 0x1FF, .mask = 0b10101};
        const double periods = 100000;
        const std::vector<InputSpike> spikes = spikes_of(setting, 0, (periods + 0.5) * 8e-9);
        const double p = rate / 255.0;
        CHECK(std::abs(static_cast<double>(spikes.size()) - periods * p) <=
              4 * std::sqrt(periods * p * (1 - p)) + 1e-9);
        if (rate < 64) {
            continue;
        }
        std::vector<double> counts(8);
        for (const InputSpike& spike : spikes) {
            REQUIRE(spike.input < 8);
            counts[spike.input] += 1;
        }
        const double each = static_cast<double>(spikes.size()) / 8;
        for (const double count : counts) {
            CHECK(std::abs(count - each) < 5 * std::sqrt(each));
        }
        CHECK(spikes != spikes_of(setting, 1, (periods + 0.5) * 8e-9));
        CHECK(spikes == spikes_of(setting, 0, (periods + 0.5) * 8e-9));
    }
}

TEST_CASE("labels hold every value of the random bits, and the others as set") {
    const BackgroundSetting setting{.label = 0x1FFF, .mask = 0b10101};
    REQUIRE(label_count(setting) == 8);
    std::set<std::uint16_t> labels;
    for (std::uint32_t bits = 0; bits < 8; ++bits) {
        const std::uint16_t label = background_label(setting, bits);
        CHECK((label | 0b10101) == 0x1FFF);
        labels.insert(label);
    }
    CHECK(labels.size() == 8);
}

TEST_CASE("the shift register has a long period and repeats none of its early states") {
    ShiftRegister shift_register(1);
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 100000; ++i) {
        REQUIRE(seen.insert(shift_register.bits(32)).second);
    }
}

TEST_CASE("background spikes reach the synapses of their bus alone, and are no input of the host") {
    AnalogImage image = empty_image(
        1, 2, 1, {.model = {.lif = {.tau_mem = 10e-6, .tau_syn = 10e-6, .refractory = never}}, .weight_unit = 0.1});
    AnalogRun& run = image.runs[0];
    for (std::uint8_t h = 0; h < 2; ++h) {
        run.neurons.push_back({.neuron = h, .circuits = {{.hemisphere = h, .column = 9}}, .address = h});
        run.drivers.push_back({.hemisphere = h, .driver = 1, .rows = {RowMode::excitatory, RowMode::disabled}});
        run.cells.push_back({.hemisphere = h, .row = 2, .column = 9, .weight = 63, .label = 3});
    }
    run.crossbar.push_back({.node = {.input = 17, .output = 5}});  // source 5: bus 1 of hemisphere 1
    run.crossbar.push_back({.node = {.input = 16, .output = 8}});  // source 4: only out of the chip
    run.background = {{.source = 4, .period = 2500, .label = 3},
                      {.source = 5, .period = 1250, .label = 3},
                      {.source = 6, .period = 625, .label = 3}};
    const auto chip = AnalogChip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    AnalogTrial trial(*chip);
    trial.run({}, {.window_s = 20.01e-6});
    REQUIRE(trial.spikes().size() == 1);
    CHECK(trial.spikes()[0].neuron == 1);
    CHECK(trial.spikes()[0].time > 10e-6);
    CHECK(trial.counts().input_spikes == 0);
    CHECK(trial.counts().background_spikes == 1 + 2 + 4);
    CHECK(trial.counts().synaptic_events == 2);
    CHECK(trial.counts().output_spikes == 1);
    CHECK(trial.counts().crossbar_drops == 4 + 1);  // source 6, and the neuron's own spike
    CHECK(trial.drop_counters()[18] == 4);
}
