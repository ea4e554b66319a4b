// A learning rule followed by one synapse in real numbers: the rule as its author wrote it, in the epochs of the chip
// but without its widths and roundings. What the chip loses is measured against this.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/rules/arithmetic.hpp"
#include "core/rules/real_traces.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::runtime {

struct RealRange {
    double least = 0;
    double most = 0;
};

/// By default nothing is limited.
struct FloatSynapseOptions {
    std::optional<RealRange> weight;   ///< w stays within
    std::optional<RealRange> delay;    ///< likewise d
    std::optional<double> trace_most;  ///< traces saturate
    bool first_epoch_is_due = false;   ///< as rules::LearningArithmetic
};

/// w, d and t, in units of the chip's registers.
struct SynapseValues {
    double w = 0;
    double d = 0;
    double t = 0;

    [[nodiscard]] double operator[](rules::Variable variable) const {
        return variable == rules::Variable::weight ? w : variable == rules::Variable::delay ? d : t;
    }
};

/// What happens at the synapse in one step.
struct SynapseEvents {
    bool source = false;
    bool target = false;
    std::int32_t payload = 0;                              ///< of a graded source spike
    std::optional<double> reward{};                        ///< added to r1
    std::array<std::optional<double>, 3> third_factors{};  ///< y1..y3 as a neuron writes them, for this epoch
};

class FloatSynapse {
public:
    /// Keeps no reference to `rule`.
    FloatSynapse(const rules::Rule& rule, const SynapseValues& start, const FloatSynapseOptions& options);

    /// One step; at the last one of an epoch the rule is evaluated.
    void step(const SynapseEvents& events);

    [[nodiscard]] const SynapseValues& values() const { return values_; }
    /// x1, x2, y1..y3 or r1 as they stand after the last epoch.
    [[nodiscard]] double trace(rules::Operand operand) const;

private:
    void source_spike(std::int32_t payload);
    void end_epoch();
    [[nodiscard]] std::array<std::array<double, rules::operand_count>, 3> operands() const;

    rules::Rule rule_;
    FloatSynapseOptions options_;
    SynapseValues values_;
    rules::RealTraces<2> x_;
    rules::RealTraces<3> y_;
    double reward_ = 0;
    bool rewarded_ = false;
    int within_ = 0;           ///< steps of the epoch so far
    std::uint64_t epoch_ = 0;  ///< epochs that have ended
};

}  // namespace spikeloom::runtime
