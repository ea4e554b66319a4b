#include "compiler/reference/reference_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/random.hpp"
#include "core/rules/adapt.hpp"
#include "core/rules/real_traces.hpp"

namespace spikeloom::compiler {

namespace {

using rules::Dependency;
using rules::Operand;
using rules::Variable;

rules::IntegerRange weight_range(Learning::Sign sign, const rules::LearningArithmetic& arithmetic) {
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

bool is_due(const rules::ProductSeries& series, std::uint64_t epoch, const rules::LearningArithmetic& arithmetic) {
    return series.decimation &&
           (arithmetic.first_epoch_is_due ? epoch - 1 : epoch) % (std::uint64_t{1} << *series.decimation) == 0;
}

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

/// Real traces behind the same words.
template <std::size_t Count>
class UnlimitedTraces : public rules::RealTraces<Count> {
public:
    using rules::RealTraces<Count>::RealTraces;
    void run_epoch(std::uint64_t /*epoch*/) {}
};

using OperandValues = std::array<std::array<double, rules::operand_count>, 3>;

/// The state of one synapse, in units of the registers (reals: of the chip's).
struct SynapseState {
    double w = 0;
    double d = 0;
    double t = 0;
};

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
    [[nodiscard]] double changed(Variable variable, const OperandValues& values, std::uint64_t epoch, double z,
                                 std::size_t /*synapse*/) const {
        const rules::ProductSeries& series = rule_.series(variable);
        const double next = rules::accumulate_real(series, values, is_due(series, epoch, own_), z);
        return variable == Variable::weight  ? std::clamp<double>(next, range_.least, range_.most)
               : variable == Variable::delay ? std::clamp<double>(next, 0, own_.delay_most)
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
          unit_(std::ldexp(1.0, -rules::finer_bits(Variable::weight, options.written_for, arithmetic_))),
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
    [[nodiscard]] double changed(Variable variable, const OperandValues& values, std::uint64_t epoch, double z,
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
    [[nodiscard]] rules::IntegerRange range_of(Variable variable) const {
        switch (variable) {
        case Variable::weight:
            return range_;
        case Variable::delay:
            return {0, arithmetic_.delay_most};
        case Variable::tag:
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
