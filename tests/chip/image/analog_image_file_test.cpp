#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "chip/image/small_analog_image.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::chip {
namespace {

std::vector<AnalogImage> images() {
    return {test::small_ideal_image(), test::small_brainscales2_image(), AnalogImage{}};
}

std::string bytes_of(const AnalogImage& image) {
    const auto bytes = serialise_analog_image(image);
    REQUIRE_MESSAGE(bytes.has_value(), (bytes ? "" : to_text(bytes.error())));
    return *bytes;
}

TEST_CASE("analog images are read as they were written") {
    for (const AnalogImage& image : images()) {
        const auto again = parse_analog_image(bytes_of(image), "again");
        REQUIRE_MESSAGE(again.has_value(), (again ? "" : to_text(again.error())));
        CHECK(*again == image);
    }
    CHECK(test::small_ideal_image().channels() == 3);
    CHECK(test::small_ideal_image().neuron_count() == 3);
}

TEST_CASE("an analog image that misses a byte, or has one changed or added, is refused") {
    for (const AnalogImage& image : images()) {
        const std::string bytes = bytes_of(image);
        const std::size_t step = 1 + bytes.size() / 500;
        for (std::size_t i = 0; i < bytes.size(); i += step) {
            CHECK_FALSE(parse_analog_image(std::string_view(bytes).substr(0, i), "short"));
            std::string changed = bytes;
            changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
            CHECK_FALSE(parse_analog_image(changed, "changed"));
        }
        CHECK_FALSE(parse_analog_image(bytes + '\0', "long"));
    }
}

TEST_CASE("analog images are written to files and read from them") {
    const spikeloom::test::TemporaryFolder folder;
    const AnalogImage image = test::small_brainscales2_image();
    REQUIRE(write_analog_image(image, folder("net.loom")));
    const auto again = read_analog_image(folder("net.loom"));
    REQUIRE(again);
    CHECK(*again == image);

    CHECK_FALSE(read_analog_image(folder("absent.loom")));
    CHECK_FALSE(read_analog_image(folder("")));
    CHECK_FALSE(write_analog_image(image, folder("absent/net.loom")));
    std::ofstream(folder("other.loom")) << "SPIKELOOM-IMAGE\n";
    const auto other = read_analog_image(folder("other.loom"));
    REQUIRE_FALSE(other);
    CHECK(other.error()[0].found == "is no analog image");
}

TEST_CASE("an unsound analog image is not written") {
    AnalogImage broken = test::small_brainscales2_image();
    broken.runs[0].cells[0].weight = 64;
    CHECK_FALSE(serialise_analog_image(broken));
}

}  // namespace
}  // namespace spikeloom::chip
