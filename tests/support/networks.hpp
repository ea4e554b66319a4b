// Small named builders of networks for tests: a few lines describe what a test is about.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/random.hpp"

namespace spikeloom::test {

/// Builds a network piece by piece; every function returns the index of what it added.
class NetworkBuilder {
public:
    explicit NetworkBuilder(std::string name = "net") { network_.name = std::move(name); }

    compiler::Source input(const std::string& name, std::uint32_t size) {
        network_.inputs.push_back({.name = name, .shape = {size}});
        return {compiler::Source::Kind::input, static_cast<std::uint32_t>(network_.inputs.size() - 1)};
    }
    compiler::Source population(const std::string& name, compiler::Shape shape,
                                compiler::NeuronKind kind = compiler::NeuronKind::leaky) {
        compiler::Population population;
        population.name = name;
        population.shape = std::move(shape);
        population.kind = kind;
        network_.populations.push_back(std::move(population));
        return {compiler::Source::Kind::population, static_cast<std::uint32_t>(network_.populations.size() - 1)};
    }
    compiler::Projection& connect(compiler::Source from, compiler::Source to, compiler::Weights weights) {
        compiler::Projection projection;
        projection.name = network_.source_name(from) + "->" + network_.source_name(to);
        projection.source = from;
        projection.target = PopulationId(to.index);
        projection.weights = std::move(weights);
        network_.projections.push_back(std::move(projection));
        return network_.projections.back();
    }
    void output(const std::string& name, compiler::Source population) {
        network_.outputs.push_back({.name = name, .population = PopulationId(population.index)});
    }
    compiler::Population& operator[](compiler::Source source) { return network_.populations[source.index]; }
    compiler::Network& network() { return network_; }

private:
    compiler::Network network_;
};

/// A stream of reproducible draws.
class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    double uniform(double least, double most) { return least + (most - least) * random_uniform(next()); }
    std::int64_t integer(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(random_below(next(), static_cast<std::uint64_t>(most - least + 1)));
    }
    bool chance(double probability) { return uniform(0, 1) < probability; }

private:
    RandomKey next() { return {.seed = seed_, .step = count_++}; }
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
};

/// Row-major [target][source], uniform in least..most.
inline compiler::DenseWeights dense_uniform(std::size_t targets, std::size_t sources, double least, double most,
                                            std::uint64_t seed) {
    Draws draws(seed);
    compiler::DenseWeights dense;
    for (std::size_t i = 0; i < targets * sources; ++i) {
        dense.weights.push_back(static_cast<float>(draws.uniform(least, most)));
    }
    return dense;
}

/// Every pair with a probability, weights uniform, delays uniform in 0..longest_delay (none if 0).
struct SparseRule {
    double probability = 0.1;
    double least = -1;
    double most = 1;
    int longest_delay = 0;
    std::uint64_t seed = 0;
};
inline compiler::SparseWeights sparse_random(std::uint32_t targets, std::uint32_t sources, const SparseRule& rule) {
    Draws draws(rule.seed);
    compiler::SparseWeights sparse;
    sparse.row_begin.push_back(0);
    for (std::uint32_t source = 0; source < sources; ++source) {
        for (std::uint32_t target = 0; target < targets; ++target) {
            if (!draws.chance(rule.probability)) {
                continue;
            }
            sparse.targets.push_back(target);
            sparse.weights.push_back(static_cast<float>(draws.uniform(rule.least, rule.most)));
            if (rule.longest_delay > 0) {
                sparse.delays.push_back(static_cast<std::uint8_t>(draws.integer(0, rule.longest_delay)));
            }
        }
        sparse.row_begin.push_back(sparse.targets.size());
    }
    return sparse;
}

/// Pair STDP: dw = 2^-2 * x1 * y0 - 2^-2 * y1 * x0.
inline rules::Rule pair_stdp() {
    using rules::Dependency;
    using rules::Operand;
    rules::Rule rule;
    rule.name = "pair_stdp";
    rule.dw.products = {
        {.dependency = Dependency::y0, .mantissa = 1, .exponent = -2, .factors = {{.operand = Operand::x1}}},
        {.dependency = Dependency::x0, .mantissa = -1, .exponent = -2, .factors = {{.operand = Operand::y1}}}};
    rule.epoch = 4;
    rule.x[0] = {.impulse = 64, .tau = 20};
    rule.y[0] = {.impulse = 64, .tau = 20};
    return rule;
}

/// The same with a tag: dt = x1 * y0, dw = 2^-3 * r1 * t * u0.
inline rules::Rule tagged_stdp() {
    using rules::Dependency;
    using rules::Operand;
    rules::Rule rule = pair_stdp();
    rule.name = "tagged_stdp";
    rule.dt.products = {{.dependency = Dependency::y0, .factors = {{.operand = Operand::x1}}}};
    rule.dw.products = {
        {.dependency = Dependency::u, .exponent = -3, .factors = {{.operand = Operand::r1}, {.operand = Operand::t}}}};
    rule.dw.decimation = 0;
    return rule;
}

inline compiler::Learning learning(rules::Rule rule, double weight_max,
                                   compiler::Learning::Sign sign = compiler::Learning::Sign::excitatory) {
    compiler::Learning made;
    made.rule = std::move(rule);
    made.weight_max = weight_max;
    made.sign = sign;
    return made;
}

/// in -> sizes[0] -> sizes[1] ..., dense.
inline compiler::Network dense_chain(std::uint32_t inputs, const std::vector<std::uint32_t>& sizes) {
    NetworkBuilder builder("chain");
    compiler::Source from = builder.input("in", inputs);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto sources = builder.network().source_size(from);
        const compiler::Source to = builder.population("layer" + std::to_string(i + 1), {sizes[i]});
        builder.connect(from, to, dense_uniform(sizes[i], sources, -0.4, 0.6, i + 1));
        from = to;
    }
    builder.output("out", from);
    return std::move(builder.network());
}

/// A convolution's shapes, kernel square and uniform in least..most.
struct ConvolutionRule {
    std::array<std::uint32_t, 3> input{1, 1, 1};
    std::uint32_t channels = 1;
    std::uint32_t kernel = 3;
    std::uint32_t stride = 1;
    std::uint32_t padding = 0;
    double least = -1;
    double most = 1;
    std::uint64_t seed = 0;
};
inline compiler::ConvolutionWeights convolution(const ConvolutionRule& rule) {
    Draws draws(rule.seed);
    compiler::ConvolutionWeights weights;
    weights.input = weights.source = rule.input;
    weights.output[0] = rule.channels;
    for (std::size_t axis = 1; axis < 3; ++axis) {
        weights.output[axis] = (rule.input[axis] + 2 * rule.padding - rule.kernel) / rule.stride + 1;
    }
    weights.kernel_size = {rule.kernel, rule.kernel};
    weights.stride = {rule.stride, rule.stride};
    weights.padding = {rule.padding, rule.padding};
    for (std::uint32_t i = 0; i < rule.channels * rule.input[0] * rule.kernel * rule.kernel; ++i) {
        weights.kernel.push_back(static_cast<float>(draws.uniform(rule.least, rule.most)));
    }
    return weights;
}

}  // namespace spikeloom::test
