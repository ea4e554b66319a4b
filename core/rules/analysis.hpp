// What becomes of a rule on a learning engine, without running it: the range of every product from the ranges of what
// it reads, the bits that are dropped, what saturates, what is always or mostly rounded to nothing, and how a trace of
// the given impulse and time constant lives in its few bits. Each finding comes with a sentence on what to change.
// Ranges are exact for one product (operands are independent, repeated ones are not); sums of products are bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rules/arithmetic.hpp"
#include "core/rules/parse.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::rules {

struct AnalysisOptions {
    LearningArithmetic arithmetic{};
    RuleLimits limits{};  ///< for what is advised
    /// The rule's impulses, time constants and epoch count; otherwise traces may be anything that fits their bits.
    bool traces_known = false;
    /// Of the weight; the whole of its register where nothing is given (excitatory: 0 .. 2^bits - 1).
    std::optional<IntegerRange> weight{};
    /// A product that moves its variable by a unit with less than this probability is told.
    double rare = 1.0 / 64;
};

/// A range of real numbers, in the variable's units unless said otherwise.
struct Interval {
    double least = 0;
    double most = 0;
    friend bool operator==(const Interval&, const Interval&) = default;
};

struct FactorAnalysis {
    Factor factor;
    int width_bits = 0;
    Interval range;        ///< of operand and constant, or its sign, after the clip
    bool clipped = false;  ///< operand and constant can exceed +-2^width
};

struct ProductAnalysis {
    Variable variable = Variable::weight;
    std::size_t index = 0;  ///< in its series
    Product product;
    std::string text;  ///< canonical
    std::vector<FactorAnalysis> factors;
    int width_bits = 0;                ///< of factors and mantissa, before the shift
    int dropped_bits = 0;              ///< product_shift
    int net_exponent = 0;              ///< exponent - dropped_bits: what multiplies the mantissa in effect
    Interval range;                    ///< of the change, unclipped
    double saturation = 0;             ///< the most that the accumulator lets through
    double step = 0;                   ///< the smallest change that is not 0: 2^exponent
    double move_most = 0;              ///< largest probability to move the variable by at least one unit, 0..1
    double lost_below = 0;             ///< products of factors smaller than this are dropped whole (1: none is)
    std::optional<double> at_impulse;  ///< the change with every trace at its impulse; only where all it reads is known
    [[nodiscard]] bool saturates() const { return range.most > saturation || range.least < -saturation; }
    [[nodiscard]] bool is_dead() const { return range.least == 0 && range.most == 0; }
};

struct SeriesAnalysis {
    Variable variable = Variable::weight;
    Interval variable_range;  ///< what the register holds
    Interval change;          ///< of one epoch, if all products are due
    /// The same sum with larger mantissas where bits are dropped, so that fewer are lost; empty where nothing is
    /// gained.
    std::string finer{};
    std::optional<double> epochs_to_end;  ///< at the largest change, from one end of the range to the other
};

struct TraceAnalysis {
    Operand operand = Operand::x1;
    bool read = false;
    bool given = false;
    double impulse = 0;
    double tau = 0;
    double lifetime_steps = 0;       ///< until one spike's trace is below 1/2
    double saturating_interval = 0;  ///< regular spikes closer than this drive it to its most, steps; 0: none do
};

enum class FindingKind : std::uint8_t {
    dead_product,   ///< always 0
    dead_factor,    ///< reads what never changes, or a sign that is always the same
    rare_product,   ///< almost always rounded away
    lost_products,  ///< small products of factors are dropped
    rounding_bias,  ///< dropped bits round down, also what is negative
    product_saturates,
    factor_clipped,
    sum_saturates,    ///< the order of products decides
    swing,            ///< one epoch can cross much of the variable's range
    one_way,          ///< only grows, or only shrinks
    unused_variable,  ///< a tag that nobody reads
    unused_trace,
    missing_trace,
    trace_saturates,
    trace_coarse,  ///< few levels, or outlived by the epoch
    scale,         ///< the shift is part of the coefficient
    costly,        ///< updates all synapses, often
};
/// "dead_product", ...
[[nodiscard]] std::string_view name_of(FindingKind kind);

struct Finding {
    FindingKind kind = FindingKind::dead_product;
    bool serious = false;  ///< the rule can't do what it says; else worth knowing
    std::string where;     ///< "dw product 2", "x1"
    Columns columns{};     ///< in the sum's text, where it is about a product
    std::string found;     ///< one sentence
    std::string advice;    ///< one sentence
};

/// What a rule needs to be kept, besides the synapse's own word.
struct RuleMemory {
    bool tag = false;     ///< a tag a synapse
    int pre_traces = 0;   ///< an axon that ends here
    int post_traces = 0;  ///< a target neuron
    int trace_bits = 0;   ///< of one trace
};

struct RuleAnalysis {
    int forced_interval_steps = 0;          ///< every synapse is updated this often, spikes or none (u_k); 0: never
    std::vector<ProductAnalysis> products;  ///< dw's, dd's, dt's
    std::vector<SeriesAnalysis> series;     ///< of those that are not empty
    std::vector<TraceAnalysis> traces;      ///< x1, x2, y1, y2, y3, as far as read or given
    RuleMemory memory;
    std::vector<Finding> findings;  ///< serious ones first
};

/// For any rule whose products check_rule accepts.
[[nodiscard]] RuleAnalysis analyse(const Rule& rule, const AnalysisOptions& options = {});

}  // namespace spikeloom::rules
