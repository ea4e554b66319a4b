#include "runtime/analog/timed_set.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "core/files/npy.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::runtime {
namespace {

using files::make_array;
using test::TemporaryFolder;

std::string save(const TemporaryFolder& folder, const files::NamedArrays& arrays) {
    const std::string path = folder("set.npz");
    REQUIRE(files::write_npz(arrays, path));
    return path;
}

const files::Array two_labels = make_array({2}, std::vector<std::int64_t>{1, 0});

}  // namespace

TEST_CASE("doubles stay doubles, bytes are divided as 32-bit floats") {
    const TemporaryFolder folder;
    constexpr double third = 1.0 / 3;
    const auto reals = read_timed_set(
        save(folder, {{"inputs", make_array({2, 2}, std::vector<double>{0, third, 1, 0.5})}, {"labels", two_labels}}));
    REQUIRE(reals);
    CHECK(reals->values == std::vector<double>{0, third, 1, 0.5});
    CHECK(reals->labels == std::vector<std::int32_t>{1, 0});
    const auto bytes = read_timed_set(save(
        folder, {{"images", make_array({2, 1, 2}, std::vector<std::uint8_t>{0, 1, 128, 255})}, {"y", two_labels}}));
    REQUIRE(bytes);
    CHECK(bytes->channels == 2);
    CHECK(bytes->values[1] == static_cast<double>(1.0F / 255.0F));
    CHECK(bytes->values[1] != 1.0 / 255);
    CHECK(bytes->values[3] == 1);
}

TEST_CASE("times are taken as they are, in time units or seconds, and may be missing") {
    const TemporaryFolder folder;
    constexpr double missing = std::numeric_limits<double>::infinity();
    const files::Array times = make_array({2, 2}, std::vector<double>{0.15, 7, missing, 2});
    const auto units = read_timed_set(save(folder, {{"times", times}, {"labels", two_labels}}));
    REQUIRE(units);
    CHECK(units->holds == TimedSet::Holds::time_units);
    CHECK(units->values[2] == missing);
    const auto seconds = read_timed_set(save(folder, {{"times_s", times}, {"labels", two_labels}}));
    REQUIRE(seconds);
    CHECK(seconds->holds == TimedSet::Holds::seconds);
}

TEST_CASE("arrays of their own files make a set, and need labels") {
    const TemporaryFolder folder;
    REQUIRE(files::write_npy(make_array({2, 2}, std::vector<double>{0, 1, 1, 0}), folder("x.npy")));
    REQUIRE(files::write_npy(two_labels, folder("y.npy")));
    CHECK(read_timed_set(folder("x.npy"), folder("y.npy")));
    CHECK(read_timed_set(folder("x.npy"), folder("y.npy"), TimedSet::Holds::seconds)->holds ==
          TimedSet::Holds::seconds);
    CHECK_FALSE(read_timed_set(folder("x.npy")));
    CHECK_FALSE(read_timed_set(folder("none.npy"), folder("y.npy")));
}

TEST_CASE("sets that make no sense are refused with their place") {
    const TemporaryFolder folder;
    const auto refused = [&](const files::NamedArrays& arrays, const std::string& found) {
        const auto set = read_timed_set(save(folder, arrays));
        REQUIRE_FALSE(set);
        INFO(to_text(set.error()));
        return to_text(set.error()).find(found) != std::string::npos;
    };
    const files::Array good = make_array({2, 1}, std::vector<double>{0, 1});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(refused({{"inputs", make_array({2, 1}, std::vector<double>{0, 1.5})}, {"labels", two_labels}}, "value 1.5"));
    CHECK(refused({{"inputs", make_array({2, 1}, std::vector<double>{nan, 1})}, {"labels", two_labels}}, "value nan"));
    CHECK(refused({{"times", make_array({2, 1}, std::vector<double>{-1, 1})}, {"labels", two_labels}}, "time -1"));
    CHECK(refused({{"inputs", good}, {"labels", make_array({3}, std::vector<std::int64_t>{0, 1, 2})}}, "shape 3"));
    CHECK(refused({{"inputs", good}, {"labels", make_array({2}, std::vector<double>{0, 0.5})}}, "label 0.5"));
    CHECK(refused({{"inputs", good}, {"x", good}, {"labels", two_labels}}, "both"));
    CHECK(refused({{"pixels", good}, {"labels", two_labels}}, "'pixels, labels'"));
    CHECK(refused({{"inputs", make_array({2}, std::vector<double>{0, 1})}, {"labels", two_labels}}, "shape 2"));
}

}  // namespace spikeloom::runtime
