#include "compiler/reference/reference_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/reference/learner_arithmetic.hpp"

namespace spikeloom::compiler {

namespace {

using reference::OperandValues;
using reference::RealArithmetic;
using reference::RegisterArithmetic;
using rules::Dependency;
using rules::Operand;
using rules::Variable;

const std::vector<float>& weights_of(const Projection& projection) {
    static const std::vector<float> none;
    const std::vector<float>* found = &none;
    std::visit(
        [&](const auto& held) {
            if constexpr (requires { held.weights; }) {
                found = &held.weights;
            }
        },
        projection.weights);
    return *found;
}

/// The state of one synapse, in units of the registers (reals: of the chip's).
struct SynapseState {
    double w = 0;
    double d = 0;
    double t = 0;
};

template <class Arithmetic>
class Learner final : public ReferenceLearner {
public:
    Learner(const Network& network, std::uint32_t number, const ReferenceLearning& options)
        : arithmetic_(*network.projections[number].learning, options, {options.seed, number}) {
        const Projection& projection = network.projections[number];
        const std::size_t sources = network.source_size(projection.source);
        const std::size_t targets = network.populations[projection.target.value()].size();
        const std::vector<float>& weights = weights_of(projection);
        places_ = plastic_places(projection, sources, targets);
        unit_ = projection.learning->weight_max / ((1 << options.written_for.weight_bits) - 1);
        for (const PlasticPlace& place : places_) {
            start_.push_back({.w = arithmetic_.first(weights[place.index] / unit_)});
        }
        for (std::uint32_t neuron = 0; neuron < sources; ++neuron) {
            silent_sources_.push_back(arithmetic_.source(neuron));
        }
        for (std::uint32_t neuron = 0; neuron < targets; ++neuron) {
            silent_targets_.push_back(arithmetic_.target(neuron));
        }
        reset();
    }

    void reset() override {
        states_ = start_;
        sources_ = silent_sources_;
        targets_ = silent_targets_;
        reward_ = 0;
        rewarded_ = false;
        within_ = 0;
        epoch_ = 0;
        highest_ = 0;
    }

    bool step(std::span<const std::uint8_t> sources, std::span<const std::uint8_t> targets,
              std::optional<double> reward) override {
        ++within_;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (sources[i] != 0) {
                sources_[i].spike(within_);
            }
        }
        for (std::size_t i = 0; i < targets.size(); ++i) {
            if (targets[i] != 0) {
                targets_[i].spike(within_);
            }
        }
        if (reward) {
            reward_ = std::clamp(reward_ + *reward, -128.0, 127.0);
            rewarded_ = true;
        }
        if (within_ < arithmetic_.rule().epoch) {
            return false;
        }
        end_epoch();
        return true;
    }

    [[nodiscard]] std::vector<double> weights() const override {
        std::vector<double> all;
        all.reserve(states_.size());
        for (const SynapseState& state : states_) {
            all.push_back(state.w * arithmetic_.unit() * unit_);
        }
        return all;
    }

    [[nodiscard]] double highest_trace() const override { return highest_ * arithmetic_.trace_unit(); }

private:
    void end_epoch() {
        ++epoch_;
        for (auto& traces : sources_) {
            traces.run_epoch(epoch_);
        }
        for (auto& traces : targets_) {
            traces.run_epoch(epoch_);
        }
        for (std::size_t synapse = 0; synapse < places_.size(); ++synapse) {
            evaluate(synapse);
        }
        const rules::Rule& rule = arithmetic_.rule();
        for (auto& traces : sources_) {
            highest_ = std::max({highest_, traces.at(0, rule.epoch), traces.at(1, rule.epoch)});
            traces.end_epoch(rule.epoch);
        }
        for (auto& traces : targets_) {
            highest_ =
                std::max({highest_, traces.at(0, rule.epoch), traces.at(1, rule.epoch), traces.at(2, rule.epoch)});
            traces.end_epoch(rule.epoch);
        }
        reward_ = rule.reward_tau > 0 ? reward_ * std::exp(-rule.epoch / rule.reward_tau) : 0;
        rewarded_ = false;
        within_ = 0;
    }

    void evaluate(std::size_t synapse) {
        SynapseState& state = states_[synapse];
        const auto& x = sources_[places_[synapse].source];
        const auto& y = targets_[places_[synapse].target];
        const rules::Rule& rule = arithmetic_.rule();
        if (x.last_spike() == 0 && y.last_spike() == 0 && !rule.depends_on(Dependency::u)) {
            return;
        }
        const std::array<int, 3> when{x.last_spike(), y.last_spike(), rule.epoch};
        OperandValues values{};
        for (std::size_t dependency = 0; dependency < values.size(); ++dependency) {
            const auto set = [&](Operand operand, double value) {
                values[dependency][static_cast<std::size_t>(operand)] = value;
            };
            set(Operand::x0, x.last_spike() != 0 ? 1 : 0);
            set(Operand::x1, x.at(0, when[dependency]));
            set(Operand::x2, x.at(1, when[dependency]));
            set(Operand::y0, y.last_spike() != 0 ? 1 : 0);
            set(Operand::y1, y.at(0, when[dependency]));
            set(Operand::y2, y.at(1, when[dependency]));
            set(Operand::y3, y.at(2, when[dependency]));
            set(Operand::r0, rewarded_ ? 1 : 0);
            set(Operand::r1, std::round(reward_));
            set(Operand::w, state.w);
            set(Operand::d, state.d);
            set(Operand::t, state.t);
        }
        const auto changed = [&](Variable variable, double z) {
            return rule.series(variable).empty() ? z : arithmetic_.changed(variable, values, epoch_, z, synapse);
        };
        state = {.w = changed(Variable::weight, state.w),
                 .d = changed(Variable::delay, state.d),
                 .t = changed(Variable::tag, state.t)};
    }

    Arithmetic arithmetic_;
    std::vector<PlasticPlace> places_;
    double unit_ = 1;  ///< network's weight that a unit of the chip's register stands for
    std::vector<SynapseState> start_, states_;
    std::vector<typename Arithmetic::Sources> silent_sources_, sources_;
    std::vector<typename Arithmetic::Targets> silent_targets_, targets_;
    double reward_ = 0;
    bool rewarded_ = false;
    int within_ = 0;
    std::uint64_t epoch_ = 0;
    double highest_ = 0;
};

}  // namespace

std::vector<PlasticPlace> plastic_places(const Projection& projection, std::size_t sources, std::size_t targets) {
    std::vector<PlasticPlace> places;
    if (std::holds_alternative<DenseWeights>(projection.weights)) {
        for (std::uint32_t source = 0; source < sources; ++source) {
            for (std::uint32_t target = 0; target < targets; ++target) {
                places.push_back({source, target, target * sources + source});
            }
        }
    } else if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
        for (std::uint32_t source = 0; source + 1 < sparse->row_begin.size(); ++source) {
            for (std::uint64_t k = sparse->row_begin[source]; k < sparse->row_begin[source + 1]; ++k) {
                places.push_back({source, sparse->targets[k], static_cast<std::size_t>(k)});
            }
        }
        std::ranges::stable_sort(places, {}, [](const PlasticPlace& p) { return std::pair(p.source, p.target); });
    } else if (const auto* pairs = std::get_if<OneToOneWeights>(&projection.weights)) {
        for (std::uint32_t i = 0; i < targets; ++i) {
            places.push_back({i, i, pairs->weights.size() == 1 ? 0 : std::size_t{i}});
        }
    }
    return places;
}

void give_own_weights(Projection& projection, std::size_t targets) {
    if (auto* pairs = std::get_if<OneToOneWeights>(&projection.weights);
        pairs != nullptr && pairs->weights.size() == 1) {
        pairs->weights.assign(targets, pairs->weights.front());
    }
}

Diagnostics check_reference_learning(const Network& network) {
    Diagnostics found;
    for (const Projection& projection : network.projections) {
        if (!projection.learning) {
            continue;
        }
        const std::string where = fmt::format("projection '{}'", projection.name);
        if (projection.learning->rule.graded != rules::GradedMode::regular_impulse) {
            found.push_back({Severity::error, where, "its x1 follows graded spikes, and the float reference has none",
                             "regular impulses", ""});
        }
        if (projection.learning->rule.post_traces != rules::PostTraces::spikes) {
            found.push_back({Severity::error, where,
                             "its y traces are third factors in units of the chip's registers, and the float "
                             "reference has none",
                             "y traces of spikes; rewards by r1", ""});
        }
    }
    return found;
}

std::unique_ptr<ReferenceLearner> make_learner(const Network& network, std::uint32_t number,
                                               const ReferenceLearning& options) {
    if (options.registers) {
        return std::make_unique<Learner<RegisterArithmetic>>(network, number, options);
    }
    return std::make_unique<Learner<RealArithmetic>>(network, number, options);
}

}  // namespace spikeloom::compiler
