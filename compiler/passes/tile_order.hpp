// Orders of the neurons that cut pictures (populations of a shape channels x height x width) into tiles, each meant for
// one core: a stretch of channels of a rectangle of pixels, channel by channel, row by row. A tile hears only its
// receptive field, so few input axons and few messages; and within it a convolution's lists differ by a shift alone, so
// cores that share lists hold each kernel once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// How a picture is divided: into so many stretches of channels, rows and columns, each as even as it goes.
struct Division {
    std::uint32_t channels = 1;
    std::uint32_t rows = 1;
    std::uint32_t columns = 1;

    [[nodiscard]] std::uint64_t tiles() const { return std::uint64_t{channels} * rows * columns; }
    friend bool operator==(const Division&, const Division&) = default;
};

/// Channels x height x width of a population; one row of neurons, if it is no picture.
[[nodiscard]] std::array<std::uint32_t, 3> picture_of(const Population& population);

/// Input axons of all tiles together: of each convolution, the receptive fields; of any other projection, its sources
/// once a tile.
[[nodiscard]] std::uint64_t input_axons(const Network& network, std::uint32_t population, const Division& division);

/// Input axons of the tile that hears most.
[[nodiscard]] std::uint64_t most_input_axons(const Network& network, std::uint32_t population,
                                             const Division& division);

/// What a tile may take of a core.
struct TileRoom {
    std::uint32_t neurons = 1;
    std::uint64_t input_axons = 0;
};

/// The division with the fewest tiles that have this room (by neurons alone, if none has by input axons), and of these
/// the one with the fewest input axons in all.
[[nodiscard]] Division best_division(const Network& network, std::uint32_t population, const TileRoom& room);

/// Every picture that does not fit the room in tiles; a core ends with each tile but a population's last.
[[nodiscard]] NeuronOrder tile_order(const Network& network, const MappedNetwork& mapped, const TileRoom& room);
/// Whether a population is a picture of several rows and columns.
[[nodiscard]] bool has_pictures(const Network& network);

}  // namespace spikeloom::compiler
