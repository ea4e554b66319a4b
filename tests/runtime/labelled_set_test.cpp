#include <doctest/doctest.h>

#include <cmath>

#include "core/files/gzip.hpp"
#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "runtime/stimulus.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using files::make_array;
using files::write_npz;

namespace {

files::Array bytes(std::vector<std::size_t> shape, const std::vector<std::uint8_t>& values) {
    return make_array(std::move(shape), values);
}

std::string failure(const Result<LabelledSet>& set) {
    REQUIRE_FALSE(set.has_value());
    return to_text(set.error());
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("labelled sets from .npz: every accepted name, values and spikes") {
    const test::TemporaryFolder folder;
    const files::Array labels = make_array({2}, std::vector<std::int64_t>{1, 0});
    for (const char* inputs : {"inputs", "x", "data", "images"}) {
        for (const char* targets : {"labels", "y", "targets"}) {
            const auto values = make_array({2, 2}, std::vector<float>{0, 0.5F, 1, 0.25F});
            REQUIRE(write_npz({{inputs, values}, {targets, labels}}, folder("a.npz")).has_value());
            const auto set = read_labelled_set(folder("a.npz"));
            REQUIRE(set.has_value());
            CHECK(set->name == "a.npz");
            CHECK(set->samples == 2);
            CHECK(set->channels == 2);
            CHECK(set->steps == 0);
            CHECK(set->values == std::vector<float>{0, 0.5F, 1, 0.25F});
            CHECK(set->labels == std::vector<std::int32_t>{1, 0});
            CHECK(set->classes() == 2);
        }
    }
    REQUIRE(write_npz({{"x", bytes({2, 3, 1}, {0, 1, 0, 1, 1, 1})}, {"y", labels}}, folder("e.npz")).has_value());
    const auto events = read_labelled_set(folder("e.npz"));
    REQUIRE(events.has_value());
    CHECK(events->steps == 3);
    CHECK(events->channels == 1);
}

TEST_CASE("a set says how long its samples last and over which window they are coded, or nothing") {
    const test::TemporaryFolder folder;
    const auto values = make_array({1, 2}, std::vector<float>{0, 1});
    const files::Array labels = make_array({1}, std::vector<std::int64_t>{0});
    const auto read = [&](const char* name, const files::Array& array) {
        REQUIRE(write_npz({{"x", values}, {"y", labels}, {name, array}}, folder("c.npz")).has_value());
        return read_labelled_set(folder("c.npz"));
    };
    const auto sixty = make_array({}, std::vector<std::int64_t>{60});
    CHECK(read("steps", sixty).value().coded_steps == 60);
    CHECK(read("steps", sixty).value().coded_window == 0);
    CHECK(read("window", make_array({1}, std::vector<std::int64_t>{50})).value().coded_window == 50);
    CHECK(has(failure(read("steps", make_array({}, std::vector<std::int64_t>{0}))), "c.npz:steps"));
    CHECK(has(failure(read("window", make_array({}, std::vector<std::int64_t>{-3}))), "1 to 2^24"));
    CHECK(has(failure(read("steps", make_array({}, std::vector<double>{2.5}))), "one integer"));
    CHECK(has(failure(read("steps", make_array({0}, std::vector<std::int64_t>{}))), "one integer"));
    CHECK(has(failure(read("steps", make_array({2}, std::vector<std::int64_t>{1, 2}))), "one integer"));
}

TEST_CASE("bytes are scaled by 255, unless they are 0 and 1") {
    const test::TemporaryFolder folder;
    const files::Array labels = bytes({1}, {0});
    REQUIRE(write_npz({{"images", bytes({1, 2, 2}, {0, 51, 102, 255})}, {"y", labels}}, folder("a.npz")).has_value());
    CHECK(read_labelled_set(folder("a.npz"))->values == std::vector<float>{0, 51 / 255.0F, 102 / 255.0F, 1});
    REQUIRE(write_npz({{"x", bytes({1, 4}, {0, 1, 1, 0})}, {"y", labels}}, folder("b.npz")).has_value());
    CHECK(read_labelled_set(folder("b.npz"))->values == std::vector<float>{0, 1, 1, 0});
}

TEST_CASE("idx images find their labels beside them") {
    const test::TemporaryFolder folder;
    const auto images = files::gzip(files::print_idx(bytes({2, 1, 2}, {0, 255, 255, 0})));
    REQUIRE(files::write_bytes(folder("t-images-idx3-ubyte.gz"), images).has_value());
    CHECK(has(failure(read_labelled_set(folder("t-images-idx3-ubyte.gz"))), "t-labels-idx1-ubyte.gz"));
    const auto labels = files::gzip(files::print_idx(bytes({2}, {3, 4})));
    REQUIRE(files::write_bytes(folder("t-labels-idx1-ubyte.gz"), labels).has_value());
    const auto set = read_labelled_set(folder("t-images-idx3-ubyte.gz"));
    REQUIRE(set.has_value());
    CHECK(set->channels == 2);
    CHECK(set->labels == std::vector<std::int32_t>{3, 4});
    REQUIRE(files::write_bytes(folder("pictures"), images).has_value());
    CHECK(has(failure(read_labelled_set(folder("pictures"))), "no labels"));
    CHECK(read_labelled_set(folder("pictures"), folder("t-labels-idx1-ubyte.gz")).has_value());
}

TEST_CASE("sets that make no sense are refused with the reason") {
    const test::TemporaryFolder folder;
    const auto text = [&](const files::NamedArrays& arrays) {
        REQUIRE(write_npz(arrays, folder("a.npz")).has_value());
        return failure(read_labelled_set(folder("a.npz")));
    };
    const files::Array x = make_array({2, 1}, std::vector<float>{0, 1});
    const files::Array y = bytes({2}, {0, 1});
    CHECK(has(text({{"z", x}, {"y", y}}), "no array of a known name among 'z, y'; allowed: inputs, x, data, images"));
    CHECK(has(text({{"x", x}}), "labels, y, targets"));
    CHECK(has(text({{"x", x}, {"inputs", x}, {"y", y}}), "both 'inputs' and 'x'"));
    CHECK(has(text({{"x", x}, {"y", bytes({3}, {0, 1, 2})}}), "labels of shape 3 for 2 samples"));
    CHECK(has(text({{"x", x}, {"y", bytes({2, 2}, {0, 1, 1, 0})}}), "argmax"));
    CHECK(has(text({{"x", x}, {"y", make_array({2}, std::vector<double>{0.5, -1})}}), "label 0.5 of sample 0"));
    CHECK(has(text({{"x", x}, {"y", make_array({2}, std::vector<double>{NAN, 1e300})}}), "label nan"));
    CHECK(has(text({{"x", make_array({2}, std::vector<float>{0, 1})}, {"y", y}}), "samples x channels"));
    CHECK(has(text({{"x", make_array({2, 0}, std::vector<float>{})}, {"y", y}}), "samples x channels"));
    const std::string values = text({{"x", make_array({2, 1}, std::vector<float>{1.5F, NAN})}, {"y", y}});
    CHECK(has(values, "value 1.5 in sample 0, element 0"));
    CHECK(has(values, "value nan in sample 1"));
    CHECK(has(text({{"x", make_array({2, 1, 1}, std::vector<float>{0.5F, 1})}, {"y", y}}), "spikes: 0 or 1"));
}
