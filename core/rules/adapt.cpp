#include "core/rules/adapt.hpp"

#include <cmath>

namespace spikeloom::rules {

namespace {

/// Bits by which the operand's unit becomes finer.
int finer_bits(Operand operand, const LearningArithmetic& from, const LearningArithmetic& to) {
    switch (operand) {
    case Operand::x1:
    case Operand::x2:
    case Operand::y1:
    case Operand::y2:
    case Operand::y3:
        return to.trace_bits - from.trace_bits;
    case Operand::w:
        return to.weight_bits - from.weight_bits;
    case Operand::t:
        return to.tag_bits - from.tag_bits;
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
    case Operand::r1:
    case Operand::d:
    case Operand::constant:
        return 0;
    }
    return 0;
}

template <std::size_t Count>
void scale_impulses(std::array<TraceParameters, Count>& traces, int bits) {
    for (TraceParameters& trace : traces) {
        trace.impulse = std::ldexp(trace.impulse, bits);
    }
}

}  // namespace

int finer_bits(Variable variable, const LearningArithmetic& from, const LearningArithmetic& to) {
    switch (variable) {
    case Variable::weight:
        return finer_bits(Operand::w, from, to);
    case Variable::delay:
        return 0;
    case Variable::tag:
        return finer_bits(Operand::t, from, to);
    }
    return 0;
}

Rule adapted(const Rule& rule, const LearningArithmetic& from, const LearningArithmetic& to) {
    Rule result = rule;
    scale_impulses(result.x, to.trace_bits - from.trace_bits);
    scale_impulses(result.y, to.trace_bits - from.trace_bits);
    for (const auto& [series, variable] :
         {std::pair{&result.dw, Variable::weight}, {&result.dd, Variable::delay}, {&result.dt, Variable::tag}}) {
        for (Product& product : series->products) {
            int exponent = product.exponent + finer_bits(variable, from, to) + product_shift(product, to) -
                           product_shift(product, from);
            for (Factor& factor : product.factors) {
                const int bits = finer_bits(factor.operand, from, to);
                factor.constant = static_cast<int>(std::lround(std::ldexp(factor.constant, bits)));
                exponent -= factor.sign ? 0 : bits;
            }
            product.exponent = exponent;
        }
    }
    return result;
}

}  // namespace spikeloom::rules
