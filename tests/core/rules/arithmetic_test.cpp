#include "core/rules/arithmetic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.hpp"
#include "core/rules/parse.hpp"

namespace spikeloom::rules {
namespace {

ProductSeries parsed(const std::string& text) {
    const Result<ProductSeries> series = parse_series(text, Variable::weight, "dw");
    REQUIRE(series.has_value());
    return *series;
}

class Random {
public:
    explicit Random(std::uint64_t seed) : seed_(seed) {}
    int between(int least, int most) {
        return least + static_cast<int>(random_below({.seed = seed_, .step = count_++},
                                                     static_cast<std::uint64_t>(most - least + 1)));
    }

private:
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
};

Operands operands_with(Operand operand, int value) {
    Operands operands;
    operands.u = true;
    for (const Dependency dependency : {Dependency::x0, Dependency::y0, Dependency::u}) {
        operands.at(dependency, Operand::x0) = 1;
        operands.at(dependency, Operand::y0) = 1;
        operands.at(dependency, operand) = value;
    }
    return operands;
}

Operands random_operands(Random& random, const LearningArithmetic& arithmetic) {
    Operands operands;
    operands.u = random.between(0, 1) == 1;
    const int x0 = random.between(0, 1), y0 = random.between(0, 1);
    const int w = random.between(-(1 << arithmetic.weight_bits), (1 << arithmetic.weight_bits) - 1);
    const int t = random.between(-(1 << arithmetic.tag_bits), (1 << arithmetic.tag_bits) - 1);
    for (const Dependency dependency : {Dependency::x0, Dependency::y0, Dependency::u}) {
        for (const Operand trace : {Operand::x1, Operand::x2, Operand::y1, Operand::y2, Operand::y3}) {
            operands.at(dependency, trace) = random.between(0, arithmetic.trace_most());
        }
        operands.at(dependency, Operand::x0) = x0;
        operands.at(dependency, Operand::y0) = y0;
        operands.at(dependency, Operand::r0) = random.between(0, 1);
        operands.at(dependency, Operand::r1) = random.between(-128, 127);
        operands.at(dependency, Operand::w) = w;
        operands.at(dependency, Operand::t) = t;
        operands.at(dependency, Operand::d) = 33;
    }
    return operands;
}

Product random_product(Random& random, int factors) {
    Product product;
    product.dependency = static_cast<Dependency>(random.between(0, 2));
    product.mantissa = random.between(-8, 7);
    product.exponent = random.between(-7, 8);
    for (int i = 0; i < factors; ++i) {
        product.factors.push_back(
            {static_cast<Operand>(random.between(0, 12)), random.between(-128, 127), random.between(0, 4) == 0});
    }
    return product;
}

/// LOIHI facts 2.3 in doubles, which hold these integers exactly (at most 3 factors).
double naive(const ProductSeries& series, const Operands& operands, double accumulator) {
    const auto clip = [](double value, double least, double most) { return std::max(least, std::min(value, most)); };
    for (const Product& product : series.products) {
        double p = product.dependency == Dependency::u    ? operands.u
                   : product.dependency == Dependency::x0 ? operands.at(product.dependency, Operand::x0)
                                                          : operands.at(product.dependency, Operand::y0);
        double widths = 0;
        for (const Factor& factor : product.factors) {
            const std::string name(name_of(factor.operand));
            const double width = name == "x0" || name == "y0" || name == "r0" ? 1
                                 : name == "w" || name == "d" || name == "t"  ? 9
                                 : name == "C" || name == "r1"                ? 8
                                                                              : 7;
            double value = factor.constant + (name == "C" ? 0 : operands.at(product.dependency, factor.operand));
            value = factor.sign ? (value > 0) - (value < 0) : value;
            p *= clip(value, -std::exp2(width), std::exp2(width));
            widths += width;
        }
        p = std::floor(p * product.mantissa / std::exp2(std::max(0.0, widths + 4 - 15)));
        p = clip(p * std::exp2(product.exponent + 7), -32769, 32767);
        accumulator = clip(accumulator + p, -32769, 32767);
    }
    return accumulator;
}

TEST_CASE("the accumulator is that of a plain reading of the facts") {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        Random random(seed);
        ProductSeries series{.products = {}, .decimation = 0};
        for (int i = random.between(1, 4); i > 0; --i) {
            series.products.push_back(random_product(random, random.between(0, 3)));
        }
        const Operands operands = random_operands(random, {});
        const int before = random.between(-256, 255) << 7;
        CAPTURE(print(series));
        REQUIRE(accumulate(series, operands, before, {}) == naive(series, operands, before));
    }
}

TEST_CASE("under any widths the accumulator stays in its range, and a factor 0 changes nothing") {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        Random random(seed);
        LearningArithmetic arithmetic;
        arithmetic.trace_bits = random.between(1, 12);
        arithmetic.weight_bits = random.between(1, 12);
        arithmetic.tag_bits = random.between(1, 12);
        arithmetic.fraction_bits = random.between(0, 12);
        arithmetic.products = static_cast<ProductArithmetic>(random.between(0, 2));
        ProductSeries series{.products = {random_product(random, 3)}, .decimation = 0};
        const IntegerRange range = accumulator_range(arithmetic);
        const int before = random.between(range.least, range.most);
        const Operands operands = random_operands(random, arithmetic);
        const int after = accumulate(series, operands, before, arithmetic);
        REQUIRE(after >= range.least);
        REQUIRE(after <= range.most);
        series.products[0].mantissa = 0;
        REQUIRE(accumulate(series, operands, before, arithmetic) == before);
        series.products[0].mantissa = 7;
        series.products[0].factors.push_back({.operand = Operand::r1});
        Operands without = operands;
        for (auto& values : without.values) {
            values[static_cast<std::size_t>(Operand::r1)] = 0;
        }
        REQUIRE(accumulate(series, without, before, arithmetic) == before);
    }
}

TEST_CASE("a product of two traces drops 3 bits as in Lava, 2 as in nengo-loihi, none as in brian2_loihi") {
    const ProductSeries series = parsed("u0*x1*y1");
    Operands operands = operands_with(Operand::x1, 5);
    operands.at(Dependency::u, Operand::y1) = 9;
    const auto change = [&](const char* tool) {
        REQUIRE(find_convention(tool) != nullptr);
        return accumulate(series, operands, 0, *find_convention(tool)) / 128.0;
    };
    CHECK(change("lava") == 45 / 8);
    CHECK(change("nengo") == 45 / 4);
    CHECK(change("brian2") == 45);
    CHECK(find_convention("loihi") == nullptr);
    CHECK(product_shift(parsed("x1*y0").products[0], {}) == 0);
}

TEST_CASE("dropped bits round down, also what is negative") {
    const ProductSeries series = parsed("-u0*x1*x2");
    Operands operands = operands_with(Operand::x1, 1);
    operands.at(Dependency::u, Operand::x2) = 1;
    CHECK(accumulate(series, operands, 0, {}) == -128);
}

TEST_CASE("clips: factors to their width, products and sums to the accumulator") {
    CHECK(accumulate(parsed("(x1+127)*y0"), operands_with(Operand::x1, 100), 0, {}) == 128 << 7);
    CHECK(accumulate(parsed("(x1+3)*y0"), operands_with(Operand::x1, 127), 0, {}) == 128 << 7);
    CHECK(accumulate(parsed("2^8*x0"), operands_with(Operand::x1, 0), 0, {}) == 32767);
    CHECK(accumulate(parsed("-2^8*x0*7"), operands_with(Operand::x1, 0), 0, {}) == -32769);
    CHECK(accumulate(parsed("2^8*x0 - 2^7*x0"), operands_with(Operand::x1, 0), 0, {}) == 32767 - (1 << 14));
    CHECK(accumulate(parsed("2^8*x0 - 2^7*x0"), operands_with(Operand::x1, 0), 30'000, {}) == 32767 - (1 << 14));
}

TEST_CASE("nothing is computed where the dependency is silent") {
    Operands operands = operands_with(Operand::x1, 50);
    operands.u = false;
    CHECK(accumulate(parsed("u3*x1"), operands, 17, {}) == 17);
    operands.at(Dependency::y0, Operand::y0) = 0;
    CHECK(accumulate(parsed("x1*y0"), operands, 17, {}) == 17);
}

TEST_CASE("brian2's sum is rounded away from 0") {
    const LearningArithmetic& brian2 = *find_convention("brian2");
    CHECK(accumulate(parsed("2^-3*x1*y0"), operands_with(Operand::x1, 9), 0, brian2) == 2 << 7);
    CHECK(accumulate(parsed("-2^-3*x1*y0"), operands_with(Operand::x1, 9), 0, brian2) == -2 * 128);
    CHECK(accumulate(parsed("2^-3*x1*y0 - 2^-3*x1*x0"), operands_with(Operand::x1, 9), 0, brian2) == 0);
    CHECK(round_away(0.01) == 1);
    CHECK(round_away(-0.01) == -1);
    CHECK(round_away(-3) == -3);
}

TEST_CASE("stochastic roundings have the right mean") {
    int up = 0;
    for (int draw = 0; draw < 128; ++draw) {
        up += round_stochastic(-128 * 3 + 32, draw, 7) == -2 ? 1 : 0;
    }
    CHECK(up == 32);
    double sum = 0;
    for (int draw = 0; draw < 8; ++draw) {
        const int rounded = round_to_steps(-13, draw, 3);
        CHECK((rounded == -8 || rounded == -16));
        sum += rounded;
    }
    CHECK(sum / 8 == -13);
    CHECK(round_to_steps(16, 0, 3) == 16);
    CHECK(round_to_steps(5, 0, 0) == 5);
}

TEST_CASE("the widest of weight and tag sets the accumulator") {
    LearningArithmetic narrow;
    narrow.weight_bits = 4;
    CHECK(accumulator_range(narrow) == accumulator_range({}));
    CHECK(accumulator_range({}) == IntegerRange{-32769, 32767});
    narrow.tag_bits = 4;
    CHECK(accumulator_range(narrow) == IntegerRange{-2049, 2047});
}

}  // namespace
}  // namespace spikeloom::rules
