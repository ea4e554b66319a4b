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
    static constexpr std::uint32_t capacity = 256;
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
    std::array<std::uint32_t, capacity> key;                         ///< of the rounding's draws
    std::array<Values, 3> before;                                    ///< by rules::Variable
    Values accumulator;
    std::array<Values, 3> result;  ///< by rules::Variable
};

/// From the accumulator to the variable.
struct RuleRounding {
    int fraction_bits = 7;
    std::int32_t floor = 0;  ///< the accumulator is cut off here before it is rounded, where a sign is not allowed
    std::int32_t ceiling = 0;
    rules::IntegerRange range;
    std::uint32_t salt = 0;
    std::int32_t shared_draw = -1;  ///< 0 or more: for all synapses, instead of their own
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
    /// The variable's new values, from batch.before into batch.result.
    void evaluate(rules::Variable variable, const RuleRounding& rounding, RuleBatch& batch) const;

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
    rules::IntegerRange accumulator_;
};

}  // namespace spikeloom::core
