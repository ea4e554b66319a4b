#include "core/rules/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/diagnostics.hpp"

namespace spikeloom::rules {

namespace {

/// A product of 64 bits, shifted up by exponent and fraction.
__extension__ typedef __int128 Wide;

constexpr int mantissa_bits = 4;
constexpr int delay_width = 9;
constexpr int reinforcement_width = 8;
constexpr int constant_width = 8;

constexpr LearningArithmetic lava{.delay_most = 255,
                                  .trace_decay = TraceDecay::exponential_each_step,
                                  .impulse_fraction = ImpulseFraction::doubled_lava,
                                  .products = ProductArithmetic::shift_lava,
                                  .lava_tag_floor = true};
constexpr LearningArithmetic nengo{.trace_decay = TraceDecay::exponential_each_epoch,
                                   .impulse_fraction = ImpulseFraction::of_128,
                                   .products = ProductArithmetic::shift_nengo};
constexpr LearningArithmetic brian2{.trace_decay = TraceDecay::first_order_each_step,
                                    .impulse_fraction = ImpulseFraction::of_128,
                                    .products = ProductArithmetic::real_brian2,
                                    .first_epoch_is_due = true};

template <class T>
T sign_of(T value) {
    return static_cast<T>(value > 0) - static_cast<T>(value < 0);
}

std::int64_t factor_value(const Factor& factor, std::int64_t operand, const LearningArithmetic& arithmetic) {
    std::int64_t value = factor.operand == Operand::constant ? factor.constant : operand + factor.constant;
    if (factor.sign) {
        value = sign_of(value);
    }
    const IntegerRange range = factor_range(factor.operand, arithmetic);
    return std::clamp<std::int64_t>(value, range.least, range.most);
}

bool is_active(const Product& product, const Operands& operands) {
    switch (product.dependency) {
    case Dependency::x0:
        return operands.at(Dependency::x0, Operand::x0) != 0;
    case Dependency::y0:
        return operands.at(Dependency::y0, Operand::y0) != 0;
    case Dependency::u:
        return operands.u;
    }
    return false;
}

std::int64_t dependency_value(const Product& product, const Operands& operands) {
    switch (product.dependency) {
    case Dependency::x0:
        return operands.at(Dependency::x0, Operand::x0);
    case Dependency::y0:
        return operands.at(Dependency::y0, Operand::y0);
    case Dependency::u:
        return operands.u ? 1 : 0;
    }
    return 0;
}

Wide shifted(Wide value, int left) {
    return left >= 0 ? value * (Wide{1} << left) : value >> -left;
}

/// The product in units of the accumulator, clipped to it.
std::int64_t product_value(const Product& product, const Operands& operands, const LearningArithmetic& arithmetic) {
    Wide value = dependency_value(product, operands);
    int bits = mantissa_bits;
    for (const Factor& factor : product.factors) {
        value *= factor_value(factor, operands.at(product.dependency, factor.operand), arithmetic);
        bits += factor_width(factor.operand, arithmetic);
    }
    SPIKELOOM_ASSERT(bits <= product_bits_most + mantissa_bits, "a product that check_rule refuses");
    value *= product.mantissa;
    value >>= product_shift(product, arithmetic);
    value = shifted(value, std::clamp(product.exponent + arithmetic.fraction_bits, -96, 60));
    const IntegerRange range = accumulator_range(arithmetic);
    return static_cast<std::int64_t>(std::clamp<Wide>(value, range.least, range.most));
}

}  // namespace

const LearningArithmetic* find_convention(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, const LearningArithmetic*>, 3> conventions{
        {{"lava", &lava}, {"nengo", &nengo}, {"brian2", &brian2}}};
    for (const auto& [known, convention] : conventions) {
        if (known == name) {
            return convention;
        }
    }
    return nullptr;
}

int factor_width(Operand operand, const LearningArithmetic& arithmetic) {
    switch (operand) {
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
        return 1;
    case Operand::x1:
    case Operand::x2:
    case Operand::y1:
    case Operand::y2:
    case Operand::y3:
        return arithmetic.trace_bits;
    case Operand::r1:
        return reinforcement_width;
    case Operand::w:
        return arithmetic.weight_bits + 1;
    case Operand::d:
        return delay_width;
    case Operand::t:
        return arithmetic.tag_bits + 1;
    case Operand::constant:
        return constant_width;
    }
    return 0;
}

IntegerRange factor_range(Operand operand, const LearningArithmetic& arithmetic) {
    const std::int32_t most = std::int32_t{1} << factor_width(operand, arithmetic);
    return {.least = -most, .most = most};
}

int accumulator_bits(const LearningArithmetic& arithmetic) {
    return std::max(arithmetic.weight_bits, arithmetic.tag_bits) + arithmetic.fraction_bits;
}

IntegerRange accumulator_range(const LearningArithmetic& arithmetic) {
    const std::int32_t most = (std::int32_t{1} << accumulator_bits(arithmetic)) - 1;
    return {.least = -most - 2, .most = most};
}

int product_mantissa_bits(const LearningArithmetic& arithmetic) {
    return arithmetic.products == ProductArithmetic::shift_nengo ? mantissa_bits - 1 : mantissa_bits;
}

int product_shift(const Product& product, const LearningArithmetic& arithmetic) {
    if (arithmetic.products == ProductArithmetic::real_brian2) {
        return 0;
    }
    int bits = product_mantissa_bits(arithmetic);
    for (const Factor& factor : product.factors) {
        bits += factor_width(factor.operand, arithmetic);
    }
    return std::max(0, bits - accumulator_bits(arithmetic));
}

std::int32_t accumulate(const ProductSeries& series, const Operands& operands, std::int32_t accumulator,
                        const LearningArithmetic& arithmetic) {
    const IntegerRange range = accumulator_range(arithmetic);
    if (arithmetic.products == ProductArithmetic::real_brian2) {
        std::array<std::array<double, operand_count>, 3> values{};
        for (std::size_t dependency = 0; dependency < values.size(); ++dependency) {
            std::copy(operands.values[dependency].begin(), operands.values[dependency].end(),
                      values[dependency].begin());
        }
        const double unit = std::ldexp(1.0, arithmetic.fraction_bits);
        const double sum = accumulator + round_away(accumulate_real(series, values, operands.u, 0)) * unit;
        return static_cast<std::int32_t>(std::clamp<double>(sum, range.least, range.most));
    }
    std::int64_t sum = accumulator;
    for (const Product& product : series.products) {
        if (is_active(product, operands)) {
            sum += product_value(product, operands, arithmetic);
            sum = std::clamp<std::int64_t>(sum, range.least, range.most);
        }
    }
    return static_cast<std::int32_t>(sum);
}

double accumulate_real(const ProductSeries& series, const std::array<std::array<double, operand_count>, 3>& values,
                       bool u, double z) {
    for (const Product& product : series.products) {
        const auto& read = values[static_cast<std::size_t>(product.dependency)];
        double value = product.dependency == Dependency::x0   ? read[static_cast<std::size_t>(Operand::x0)]
                       : product.dependency == Dependency::y0 ? read[static_cast<std::size_t>(Operand::y0)]
                                                              : static_cast<double>(u);
        for (const Factor& factor : product.factors) {
            const double operand =
                factor.operand == Operand::constant ? 0 : read[static_cast<std::size_t>(factor.operand)];
            const double sum = operand + factor.constant;
            value *= factor.sign ? sign_of(sum) : sum;
        }
        z += std::ldexp(value * product.mantissa, product.exponent);
    }
    return z;
}

double round_away(double value) {
    return value < 0 ? std::floor(value) : std::ceil(value);
}

std::int32_t round_to_steps(std::int32_t change, std::int32_t draw, int step_bits) {
    const std::int64_t step = std::int64_t{1} << step_bits;
    const std::int64_t magnitude = std::abs(std::int64_t{change});
    const std::int64_t steps = magnitude / step + (draw < magnitude % step ? 1 : 0);
    return static_cast<std::int32_t>(change < 0 ? -steps * step : steps * step);
}

}  // namespace spikeloom::rules
