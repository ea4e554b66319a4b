#include "chip/spec/weight_format.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "support/reference_data.hpp"

namespace spikeloom::chip {
namespace {

using Rounding = Conventions::NegativeMixedWeight;

struct Row {
    int sign_mode, bits, exponent, mantissa, lava_truncated, lava_increment, brian2_increment;
};

bool parse(const std::string& line, Row& row) {
    return std::sscanf(line.c_str(), "%d,%d,%d,%d,%d,%d,%d", &row.sign_mode, &row.bits, &row.exponent, &row.mantissa,
                       &row.lava_truncated, &row.lava_increment, &row.brian2_increment) == 7;
}

WeightFormat format_of(const Row& row) {
    return {
        .weight_bits = row.bits, .weight_exponent = row.exponent, .sign_mode = static_cast<SignMode>(row.sign_mode)};
}

TEST_CASE("every tabulated weight contributes what lava and brian2_loihi say") {
    const auto path = test::reference_data("loihi_vectors/weights/effective_weights.csv");
    if (!path) {
        return;
    }
    std::ifstream file(*path);
    std::string line;
    std::getline(file, line);
    int rows = 0;
    int wrong_truncated = 0;
    int wrong_lava = 0;
    int wrong_brian2 = 0;
    while (std::getline(file, line)) {
        Row row{};
        REQUIRE_MESSAGE(parse(line, row), line);
        const WeightFormat format = format_of(row);
        wrong_truncated += truncated_weight(row.mantissa, format, Rounding::floor) != row.lava_truncated ? 1 : 0;
        wrong_lava += effective_weight_64(row.mantissa, format, Rounding::floor) * 64 != row.lava_increment ? 1 : 0;
        wrong_brian2 +=
            effective_weight_64(row.mantissa, format, Rounding::toward_zero) * 64 != row.brian2_increment ? 1 : 0;
        ++rows;
    }
    CHECK(rows == 65472);
    CHECK(wrong_truncated == 0);
    CHECK(wrong_lava == 0);
    CHECK(wrong_brian2 == 0);
}

TEST_CASE("the conventions differ only for negative weights of mixed sign") {
    const WeightFormat mixed{.weight_bits = 8, .weight_exponent = 0, .sign_mode = SignMode::mixed};
    CHECK(truncated_weight(-1, mixed, Rounding::floor) == -2);
    CHECK(truncated_weight(-1, mixed, Rounding::toward_zero) == 0);
    CHECK(truncated_weight(1, mixed, Rounding::floor) == 0);
    const WeightFormat inhibitory{.weight_bits = 4, .weight_exponent = 0, .sign_mode = SignMode::inhibitory};
    CHECK(truncated_weight(-17, inhibitory, Rounding::floor) == -16);
    CHECK(truncated_weight(-17, inhibitory, Rounding::toward_zero) == -16);
}

TEST_CASE("a format without weight bits contributes nothing") {
    const WeightFormat none{.weight_bits = 0, .weight_exponent = 0, .sign_mode = SignMode::excitatory};
    CHECK(effective_weight_64(255, none, Rounding::floor) == 0);
}

TEST_CASE("the most negative contribution is clipped by brian2_loihi and kept by lava") {
    const WeightFormat large{.weight_bits = 8, .weight_exponent = 7, .sign_mode = SignMode::mixed};
    CHECK(effective_weight_64(254, large, Rounding::floor) == 254 * 128);
    CHECK(effective_weight_64(-256, large, Rounding::floor) == -32768);
    CHECK(effective_weight_64(-256, large, Rounding::toward_zero) == -32767);
}

}  // namespace
}  // namespace spikeloom::chip
