#include "compiler/reference/float_interpreter.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "compiler/reference/real_neurons.hpp"
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
            reference::Neurons<Real>& neurons = neurons_[population];
            reference::update(neurons, options_, now_);
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

    static bool spikes_at_all(const reference::Neurons<Real>& neurons) { return compiler::spikes(neurons.kind); }

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
        reference::Neurons<Real>& neurons = neurons_[population];
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
    std::vector<reference::Constant<Real>> biases_;
    std::vector<std::uint32_t> order_, rank_;
    std::vector<History<Real>> inputs_, signals_;
    std::vector<reference::Neurons<Real>> neurons_;
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
