// Evaluation of products, compiled for every vector target; the loops are plain, the compiler makes vectors of them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/learning/rule_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>

#include "core/learning/draws.hpp"
#include "core/learning/rule_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace spikeloom::core::HWY_NAMESPACE {

using Bounds = rules::IntegerRange;

/// p *= clip(operand + constant), or its sign.
template <class Wide>
HWY_INLINE void multiply(const RuleKernel::FactorCode& factor, const std::int32_t* HWY_RESTRICT values,
                         std::uint32_t count, Wide* HWY_RESTRICT product) {
    const std::int32_t constant = factor.constant, least = factor.least, most = factor.most;
    if (factor.sign) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::int32_t v = values[i] + constant;
            product[i] *= static_cast<Wide>((v > 0) - (v < 0));
        }
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        product[i] *= static_cast<Wide>(std::min(std::max(values[i] + constant, least), most));
    }
}

template <class Wide>
HWY_INLINE void add_product(const RuleKernel::ProductCode& code, Bounds bounds, RuleBatch& batch) {
    alignas(64) Wide product[RuleBatch::capacity];
    const std::uint32_t count = batch.size;
    const auto mantissa = static_cast<Wide>(code.mantissa);
    switch (code.dependency) {
    case rules::Dependency::x0:
        for (std::uint32_t i = 0; i < count; ++i) {
            product[i] = mantissa * batch.x0[i];
        }
        break;
    case rules::Dependency::y0:
        for (std::uint32_t i = 0; i < count; ++i) {
            product[i] = mantissa * batch.y0[i];
        }
        break;
    case rules::Dependency::u:
        std::fill_n(product, count, mantissa);
        break;
    }
    const auto& values = batch.values[static_cast<std::size_t>(code.dependency)];
    for (const RuleKernel::FactorCode& factor : code.factors) {
        if (factor.operand == rules::Operand::constant) {
            const auto constant = static_cast<Wide>(factor.constant);
            for (std::uint32_t i = 0; i < count; ++i) {
                product[i] *= constant;
            }
        } else {
            multiply(factor, values[static_cast<std::size_t>(factor.operand)].data(), count, product);
        }
    }
    const int drop = code.drop, shift = code.shift;
    const Wide least = bounds.least, most = bounds.most;
    std::int32_t* HWY_RESTRICT accumulator = batch.accumulator.data();
    for (std::uint32_t i = 0; i < count; ++i) {
        const Wide scaled = std::min(std::max(static_cast<Wide>((product[i] >> drop) << shift), least), most);
        accumulator[i] =
            static_cast<std::int32_t>(std::min(std::max(static_cast<Wide>(accumulator[i]) + scaled, least), most));
    }
}

void round_values(const RuleRounding& rounding, RuleBatch& batch, std::int32_t* HWY_RESTRICT result) {
    const std::uint32_t count = batch.size, salt = rounding.salt;
    const int bits = rounding.fraction_bits;
    const std::int32_t floor = rounding.floor, ceiling = rounding.ceiling;
    const std::int32_t least = rounding.range.least, most = rounding.range.most;
    const std::int32_t* HWY_RESTRICT accumulator = batch.accumulator.data();
    const std::uint32_t* HWY_RESTRICT keys = batch.key.data();
    alignas(64) std::int32_t draw[RuleBatch::capacity];
    if (rounding.shared_draw >= 0) {
        std::fill_n(draw, count, rounding.shared_draw);
    } else {
        for (std::uint32_t i = 0; i < count; ++i) {
            draw[i] = static_cast<std::int32_t>(mix32(keys[i] ^ salt) >> (32 - bits));
        }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::int32_t kept = std::min(std::max(accumulator[i], floor), ceiling);
        result[i] = std::min(std::max((kept + draw[i]) >> bits, least), most);
    }
}

void evaluate_series(std::span<const RuleKernel::ProductCode> codes, std::size_t variable, Bounds bounds,
                     const RuleRounding& rounding, RuleBatch& batch) {
    const std::int32_t* HWY_RESTRICT before = batch.before[variable].data();
    std::int32_t* HWY_RESTRICT accumulator = batch.accumulator.data();
    const int bits = rounding.fraction_bits;
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        accumulator[i] = before[i] << bits;
    }
    for (const RuleKernel::ProductCode& code : codes) {
        const bool due = code.dependency == rules::Dependency::x0   ? batch.any_x0
                         : code.dependency == rules::Dependency::y0 ? batch.any_y0
                                                                    : batch.u;
        if (!due) {
            continue;
        }
        if (code.wide) {
            add_product<std::int64_t>(code, bounds, batch);
        } else {
            add_product<std::int32_t>(code, bounds, batch);
        }
    }
    round_values(rounding, batch, batch.result[variable].data());
}

}  // namespace spikeloom::core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloom::core {

HWY_EXPORT(evaluate_series);

namespace {

RuleKernel::FactorCode code_of(const rules::Factor& factor, const rules::LearningArithmetic& arithmetic) {
    const rules::IntegerRange range = rules::factor_range(factor.operand, arithmetic);
    return {factor.operand, factor.constant, factor.sign, range.least, range.most};
}

RuleKernel::ProductCode code_of(const rules::Product& product, const rules::LearningArithmetic& arithmetic) {
    RuleKernel::ProductCode code{.dependency = product.dependency,
                                 .mantissa = product.mantissa,
                                 .drop = rules::product_shift(product, arithmetic),
                                 .shift = product.exponent + arithmetic.fraction_bits,
                                 .wide = false,
                                 .factors = {}};
    if (code.shift < 0) {  // finer than the accumulator: of rules adapted to other widths
        code.drop = std::min(code.drop - code.shift, 31);
        code.shift = 0;
    }
    if (code.shift < 0) {  // an exponent below the accumulator's last bit: one longer shift down
        code.drop = std::min(code.drop - code.shift, 63);
        code.shift = 0;
    }
    double largest = std::abs(product.mantissa);
    for (const rules::Factor& factor : product.factors) {
        const RuleKernel::FactorCode& added = code.factors.emplace_back(code_of(factor, arithmetic));
        largest *= factor.operand == rules::Operand::constant
                       ? std::abs(factor.constant)
                       : std::max(std::abs(double{0} + added.least), std::abs(double{0} + added.most));
    }
    const double shifted = std::ldexp(std::floor(std::ldexp(largest, -code.drop)) + 1, code.shift);
    constexpr double room = 1U << 30;
    code.wide = largest >= room || shifted >= room || code.drop > 31;
    return code;
}

}  // namespace

RuleKernel::RuleKernel(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic) {
    const rules::IntegerRange range = rules::accumulator_range(arithmetic);
    accumulator_ = {range.least, range.most};
    for (const rules::Variable variable : rules::variables) {
        for (const rules::Product& product : rule.series(variable).products) {
            series_[static_cast<std::size_t>(variable)].push_back(code_of(product, arithmetic));
            for (const rules::Factor& factor : product.factors) {
                const bool known = std::any_of(operands_.begin(), operands_.end(), [&](const BatchOperand& o) {
                    return o.dependency == product.dependency && o.operand == factor.operand;
                });
                if (!known && factor.operand != rules::Operand::constant) {
                    operands_.push_back({product.dependency, factor.operand});
                }
            }
        }
    }
}

void RuleKernel::evaluate(rules::Variable variable, const RuleRounding& rounding, RuleBatch& batch) const {
    const auto v = static_cast<std::size_t>(variable);
    HWY_DYNAMIC_DISPATCH(evaluate_series)(series_[v], v, accumulator_, rounding, batch);
}

}  // namespace spikeloom::core
#endif
