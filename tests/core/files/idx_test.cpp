#include "core/files/idx.hpp"

#include <doctest/doctest.h>

#include "core/files/gzip.hpp"
#include "support/reference_data.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::files;

TEST_CASE("idx: round trip of bytes, doubles and shorts, plain and gzipped") {
    const test::TemporaryFolder folder;
    const Array images = make_array({2, 2, 2}, std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 255});
    CHECK(parse_idx(print_idx(images), "a") == images);
    const Array reals = make_array({3}, std::vector<double>{1.5, -2, 1e10});
    CHECK(parse_idx(print_idx(reals), "a") == reals);
    REQUIRE(write_bytes(folder("a.gz"), gzip(print_idx(images))).has_value());
    CHECK(read_idx(folder("a.gz")) == images);
}

TEST_CASE("idx: truncated, oversized and foreign files are refused") {
    const Bytes bytes = print_idx(make_array({4}, std::vector<std::uint8_t>{1, 2, 3, 4}));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(parse_idx(ByteView(bytes).first(size), "a").has_value());
    }
    Bytes huge = bytes;
    for (std::size_t i = 4; i < 8; ++i) {
        huge[i] = std::byte{0xFF};
    }
    CHECK(to_text(parse_idx(huge, "a").error()).find("exactly 4294967295") != std::string::npos);
    Bytes foreign = bytes;
    foreign[2] = std::byte{0x0A};
    CHECK(to_text(parse_idx(foreign, "a").error()).find("0x0a") != std::string::npos);
    CHECK(to_text(read_idx("/nonexistent/a").error()).find("No such file") != std::string::npos);
}

TEST_CASE("idx: the MNIST test images" * doctest::description("reference data")) {
    const auto path = test::reference_data("mnist/t10k-images-idx3-ubyte.gz");
    if (!path) {
        return;
    }
    const auto images = read_idx(*path);
    REQUIRE(images.has_value());
    CHECK(images->shape == std::vector<std::size_t>{10000, 28, 28});
}
