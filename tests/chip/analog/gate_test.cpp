// What check_analog_image lets pass, the emulator executes: random chips and images, and damaged ones that are still
// sound.
#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/image/random_analog_image.hpp"
#include "chip/spec/draws.hpp"

namespace spikeloom::chip::analog {
namespace {

/// On a chip with all its imperfections and on one without, every channel spiking once.
void execute(const AnalogImage& image, std::uint64_t seed) {
    std::vector<core::analog::InputSpike> inputs;
    for (std::uint32_t channel = 0; channel < image.channels(); ++channel) {
        inputs.push_back({.time = 1e-8 * channel, .input = channel});
    }
    for (const bool imperfect : {false, true}) {
        const auto chip = AnalogChip::load(
            image, {.seed = seed, .mismatch = imperfect, .calibration = CalibrationState::none, .noise = imperfect});
        REQUIRE_MESSAGE(chip.has_value(), (chip ? "" : to_text(chip.error())));
        AnalogTrial trial(*chip);
        trial.run(inputs, {.window_s = 2e-7, .trial = seed});
        for (const core::analog::Spike& spike : trial.spikes()) {
            CHECK(spike.neuron < image.neurons.size());
        }
    }
}

TEST_CASE("the emulator executes every image that its gate lets pass") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        execute(test::random_analog_image(seed), seed);
    }
}

TEST_CASE("the emulator executes damaged images that are sound by chance") {
    constexpr std::int64_t head_bytes = 29;
    int sound = 0;
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        CAPTURE(seed);
        std::string bytes = serialise_analog_image(test::random_analog_image(seed % 40)).value();
        test::Draws draws(seed);
        const std::size_t end = bytes.size() - 4;
        const auto at = static_cast<std::size_t>(draws.between(head_bytes, static_cast<std::int64_t>(end) - 1));
        bytes[at] = static_cast<char>(draws.between(0, 255));
        const auto sum =
            static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), end));
        for (std::size_t i = 0; i < 4; ++i) {
            bytes[end + i] = static_cast<char>(sum >> (8 * i) & 0xFFU);
        }
        if (const auto image = parse_analog_image(bytes, "damaged")) {
            ++sound;
            execute(*image, seed);
        }
    }
    CHECK(sound > 50);
}

}  // namespace
}  // namespace spikeloom::chip::analog
