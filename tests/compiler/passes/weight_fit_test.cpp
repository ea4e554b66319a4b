#include "compiler/passes/weight_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using chip::SignMode;
using chip::WeightFormat;

std::vector<WeightFormat> all_formats() {
    std::vector<WeightFormat> formats;
    for (const SignMode mode : {SignMode::mixed, SignMode::excitatory, SignMode::inhibitory}) {
        for (const int bits : {1, 2, 3, 4, 5, 6, 8}) {
            for (int exponent = -8; exponent <= 7; ++exponent) {
                formats.push_back({.weight_bits = bits, .weight_exponent = exponent, .sign_mode = mode});
            }
        }
    }
    return formats;
}

/// Distance of a wanted contribution to the nearest that any legal mantissa yields, by trying all of them.
double least_error(double wanted, const WeightFormat& format) {
    const chip::IntRange range = chip::weight_range(format.sign_mode);
    double least = 1e30;
    for (auto mantissa = static_cast<int>(range.least); mantissa <= range.most; ++mantissa) {
        const auto value = chip::effective_weight_64(mantissa, format, chip::Conventions::NegativeMixedWeight::floor);
        if (std::abs(value) <= 32767) {
            least = std::min(least, std::abs(value - wanted));
        }
    }
    return least;
}

TEST_CASE("a lattice finds the nearest contribution that a format has, and its mantissa yields it") {
    test::Draws draws(7);
    for (const WeightFormat& format : all_formats()) {
        const WeightLattice lattice(format);
        const double reach = 1.1 * std::max(lattice.most, -lattice.least);
        for (int i = 0; i < 6; ++i) {
            const double wanted = draws.uniform(-reach, reach);
            const std::int32_t held = lattice.nearest(wanted);
            const std::int16_t mantissa = lattice.mantissa(held);
            CAPTURE(format.weight_bits);
            CAPTURE(format.weight_exponent);
            CAPTURE(static_cast<int>(format.sign_mode));
            CAPTURE(wanted);
            CHECK(chip::weight_range(format.sign_mode).contains(mantissa));
            CHECK(chip::effective_weight_64(mantissa, format, chip::Conventions::NegativeMixedWeight::floor) == held);
            CHECK(chip::effective_weight_64(mantissa, format, chip::Conventions::NegativeMixedWeight::toward_zero) ==
                  held);
            CHECK(std::abs(held - wanted) <= least_error(wanted, format) + 1e-9);
        }
    }
}

TEST_CASE("one sign of weights takes the sign mode that has a bit more") {
    const std::vector<float> positive{0.1F, 0.5F, 1.0F};
    const std::vector<float> negative{-0.1F, -0.5F, -1.0F};
    const chip::SynapseMemory memory;
    CHECK(fit_formats(positive, 1000, 8, memory, SignSplit::never).formats.positive.sign_mode == SignMode::excitatory);
    CHECK(fit_formats(negative, 1000, 8, memory, SignSplit::never).formats.negative.sign_mode == SignMode::inhibitory);
}

TEST_CASE("splitting mixed signs halves the error") {
    test::Draws draws(3);
    std::vector<float> samples;
    for (int i = 0; i < 1000; ++i) {
        samples.push_back(static_cast<float>(draws.uniform(-1, 1)));
    }
    const chip::SynapseMemory memory;
    const FormatFit mixed = fit_formats(samples, 4000, 8, memory, SignSplit::never);
    const FormatFit split = fit_formats(samples, 4000, 8, memory, SignSplit::always);
    CHECK(mixed.formats.positive == mixed.formats.negative);
    CHECK(split.formats.positive.sign_mode == SignMode::excitatory);
    CHECK(split.formats.negative.sign_mode == SignMode::inhibitory);
    CHECK(std::sqrt(split.relative_error) == doctest::Approx(0.5 * std::sqrt(mixed.relative_error)).epsilon(0.1));
}

TEST_CASE("a rare outlier is clipped when that serves all other weights") {
    std::vector<float> samples(10000, 0.3F);
    test::Draws draws(5);
    for (float& sample : samples) {
        sample = static_cast<float>(draws.uniform(-0.49, 0.49));
    }
    samples.push_back(0.51F);
    const chip::SynapseMemory memory;
    const FormatFit fit = fit_formats(samples, 4100, 8, memory, SignSplit::never);
    CHECK(WeightLattice(fit.formats.positive).most < 0.51 * 4100);
}

TEST_CASE("widths that no mantissa needs are dropped") {
    const chip::SynapseMemory memory;
    CHECK(narrowest_weight(memory, SignMode::mixed, 1, 8) == 8);
    CHECK(narrowest_weight(memory, SignMode::mixed, 3, 8) == 6);
    CHECK(narrowest_weight(memory, SignMode::mixed, 5, 8) == 4);
    CHECK(narrowest_weight(memory, SignMode::excitatory, 7, 8) == 1);
    CHECK(narrowest_weight(memory, SignMode::excitatory, 1, 8) == 8);  // there is no 7
    CHECK(widest_weight(memory, 8) == 8);
    CHECK(widest_weight(memory, 7) == 6);
    CHECK(widest_weight(memory, 0) == 0);
}

TEST_CASE("weights of one bit have a format for each sign: a mixed one would know no positive weight") {
    const std::vector<float> samples{-2, -1, 1, 3};
    const FormatFit fit = fit_formats(samples, 100, 1, {}, SignSplit::never);
    CHECK(fit.formats.positive.sign_mode == SignMode::excitatory);
    CHECK(fit.formats.negative.sign_mode == SignMode::inhibitory);
    CHECK(WeightLattice(fit.formats.positive).most > 0);
    CHECK(WeightLattice(fit.formats.negative).least < 0);
    CHECK(fit.relative_error < 0.5);
}

}  // namespace
}  // namespace spikeloom::compiler
