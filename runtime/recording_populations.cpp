#include "runtime/recording_populations.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace spikeloom::runtime {

PopulationLog::PopulationLog(const chip::Image& image) : image_(image) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> neurons;
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            neurons[{tile.core.value(), p}] += tile.count;
        }
    }
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> numbers;
    for (const auto& [place, count] : neurons) {
        numbers[place] = static_cast<std::uint32_t>(uses_.size());
        uses_.push_back({.core = place.first, .population = place.second, .neurons = count});
    }
    use_of_tile_.resize(image.populations.size());
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            use_of_tile_[p].push_back(numbers.at({tile.core.value(), p}));
        }
    }
}

void PopulationLog::count(std::span<const NetworkSpike> spikes) {
    std::size_t tile = 0;
    std::uint32_t population = 0;
    for (const NetworkSpike& spike : spikes) {
        if (spike.population.value() != population) {
            population = spike.population.value();
            tile = 0;
        }
        const auto& tiles = image_.populations[population].tiles;
        const std::uint32_t neuron = spike.neuron.value();
        if (neuron < tiles[tile].first_neuron || neuron - tiles[tile].first_neuron >= tiles[tile].count) {
            const auto after = std::ranges::upper_bound(tiles, neuron, {}, &chip::PopulationTile::first_neuron);
            tile = static_cast<std::size_t>(after - tiles.begin()) - 1;
        }
        const chip::CoreImage& core = image_.cores[tiles[tile].core.value()];
        const std::uint32_t compartment =
            image_.populations[population].compartment(tiles[tile], neuron - tiles[tile].first_neuron);
        Use& use = uses_[use_of_tile_[population][tile]];
        use.spikes += 1;
        use.messages += core.output_first[compartment + 1] - core.output_first[compartment];
    }
}

void PopulationLog::write(UnitWriter& writer) const {
    std::vector<std::uint32_t> core, population;
    std::vector<std::uint64_t> neurons, spikes, messages;
    for (const Use& use : uses_) {
        core.push_back(use.core);
        population.push_back(use.population);
        neurons.push_back(use.neurons);
        spikes.push_back(use.spikes);
        messages.push_back(use.messages);
    }
    writer.array("/cores/populations/core", "1", core);
    writer.array("/cores/populations/population", "1", population);
    writer.array("/cores/populations/neurons", "neurons", neurons);
    writer.array("/cores/populations/spikes", "spikes", spikes);
    writer.array("/cores/populations/messages", "messages", messages);
}

}  // namespace spikeloom::runtime
