// The two arithmetics in which the reference learns: real numbers, and registers of any widths. Both offer the learner
// the same words: traces of a source and of a target, the first value of a weight, and what one variable of a synapse
// becomes at the end of an epoch.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "compiler/reference/reference_learner.hpp"
#include "compiler/reference/register_traces.hpp"
#include "core/rules/adapt.hpp"
#include "core/rules/real_traces.hpp"

namespace spikeloom::compiler::reference {

/// Real traces behind the same words.
template <std::size_t Count>
class UnlimitedTraces : public rules::RealTraces<Count> {
public:
    using rules::RealTraces<Count>::RealTraces;
    void run_epoch(std::uint64_t /*epoch*/) {}
};

/// [dependency][operand]
using OperandValues = std::array<std::array<double, rules::operand_count>, 3>;

inline rules::IntegerRange weight_range(Learning::Sign sign, const rules::LearningArithmetic& arithmetic) {
    const std::int32_t most = (1 << arithmetic.weight_bits) - 1;
    switch (sign) {
    case Learning::Sign::mixed:
        return {-most - 1, most};
    case Learning::Sign::excitatory:
        return {0, most};
    case Learning::Sign::inhibitory:
        return {-most, 0};
    }
    return {};
}

inline bool is_due(const rules::ProductSeries& series, std::uint64_t epoch,
                   const rules::LearningArithmetic& arithmetic) {
    return series.decimation &&
           (arithmetic.first_epoch_is_due ? epoch - 1 : epoch) % (std::uint64_t{1} << *series.decimation) == 0;
}

/// The arithmetic of reals.
class RealArithmetic {
public:
    using Sources = UnlimitedTraces<2>;
    using Targets = UnlimitedTraces<3>;

    RealArithmetic(const Learning& learning, const ReferenceLearning& options, const DrawPlace& /*place*/)
        : rule_(learning.rule),
          own_(options.written_for),
          trace_most_(options.trace_most),
          range_(weight_range(learning.sign, own_)) {}

    [[nodiscard]] const rules::Rule& rule() const { return rule_; }
    [[nodiscard]] double unit() const { return 1; }
    [[nodiscard]] double trace_unit() const { return 1; }
    [[nodiscard]] double first(double w) const { return std::clamp<double>(w, range_.least, range_.most); }
    [[nodiscard]] Sources source(std::uint32_t /*neuron*/) const { return Sources(rule_.x, trace_most_); }
    [[nodiscard]] Targets target(std::uint32_t /*neuron*/) const { return Targets(rule_.y, trace_most_); }
    [[nodiscard]] double changed(rules::Variable variable, const OperandValues& values, std::uint64_t epoch, double z,
                                 std::size_t /*synapse*/) const {
        const rules::ProductSeries& series = rule_.series(variable);
        const double next = rules::accumulate_real(series, values, is_due(series, epoch, own_), z);
        return variable == rules::Variable::weight  ? std::clamp<double>(next, range_.least, range_.most)
               : variable == rules::Variable::delay ? std::clamp<double>(next, 0, own_.delay_most)
                                                    : next;
    }

private:
    rules::Rule rule_;
    rules::LearningArithmetic own_;
    std::optional<double> trace_most_;
    rules::IntegerRange range_;
};

/// The arithmetic of registers.
class RegisterArithmetic {
public:
    using Sources = RegisterTraces<2>;
    using Targets = RegisterTraces<3>;

    RegisterArithmetic(const Learning& learning, const ReferenceLearning& options, const DrawPlace& place)
        : rule_(rules::adapted(learning.rule, options.written_for, *options.registers)),
          arithmetic_(*options.registers),
          unit_(std::ldexp(1.0, -rules::finer_bits(rules::Variable::weight, options.written_for, arithmetic_))),
          trace_unit_(std::ldexp(1.0, options.written_for.trace_bits - arithmetic_.trace_bits)),
          range_(weight_range(learning.sign, arithmetic_)),
          place_(place) {}

    [[nodiscard]] const rules::Rule& rule() const { return rule_; }
    [[nodiscard]] double unit() const { return unit_; }
    [[nodiscard]] double trace_unit() const { return trace_unit_; }
    [[nodiscard]] double first(double w) const {
        return std::clamp<double>(std::round(w / unit_), range_.least, range_.most);
    }
    [[nodiscard]] Sources source(std::uint32_t neuron) const {
        return {rule_.x, arithmetic_, rule_.epoch, {place_.seed, 2 * place_.projection}, neuron};
    }
    [[nodiscard]] Targets target(std::uint32_t neuron) const {
        return {rule_.y, arithmetic_, rule_.epoch, {place_.seed, 2 * place_.projection + 1}, neuron};
    }
    [[nodiscard]] double changed(rules::Variable variable, const OperandValues& values, std::uint64_t epoch, double z,
                                 std::size_t synapse) const {
        const rules::ProductSeries& series = rule_.series(variable);
        rules::Operands operands;
        for (std::size_t dependency = 0; dependency < values.size(); ++dependency) {
            for (std::size_t o = 0; o < rules::operand_count; ++o) {
                operands.values[dependency][o] = static_cast<std::int32_t>(values[dependency][o]);
            }
        }
        operands.u = is_due(series, epoch, arithmetic_);
        const auto start = static_cast<std::int32_t>(z) * (1 << arithmetic_.fraction_bits);
        const std::int32_t sum = rules::accumulate(series, operands, start, arithmetic_);
        const auto draw = static_cast<std::int32_t>(random_below({.seed = place_.seed,
                                                                  .purpose = RandomPurpose::workbench,
                                                                  .step = epoch,
                                                                  .core = (1U << 31) + place_.projection,
                                                                  .neuron = static_cast<std::uint32_t>(synapse),
                                                                  .draw = static_cast<std::uint32_t>(variable)},
                                                                 std::uint64_t{1} << arithmetic_.fraction_bits));
        const std::int32_t next = rules::round_stochastic(sum, draw, arithmetic_.fraction_bits);
        const rules::IntegerRange range = range_of(variable);
        return std::clamp(next, range.least, range.most);
    }

private:
    [[nodiscard]] rules::IntegerRange range_of(rules::Variable variable) const {
        switch (variable) {
        case rules::Variable::weight:
            return range_;
        case rules::Variable::delay:
            return {0, arithmetic_.delay_most};
        case rules::Variable::tag:
            return {-(1 << arithmetic_.tag_bits), (1 << arithmetic_.tag_bits) - 1};
        }
        return {};
    }

    rules::Rule rule_;
    rules::LearningArithmetic arithmetic_;
    double unit_;  ///< of a weight, in units of the chip's registers
    double trace_unit_;
    rules::IntegerRange range_;
    DrawPlace place_;
};

}  // namespace spikeloom::compiler::reference
