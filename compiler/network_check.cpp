#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "compiler/network.hpp"
#include "compiler/network_check_fixed.hpp"
#include "compiler/network_check_learning.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t most_neurons = std::numeric_limits<std::int32_t>::max();

/// The product of extents, or nothing where a population can't be that large.
std::optional<std::uint64_t> sound_size(std::span<const std::uint32_t> shape) {
    std::uint64_t size = 1;
    for (const std::uint32_t extent : shape) {
        size *= extent;  // both factors are below 2^32
        if (size == 0 || size > most_neurons) {
            return std::nullopt;
        }
    }
    return size;
}

template <class Values>
bool all_finite(const Values& values) {
    return std::all_of(values.begin(), values.end(), [](auto value) { return std::isfinite(value); });
}

class Checker {
public:
    explicit Checker(const Network& network) : network_(network) {}

    Diagnostics run() {
        if (!(std::isfinite(network_.step_s) && network_.step_s > 0)) {
            complain("network", fmt::format("the step is {} s", network_.step_s), "a positive number of seconds");
        }
        if (network_.populations.empty()) {
            complain("network", "there are no neurons", "at least one population");
        }
        for (const InputPort& input : network_.inputs) {
            check_name("input", input.name, names_);
            check_shape(fmt::format("input '{}'", input.name), input.shape);
        }
        for (const Population& population : network_.populations) {
            check_name("population", population.name, names_);
            check_population(population);
        }
        std::map<std::string, int> output_names;
        for (const OutputPort& output : network_.outputs) {
            check_name("output", output.name, output_names);
            if (output.population.value() >= network_.populations.size()) {
                complain(fmt::format("output '{}'", output.name),
                         fmt::format("it reads population {}", output.population.value()),
                         fmt::format("below {}", network_.populations.size()));
            }
        }
        for (const Projection& projection : network_.projections) {
            check_projection(projection);
        }
        return std::move(found_);
    }

private:
    void complain(std::string where, std::string found, std::string allowed = "") {
        found_.push_back({.where = std::move(where), .found = std::move(found), .allowed = std::move(allowed)});
    }

    void check_letters(const std::string& where, const std::string& name) {
        const auto is_control = [](char letter) {
            const auto byte = static_cast<unsigned char>(letter);
            return byte < 0x20 || byte == 0x7f;
        };
        if (std::ranges::any_of(name, is_control)) {
            complain(where, "the name holds a control character", "letters that can be shown: no tabs, ends of lines");
        }
    }

    void check_name(const char* what, const std::string& name, std::map<std::string, int>& names) {
        const std::string where = fmt::format("{} '{}'", what, name);
        check_letters(where, name);
        if (name.empty()) {
            complain(where, "the name is empty");
        } else if (name.find('/') != std::string::npos) {
            complain(where, "the name holds a '/'", "a name that can be a group of an HDF5 file");
        } else if (++names[name] == 2) {
            complain(where, "the name is used twice", "every input and population has a name of its own");
        }
    }

    void check_shape(const std::string& where, const Shape& shape) {
        if (!sound_size(shape)) {
            complain(where, fmt::format("the shape is ({})", fmt::join(shape, ", ")),
                     fmt::format("extents of at least 1, at most {} neurons", most_neurons));
        }
    }

    void check_parameter(const std::string& where, const char* name, const Parameter& parameter, std::size_t size,
                         bool positive = false) {
        if (!parameter.uniform() && parameter.values.size() != size) {
            complain(where, fmt::format("{} has {} values", name, parameter.values.size()),
                     fmt::format("1 or {}", size));
        }
        if (!all_finite(parameter.values)) {
            complain(where, fmt::format("{} holds a value that is not finite", name));
        } else if (positive && std::any_of(parameter.values.begin(), parameter.values.end(),
                                           [](double value) { return value <= 0; })) {
            complain(where, fmt::format("{} is {}", name, *std::ranges::min_element(parameter.values)),
                     "greater than 0");
        }
    }

    void check_population(const Population& population) {
        const std::string where = fmt::format("population '{}'", population.name);
        check_shape(where, population.shape);
        if (!sound_size(population.shape)) {
            return;
        }
        if (population.refractory_steps < 1) {
            complain(where, fmt::format("refractory_steps is {}", population.refractory_steps), "at least 1");
        }
        if (population.fixed) {
            const Diagnostics findings = check_fixed(population);
            found_.insert(found_.end(), findings.begin(), findings.end());
            return;
        }
        const std::size_t size = population.size();
        if (has_synaptic_current(population.kind)) {
            check_parameter(where, "tau_syn", population.tau_syn_s, size, true);
            check_parameter(where, "w_in", population.w_in, size);
        }
        if (leaks(population.kind)) {
            check_parameter(where, "tau_mem", population.tau_mem_s, size, true);
            check_parameter(where, "v_leak", population.v_leak, size);
        }
        if (population.kind != NeuronKind::threshold) {
            check_parameter(where, "resistance", population.resistance, size);
        }
        if (spikes(population.kind)) {
            check_parameter(where, "v_threshold", population.v_threshold, size);
            check_parameter(where, "v_reset", population.v_reset, size);
        }
        check_parameter(where, "bias", population.bias, size);
    }

    void check_projection(const Projection& projection) {
        const bool input = projection.source.kind == Source::Kind::input;
        const std::size_t sources = input ? network_.inputs.size() : network_.populations.size();
        const std::string where = fmt::format("projection '{}'", projection.name);
        check_letters(where, projection.name);
        if (projection.source.index >= sources || projection.target.value() >= network_.populations.size()) {
            complain(where,
                     fmt::format("it leads from {} {} to population {}", input ? "input" : "population",
                                 projection.source.index, projection.target.value()),
                     fmt::format("{} inputs, {} populations", network_.inputs.size(), network_.populations.size()));
            return;
        }
        const Population& target = network_.populations[projection.target.value()];
        const Shape& source_shape = input ? network_.inputs[projection.source.index].shape
                                          : network_.populations[projection.source.index].shape;
        if (!sound_size(source_shape) || !sound_size(target.shape)) {
            return;  // said already
        }
        check_parameter(where, "bias", projection.bias, target.size());
        if (projection.bias_from_step < 0) {
            complain(where, fmt::format("bias_from_step is {}", projection.bias_from_step), "0 or more");
        }
        constexpr int longest = std::numeric_limits<std::uint16_t>::max() - std::numeric_limits<std::uint8_t>::max();
        if (projection.delay_steps < 0 || projection.delay_steps > longest) {
            complain(where, fmt::format("delay_steps is {}", projection.delay_steps), fmt::format("0 to {}", longest));
        }
        // Below 0: a chip's delay that is shorter than the network's (compiler/legalise/retime.hpp).
        if (projection.aligned_steps < projection.delay_steps - longest ||
            projection.aligned_steps > projection.delay_steps) {
            complain(where, fmt::format("aligned_steps is {}", projection.aligned_steps),
                     fmt::format("{} to {}, the delay", projection.delay_steps - longest, projection.delay_steps));
        }
        const std::size_t source_size = element_count(source_shape);
        std::visit([&](const auto& weights) { check_weights(where, weights, source_size, target.size()); },
                   projection.weights);
        if (target.fixed) {
            const Diagnostics findings = check_fixed_projection(network_, projection);
            found_.insert(found_.end(), findings.begin(), findings.end());
        }
        if (projection.learning) {
            const Diagnostics findings = check_learning(network_, projection);
            found_.insert(found_.end(), findings.begin(), findings.end());
        }
    }

    void check_values(const std::string& where, const std::vector<float>& weights, std::size_t size) {
        if (weights.size() != size) {
            complain(where, fmt::format("there are {} weights", weights.size()), fmt::format("{}", size));
        }
        if (!all_finite(weights)) {
            complain(where, "a weight is not finite");
        }
    }

    void check_weights(const std::string& where, const DenseWeights& dense, std::size_t sources, std::size_t targets) {
        check_values(where, dense.weights, sources * targets);
    }

    void check_weights(const std::string& where, const OneToOneWeights& pairs, std::size_t sources,
                       std::size_t targets) {
        if (sources != targets) {
            complain(where, fmt::format("one-to-one from {} to {} neurons", sources, targets), "equal sizes");
        }
        check_values(where, pairs.weights, pairs.weights.size() == 1 ? 1 : targets);
    }

    void check_weights(const std::string& where, const SparseWeights& sparse, std::size_t sources,
                       std::size_t targets) {
        const auto& rows = sparse.row_begin;
        if (rows.size() != sources + 1 || rows.front() != 0 || rows.back() != sparse.targets.size() ||
            !std::is_sorted(rows.begin(), rows.end())) {
            complain(where, "the rows of the sparse weights are not in order",
                     fmt::format("{} ascending row starts, from 0 to the number of synapses", sources + 1));
        }
        check_values(where, sparse.weights, sparse.targets.size());
        if (!sparse.delays.empty() && sparse.delays.size() != sparse.targets.size()) {
            complain(where, fmt::format("there are {} delays", sparse.delays.size()),
                     fmt::format("none, or {}", sparse.targets.size()));
        }
        const auto beyond = std::find_if(sparse.targets.begin(), sparse.targets.end(),
                                         [&](std::uint32_t target) { return target >= targets; });
        if (beyond != sparse.targets.end()) {
            complain(where, fmt::format("a synapse leads to neuron {}", *beyond), fmt::format("below {}", targets));
        }
    }

    void check_weights(const std::string& where, const ConvolutionWeights& convolution, std::size_t sources,
                       std::size_t targets) {
        if (sound_size(convolution.source) != sources || sound_size(convolution.output) != targets ||
            !sound_size(convolution.input)) {
            complain(where,
                     fmt::format("the convolution maps ({}) to ({})", fmt::join(convolution.source, ", "),
                                 fmt::join(convolution.output, ", ")),
                     fmt::format("from {} to {} neurons", sources, targets));
            return;
        }
        const std::uint32_t groups = convolution.groups;
        if (groups == 0 || convolution.input[0] % groups != 0 || convolution.output[0] % groups != 0) {
            complain(where,
                     fmt::format("{} groups over {} input and {} output channels", groups, convolution.input[0],
                                 convolution.output[0]),
                     "a divisor of both");
            return;
        }
        check_values(where, convolution.kernel,
                     std::size_t{convolution.output[0]} * (convolution.input[0] / groups) * convolution.kernel_size[0] *
                         convolution.kernel_size[1]);
        if (!convolution.pooling && convolution.source != convolution.input) {
            complain(where, "without pooling, source and input of the convolution differ");
        }
        for (std::size_t axis = 0; axis < 2; ++axis) {
            check_axis(where, convolution, axis);
        }
        if (convolution.pooling && !std::isfinite(convolution.pooling->scale)) {
            complain(where, "the factor of the pooling is not finite");
        }
        if (convolution.pooling && convolution.source[0] != convolution.input[0]) {
            complain(where, "the pooling changes the number of channels");
        }
    }

    void check_axis(const std::string& where, const ConvolutionWeights& convolution, std::size_t axis) {
        const char* name = axis == 0 ? "rows" : "columns";
        if (convolution.kernel_size[axis] == 0 || convolution.stride[axis] == 0 || convolution.dilation[axis] == 0) {
            complain(where, fmt::format("kernel, stride or dilation of the {} is 0", name), "at least 1");
        } else if (std::uint64_t{convolution.output[axis + 1] - 1} * convolution.stride[axis] >=
                   std::uint64_t{convolution.input[axis + 1]} + 2ULL * convolution.padding[axis]) {
            complain(where, fmt::format("{} output {} need more than the {} of the input", convolution.output[axis + 1],
                                        name, convolution.input[axis + 1]));
        }
        if (!convolution.pooling) {
            return;
        }
        const Pooling& pooling = *convolution.pooling;
        const std::uint64_t padded = std::uint64_t{convolution.source[axis + 1]} + 2ULL * pooling.padding[axis];
        if (pooling.kernel[axis] == 0 || pooling.stride[axis] == 0 || pooling.kernel[axis] > padded ||
            (padded - pooling.kernel[axis]) / pooling.stride[axis] + 1 != convolution.input[axis + 1]) {
            complain(where, fmt::format("the pooling does not map {} {} to {}", convolution.source[axis + 1], name,
                                        convolution.input[axis + 1]));
        }
    }

    const Network& network_;
    std::map<std::string, int> names_;
    Diagnostics found_;
};

}  // namespace

Diagnostics check_network(const Network& network) {
    return Checker(network).run();
}

}  // namespace spikeloom::compiler
