// Integer traces of one side of a plastic projection, in the reference: raised and decayed step by step with stochastic
// rounding, as the chip's engine does, but with random numbers of their own. A rule reads traces at the steps of
// spikes, so an epoch is written down whole before any synapse is looked at.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/random.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::compiler::reference {

/// Whose random number is drawn, and what for.
struct DrawPlace {
    std::uint64_t seed = 0;
    std::uint32_t projection = 0;
};

/// Integer traces of one side, their values at every step of the epoch written down.
template <std::size_t Count>
class RegisterTraces {
public:
    RegisterTraces(const std::array<rules::TraceParameters, Count>& parameters, const rules::LearningArithmetic& a,
                   int epoch, const DrawPlace& place, std::uint32_t neuron)
        : parameters_(parameters),
          most_(a.trace_most()),
          decay_(a.trace_decay),
          place_(place),
          neuron_(neuron),
          history_(static_cast<std::size_t>(epoch) + 1) {}

    void spike(int within) {
        if (last_ != 0) {
            for (std::size_t k = 0; k < Count; ++k) {
                history_[0][k] = raised(k, history_[0][k], {within, Count + k});
            }
        }
        last_ = within;
    }
    [[nodiscard]] int last_spike() const { return last_; }
    /// Writes the epoch down; at() is meant only after it.
    void run_epoch(std::uint64_t epoch) {
        epoch_ = epoch;
        for (std::size_t t = 1; t < history_.size(); ++t) {
            for (std::size_t k = 0; k < Count; ++k) {
                const auto within = static_cast<int>(t);
                history_[t][k] = decayed(k, history_[t - 1][k], within);
                if (last_ == within) {
                    history_[t][k] = raised(k, history_[t][k], {within, 2 * Count + k});
                }
            }
        }
    }
    [[nodiscard]] double at(std::size_t k, int within) const { return history_[static_cast<std::size_t>(within)][k]; }
    void end_epoch(int /*steps*/) {
        history_[0] = history_.back();
        last_ = 0;
    }

private:
    struct Draw {
        int within;
        std::size_t which;
    };
    [[nodiscard]] double draw(const Draw& of) const {
        return random_uniform({.seed = place_.seed,
                               .purpose = RandomPurpose::workbench,
                               .step = epoch_ * 64 + static_cast<std::uint64_t>(of.within),
                               .core = place_.projection,
                               .neuron = neuron_,
                               .draw = static_cast<std::uint32_t>(of.which)});
    }
    [[nodiscard]] double decayed(std::size_t k, double value, int within) const {
        if (parameters_[k].tau <= 0 || value == 0) {
            return value;
        }
        const auto steps = static_cast<double>(history_.size() - 1);
        double factor = std::exp(-1 / parameters_[k].tau);
        switch (decay_) {
        case rules::TraceDecay::exponential_each_step:
            break;
        case rules::TraceDecay::first_order_each_step:
            factor = std::max(0.0, 1 - 1 / parameters_[k].tau);
            break;
        case rules::TraceDecay::exponential_each_epoch:
            if (within + 1 != static_cast<int>(history_.size())) {
                return value;
            }
            factor = std::exp(-steps / parameters_[k].tau);
            break;
        }
        return std::floor(value * factor + draw({within, k}));
    }
    [[nodiscard]] double raised(std::size_t k, double value, const Draw& of) const {
        if (parameters_[k].tau <= 0) {
            return value;
        }
        return std::min<double>(most_, std::floor(value + parameters_[k].impulse + draw(of)));
    }

    std::array<rules::TraceParameters, Count> parameters_;
    std::int32_t most_;
    rules::TraceDecay decay_;
    DrawPlace place_;
    std::uint32_t neuron_;
    std::vector<std::array<double, Count>> history_;  ///< [step of the epoch][trace]
    std::uint64_t epoch_ = 0;
    int last_ = 0;
};

}  // namespace spikeloom::compiler::reference
