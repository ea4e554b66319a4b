#include "runtime/analog/yin_yang.hpp"

#include <doctest/doctest.h>

#include <array>

#include "core/files/npy.hpp"
#include "tests/support/reference_data.hpp"

namespace spikeloom::runtime {

TEST_CASE("Yin-Yang: classes by the definition") {
    CHECK(yin_yang_class(0.75, 0.5) == 2);
    CHECK(yin_yang_class(0.25, 0.55) == 2);
    CHECK(yin_yang_class(0.5, 0.9) == 1);
    CHECK(yin_yang_class(0.5, 0.1) == 0);
    CHECK(yin_yang_class(0.25, 0.3) == 1);  // the lobe around the left dot
    CHECK(yin_yang_class(0.75, 0.7) == 0);  // and around the right one
    CHECK_FALSE(yin_yang_class(0.02, 0.02).has_value());
}

TEST_CASE("Yin-Yang: samples are balanced, in the class that they say, and a function of the seed") {
    const TimedSet set = make_yin_yang(3000, 1);
    REQUIRE(set.values.size() == 12000);
    std::array<int, 3> count{};
    for (std::size_t i = 0; i < set.samples; ++i) {
        const double* v = &set.values[4 * i];
        CHECK(v[0] + v[2] == doctest::Approx(1));
        CHECK(v[1] + v[3] == doctest::Approx(1));
        ++count[static_cast<std::size_t>(set.labels[i])];
    }
    for (const int samples : count) {
        CHECK(samples > 900);
        CHECK(samples < 1100);
    }
    const TimedSet fewer = make_yin_yang(10, 1);
    CHECK(std::equal(fewer.values.begin(), fewer.values.end(), set.values.begin()));
    CHECK(make_yin_yang(10, 2).values != fewer.values);
}

TEST_CASE("Yin-Yang: the authors' labels of their own samples") {
    const auto inputs = test::reference_data("ttfs/yin_yang_v1/test_inputs.npy");
    const auto labels = test::reference_data("ttfs/yin_yang_v1/test_labels.npy");
    if (!inputs || !labels) {
        return;
    }
    const auto times = files::read_npy(*inputs)->reals();
    const auto expected = files::read_npy(*labels)->integers();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto value = [&](std::size_t k) { return (times[4 * i + k] - 0.15) / 1.85; };
        CHECK(yin_yang_class(value(0), value(1)) == expected[i]);
    }
}

}  // namespace spikeloom::runtime
