// How pictures (populations of a shape channels x height x width) are divided into tiles, each meant for one core, in
// closed form. Populations are divided from the last to the first, because how a picture is divided decides how many
// output axons the populations before it need.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/tile_links.hpp"

namespace spikeloom::compiler {

/// What a tile may take of a core.
struct TileRoom {
    std::uint64_t neurons = 1;
    std::uint64_t input_axons = 1;
    std::uint64_t output_axons = 1;
    double synapse_bits = 1e18;
    double bits_a_synapse = 9;  ///< of a list whose targets lie side by side
    double bits_an_entry = 20;  ///< that each such run takes beside
    double word_bits = 64;
    bool shared_lists = false;
    bool lists_in_part = false;  ///< axons may leave out entries of a shared list
    /// By population, what its lists took where they were measured, over what was reckoned; empty: 1 each.
    std::vector<double> measured{};

    /// This share of everything, (0, 1].
    [[nodiscard]] TileRoom scaled(double share) const;
};
/// A whole core of the chip, for synapses as wide as the network's widest.
[[nodiscard]] TileRoom tile_room(const chip::ChipSpec& chip, const MappedNetwork& mapped);

/// What the tiles of one population, so divided, take: all of them together, or the one that takes most.
struct TileUse {
    std::uint64_t input_axons = 0;       ///< of all
    std::uint64_t most_input_axons = 0;  ///< of the tile that hears most; so the next ones
    std::uint64_t most_output_axons = 0;
    std::uint64_t most_neurons = 0;
    double most_synapse_bits = 0;
};

/// A division of every population: the fewest tiles that have the room, counted with the cores that the population's
/// input axons (output axons of others) cost; then the fewest input axons. What no division has room for is divided as
/// if it had.
class Divider {
public:
    Divider(const Network& network, const TileRoom& room);

    [[nodiscard]] const Division& division(std::uint32_t population) const { return divisions_[population]; }
    /// Of the population divided in another way, the others as they are.
    [[nodiscard]] TileUse use(std::uint32_t population, const Division& division) const;

private:
    struct Axis;
    struct Tables;
    [[nodiscard]] std::vector<std::uint32_t> last_first() const;
    [[nodiscard]] Tables tables(std::uint32_t population, std::uint32_t most_parts) const;
    template <class OfAxis>
    [[nodiscard]] static std::uint64_t product(const Tables& tables, const Division& division, OfAxis of_axis);
    [[nodiscard]] double list_bits(const Tables& tables, const PictureLink& link, std::size_t i,
                                   const Division& division, double neurons, double heard) const;
    [[nodiscard]] TileUse use(const Tables& tables, std::uint32_t population, const Division& division) const;
    [[nodiscard]] Division best(std::uint32_t population) const;
    [[nodiscard]] std::uint64_t cores_for(std::uint32_t population, std::uint64_t output_axons) const;
    void settle(std::uint32_t population, const Division& division);

    const Network& network_;
    TileRoom room_;
    std::vector<PictureLink> links_;
    std::vector<std::vector<std::uint32_t>> into_;  ///< by population: links
    std::vector<std::vector<std::uint32_t>> out_of_;
    std::vector<Division> divisions_;
    std::vector<bool> settled_;
    std::vector<std::uint64_t> output_axons_;  ///< by population, that the settled ones cause
};

}  // namespace spikeloom::compiler
