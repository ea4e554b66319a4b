// Networks in continuous time for tests of the analog compiler, and the bundled chips.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/random.hpp"

namespace spikeloom::test {

inline chip::AnalogSpec bundled_analog(const std::string& name) {
    auto chip = chip::read_analog_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto");
    return chip.value();
}

/// Builds a network piece by piece. Neurons have tau 6 us, threshold 1 and spike once.
class TimedNetworkBuilder {
public:
    explicit TimedNetworkBuilder(std::uint64_t seed = 1) : seed_(seed) { network_.name = "net"; }

    compiler::Source input(std::uint32_t size) {
        const auto index = static_cast<std::uint32_t>(network_.inputs.size());
        network_.inputs.push_back({.name = "in" + std::to_string(index), .shape = {size}, .constant_times = {}});
        return {compiler::Source::Kind::input, index};
    }
    compiler::Source population(std::uint32_t size) {
        const auto index = static_cast<std::uint32_t>(network_.populations.size());
        compiler::TimedPopulation population;
        population.name = "pop" + std::to_string(index);
        population.shape = {size};
        population.neurons.push_back({.lif = {.tau_mem = 6e-6, .tau_syn = 6e-6, .refractory = never}});
        network_.populations.push_back(std::move(population));
        return {compiler::Source::Kind::population, index};
    }
    /// Every synapse with this probability, weights uniform in -1 .. 1.
    void connect(compiler::Source from, compiler::Source to, double probability = 1) {
        compiler::TimedProjection projection;
        projection.name = "projection" + std::to_string(network_.projections.size());
        projection.source = from;
        projection.target = PopulationId(to.index);
        projection.row_begin.push_back(0);
        const std::size_t targets = network_.populations[to.index].size();
        for (std::size_t s = 0; s < network_.source_size(from); ++s) {
            for (std::uint32_t t = 0; t < targets; ++t) {
                if (uniform() < probability) {
                    projection.targets.push_back(t);
                    projection.weights.push_back(2 * uniform() - 1);
                }
            }
            projection.row_begin.push_back(projection.targets.size());
        }
        network_.projections.push_back(std::move(projection));
    }
    compiler::TimedNetwork build() {
        network_.outputs = {PopulationId(static_cast<std::uint32_t>(network_.populations.size() - 1))};
        return network_;
    }
    double uniform() { return random_uniform({.seed = seed_, .step = draw_++}); }
    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(uniform() * end); }

private:
    std::uint64_t seed_;
    std::uint64_t draw_ = 0;
    compiler::TimedNetwork network_;
};

/// Layers of these sizes, each fully connected to the next; the first is the input.
inline compiler::TimedNetwork layered(const std::vector<std::uint32_t>& sizes) {
    TimedNetworkBuilder builder;
    compiler::Source last = builder.input(sizes.front());
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        const compiler::Source next = builder.population(sizes[i]);
        builder.connect(last, next);
        last = next;
    }
    return builder.build();
}

}  // namespace spikeloom::test
