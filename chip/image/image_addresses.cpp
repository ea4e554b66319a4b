// Relative addresses: whether every core reaches the cores that it sends to.
#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "chip/image/image.hpp"
#include "router/ways.hpp"

namespace spikeloom::chip {

Diagnostics check_addresses(const Image& image) {
    constexpr std::size_t most = 20;
    const int range = image.chip.network.address_range;
    Diagnostics findings;
    if (range == 0) {
        return findings;
    }
    const Mesh& mesh = image.chip.mesh;
    const router::Ways ways(mesh, image.chip.network.parameters);
    const auto tile_of = [&](std::size_t core) { return mesh.tile(static_cast<int>(image.cores[core].place)); };
    const auto name = [&](std::size_t core) {
        const int tile = tile_of(core);
        return fmt::format("core {} (place {}, tile {},{})", core, image.cores[core].place, mesh.tile_column(tile),
                           mesh.tile_row(tile));
    };
    for (std::size_t from = 0; from < image.cores.size(); ++from) {
        std::set<std::uint32_t> reached;
        for (const OutputAxon& output : image.cores[from].outputs) {
            const std::uint32_t to = output.core.value();
            if (!reached.insert(to).second) {
                continue;
            }
            const router::Ways::Offset way =
                ways.offset(static_cast<std::uint32_t>(tile_of(from)), static_cast<std::uint32_t>(tile_of(to)));
            if (std::abs(way.columns) <= range && std::abs(way.rows) <= range) {
                continue;
            }
            findings.push_back(
                {.where = name(from),
                 .found = fmt::format("it sends to {}, {} columns and {} rows away", name(to), std::abs(way.columns),
                                      std::abs(way.rows)),
                 .allowed =
                     fmt::format("at most {} of each, what a relative address holds (network.address_range)", range),
                 .help =
                     "fewer cores, so that they lie nearer to each other, or a chip whose addresses reach further"});
            if (findings.size() == most) {
                return findings;
            }
        }
    }
    return findings;
}

}  // namespace spikeloom::chip
