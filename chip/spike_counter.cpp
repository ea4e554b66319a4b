#include "chip/spike_counter.hpp"

#include <algorithm>

namespace spikeloom::chip {
namespace {

SourceCounts counts_of(std::uint32_t messages, std::uint32_t local, const router::Distance& way) {
    return {.messages_out = messages,
            .messages_local = local,
            .hops_ew = way.east_west + way.vertical,
            .hops_ns = way.north_south,
            .hops_chip = way.between_chips};
}

}  // namespace

SpikeCounter::SpikeCounter(const Image& image) : image_(image), ways_(image.chip.mesh, image.chip.network.parameters) {
    for (const CoreImage& core : image.cores) {
        output_.emplace_back(core.compartments);
    }
    for (const PopulationSymbol& population : image.populations) {
        if (!population.output || !population.spikes) {
            continue;
        }
        for (const PopulationTile& tile : population.tiles) {
            const auto first = output_[tile.core.value()].begin() + tile.first_compartment;
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                first[i * population.compartments_per_neuron] = true;
            }
        }
    }
}

SourceCounts SpikeCounter::count(std::uint32_t core, std::uint32_t compartment, std::span<const OutputAxon> outputs) {
    const std::uint32_t from = image_.cores[core].place;
    const bool copied = image_.chip.network.parameters.cast == router::Cast::multicast && !outputs.empty();
    SourceCounts counts = copied ? multicast(from, outputs) : unicast(from, outputs);
    counts.output = output_[core][compartment];
    return counts;
}

SourceCounts SpikeCounter::unicast(std::uint32_t from, std::span<const OutputAxon> outputs) const {
    router::Distance way;
    std::uint32_t local = 0;
    for (const OutputAxon& output : outputs) {
        const std::uint32_t to = place_of(output);
        local += same_tile(from, to) ? 1 : 0;
        way += ways_.distance(from, to);
    }
    return counts_of(static_cast<std::uint32_t>(outputs.size()), local, way);
}

SourceCounts SpikeCounter::multicast(std::uint32_t from, std::span<const OutputAxon> outputs) {
    destinations_.clear();
    for (const OutputAxon& output : outputs) {
        destinations_.push_back(place_of(output));
    }
    std::sort(destinations_.begin(), destinations_.end());
    destinations_.erase(std::unique(destinations_.begin(), destinations_.end()), destinations_.end());
    const auto local = std::count_if(destinations_.begin(), destinations_.end(),
                                     [&](std::uint32_t to) { return same_tile(from, to); });
    return counts_of(1, static_cast<std::uint32_t>(local), ways_.tree_distance(from, destinations_));
}

}  // namespace spikeloom::chip
