#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "chip/image/random_analog_image.hpp"
#include "chip/image/small_analog_image.hpp"
#include "chip/spec/draws.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::chip {
namespace {

std::vector<AnalogImage> images() {
    return {test::small_ideal_image(), test::small_brainscales2_image(), AnalogImage{}};
}

constexpr std::size_t version_at = 17;
constexpr std::size_t head_bytes = version_at + 12;

/// Puts the checksum right.
void repair(std::string& bytes) {
    const std::size_t end = bytes.size() - 4;
    const auto sum = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), end));
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[end + i] = static_cast<char>(sum >> (8 * i) & 0xFFU);
    }
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

TEST_CASE("random analog images are read as they were written, to the byte") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        CAPTURE(seed);
        const AnalogImage image = spikeloom::test::random_analog_image(seed);
        REQUIRE_MESSAGE(check_analog_image(image).empty(), to_text(check_analog_image(image)));
        const std::string bytes = bytes_of(image);
        const auto again = parse_analog_image(bytes, "again");
        REQUIRE_MESSAGE(again.has_value(), (again ? "" : to_text(again.error())));
        CHECK(*again == image);
        CHECK(bytes_of(*again) == bytes);
    }
}

TEST_CASE("damage behind a checksum that was put right gives a sound image or findings") {
    int sound = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        CAPTURE(seed);
        std::string bytes = bytes_of(spikeloom::test::random_analog_image(seed % 40));
        spikeloom::test::Draws draws(seed);
        for (int i = draws.integer(1, 3); i > 0; --i) {
            const auto at = static_cast<std::size_t>(
                draws.between(static_cast<std::int64_t>(head_bytes), static_cast<std::int64_t>(bytes.size()) - 5));
            bytes[at] = static_cast<char>(draws.between(0, 255));
        }
        repair(bytes);
        const auto image = parse_analog_image(bytes, "damaged");
        if (image) {
            ++sound;
            const auto again = parse_analog_image(bytes_of(*image), "again");
            REQUIRE(again);
            CHECK(*again == *image);
        } else {
            CHECK(has_error(image.error()));
        }
    }
    CHECK(sound > 100);   // damaged numbers are still numbers
    CHECK(sound < 2900);  // and not all of them are allowed
}

TEST_CASE("a message that lies about itself is refused") {
    std::string bytes = bytes_of(test::small_ideal_image());
    bytes[version_at] = 2;
    repair(bytes);
    const auto newer = parse_analog_image(bytes, "newer");
    REQUIRE_FALSE(newer);
    CHECK(newer.error()[0].found == "the image has version 2");

    std::string empty = bytes_of(test::small_ideal_image()).substr(0, head_bytes) + "1234";
    std::fill_n(empty.begin() + static_cast<std::ptrdiff_t>(version_at) + 4, 8, '\0');
    repair(empty);
    const auto nothing = parse_analog_image(empty, "empty");
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error()[0].found == "the image is damaged: it lacks the chip");
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
