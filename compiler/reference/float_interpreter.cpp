#include "compiler/reference/float_interpreter.hpp"

#include <algorithm>
#include <string>
#include <utility>

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
        show();
    }

    void show() {
        std::copy(s.begin(), s.end(), shown_s.begin());
        std::copy(v.begin(), v.end(), shown_v.begin());
    }

    NeuronKind kind;
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

template <class Real>
void update(Neurons<Real>& neurons, const ReferenceOptions& options) {
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

/// sum[target] += weight * signal, each sum in ascending order of the source.
template <class Real>
void add_dense(const DenseWeights& dense, const std::vector<Real>& signal, std::vector<Real>& sum) {
    std::vector<std::size_t> active;
    for (std::size_t source = 0; source < signal.size(); ++source) {
        if (signal[source] != 0) {
            active.push_back(source);
        }
    }
    for (std::size_t target = 0; target < sum.size(); ++target) {
        const float* row = dense.weights.data() + target * signal.size();
        for (const std::size_t source : active) {
            sum[target] += static_cast<Real>(row[source]) * signal[source];
        }
    }
}

template <class Real>
std::vector<Real> pooled(const ConvolutionWeights& convolution, const std::vector<Real>& signal) {
    const Pooling& pooling = *convolution.pooling;
    const auto [channels, height, width] = convolution.input;
    const std::int64_t source_height = convolution.source[1];
    const std::int64_t source_width = convolution.source[2];
    std::vector<Real> result;
    result.reserve(std::size_t{channels} * height * width);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t row = 0; row < height; ++row) {
            for (std::int64_t column = 0; column < width; ++column) {
                Real sum = 0;
                for (std::int64_t dy = 0; dy < pooling.kernel[0]; ++dy) {
                    for (std::int64_t dx = 0; dx < pooling.kernel[1]; ++dx) {
                        const std::int64_t y = row * pooling.stride[0] + dy - pooling.padding[0];
                        const std::int64_t x = column * pooling.stride[1] + dx - pooling.padding[1];
                        if (y >= 0 && y < source_height && x >= 0 && x < source_width) {
                            sum += signal[static_cast<std::size_t>((channel * source_height + y) * source_width + x)];
                        }
                    }
                }
                result.push_back(static_cast<Real>(pooling.scale) * sum);
            }
        }
    }
    return result;
}

/// The cross-correlation at one output place.
template <class Real>
Real correlated(const ConvolutionWeights& convolution, const std::vector<Real>& image,
                std::array<std::int64_t, 3> place) {
    const auto [channels, height, width] = convolution.input;
    const auto [out_channel, row, column] = place;
    const std::int64_t group_inputs = channels / convolution.groups;
    const std::int64_t group_outputs = convolution.output[0] / convolution.groups;
    const std::int64_t first_channel = out_channel / group_outputs * group_inputs;
    Real sum = 0;
    for (std::int64_t channel = 0; channel < group_inputs; ++channel) {
        for (std::int64_t ky = 0; ky < convolution.kernel_size[0]; ++ky) {
            for (std::int64_t kx = 0; kx < convolution.kernel_size[1]; ++kx) {
                const std::int64_t y =
                    row * convolution.stride[0] + ky * convolution.dilation[0] - convolution.padding[0];
                const std::int64_t x =
                    column * convolution.stride[1] + kx * convolution.dilation[1] - convolution.padding[1];
                if (y < 0 || y >= height || x < 0 || x >= width) {
                    continue;
                }
                const auto tap = static_cast<std::size_t>(
                    ((out_channel * group_inputs + channel) * convolution.kernel_size[0] + ky) *
                        convolution.kernel_size[1] +
                    kx);
                const auto pixel = static_cast<std::size_t>(((first_channel + channel) * height + y) * width + x);
                sum += static_cast<Real>(convolution.kernel[tap]) * image[pixel];
            }
        }
    }
    return sum;
}

template <class Real>
void add_convolution(const ConvolutionWeights& convolution, const std::vector<Real>& signal, std::vector<Real>& sum) {
    const std::vector<Real> image = convolution.pooling ? pooled(convolution, signal) : signal;
    const auto [channels, height, width] = convolution.output;
    std::size_t target = 0;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t row = 0; row < height; ++row) {
            for (std::int64_t column = 0; column < width; ++column) {
                sum[target++] += correlated(convolution, image, {channel, row, column});
            }
        }
    }
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
            update(neurons, options_);
            std::vector<Real>& signal = signals_[population].at(now_);
            if (spikes_at_all(neurons)) {
                std::copy(neurons.z.begin(), neurons.z.end(), signal.begin());
            } else {
                std::copy(neurons.v.begin(), neurons.v.end(), signal.begin());
            }
        }
        ++now_;
    }

    void reset() override {
        now_ = 0;
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

private:
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
        const History<Real>& history = projection.source.kind == Source::Kind::input
                                           ? inputs_[projection.source.index]
                                           : signals_[projection.source.index];
        const std::uint64_t steps_ago = age(projection) + static_cast<std::uint64_t>(projection.delay_steps);
        const std::vector<Real>& signal = history.ago(now_, steps_ago);
        if (const auto* dense = std::get_if<DenseWeights>(&projection.weights)) {
            add_dense(*dense, signal, sum);
        } else if (const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights)) {
            add_convolution(*convolution, signal, sum);
        } else if (const auto* one = std::get_if<OneToOneWeights>(&projection.weights)) {
            for (std::size_t i = 0; i < sum.size(); ++i) {
                sum[i] += static_cast<Real>(one->weights[one->weights.size() == 1 ? 0 : i]) * signal[i];
            }
        } else if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
            for (std::size_t source = 0; source + 1 < sparse->row_begin.size(); ++source) {
                for (std::uint64_t k = sparse->row_begin[source]; k < sparse->row_begin[source + 1]; ++k) {
                    const std::uint64_t late = sparse->delays.empty() ? 0 : sparse->delays[k];
                    sum[sparse->targets[k]] +=
                        static_cast<Real>(sparse->weights[k]) * history.ago(now_, steps_ago + late)[source];
                }
            }
        }
    }

    ReferenceOptions options_;
    std::vector<Projection> projections_;
    std::vector<Constant<Real>> biases_;
    std::vector<std::uint32_t> order_, rank_;
    std::vector<History<Real>> inputs_, signals_;
    std::vector<Neurons<Real>> neurons_;
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

}  // namespace spikeloom::compiler
