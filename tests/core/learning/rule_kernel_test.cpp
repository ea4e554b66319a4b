#include "core/learning/rule_kernel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "core/base/random.hpp"
#include "core/learning/draws.hpp"

namespace spikeloom::core {
namespace {

using rules::Dependency;
using rules::Operand;
using rules::Variable;

struct Draws {
    std::uint64_t seed;
    std::uint32_t next = 0;
    std::int32_t in(std::int32_t least, std::int32_t most) {
        const auto span = static_cast<std::uint64_t>(most - least + 1);
        return least +
               static_cast<std::int32_t>(random_below({.seed = seed, .step = 0, .neuron = next++, .draw = 0}, span));
    }
};

rules::Factor random_factor(Draws& draw) {
    return {.operand = static_cast<Operand>(draw.in(0, static_cast<std::int32_t>(rules::operand_count) - 1)),
            .constant = draw.in(0, 3) == 0 ? draw.in(-20, 20) : 0,
            .sign = draw.in(0, 5) == 0};
}

rules::Rule random_rule(Draws& draw) {
    rules::Rule rule;
    const std::int32_t products = draw.in(1, 4);
    for (std::int32_t p = 0; p < products; ++p) {
        rules::Product& product = rule.dw.products.emplace_back();
        product.dependency = static_cast<Dependency>(draw.in(0, 2));
        product.mantissa = draw.in(-8, 7);
        product.exponent = draw.in(-7, 8);
        const std::int32_t factors = draw.in(0, 4);
        for (std::int32_t f = 0; f < factors; ++f) {
            rules::Factor factor = random_factor(draw);
            factor.sign = factor.sign && factor.operand != Operand::constant;
            product.factors.push_back(factor);
        }
    }
    rule.dw.decimation = 1;
    return rule;
}

std::int32_t value_of(Operand operand, Draws& draw, const rules::LearningArithmetic& arithmetic) {
    switch (operand) {
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
        return draw.in(0, 1);
    case Operand::x1:
    case Operand::x2:
    case Operand::y1:
    case Operand::y2:
    case Operand::y3:
        return draw.in(0, arithmetic.trace_most());
    case Operand::r1:
        return draw.in(-128, 127);
    case Operand::d:
        return draw.in(0, 62);
    case Operand::w:
    case Operand::t:
        return draw.in(-(1 << arithmetic.weight_bits), (1 << arithmetic.weight_bits) - 1);
    case Operand::constant:
        return 0;
    }
    return 0;
}

/// Fills a batch, and the same numbers as the definition takes them.
std::vector<rules::Operands> fill(RuleBatch& batch, const rules::LearningArithmetic& arithmetic, Draws& draw) {
    std::vector<rules::Operands> all(batch.size);
    batch.any_x0 = batch.any_y0 = true;
    batch.u = draw.in(0, 1) == 1;
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        rules::Operands& operands = all[i];
        operands.u = batch.u;
        for (std::size_t o = 0; o < rules::operand_count; ++o) {
            const auto operand = static_cast<Operand>(o);
            const std::int32_t same = value_of(operand, draw, arithmetic);
            const bool trace = operand == Operand::x1 || operand == Operand::x2 || operand == Operand::y1 ||
                               operand == Operand::y2 || operand == Operand::y3;
            for (const Dependency dependency : {Dependency::x0, Dependency::y0, Dependency::u}) {
                const std::int32_t value = trace ? value_of(operand, draw, arithmetic) : same;
                operands.at(dependency, operand) = value;
                batch.values[static_cast<std::size_t>(dependency)][o][i] = value;
            }
        }
        batch.x0[i] = operands.at(Dependency::x0, Operand::x0);
        batch.y0[i] = operands.at(Dependency::x0, Operand::y0);
        batch.before[0][i] = operands.at(Dependency::x0, Operand::w);
        batch.key[i] = static_cast<std::uint32_t>(draw.in(0, 1 << 30));
    }
    return all;
}

TEST_CASE("a batch is computed as the definition computes one synapse, in every width") {
    auto batch = std::make_unique<RuleBatch>();
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Draws draw{seed};
        rules::LearningArithmetic arithmetic;
        arithmetic.trace_bits = seed % 3 == 0 ? 12 : 7;
        arithmetic.weight_bits = seed % 5 == 0 ? 4 : 8;
        arithmetic.products =
            seed % 2 == 0 ? rules::ProductArithmetic::shift_nengo : rules::ProductArithmetic::shift_lava;
        const rules::Rule rule = random_rule(draw);
        const RuleKernel kernel(rule, arithmetic);
        batch->size = static_cast<std::uint32_t>(draw.in(1, 70));
        const std::vector<rules::Operands> operands = fill(*batch, arithmetic, draw);
        const RuleRounding rounding{.fraction_bits = arithmetic.fraction_bits,
                                    .floor = -(1 << 28),
                                    .ceiling = 1 << 28,
                                    .range = {-(1 << arithmetic.weight_bits), (1 << arithmetic.weight_bits) - 1},
                                    .salt = 77};
        kernel.evaluate(Variable::weight, rounding, *batch);
        for (std::uint32_t i = 0; i < batch->size; ++i) {
            const std::int32_t sum = rules::accumulate(
                rule.dw, operands[i], batch->before[0][i] * (1 << arithmetic.fraction_bits), arithmetic);
            const auto number =
                static_cast<std::int32_t>(mix32(batch->key[i] ^ rounding.salt) >> (32 - arithmetic.fraction_bits));
            const std::int32_t rounded = rules::round_stochastic(sum, number, arithmetic.fraction_bits);
            CHECK(batch->result[0][i] == std::clamp(rounded, rounding.range.least, rounding.range.most));
        }
    }
}

TEST_CASE("rounding goes up as often as the fraction says") {
    auto batch = std::make_unique<RuleBatch>();
    rules::Rule rule;
    // A quarter of a unit: 2^-7 * 32.
    rule.dw.products = {
        {.dependency = Dependency::x0, .mantissa = 1, .exponent = -7, .factors = {{.operand = Operand::x1}}}};
    const RuleKernel kernel(rule, {});
    const RuleRounding rounding{
        .fraction_bits = 7, .floor = -(1 << 28), .ceiling = 1 << 28, .range = {-256, 255}, .salt = 5};
    std::uint32_t up = 0, all = 0;
    for (std::uint32_t round = 0; round < 200; ++round) {
        batch->size = RuleBatch::capacity;
        batch->any_x0 = true;
        for (std::uint32_t i = 0; i < batch->size; ++i) {
            batch->x0[i] = 1;
            batch->before[0][i] = 10;
            batch->key[i] = static_cast<std::uint32_t>(stream_draw(round, i));
            batch->values[0][static_cast<std::size_t>(Operand::x1)][i] = 32;
        }
        kernel.evaluate(Variable::weight, rounding, *batch);
        for (std::uint32_t i = 0; i < batch->size; ++i) {
            CHECK((batch->result[0][i] == 10 || batch->result[0][i] == 11));
            up += batch->result[0][i] == 11 ? 1 : 0;
            ++all;
        }
    }
    // 102,400 draws of probability 1/4: six standard deviations are 0.0081.
    CHECK(up == doctest::Approx(0.25 * all).epsilon(0.0081 * 4));
}

}  // namespace
}  // namespace spikeloom::core
