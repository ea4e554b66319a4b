#include "chip/image/plastic_projection.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

namespace spikeloom::chip {
namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

/// A neuron or a channel, and of what: the image's ports are counted first, then its populations.
struct Member {
    std::uint32_t number = nobody;
    std::uint32_t symbol = 0;
};

PlasticEnd end_of(const Image& image, std::uint32_t symbol) {
    if (symbol < image.inputs.size()) {
        return {image.inputs[symbol].name, image.inputs[symbol].shape};
    }
    const PopulationSymbol& population = image.populations[symbol - image.inputs.size()];
    return {population.name, population.shape};
}

std::uint32_t size_of(const Image& image, std::uint32_t symbol) {
    return symbol < image.inputs.size() ? image.inputs[symbol].size()
                                        : image.populations[symbol - image.inputs.size()].size();
}

/// By core and axon: who sends to it.
using AxonSources = std::vector<std::vector<Member>>;

void mark(const std::vector<OutputAxon>& outputs, std::uint32_t first, std::uint32_t end, Member source,
          AxonSources& sources) {
    for (std::uint32_t i = first; i < end; ++i) {
        Member& member = sources[outputs[i].core.value()][outputs[i].axon.value()];
        if (member.number == nobody) {
            member = source;
        }
    }
}

AxonSources sources_of(const Image& image) {
    AxonSources sources;
    for (const CoreImage& core : image.cores) {
        sources.emplace_back(core.axons());
    }
    std::uint32_t symbol = 0;
    for (const InputSymbol& port : image.inputs) {
        for (std::uint32_t channel = 0; channel < port.size(); ++channel) {
            mark(port.outputs, port.output_first[channel], port.output_first[channel + 1], {channel, symbol}, sources);
        }
        ++symbol;
    }
    for (const PopulationSymbol& population : image.populations) {
        for (const PopulationTile& tile : population.tiles) {
            const CoreImage& core = image.cores[tile.core.value()];
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                const std::uint32_t compartment = tile.first_compartment + i;
                mark(core.outputs, core.output_first[compartment], core.output_first[compartment + 1],
                     {tile.first_neuron + i, symbol}, sources);
            }
        }
        ++symbol;
    }
    return sources;
}

/// By core and compartment.
std::vector<std::vector<Member>> targets_of(const Image& image) {
    std::vector<std::vector<Member>> targets;
    for (const CoreImage& core : image.cores) {
        targets.emplace_back(core.compartments);
    }
    auto symbol = static_cast<std::uint32_t>(image.inputs.size());
    for (const PopulationSymbol& population : image.populations) {
        for (const PopulationTile& tile : population.tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                targets[tile.core.value()][tile.first_compartment + i] = {tile.first_neuron + i, symbol};
            }
        }
        ++symbol;
    }
    return targets;
}

}  // namespace

PlasticProjection plastic_projection(const Image& image, std::uint32_t profile) {
    const AxonSources sources = sources_of(image);
    const std::vector<std::vector<Member>> targets = targets_of(image);
    PlasticProjection projection;
    std::vector<std::pair<WeightFormat, PlasticPlace>> places;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> ends;  // every synapse has the same (check_image)
    for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
        const CoreImage& core = image.cores[c];
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            const Member source = sources[c][axon];
            for (const SynapseEntry& entry : core.entries_of(axon)) {
                if (entry.learning != profile + 1 || source.number == nobody) {
                    continue;
                }
                const IntRange weights =
                    stored_weights(core.formats[entry.format].sign_mode, image.chip.learning.arithmetic.weight_bits);
                projection.weights.least = std::min(projection.weights.least, weights.least);
                projection.weights.most = std::max(projection.weights.most, weights.most);
                for (std::uint32_t s = entry.first; s < entry.first + entry.count; ++s) {
                    const Member target =
                        targets[c][static_cast<std::size_t>(core.axon(axon).base + core.synapses[s].target)];
                    ends = {source.symbol, target.symbol};
                    places.push_back({core.formats[entry.format], {source.number, target.number, CoreId{c}, s}});
                }
            }
        }
    }
    if (ends) {
        projection.sources = size_of(image, ends->first);
        projection.targets = size_of(image, ends->second);
        projection.source = end_of(image, ends->first);
        projection.target = end_of(image, ends->second);
    }
    // By format among the synapses of one pair, as the chip keeps them.
    std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
        return std::tie(a.second.source, a.second.target, a.first) <
               std::tie(b.second.source, b.second.target, b.first);
    });
    for (const auto& [format, place] : places) {
        projection.synapses.push_back(place);
    }
    return projection;
}

}  // namespace spikeloom::chip
