// A learning rule as the chip's learning engine keeps it: for each synaptic variable z (weight w, delay d, tag t) a
// sum of products,
//     z <- z + sum_i mantissa_i * 2^exponent_i * dependency_i * prod_j factor_ij          (Davies et al. 2018, eq. 4)
// A dependency says when a product is computed: where the presynaptic (x0) or postsynaptic (y0) neuron spiked in the
// epoch, or every 2^k epochs (u_k). Values only; parse.hpp reads them from text, arithmetic.hpp computes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spikeloom::rules {

enum class Dependency : std::uint8_t { x0, y0, u };

/// What a factor reads. x0 and y0 are 1 where the neuron spiked in the epoch, else 0; r0 likewise for a reward.
enum class Operand : std::uint8_t { x0, x1, x2, y0, y1, y2, y3, r0, r1, w, d, t, constant };
inline constexpr std::size_t operand_count = 13;

/// As it is written in a rule: "x1"; "C" for a constant.
[[nodiscard]] std::string_view name_of(Operand operand);
[[nodiscard]] std::string_view name_of(Dependency dependency);

/// operand + constant, or the sign (-1, 0, 1) of that. Of Operand::constant only the constant counts.
struct Factor {
    Operand operand = Operand::constant;
    int constant = 0;
    bool sign = false;
    friend bool operator==(const Factor&, const Factor&) = default;
};

/// Where in the rule's text something stands: columns, from 1; end is exclusive.
struct Columns {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
};

struct Product {
    Dependency dependency = Dependency::x0;
    int mantissa = 1;               ///< RuleLimits::mantissa
    int exponent = 0;               ///< RuleLimits::exponent
    std::vector<Factor> factors{};  ///< in the order of the text
    Columns columns{};              ///< not compared

    friend bool operator==(const Product& a, const Product& b) {
        return a.dependency == b.dependency && a.mantissa == b.mantissa && a.exponent == b.exponent &&
               a.factors == b.factors;
    }
};

/// The sum that changes one variable. Empty: the variable stays as it is.
struct ProductSeries {
    std::vector<Product> products{};
    std::optional<int> decimation{};  ///< k of the u_k that its products use, 0..9; none: no product does

    [[nodiscard]] bool empty() const { return products.empty(); }
    friend bool operator==(const ProductSeries&, const ProductSeries&) = default;
};

enum class Variable : std::uint8_t { weight, delay, tag };
inline constexpr std::array<Variable, 3> variables{Variable::weight, Variable::delay, Variable::tag};
/// "dw", "dd", "dt".
[[nodiscard]] std::string_view name_of(Variable variable);

/// One exponentially decaying trace of spikes.
struct TraceParameters {
    double impulse = 0;  ///< added by a spike: 0..127, in steps of 1/128 (TraceFormat's width)
    double tau = 0;      ///< time constant in steps; 0: the trace is not used and stays 0
    friend bool operator==(const TraceParameters&, const TraceParameters&) = default;
};

/// What a graded spike does to x1 (Loihi 2).
enum class GradedMode : std::uint8_t {
    regular_impulse,         ///< the payload is ignored
    overwrite,               ///< x1 = round(payload / 2)
    add_with_saturation,     ///< x1 = min(127, x1 + round(payload / 2))
    add_without_saturation,  ///< x1 keeps what overflows 127; only an overflow counts as x0 and raises x2
};

/// Who moves y1..y3.
enum class PostTraces : std::uint8_t {
    spikes,  ///< the target's spikes, by impulse and decay
    neuron,  ///< third factors, written from outside of the engine each step (Loihi 2)
};

/// How the chip follows one rule: everything that a synapse of the projection shares.
struct Rule {
    std::string name{};
    ProductSeries dw{};
    ProductSeries dd{};
    ProductSeries dt{};
    int epoch = 1;                       ///< steps from one evaluation to the next, 1..63
    std::array<TraceParameters, 2> x{};  ///< x1, x2
    std::array<TraceParameters, 3> y{};  ///< y1, y2, y3
    PostTraces post_traces = PostTraces::spikes;
    GradedMode graded = GradedMode::regular_impulse;
    double reward_tau = 0;  ///< of r1 in steps; 0: r1 lasts for the epoch of the reward only

    [[nodiscard]] const ProductSeries& series(Variable variable) const {
        return variable == Variable::weight ? dw : variable == Variable::delay ? dd : dt;
    }
    /// Whether any product reads the operand.
    [[nodiscard]] bool reads(Operand operand) const;
    /// Whether any product has the dependency.
    [[nodiscard]] bool depends_on(Dependency dependency) const;
    /// Whether synapses need a tag (a dt rule, or a product that reads t).
    [[nodiscard]] bool uses_tag() const { return !dt.empty() || reads(Operand::t); }
    friend bool operator==(const Rule&, const Rule&) = default;
};

/// "2^-2*x1*y0 - 2^-2*y1*x0": canonical text that parses to the same series.
[[nodiscard]] std::string print(const ProductSeries& series);

}  // namespace spikeloom::rules
