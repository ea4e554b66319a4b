// Which places of the board the cores may get: the fewest chips, and on the last of them the fewest tiles, in a block
// that is about square; without the forbidden places, and with those that pinned cores are restricted to.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::compiler {

struct PlaceRules {
    std::vector<std::uint32_t> forbidden;                     ///< physical cores that stay empty
    std::vector<std::vector<std::uint32_t>> allowed_of_core;  ///< physical cores; empty: any. May be shorter
};

/// Which items may get which slots. Items of one kind may get the same ones.
struct Permissions {
    std::vector<std::uint32_t> kind_of;             ///< by item; empty: all may get all
    std::vector<std::vector<std::uint8_t>> allows;  ///< [kind][slot], 0 or 1

    [[nodiscard]] bool all() const { return kind_of.empty(); }
    [[nodiscard]] bool may(std::size_t item, std::size_t slot) const {
        return all() || allows[kind_of[item]][slot] != 0;
    }
};

/// Slots are candidates for cores; items are the cores and, after them, as many empties as it takes to fill all slots.
struct Region {
    std::vector<std::uint32_t> slots;    ///< physical cores
    std::vector<std::uint32_t> slot_of;  ///< by item: a first arrangement, which keeps the rules
    std::uint32_t cores = 0;
    Permissions permissions;
};

/// Errors: places beyond the board, cores that are restricted to fewer free places than they are, too few places.
[[nodiscard]] Result<Region> choose_region(std::uint32_t cores, const router::Mesh& mesh,
                                           const router::NetworkParameters& network, const PlaceRules& rules);

}  // namespace spikeloom::compiler
