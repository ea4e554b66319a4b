#include "runtime/workbench/chip_trials.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/learning/plastic_set.hpp"
#include "core/rules/adapt.hpp"

namespace spikeloom::runtime {

namespace {

/// r1 as the chip keeps it (chip/chip_learning.cpp): real, decaying once an epoch; the engine reads it rounded.
class RewardTrace {
public:
    explicit RewardTrace(const rules::Rule& rule)
        : factor_(rule.reward_tau > 0 ? std::exp(-rule.epoch / rule.reward_tau) : 0) {}

    void add(int value) {
        value_ = std::clamp(value_ + value, -128.0, 127.0);
        rewarded_ = true;
    }
    void see(core::EpochInputs& inputs) const {
        inputs.rewarded = rewarded_;
        inputs.reward = static_cast<std::int32_t>(std::lround(value_));
    }
    void end_epoch() {
        value_ *= factor_;
        rewarded_ = false;
    }

private:
    double factor_;
    double value_ = 0;
    bool rewarded_ = false;
};

/// value * 2^bits, to the nearest whole number.
std::int32_t in_units(double value, int bits) {
    return static_cast<std::int32_t>(std::lround(std::ldexp(value, bits)));
}

int weight_bits_finer(const ChipTrialOptions& options) {
    return rules::finer_bits(rules::Variable::weight, options.written_for, options.arithmetic);
}

rules::IntegerRange weight_range(const ChipTrialOptions& options) {
    const int bits = weight_bits_finer(options);
    const auto outward = [bits](std::int32_t bound) {
        return bound > 0 ? in_units(bound + 1.0, bits) - 1 : in_units(bound, bits);
    };
    return {outward(options.weights.least), outward(options.weights.most)};
}

core::PlasticSet make_set(const rules::Rule& rule, const ChipTrialOptions& options) {
    const auto trials = static_cast<std::uint32_t>(options.trials);
    core::PlasticSetLayout layout;
    layout.rule = rules::adapted(rule, options.written_for, options.arithmetic);
    layout.arithmetic = options.arithmetic;
    layout.weights = weight_range(options);
    layout.slots = trials;
    layout.block_shift = static_cast<unsigned>(std::bit_width(trials));
    layout.seed = options.seed;
    layout.effective.resize(static_cast<std::size_t>(layout.weights.most - layout.weights.least) + 1);
    const std::int32_t weight =
        std::clamp(in_units(options.weight, weight_bits_finer(options)), layout.weights.least, layout.weights.most);
    core::PlasticSet set(layout);
    for (std::uint32_t trial = 0; trial < trials; ++trial) {
        const core::PlasticSynapseStart synapse{.slot = trial,
                                                .weight = weight,
                                                .delay = static_cast<std::uint32_t>(options.delay),
                                                .kind = 0,
                                                .opens_message = true};
        set.add_row(trial, {&synapse, 1});
        set.name_target(trial, trial);
    }
    set.finish();
    return set;
}

/// The events of a point, step by step.
class Player {
public:
    Player(const PointEvents& events, const ChipTrialOptions& options)
        : events_(&events),
          options_(&options),
          trace_bits_finer_(options.arithmetic.trace_bits - options.written_for.trace_bits) {}

    void step(std::uint64_t step, const core::SpikeTime& time, core::PlasticSet& set, RewardTrace& reward) {
        const auto trials = static_cast<std::uint32_t>(options_->trials);
        if (source_ < events_->source.size() && events_->source[source_] == step) {
            ++source_;
            for (std::uint32_t trial = 0; trial < trials; ++trial) {
                set.note_source_spike(trial, time, in_units(options_->payload, trace_bits_finer_), nullptr);
            }
        }
        if (target_ < events_->target.size() && events_->target[target_] == step) {
            ++target_;
            for (std::uint32_t trial = 0; trial < trials; ++trial) {
                set.note_target_spike(trial, time, nullptr);
            }
        }
        while (reward_ < events_->rewards.size() && events_->rewards[reward_].step == step) {
            give(events_->rewards[reward_++].value, set, reward);
        }
    }

private:
    void give(int value, core::PlasticSet& set, RewardTrace& reward) const {
        if (options_->reward_operand == rules::Operand::r1) {
            reward.add(value);
            return;
        }
        for (std::uint32_t trial = 0; trial < static_cast<std::uint32_t>(options_->trials); ++trial) {
            set.write_trace_once(trial, factor(), in_units(value, trace_bits_finer_));
        }
    }
    [[nodiscard]] std::size_t factor() const {
        return static_cast<std::size_t>(options_->reward_operand) - static_cast<std::size_t>(rules::Operand::y1);
    }

    const PointEvents* events_;
    const ChipTrialOptions* options_;
    int trace_bits_finer_;
    std::size_t source_ = 0;
    std::size_t target_ = 0;
    std::size_t reward_ = 0;
};

}  // namespace

double first_weight(const ChipTrialOptions& options) {
    const rules::IntegerRange range = weight_range(options);
    const int bits = weight_bits_finer(options);
    return std::ldexp(std::clamp(in_units(options.weight, bits), range.least, range.most), -bits);
}

std::vector<SynapseValues> run_trials(const rules::Rule& rule, const PointEvents& events,
                                      const ChipTrialOptions& options) {
    core::PlasticSet set = make_set(rule, options);
    RewardTrace reward(rule);
    Player player(events, options);
    std::uint64_t updates = 0;
    core::EpochInputs inputs;
    core::SpikeTime time{.epoch = 1, .within = 0};
    for (std::uint64_t step = 0; step < events.steps; ++step) {
        ++time.within;
        player.step(step, time, set, reward);
        if (time.within == static_cast<std::uint32_t>(rule.epoch)) {
            inputs.epoch = time.epoch;
            reward.see(inputs);
            set.end_epoch(inputs, {&updates, 1});
            reward.end_epoch();
            time = {.epoch = time.epoch + 1, .within = 0};
        }
    }
    std::vector<SynapseValues> outcomes;
    for (std::uint32_t trial = 0; trial < static_cast<std::uint32_t>(options.trials); ++trial) {
        const auto value = [&](rules::Variable variable) {
            return std::ldexp(set.value(set.row_begin(trial), variable),
                              -rules::finer_bits(variable, options.written_for, options.arithmetic));
        };
        outcomes.push_back({.w = value(rules::Variable::weight),
                            .d = value(rules::Variable::delay),
                            .t = value(rules::Variable::tag)});
    }
    return outcomes;
}

}  // namespace spikeloom::runtime
