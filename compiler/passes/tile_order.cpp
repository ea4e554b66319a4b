#include "compiler/passes/tile_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace spikeloom::compiler {
namespace {

/// A picture and the number of its first neuron.
struct Picture {
    std::array<std::uint32_t, 3> extents{};
    std::uint32_t first = 0;
};

Picture picture(const Network& network, const MappedNetwork& mapped, std::uint32_t population) {
    return {.extents = picture_of(network.populations[population]), .first = mapped.population_first[population]};
}

/// Tile c, y, x of a division.
void append_tile(const Picture& picture, const Division& division, const std::array<std::uint32_t, 3>& tile,
                 std::vector<std::uint32_t>& neurons) {
    const auto [channels, rows, columns] = picture.extents;
    const Stretch cs = stretch(channels, division.channels, tile[0]);
    const Stretch ys = stretch(rows, division.rows, tile[1]);
    const Stretch xs = stretch(columns, division.columns, tile[2]);
    for (std::uint32_t y = ys.begin; y < ys.end; ++y) {
        for (std::uint32_t x = xs.begin; x < xs.end; ++x) {
            for (std::uint32_t c = cs.begin; c < cs.end; ++c) {
                neurons.push_back(picture.first + (c * rows + y) * columns + x);
            }
        }
    }
}

void append_tiles(const Picture& picture, const Division& division, NeuronOrder& order) {
    for (std::uint32_t c = 0; c < division.channels; ++c) {
        for (std::uint32_t y = 0; y < division.rows; ++y) {
            for (std::uint32_t x = 0; x < division.columns; ++x) {
                append_tile(picture, division, {c, y, x}, order.neuron_at);
                order.cuts.push_back(static_cast<std::uint32_t>(order.neuron_at.size()));
            }
        }
    }
}

/// The tiles at both ends of an axis, in its middle, and the largest, along all axes at once.
std::vector<std::array<std::uint32_t, 3>> sample_tiles(const Picture& picture, const Division& division) {
    std::vector<std::array<std::uint32_t, 3>> tiles(4);
    for (std::size_t a = 0; a < 3; ++a) {
        const std::uint32_t parts = division.along(a);
        tiles[1][a] = parts / 2;
        tiles[2][a] = parts - 1;
        for (std::uint32_t i = 1; i < parts; ++i) {
            if (stretch(picture.extents[a], parts, i).size() > stretch(picture.extents[a], parts, tiles[3][a]).size()) {
                tiles[3][a] = i;
            }
        }
    }
    std::ranges::sort(tiles);
    const auto repeated = std::ranges::unique(tiles);
    tiles.erase(repeated.begin(), repeated.end());
    return tiles;
}

bool is_flat(const Picture& picture) {
    return std::uint64_t{picture.extents[0]} * picture.extents[1] <= 1;
}

}  // namespace

bool has_pictures(const Network& network) {
    return std::ranges::any_of(network.populations, [](const Population& population) {
        const auto [channels, rows, columns] = picture_of(population);
        return columns > 1 && std::uint64_t{channels} * rows > 1;
    });
}

TileRoom measured_room(const Network& network, const MappedNetwork& mapped, const CoreFacts& facts,
                       const chip::ChipSpec& chip, TileRoom room) {
    struct Sample {
        std::uint32_t population = 0;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    room.measured.assign(network.populations.size(), 1.0);
    std::vector<std::optional<Division>> laid_out(network.populations.size());
    constexpr int most_rounds = 6;
    for (int round = 0; round < most_rounds; ++round) {
        const Divider divider(network, room);
        std::vector<std::uint32_t> neurons;
        std::vector<Sample> samples;
        for (std::uint32_t p = 0; p < network.populations.size(); ++p) {
            const Picture all = picture(network, mapped, p);
            const Division& division = divider.division(p);
            if (is_flat(all) || division == laid_out[p]) {
                continue;
            }
            laid_out[p] = division;
            for (const std::array<std::uint32_t, 3>& tile : sample_tiles(all, division)) {
                const auto begin = static_cast<std::uint32_t>(neurons.size());
                append_tile(all, division, tile, neurons);
                samples.push_back({.population = p, .begin = begin, .end = static_cast<std::uint32_t>(neurons.size())});
            }
        }
        if (samples.empty()) {
            break;
        }
        std::vector<double> ratio(network.populations.size(), 0.0);
        CorePlanner planner(mapped.table, neurons, facts, chip);
        for (const Sample& sample : samples) {
            const std::uint32_t p = sample.population;
            planner.look_at(sample.begin, sample.end);
            const CoreUse use = planner.plan(sample.end).use;
            const double reckoned = divider.use(p, divider.division(p)).most_synapse_bits / room.measured[p];
            const auto bits = static_cast<double>(use[Limit::synapse_words] * chip.synapses.word_bits);
            ratio[p] = std::max(ratio[p], bits / std::max(reckoned, 1.0));
        }
        constexpr double margin = 1.01;  // not every tile was laid out
        for (const Sample& sample : samples) {
            double& known = room.measured[sample.population];
            const double found = std::clamp(margin * ratio[sample.population], 1e-3, 1e3);
            known = round == 0 ? found : std::max(known, found);  // so that it settles
        }
    }
    return room;
}

NeuronOrder tile_order(const Network& network, const MappedNetwork& mapped, const TileRoom& room) {
    NeuronOrder order{.name = fmt::format("tiles of up to {} neurons", room.neurons), .neuron_at = {}};
    order.neuron_at.reserve(mapped.neurons());
    const Divider divider(network, room);
    const auto divided = [&](std::uint32_t p) {  // flat ones are filled along as they are
        return !is_flat(picture(network, mapped, p)) && divider.division(p).tiles() > 1;
    };
    for (std::uint32_t p = 0; p < network.populations.size(); ++p) {
        append_tiles(picture(network, mapped, p), divided(p) ? divider.division(p) : Division{}, order);
        if (p + 1 == network.populations.size() || (!divided(p) && !divided(p + 1))) {
            order.cuts.pop_back();  // small populations share cores
        }
    }
    return order;
}

}  // namespace spikeloom::compiler
