#include "compiler/analog/flat_synapses.hpp"

#include <algorithm>
#include <limits>

namespace spikeloom::compiler::analog {
namespace {

std::uint32_t next_first(std::uint32_t first, std::size_t size) {
    const std::uint64_t next = std::uint64_t{first} + size;
    SPIKELOOM_ASSERT(next <= std::numeric_limits<std::uint32_t>::max(), std::to_string(next));
    return static_cast<std::uint32_t>(next);
}

struct Arrival {
    std::uint32_t source = 0;
    double weight = 0;
};

}  // namespace

Numbering::Numbering(const TimedNetwork& network) : first_channel_{0}, first_neuron_{0} {
    for (const TimedInput& input : network.inputs) {
        first_channel_.push_back(next_first(first_channel_.back(), input.size()));
    }
    for (const TimedPopulation& population : network.populations) {
        first_neuron_.push_back(next_first(first_neuron_.back(), population.size()));
    }
}

std::uint32_t Numbering::first_of(const Source& source) const {
    return source.kind == Source::Kind::input ? first_channel_[source.index] : channels() + first_neuron_[source.index];
}

std::uint32_t Numbering::population_of(std::uint32_t neuron) const {
    const auto next = std::ranges::upper_bound(first_neuron_, neuron);
    return static_cast<std::uint32_t>(next - first_neuron_.begin()) - 1;
}

chip::IdealSynapses flat_synapses(const TimedNetwork& network) {
    const Numbering numbering(network);
    chip::IdealSynapses flat;
    flat.row_begin.assign(numbering.sources() + std::size_t{1}, 0);
    for (const TimedProjection& projection : network.projections) {
        const std::uint32_t first = numbering.first_of(projection.source);
        for (std::size_t row = 0; row + 1 < projection.row_begin.size(); ++row) {
            flat.row_begin[first + row + 1] += projection.row_begin[row + 1] - projection.row_begin[row];
        }
    }
    for (std::size_t source = 0; source < numbering.sources(); ++source) {
        flat.row_begin[source + 1] += flat.row_begin[source];
    }
    flat.targets.resize(flat.row_begin.back());
    flat.weights.resize(flat.row_begin.back());
    flat.delays.resize(network.has_delays() ? flat.row_begin.back() : 0);
    std::vector<std::uint64_t> next(flat.row_begin.begin(), flat.row_begin.end() - 1);
    for (const TimedProjection& projection : network.projections) {
        const std::uint32_t first = numbering.first_of(projection.source);
        const std::uint32_t first_target = numbering.first_neuron(projection.target.value());
        for (std::size_t row = 0; row + 1 < projection.row_begin.size(); ++row) {
            for (std::uint64_t s = projection.row_begin[row]; s < projection.row_begin[row + 1]; ++s) {
                const std::uint64_t to = next[first + row]++;
                flat.targets[to] = first_target + projection.targets[s];
                flat.weights[to] = projection.weights[s];
                if (!flat.delays.empty() && !projection.delays.empty()) {
                    flat.delays[to] = projection.delays[s];
                }
            }
        }
    }
    return flat;
}

FanIn fan_in(const TimedNetwork& network) {
    const Numbering numbering(network);
    const chip::IdealSynapses flat = flat_synapses(network);
    std::vector<std::uint64_t> begin(numbering.neurons() + std::size_t{1}, 0);
    for (const std::uint32_t target : flat.targets) {
        ++begin[target + std::size_t{1}];
    }
    for (std::size_t neuron = 0; neuron < numbering.neurons(); ++neuron) {
        begin[neuron + 1] += begin[neuron];
    }
    std::vector<Arrival> arrivals(flat.targets.size());
    std::vector<std::uint64_t> next(begin.begin(), begin.end() - 1);
    for (std::uint32_t source = 0; source < numbering.sources(); ++source) {
        for (std::uint64_t s = flat.row_begin[source]; s < flat.row_begin[source + 1]; ++s) {
            arrivals[next[flat.targets[s]]++] = {source, flat.weights[s]};
        }
    }
    FanIn merged{.channels = numbering.channels(), .begin = {}, .sources = {}, .weights = {}};
    merged.begin.push_back(0);
    for (std::size_t neuron = 0; neuron < numbering.neurons(); ++neuron) {
        for (std::uint64_t a = begin[neuron]; a < begin[neuron + 1]; ++a) {
            if (merged.sources.size() > merged.begin.back() && merged.sources.back() == arrivals[a].source) {
                merged.weights.back() += arrivals[a].weight;
            } else {
                merged.sources.push_back(arrivals[a].source);
                merged.weights.push_back(arrivals[a].weight);
            }
        }
        merged.begin.push_back(merged.sources.size());
    }
    return merged;
}

}  // namespace spikeloom::compiler::analog
