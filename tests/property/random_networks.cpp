#include "property/random_networks.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/networks.hpp"

namespace spikeloom::test {
namespace {

using compiler::NeuronKind;
using compiler::Source;

constexpr double longest_tau = 20;  // steps

class NetworkDraw {
public:
    NetworkDraw(std::uint64_t seed, const NetworkTraits& traits)
        : seed_(seed), traits_(traits), draws_(seed * 2 + 1), builder_("random " + std::to_string(seed)) {}

    compiler::Network draw() {
        whole_ = !traits_.models.empty() || draws_.chance(0.7);
        real_ = !whole_ && draws_.chance(0.35);
        builder_.network().step_s = whole_ ? 1 : 1e-3;
        const std::int64_t ports = draws_.integer(1, 2);
        for (std::int64_t i = 0; i < ports; ++i) {
            add_input(i);
        }
        const std::int64_t populations = draws_.integer(1, 5);
        for (std::int64_t i = 0; i < populations; ++i) {
            add_population(i);
        }
        add_recurrences();
        for (std::uint32_t p = 0; p < builder_.network().populations.size(); ++p) {
            if (draws_.chance(0.4) || p + 1 == builder_.network().populations.size()) {
                builder_.output("out" + std::to_string(p), {Source::Kind::population, p});
            }
        }
        return std::move(builder_.network());
    }

private:
    std::uint32_t some(std::int64_t least, std::int64_t most) {
        return static_cast<std::uint32_t>(draws_.integer(least, most));
    }

    void add_input(std::int64_t index) {
        const Source in = builder_.input("in" + std::to_string(index), some(1, 60));
        if (draws_.chance(0.5)) {
            builder_.network().inputs[in.index].shape = {some(1, 2), some(5, 10), some(5, 10)};
        }
        builder_.network().inputs[in.index].graded = traits_.graded_inputs && draws_.chance(0.6);
        sources_.push_back(in);
    }

    const compiler::Shape& shape_of(const Source& source) {
        return source.kind == Source::Kind::input ? builder_.network().inputs[source.index].shape
                                                  : builder_[source].shape;
    }

    NeuronKind some_kind() {
        static constexpr NeuronKind spiking[] = {NeuronKind::integrate_fire, NeuronKind::integrate_fire,
                                                 NeuronKind::leaky, NeuronKind::current_based, NeuronKind::threshold};
        static constexpr NeuronKind silent[] = {NeuronKind::integrator, NeuronKind::leaky_integrator,
                                                NeuronKind::current_based_integrator};
        return draws_.chance(0.85) ? spiking[some(0, 4)] : silent[some(0, 2)];
    }

    void add_population(std::int64_t index) {
        const Source from = sources_[some(0, static_cast<std::int64_t>(sources_.size()) - 1)];
        const std::string name = "p" + std::to_string(index);
        std::optional<compiler::ConvolutionWeights> kernel;
        compiler::Shape shape{draws_.chance(0.1) ? 1 : some(2, 110)};
        if (shape_of(from).size() == 3 && draws_.chance(0.7)) {
            kernel = some_convolution(shape_of(from));
            shape = {kernel->output[0], kernel->output[1], kernel->output[2]};
        } else if (draws_.chance(0.2)) {
            shape = shape_of(from);
        }
        const Source to = builder_.population(name, shape, some_kind());
        if (traits_.models.empty()) {
            set_parameters(builder_[to]);
        } else {
            set_registers(builder_[to]);
        }
        if (kernel) {
            connect(from, to, std::move(*kernel));
        } else if (!draws_.chance(0.05)) {  // else: no input at all, a bias may drive it
            connect(from, to, some_weights(from, to));
        }
        if (draws_.chance(0.35)) {
            const Source other = sources_[some(0, static_cast<std::int64_t>(sources_.size()) - 1)];
            connect(other, to, some_weights(other, to));
        }
        if (compiler::spikes(builder_[to].kind)) {
            sources_.push_back(to);
        }
    }

    void set_parameters(compiler::Population& population) {
        const double step = builder_.network().step_s;
        const bool each = !whole_ && draws_.chance(0.3);
        const auto drawn = [&](double least, double most) {
            std::vector<double> values;
            for (std::size_t i = 0; i < (each ? population.size() : 1); ++i) {
                values.push_back(draws_.uniform(least, most));
            }
            return compiler::Parameter(std::move(values));
        };
        if (leaks(population.kind)) {
            // Powers of two in whole networks: a weight is a whole jump of v.
            const double tau =
                whole_ ? std::ldexp(1.0, static_cast<int>(some(0, 4))) : draws_.uniform(1.5, longest_tau);
            population.tau_mem_s = tau * step;
            population.resistance = tau;
            population.v_leak = !whole_ && draws_.chance(0.3) ? draws_.uniform(-0.3, 0.3) : 0.0;
        } else if (population.kind != NeuronKind::threshold) {
            population.resistance = 1 / step;
        }
        if (has_synaptic_current(population.kind)) {
            const double tau = whole_ ? std::ldexp(1.0, static_cast<int>(some(0, 3))) : draws_.uniform(1, longest_tau);
            population.tau_syn_s = tau * step;
            population.w_in = tau;
        }
        if (spikes(population.kind)) {
            population.v_threshold = whole_ ? compiler::Parameter(static_cast<double>(some(2, 30))) : drawn(0.3, 3);
            population.refractory_steps = draws_.chance(0.3) ? static_cast<int>(some(2, 5)) : 1;
            if (traits_.subtracting_resets && population.kind != NeuronKind::threshold && draws_.chance(0.5)) {
                population.reset = compiler::ResetRule::subtract_threshold;
            }
        }
        if (draws_.chance(0.25)) {
            population.bias = whole_ ? compiler::Parameter(static_cast<double>(some(0, 2))) : drawn(-0.05, 0.2);
        }
    }

    /// Any registers that a model has; decays that every chip here holds.
    void set_registers(compiler::Population& population) {
        population.kind = draws_.chance(0.85) ? NeuronKind::current_based : NeuronKind::current_based_integrator;
        compiler::FixedNeuron fixed;
        fixed.model = traits_.models[some(0, static_cast<std::int64_t>(traits_.models.size()) - 1)];
        fixed.current_decay = static_cast<std::int32_t>(draws_.integer(1, 4096));
        fixed.voltage_decay = static_cast<std::int32_t>(draws_.integer(0, 4095));
        fixed.threshold = static_cast<std::int32_t>(draws_.integer(1, 12));
        ModelParameters& parameters = fixed.parameters;
        parameters.threshold_low = -static_cast<std::int32_t>(draws_.integer(1, 12));
        parameters.state_exponent = fixed.model == NeuronModel::delta ? 0 : static_cast<std::int32_t>(some(0, 2));
        parameters.relu = draws_.chance(0.5);
        parameters.cumulative_error = draws_.chance(0.3);
        if (draws_.chance(0.2)) {
            parameters.reset_interval = static_cast<std::int32_t>(some(2, 9));
            parameters.reset_offset = static_cast<std::int32_t>(some(0, parameters.reset_interval - 1));
        }
        parameters.adaptation_decay = static_cast<std::int32_t>(some(0, 4096));
        parameters.adaptation_step = static_cast<std::int32_t>(some(0, 5));
        parameters.refractory_decay = static_cast<std::int32_t>(some(0, 4096));
        if (draws_.chance(0.3)) {
            fixed.biases.resize(draws_.chance(0.5) ? 1 : population.size());
            std::ranges::generate(fixed.biases, [&] { return 64 * static_cast<std::int32_t>(draws_.integer(-1, 3)); });
        }
        population.refractory_steps = integrates(fixed.model) && draws_.chance(0.3) ? static_cast<int>(some(2, 5)) : 1;
        population.fixed = std::move(fixed);
    }

    double some_weight() {
        if (real_) {
            return draws_.uniform(-0.5, 0.9);
        }
        return whole_ ? static_cast<double>(draws_.integer(-4, 7)) : std::ldexp(draws_.integer(-32, 58), -6);
    }

    std::vector<float> some_numbers(std::size_t count) {
        std::vector<float> numbers(count);
        std::ranges::generate(numbers, [&] { return static_cast<float>(some_weight()); });
        return numbers;
    }

    /// Padding, stride, dilation, groups and pooling as they come, within the source.
    compiler::ConvolutionWeights some_convolution(const compiler::Shape& from) {
        compiler::ConvolutionWeights c;
        c.source = c.input = {from[0], from[1], from[2]};
        c.groups = from[0] % 2 == 0 && draws_.chance(0.4) ? 2 : 1;
        if (draws_.chance(0.4)) {
            compiler::Pooling pooling{.kernel = {some(1, 3), some(1, 3)}, .stride = {some(1, 2), some(1, 2)}};
            pooling.scale = draws_.chance(0.5) || !traits_.models.empty() ? 1.0 : 0.5;
            for (std::size_t axis = 0; axis < 2; ++axis) {
                pooling.kernel[axis] = std::min(pooling.kernel[axis], c.source[axis + 1]);
                c.input[axis + 1] = (c.source[axis + 1] - pooling.kernel[axis]) / pooling.stride[axis] + 1;
            }
            c.pooling = pooling;
        }
        c.output[0] = c.groups * some(1, 4);
        c.padding = {some(0, 2), some(0, 2)};
        c.stride = {some(1, 2), some(1, 3)};
        c.dilation = {some(1, 2), some(1, 2)};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::uint32_t room = c.input[axis + 1] + 2 * c.padding[axis];
            c.kernel_size[axis] = std::min(some(1, 4), (room - 1) / c.dilation[axis] + 1);
            c.output[axis + 1] = (room - c.dilation[axis] * (c.kernel_size[axis] - 1) - 1) / c.stride[axis] + 1;
        }
        c.kernel =
            some_numbers(std::size_t{c.output[0]} * (c.input[0] / c.groups) * c.kernel_size[0] * c.kernel_size[1]);
        return c;
    }

    compiler::SparseWeights some_sparse(std::size_t targets, std::size_t sources) {
        const int longest = draws_.chance(0.4) ? static_cast<int>(some(1, 12)) : 0;
        compiler::SparseWeights weights = sparse_random(
            static_cast<std::uint32_t>(targets), static_cast<std::uint32_t>(sources),
            {.probability = draws_.uniform(0.02, 0.4), .longest_delay = longest, .seed = seed_ * 31 + targets});
        if (draws_.chance(0.15) && !weights.targets.empty()) {  // several synapses of the last source to one target
            for (int copies = 0; copies < 3; ++copies) {
                weights.targets.push_back(weights.targets.back());
                if (longest > 0) {
                    weights.delays.push_back(weights.delays.back());
                }
            }
            weights.row_begin.back() = weights.targets.size();
        }
        weights.weights = some_numbers(weights.targets.size());
        return weights;
    }

    compiler::Weights some_weights(const Source& from, const Source& to) {
        const std::size_t sources = builder_.network().source_size(from);
        const std::size_t targets = builder_[to].size();
        if (sources == targets && draws_.chance(0.6)) {
            return compiler::OneToOneWeights{some_numbers(draws_.chance(0.5) ? 1 : sources)};
        }
        if (draws_.chance(0.04)) {
            compiler::SparseWeights none;
            none.row_begin.assign(sources + 1, 0);
            return none;
        }
        if (draws_.chance(0.4)) {
            return compiler::DenseWeights{some_numbers(sources * targets)};
        }
        return some_sparse(targets, sources);
    }

    compiler::Projection& connect(Source from, Source to, compiler::Weights weights) {
        compiler::Projection& projection = builder_.connect(from, to, std::move(weights));
        projection.name += "#" + std::to_string(builder_.network().projections.size());
        projection.delay_steps = draws_.chance(0.25) ? static_cast<int>(some(1, 6)) : 0;
        if (traits_.models.empty() && draws_.chance(0.15)) {
            projection.bias = whole_ ? static_cast<double>(some(0, 2)) : draws_.uniform(0, 0.1);
            projection.bias_from_step = static_cast<int>(some(0, 1));
        }
        return projection;
    }

    void add_recurrences() {
        const auto populations = static_cast<std::uint32_t>(builder_.network().populations.size());
        for (std::uint32_t p = 0; p < populations; ++p) {
            const Source self{Source::Kind::population, p};
            if (!compiler::spikes(builder_[self].kind)) {
                continue;
            }
            if (draws_.chance(0.25)) {
                connect(self, self, some_weights(self, self)).recurrent = true;
            }
            if (p > 0 && draws_.chance(0.15)) {
                const Source back{Source::Kind::population, some(0, p - 1)};
                connect(self, back, some_weights(self, back)).recurrent = true;
            }
        }
    }

    std::uint64_t seed_;
    NetworkTraits traits_;
    Draws draws_;
    NetworkBuilder builder_;
    std::vector<Source> sources_;  ///< what later populations may listen to
    bool whole_ = true;            ///< weights, thresholds and biases are whole numbers
    bool real_ = false;            ///< weights are reals; else multiples of 1 or of 2^-6
};

}  // namespace

compiler::Network random_network(std::uint64_t seed, const NetworkTraits& traits) {
    return NetworkDraw(seed, traits).draw();
}

}  // namespace spikeloom::test
