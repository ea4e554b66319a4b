// A protocol's point on the chip's learning engine: many synapses side by side, all with the same spikes, each with
// random numbers of its own. What they end at is the distribution that stochastic rounding makes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"
#include "runtime/workbench/float_synapse.hpp"
#include "runtime/workbench/protocol.hpp"

namespace spikeloom::runtime {

struct ChipTrialOptions {
    rules::LearningArithmetic arithmetic;    ///< that the trials run with
    rules::LearningArithmetic written_for;   ///< whose units rule, weights, rewards and outcomes are in
    rules::IntegerRange weights{-256, 255};  ///< what w may become
    int weight = 0;                          ///< at the beginning; taken to the nearest that `arithmetic` has
    int delay = 0;                           ///< likewise; 0..arithmetic.delay_most
    int trials = 200;                        ///< 1..max_trials
    std::uint64_t seed = 0;
    std::int32_t payload = 0;                            ///< of every source spike, for graded rules
    rules::Operand reward_operand = rules::Operand::r1;  ///< what RewardEvent::value moves
};
inline constexpr int max_trials = 10'000;

/// w as the trials begin with it.
[[nodiscard]] double first_weight(const ChipTrialOptions& options);

/// One outcome a trial. `rule` and `events` as make_protocol gives them: whole epochs.
[[nodiscard]] std::vector<SynapseValues> run_trials(const rules::Rule& rule, const PointEvents& events,
                                                    const ChipTrialOptions& options);

}  // namespace spikeloom::runtime
