// Orders of the neurons that cut pictures (populations of a shape channels x height x width) into tiles, each meant for
// one core: a stretch of channels of a rectangle of pixels, pixel by pixel, so that a source's targets lie side by
// side. A tile hears only its receptive field, so few input axons and few messages; and within it a convolution's lists
// differ by a shift alone, so cores that share lists hold each kernel once.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/tile_division.hpp"

namespace spikeloom::compiler {

/// The room with lists as they are, not as they are reckoned: of each picture some tiles are laid out (at its ends, in
/// its middle, the largest), until its division stays; a few rounds at most.
[[nodiscard]] TileRoom measured_room(const Network& network, const MappedNetwork& mapped, const CoreFacts& facts,
                                     const chip::ChipSpec& chip, TileRoom room);

/// Pictures in tiles; a core ends with each tile but a population's last, and with each population.
[[nodiscard]] NeuronOrder tile_order(const Network& network, const MappedNetwork& mapped, const TileRoom& room);
/// Whether a population is a picture of several rows and columns.
[[nodiscard]] bool has_pictures(const Network& network);

}  // namespace spikeloom::compiler
