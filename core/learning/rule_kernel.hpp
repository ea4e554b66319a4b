// A rule, ready to be computed for a batch of synapses: what rules::accumulate does for one, product by product over
// arrays, in vector code chosen at run time. Values that a product reads are gathered into the batch before; only those
// that the rule reads are.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::core {

/// Synapses of a set that are evaluated together, and what their products read.
struct RuleBatch {
    static constexpr std::uint32_t capacity = 512;
    using Values = std::array<std::int32_t, capacity>;

    std::uint32_t size = 0;
    std::array<std::uint32_t, capacity> synapse;
    std::array<std::uint32_t, capacity> row;
    std::array<std::uint32_t, capacity> slot;
    std::array<std::uint32_t, capacity> source_time;  ///< of the last spike in the epoch, 0: none
    std::array<std::uint32_t, capacity> target_time;
    Values x0;
    Values y0;
    bool any_x0 = false;
    bool any_y0 = false;
    bool u = false;
    std::array<std::array<Values, rules::operand_count>, 3> values;  ///< [dependency][operand]
    Values accumulator;
    Values draw;                   ///< for the rounding
    std::array<Values, 3> result;  ///< by rules::Variable
};

/// One (dependency, operand) that some product reads.
struct BatchOperand {
    rules::Dependency dependency;
    rules::Operand operand;
};

class RuleKernel {
public:
    RuleKernel() = default;
    RuleKernel(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic);

    /// What a batch must hold (x0, y0, and constants apart).
    [[nodiscard]] std::span<const BatchOperand> operands() const { return operands_; }
    /// Adds the products of the variable's series to batch.accumulator.
    void accumulate(rules::Variable variable, RuleBatch& batch) const;

    struct FactorCode {
        rules::Operand operand;
        std::int32_t constant;
        bool sign;
        std::int32_t least;
        std::int32_t most;
    };
    struct ProductCode {
        rules::Dependency dependency;
        std::int32_t mantissa;
        int drop;
        int shift;
        bool wide;  ///< needs 64 bits before the bits are dropped
        std::vector<FactorCode> factors;
    };

private:
    std::array<std::vector<ProductCode>, 3> series_;
    std::vector<BatchOperand> operands_;
    std::int32_t accumulator_least_ = 0;
    std::int32_t accumulator_most_ = 0;
};

}  // namespace spikeloom::core
