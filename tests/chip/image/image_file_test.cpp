#include "chip/image/image_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "chip/image/random_image.hpp"
#include "chip/spec/draws.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::chip {
namespace {

std::string reasons(const Result<Image>& image) {
    return image ? "" : to_text(image.error());
}

std::string bytes_of(const Image& image) {
    const auto bytes = serialise_image(image);
    REQUIRE_MESSAGE(bytes.has_value(), to_text(bytes.error()));
    return *bytes;
}

bool refused(const std::string& bytes, const std::string& reason) {
    const auto image = parse_image(bytes, "test.loom");
    return !image && reasons(image).find(reason) != std::string::npos &&
           reasons(image).find("test.loom") != std::string::npos;
}

TEST_CASE("an image comes back as it was written") {
    const test::TemporaryFolder folder;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed);
        REQUIRE_MESSAGE(check_image(image).empty(), to_text(check_image(image)));
        const std::string bytes = bytes_of(image);
        const auto again = parse_image(bytes, "memory");
        REQUIRE_MESSAGE(again.has_value(), reasons(again));
        CHECK(*again == image);
        CHECK(bytes_of(*again) == bytes);
        if (seed < 5) {
            const std::string path = folder(std::to_string(seed) + ".loom");
            REQUIRE(write_image(image, path).has_value());
            const auto read = read_image(path);
            REQUIRE_MESSAGE(read.has_value(), reasons(read));
            CHECK(*read == image);
            CHECK(std::filesystem::file_size(path) == bytes.size());
        }
    }
}

TEST_CASE("neurons with two inputs, on two compartments each, come back") {
    Image image;
    image.chip.neuron.models.push_back(NeuronModel::resonate_fire);
    CoreImage& core = image.cores.emplace_back();
    core.compartments = 6;
    core.groups = {{.count = 6,
                    .model = NeuronModel::resonate_fire,
                    .parameters = {.sin_decay = -7, .cos_decay = 4000, .state_exponent = 6}}};
    core.output_first.resize(7);
    image.populations.push_back({.name = "resonators",
                                 .shape = {2},
                                 .tiles = {{.core = CoreId(0), .first_compartment = 2, .first_neuron = 0, .count = 2}},
                                 .compartments_per_neuron = 2});
    REQUIRE_MESSAGE(check_image(image).empty(), to_text(check_image(image)));
    const auto again = parse_image(bytes_of(image), "memory");
    REQUIRE(again.has_value());
    CHECK(*again == image);
}

TEST_CASE("random images have neurons of every model with one input, and graded inputs") {
    std::set<NeuronModel> models;
    std::size_t graded = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Image image = test::random_image(seed);
        for (const CoreImage& core : image.cores) {
            for (const CompartmentGroup& group : core.groups) {
                models.insert(group.model);
            }
        }
        graded += static_cast<std::size_t>(std::ranges::count_if(image.inputs, &InputSymbol::graded));
    }
    CHECK(models.size() == 7);
    CHECK(graded > 20);
}

TEST_CASE("random images learn, so that what comes back has rules in it") {
    std::size_t rules = 0;
    std::size_t plastic = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Image image = test::random_image(seed);
        rules += image.learning.size();
        for (const CoreImage& core : image.cores) {
            plastic += static_cast<std::size_t>(
                std::ranges::count_if(core.entries, [](const SynapseEntry& entry) { return entry.learning > 0; }));
        }
    }
    CHECK(rules > 100);
    CHECK(plastic > 100);
}

TEST_CASE("texts longer than a record come back") {
    Image image = test::random_image(1);
    image.source_network.assign((std::size_t{40} << 20) + 3, 'n');
    image.source_network[17] = '\0';
    const auto again = parse_image(bytes_of(image), "memory");
    REQUIRE(again.has_value());
    CHECK(*again == image);
}

TEST_CASE("no changed byte passes") {
    const std::string good = bytes_of(test::random_image(2));
    int accepted = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const int flip : {0x01, 0x80, 0xFF}) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ flip);
            accepted += parse_image(bad, "test.loom").has_value() ? 1 : 0;
        }
    }
    CHECK(accepted == 0);
}

TEST_CASE("no truncated file passes, and none with more behind it") {
    const std::string good = bytes_of(test::random_image(3));
    int accepted = 0;
    for (std::size_t size = 0; size < good.size(); ++size) {
        accepted += parse_image(good.substr(0, size), "test.loom").has_value() ? 1 : 0;
    }
    CHECK(accepted == 0);
    CHECK(refused(good.substr(0, good.size() - 1), "truncated"));
    CHECK(refused(good + "x", "1 bytes follow"));
}

TEST_CASE("each kind of wrong file hears its reason") {
    const std::string good = bytes_of(test::random_image(4));
    CHECK(refused("", "empty"));
    CHECK(refused("\x89HDF\r\n\x1a\n and more of it", "no spikeloom image"));
    CHECK(refused("SPIKE", "truncated"));
    std::string newer = good;
    newer[16] = 2;
    CHECK(refused(newer, "newer spikeloom"));
    std::string changed = good;
    changed[good.size() / 2] = static_cast<char>(changed[good.size() / 2] ^ 1);
    CHECK(refused(changed, "does not match its checksum"));
    std::string huge = good;
    huge[24 + 7] = 0x7F;  // the header's length
    CHECK(refused(huge, "claims"));
}

TEST_CASE("records can be neither moved nor left out") {
    Image image = test::random_image(5);
    image.mapping_report = "first";
    image.source_network = "other";
    const std::string good = bytes_of(image);
    // Two records of equal length, kind apart: a stranger's with a checksum of its own is found by the running sum.
    Image other = image;
    other.mapping_report = "FIRST";
    const std::string strange = bytes_of(other);
    const std::size_t at = good.find("first") - 12;
    std::string mixed = good;
    mixed.replace(at, 12 + 5 + 4, strange, at, 12 + 5 + 4);
    CHECK(refused(mixed, "does not match its checksum"));
    std::string without = good;
    without.erase(at, 12 + 5 + 4);
    CHECK_FALSE(parse_image(without, "test.loom").has_value());
}

TEST_CASE("random damage never brings the reader down") {
    const std::string good = bytes_of(test::random_image(6));
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        test::Draws draws(seed);
        std::string bad = good;
        for (int i = draws.integer(1, 8); i > 0; --i) {
            bad[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(bad.size()) - 1))] =
                static_cast<char>(draws.integer(0, 255));
        }
        const auto image = parse_image(bad, "test.loom");
        CHECK((!image || bad == good));
    }
}

TEST_CASE("files that can't be read or written are named, and nothing half-written stays") {
    const test::TemporaryFolder folder;
    const Image image = test::random_image(7);
    CHECK(reasons(read_image(folder("absent.loom"))).find("does not exist") != std::string::npos);
    CHECK(reasons(read_image(folder.path().string())).find("no regular file") != std::string::npos);
    CHECK_FALSE(write_image(image, folder("no/such/folder.loom")).has_value());
    std::filesystem::create_directory(folder("taken.loom"));
    CHECK_FALSE(write_image(image, folder("taken.loom")).has_value());
    Image broken = image;
    broken.step_s = 0;
    CHECK_FALSE(write_image(broken, folder("broken.loom")).has_value());
    std::filesystem::remove(folder("taken.loom"));
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("an image replaces an image or an empty file, nothing else") {
    const test::TemporaryFolder folder;
    const Image image = test::random_image(8);
    for (const char* head : {"", "SPIKELOOM-IMAGE\n", "SPIKELOOM-ANALOG\n"}) {
        std::ofstream(folder("a.loom"), std::ios::trunc) << head;
        CHECK(write_image(image, folder("a.loom")).has_value());
    }
    std::ofstream(folder("net.nir")) << "weights";
    CHECK_FALSE(write_image(image, folder("net.nir")).has_value());
    CHECK(std::filesystem::file_size(folder("net.nir")) == 7);
    CHECK_FALSE(write_image(image, folder.path()).has_value());
}

TEST_CASE("a disk that is full is reported, and the file that was there stays") {
    const test::TemporaryFolder folder;
    const std::string path = folder("a.loom");
    std::ofstream(path) << "SPIKELOOM-IMAGE earlier";
    Image image = test::random_image(8);
    image.mapping_report.assign(200000, 'r');
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit little = before;
    little.rlim_cur = 50000;  // a write beyond it fails as one on a full disk does
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    const auto written = write_image(image, path);
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(written.has_value());
    CHECK(to_text(written.error()).find("can't be written") != std::string::npos);
    CHECK(std::filesystem::file_size(path) == 23);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

}  // namespace
}  // namespace spikeloom::chip
