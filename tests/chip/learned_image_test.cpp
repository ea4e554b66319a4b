#include "chip/learned_image.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "image/random_image.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;

namespace {

/// A few random images have plastic synapses whose sources send values; no chip loads them.
bool learns_from_values(const Result<Chip>& chip) {
    return !chip && to_text(chip.error()).find("plastic synapses of a source that sends values") != std::string::npos;
}

}  // namespace

TEST_CASE("an untouched chip gives back the image that it was loaded from") {
    std::size_t plastic = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed);
        const auto chip = Chip::load(image, {});
        if (learns_from_values(chip)) {
            continue;
        }
        REQUIRE(chip.has_value());
        CHECK(learned_image(image, *chip) == image);
        for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
            plastic += chip->plastic_synapses(profile).size();
        }
    }
    CHECK(plastic > 50);
}

TEST_CASE("an image of what was learned loads as the chip that learned it") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed);
        auto chip = Chip::load(image, {});
        if (learns_from_values(chip)) {
            continue;
        }
        REQUIRE(chip.has_value());
        for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
            std::vector<std::int32_t> weights = chip->plastic_values(profile, rules::Variable::weight);
            for (std::size_t i = 0; i < weights.size(); ++i) {
                weights[i] = static_cast<std::int32_t>(i * 37 + seed) % 300 - 150;  // the chip clips
            }
            chip->set_plastic_values(profile, rules::Variable::weight, weights);
        }
        const Image learned = learned_image(image, *chip);
        CHECK(check_image(learned).empty());
        auto again = Chip::load(learned, {});
        REQUIRE(again.has_value());
        for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
            CHECK(again->plastic_synapses(profile) == chip->plastic_synapses(profile));
            CHECK(again->plastic_values(profile, rules::Variable::weight) ==
                  chip->plastic_values(profile, rules::Variable::weight));
            CHECK(again->plastic_values(profile, rules::Variable::delay) ==
                  chip->plastic_values(profile, rules::Variable::delay));
        }
    }
}
