#include "compiler/reference/float_interpreter.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "compiler/reference/real_registers.hpp"
#include "compiler/reference/weighted_sums.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

class FloatInterpreter::Engine {
public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;

    virtual void step(const std::vector<std::vector<float>>& inputs) = 0;
    virtual void reset() = 0;
    [[nodiscard]] virtual std::span<const std::uint8_t> spikes(std::size_t population) const = 0;
    [[nodiscard]] virtual std::span<const double> membrane(std::size_t population) const = 0;
    [[nodiscard]] virtual std::span<const double> synaptic_current(std::size_t population) const = 0;
    [[nodiscard]] virtual std::vector<double> plastic_weights(std::size_t projection) const = 0;
};

namespace {

/// Populations, sources before targets; what is left on unmarked cycles follows in the network's order.
std::vector<std::uint32_t> evaluation_order(const Network& network) {
    const std::size_t count = network.populations.size();
    std::vector<bool> done(count, false);
    std::vector<std::uint32_t> order;
    const auto ready = [&](std::uint32_t population) {
        return std::all_of(network.projections.begin(), network.projections.end(), [&](const Projection& projection) {
            return projection.target.value() != population || projection.recurrent ||
                   projection.source.kind == Source::Kind::input || projection.source.index == population ||
                   done[projection.source.index];
        });
    };
    while (order.size() < count) {
        std::uint32_t chosen = 0;
        while (chosen < count && (done[chosen] || !ready(chosen))) {
            ++chosen;
        }
        if (chosen == count) {  // a cycle that nobody marked
            chosen = static_cast<std::uint32_t>(std::find(done.begin(), done.end(), false) - done.begin());
        }
        done[chosen] = true;
        order.push_back(chosen);
    }
    return order;
}

/// The signals of one source over the last steps.
template <class Real>
class History {
public:
    History(std::size_t size, std::size_t depth) : slots_(depth, std::vector<Real>(size)), silence_(size) {}

    [[nodiscard]] std::vector<Real>& at(std::uint64_t step) { return slots_[step % slots_.size()]; }
    /// All zero for steps before the first.
    [[nodiscard]] const std::vector<Real>& ago(std::uint64_t now, std::uint64_t steps) const {
        return steps > now ? silence_ : slots_[(now - steps) % slots_.size()];
    }

private:
    std::vector<std::vector<Real>> slots_;
    std::vector<Real> silence_;
};

/// A Parameter in the engine's precision.
template <class Real>
struct Constant {
    std::vector<Real> values;
    explicit Constant(const Parameter& parameter) : values(parameter.values.begin(), parameter.values.end()) {}
    Real operator[](std::size_t neuron) const { return values[values.size() == 1 ? 0 : neuron]; }
};

template <class Real>
struct Neurons {
    Neurons(const Population& population, double step_s)
        : kind(population.kind),
          fixed(population.fixed
                    ? std::optional<RealRegisters<Real>>(std::in_place, *population.fixed, population.size())
                    : std::nullopt),
          rule(population.reset),
          refractory_steps(population.refractory_steps),
          step(static_cast<Real>(step_s)),
          tau_syn(population.tau_syn_s),
          tau_mem(population.tau_mem_s),
          resistance(population.resistance),
          v_leak(population.v_leak),
          v_threshold(population.v_threshold),
          v_reset(population.v_reset),
          w_in(population.w_in),
          bias(population.bias),
          step_resistance(scaled(population.resistance, step_s)),
          x(population.size()),
          s(population.size()),
          v(population.size()),
          z(population.size()),
          dead_steps(population.size()),
          shown_s(population.size()),
          shown_v(population.size()) {}

    static Parameter scaled(const Parameter& parameter, double factor) {
        Parameter result = parameter;
        for (double& value : result.values) {
            value *= factor;
        }
        return result;
    }

    void reset() {
        std::fill(s.begin(), s.end(), Real{0});
        std::fill(v.begin(), v.end(), Real{0});
        std::fill(z.begin(), z.end(), std::uint8_t{0});
        std::fill(dead_steps.begin(), dead_steps.end(), 0);
        if (fixed) {
            fixed->reset();
        }
        show();
    }

    void show() {
        std::copy(s.begin(), s.end(), shown_s.begin());
        std::copy(v.begin(), v.end(), shown_v.begin());
    }

    NeuronKind kind;
    std::optional<RealRegisters<Real>> fixed;
    ResetRule rule;
    int refractory_steps;
    Real step;
    Constant<Real> tau_syn, tau_mem, resistance, v_leak, v_threshold, v_reset, w_in, bias, step_resistance;
    std::vector<Real> x, s, v;
    std::vector<std::uint8_t> z;
    std::vector<int> dead_steps;
    std::vector<double> shown_s, shown_v;
};

/// One step of a low-pass from `state` towards `input`.
template <class Real>
Real filtered(Real state, Real k, Real input, LeakForm form) {
    return form == LeakForm::increment ? state + k * (input - state) : state * (1 - k) + k * input;
}

/// v after one step without spike, from s of this step.
template <class Real>
Real integrated(const Neurons<Real>& neurons, std::size_t i, LeakForm form) {
    const Real v = neurons.v[i];
    if (neurons.kind == NeuronKind::threshold) {
        return neurons.s[i];
    }
    if (!leaks(neurons.kind)) {
        return v + neurons.step_resistance[i] * neurons.s[i];
    }
    const Real k = neurons.step / neurons.tau_mem[i];
    const Real driven = neurons.resistance[i] * neurons.s[i];
    if (form == LeakForm::product) {
        return filtered(v, k, neurons.v_leak[i] + driven, form);
    }
    return v + k * (neurons.v_leak[i] - v + driven);  // in the frameworks' order, not as filtered()
}

/// Threshold and reset of one neuron whose v is integrated; `previous` is v before.
template <class Real>
void fire(Neurons<Real>& neurons, std::size_t i, Real previous, SubtractOrder order) {
    const Real threshold = neurons.v_threshold[i];
    Real& v = neurons.v[i];
    const bool late = neurons.rule == ResetRule::subtract_threshold && order == SubtractOrder::snntorch_delayed &&
                      neurons.kind != NeuronKind::threshold;
    const Real owed = late && previous > threshold ? Real{1} : Real{0};
    if (late) {
        v -= owed * threshold;
    }
    const bool spike = v > threshold;
    neurons.z[i] = spike ? 1 : 0;
    if (late) {
        v -= ((spike ? Real{1} : Real{0}) - owed) * threshold;
    } else if (spike && neurons.kind != NeuronKind::threshold) {
        v = neurons.rule == ResetRule::to_value ? neurons.v_reset[i] : v - threshold;
    }
    if (spike) {
        neurons.dead_steps[i] = neurons.refractory_steps - 1;
    }
}

/// A refractory neuron's v is 0, as on the chip. `now` counts steps from 0.
template <class Real>
void update_fixed(Neurons<Real>& neurons, RealRegisters<Real>& registers, std::uint64_t now) {
    const bool spiking = spikes(neurons.kind);
    const bool resets = registers.resets_before(now);
    for (std::size_t i = 0; i < neurons.v.size(); ++i) {
        Real& v = neurons.v[i];
        if (registers.has_values()) {
            registers.send(i, neurons.x[i], v, spiking);
            neurons.z[i] = registers.sent()[i] != 0 ? 1 : 0;
            continue;
        }
        if (resets) {
            neurons.s[i] = v = 0;
        }
        registers.integrate(i, neurons.x[i], neurons.s[i], v);
        neurons.z[i] = 0;
        if (neurons.dead_steps[i] > 0) {
            --neurons.dead_steps[i];
            v = 0;
        } else if (spiking && registers.above(v)) {
            neurons.z[i] = 1;
            neurons.dead_steps[i] = neurons.refractory_steps - 1;
            v = 0;
        }
    }
    neurons.show();
}

template <class Real>
void update(Neurons<Real>& neurons, const ReferenceOptions& options, std::uint64_t now) {
    if (neurons.fixed) {
        update_fixed(neurons, *neurons.fixed, now);
        return;
    }
    for (std::size_t i = 0; i < neurons.v.size(); ++i) {
        if (has_synaptic_current(neurons.kind)) {
            const Real k = neurons.step / neurons.tau_syn[i];
            neurons.s[i] = filtered(neurons.s[i], k, neurons.w_in[i] * neurons.x[i], options.leak);
        } else {
            neurons.s[i] = neurons.x[i];
        }
        neurons.z[i] = 0;
        if (neurons.dead_steps[i] > 0) {
            --neurons.dead_steps[i];
            continue;
        }
        const Real previous = neurons.v[i];
        neurons.v[i] = integrated(neurons, i, options.leak);
        if (spikes(neurons.kind)) {
            fire(neurons, i, previous, options.subtract);
        }
    }
    neurons.show();
}

template <class Real>
class TypedEngine final : public FloatInterpreter::Engine {
public:
    TypedEngine(const Network& network, const ReferenceOptions& options)
        : options_(options), projections_(network.projections), order_(evaluation_order(network)) {
        std::size_t depth = 2;
        for (const Projection& projection : projections_) {
            depth = std::max(depth, longest_delay(projection) + 2);
            biases_.emplace_back(projection.bias);
        }
        for (const InputPort& port : network.inputs) {
            inputs_.emplace_back(port.size(), depth);
        }
        for (const Population& population : network.populations) {
            neurons_.emplace_back(population, network.step_s);
            signals_.emplace_back(population.size(), depth);
        }
        rank_.resize(order_.size());
        for (std::uint32_t place = 0; place < order_.size(); ++place) {
            rank_[order_[place]] = place;
        }
        for (std::uint32_t p = 0; options.learning.on && p < projections_.size(); ++p) {
            if (projections_[p].learning) {
                add_learner(network, p);
            }
        }
    }

    void step(const std::vector<std::vector<float>>& inputs) override {
        SPIKELOOM_ASSERT(inputs.size() == inputs_.size(), std::to_string(inputs.size()) + " input ports given");
        for (std::size_t port = 0; port < inputs.size(); ++port) {
            std::vector<Real>& signal = inputs_[port].at(now_);
            SPIKELOOM_ASSERT(inputs[port].size() == signal.size(),
                             "port " + std::to_string(port) + ": " + std::to_string(inputs[port].size()) + " values");
            std::copy(inputs[port].begin(), inputs[port].end(), signal.begin());
        }
        for (const std::uint32_t population : order_) {
            gather(population);
            Neurons<Real>& neurons = neurons_[population];
            update(neurons, options_, now_);
            std::vector<Real>& signal = signals_[population].at(now_);
            if (spikes_at_all(neurons) && neurons.fixed && neurons.fixed->has_values()) {
                signal = neurons.fixed->sent();
            } else if (spikes_at_all(neurons)) {
                std::copy(neurons.z.begin(), neurons.z.end(), signal.begin());
            } else {
                std::copy(neurons.v.begin(), neurons.v.end(), signal.begin());
            }
        }
        for (Plastic& plastic : plastic_) {
            learn(plastic, inputs);
        }
        ++now_;
    }

    void reset() override {
        now_ = 0;
        for (Plastic& plastic : plastic_) {
            plastic.learner->reset();
            write_weights(plastic);
        }
        for (auto& neurons : neurons_) {
            neurons.reset();
        }
    }

    [[nodiscard]] std::span<const std::uint8_t> spikes(std::size_t population) const override {
        return neurons_[population].z;
    }
    [[nodiscard]] std::span<const double> membrane(std::size_t population) const override {
        return neurons_[population].shown_v;
    }
    [[nodiscard]] std::span<const double> synaptic_current(std::size_t population) const override {
        return neurons_[population].shown_s;
    }
    [[nodiscard]] std::vector<double> plastic_weights(std::size_t projection) const override {
        for (const Plastic& plastic : plastic_) {
            if (plastic.projection == projection) {
                return plastic.learner->weights();
            }
        }
        return {};
    }

private:
    struct Plastic {
        std::uint32_t projection;
        std::optional<std::size_t> reward_port;
        std::unique_ptr<ReferenceLearner> learner;
        std::vector<PlasticPlace> places;
    };

    void add_learner(const Network& network, std::uint32_t p) {
        Projection& projection = projections_[p];
        const std::size_t targets = neurons_[projection.target.value()].v.size();
        Plastic plastic{
            .projection = p, .reward_port = {}, .learner = make_learner(network, p, options_.learning), .places = {}};
        give_own_weights(projection, targets);
        plastic.places = plastic_places(projection, network.source_size(projection.source), targets);
        for (std::size_t port = 0; port < network.inputs.size(); ++port) {
            if (!projection.learning->reward_input.empty() &&
                network.inputs[port].name == projection.learning->reward_input) {
                plastic.reward_port = port;
            }
        }
        plastic_.push_back(std::move(plastic));
        write_weights(plastic_.back());
    }

    void write_weights(const Plastic& plastic) {
        const std::vector<double> learned = plastic.learner->weights();
        std::visit(
            [&](auto& held) {
                if constexpr (requires { held.weights; }) {
                    for (std::size_t i = 0; i < learned.size(); ++i) {
                        held.weights[plastic.places[i].index] = static_cast<float>(learned[i]);
                    }
                }
            },
            projections_[plastic.projection].weights);
    }

    void learn(const Plastic& plastic, const std::vector<std::vector<float>>& inputs) {
        const Projection& projection = projections_[plastic.projection];
        std::vector<std::uint8_t> sources;
        for (const Real signal : history_of(projection).ago(now_, age(projection))) {
            sources.push_back(signal != 0 ? 1 : 0);
        }
        std::optional<double> reward;
        if (plastic.reward_port) {
            const std::vector<float>& channels = inputs[*plastic.reward_port];
            for (std::size_t channel = 0; channel < channels.size(); ++channel) {
                if (channels[channel] != 0) {
                    reward = reward.value_or(0) + projection.learning->reward_values[channel];
                }
            }
        }
        if (plastic.learner->step(sources, neurons_[projection.target.value()].z, reward)) {
            write_weights(plastic);
        }
    }

    [[nodiscard]] const History<Real>& history_of(const Projection& projection) const {
        return projection.source.kind == Source::Kind::input ? inputs_[projection.source.index]
                                                             : signals_[projection.source.index];
    }

    static bool spikes_at_all(const Neurons<Real>& neurons) { return compiler::spikes(neurons.kind); }

    static std::size_t longest_delay(const Projection& projection) {
        std::size_t longest = static_cast<std::size_t>(projection.delay_steps);
        if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights); sparse && !sparse->delays.empty()) {
            longest += *std::max_element(sparse->delays.begin(), sparse->delays.end());
        }
        return longest;
    }

    /// How many steps old the signal is that the projection brings, its own delays apart.
    [[nodiscard]] std::uint64_t age(const Projection& projection) const {
        if (projection.source.kind == Source::Kind::input) {
            return 0;
        }
        const bool known = rank_[projection.source.index] < rank_[projection.target.value()];
        return options_.timing == Timing::next_step || projection.recurrent || !known ? 1 : 0;
    }

    /// x of a population, from its bias and its projections.
    void gather(std::uint32_t population) {
        Neurons<Real>& neurons = neurons_[population];
        for (std::size_t i = 0; i < neurons.x.size(); ++i) {
            neurons.x[i] = neurons.bias[i];
        }
        for (std::size_t p = 0; p < projections_.size(); ++p) {
            const Projection& projection = projections_[p];
            if (projection.target.value() != population) {
                continue;
            }
            std::vector<Real> sum(neurons.x.size());
            add_weighted(projection, sum);
            const bool biased = now_ >= static_cast<std::uint64_t>(std::max(0, projection.bias_from_step));
            for (std::size_t i = 0; i < sum.size(); ++i) {
                neurons.x[i] += biased ? sum[i] + biases_[p][i] : sum[i];
            }
        }
    }

    void add_weighted(const Projection& projection, std::vector<Real>& sum) const {
        const History<Real>& history = history_of(projection);
        const int delay =
            projection.delay_steps - (options_.timing == Timing::same_step ? projection.aligned_steps : 0);
        const std::uint64_t steps_ago = age(projection) + static_cast<std::uint64_t>(std::max(delay, 0));
        const auto late_signal = [&](std::uint64_t late) -> const std::vector<Real>& {
            return history.ago(now_, steps_ago + late);
        };
        std::visit([&](const auto& weights) { reference::add_weighted<Real>(weights, late_signal, sum); },
                   projection.weights);
    }

    ReferenceOptions options_;
    std::vector<Projection> projections_;
    std::vector<Constant<Real>> biases_;
    std::vector<std::uint32_t> order_, rank_;
    std::vector<History<Real>> inputs_, signals_;
    std::vector<Neurons<Real>> neurons_;
    std::vector<Plastic> plastic_;
    std::uint64_t now_ = 0;
};

}  // namespace

FloatInterpreter::FloatInterpreter(const Network& network, const ReferenceOptions& options) {
    if (options.single_precision) {
        engine_ = std::make_unique<TypedEngine<float>>(network, options);
    } else {
        engine_ = std::make_unique<TypedEngine<double>>(network, options);
    }
}

FloatInterpreter::FloatInterpreter(FloatInterpreter&&) noexcept = default;
FloatInterpreter& FloatInterpreter::operator=(FloatInterpreter&&) noexcept = default;
FloatInterpreter::~FloatInterpreter() = default;

void FloatInterpreter::step(const std::vector<std::vector<float>>& inputs) {
    engine_->step(inputs);
}
void FloatInterpreter::reset() {
    engine_->reset();
}

std::span<const std::uint8_t> FloatInterpreter::spikes(PopulationId population) const {
    return engine_->spikes(population.value());
}
std::span<const double> FloatInterpreter::membrane(PopulationId population) const {
    return engine_->membrane(population.value());
}
std::span<const double> FloatInterpreter::synaptic_current(PopulationId population) const {
    return engine_->synaptic_current(population.value());
}
std::vector<double> FloatInterpreter::plastic_weights(std::size_t projection) const {
    return engine_->plastic_weights(projection);
}

}  // namespace spikeloom::compiler
