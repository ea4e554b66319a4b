#include "compiler/placement/link_loads.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace spikeloom::compiler {

LinkLoads::LinkLoads(const router::Mesh& mesh, const router::NetworkParameters& network)
    : ways_(mesh, network),
      tree_(network.topology == router::Topology::tree),
      x_first_(network.order == router::DimensionOrder::x_first),
      columns_(mesh.board_columns()),
      rows_(mesh.board_rows()),
      cores_per_tile_(static_cast<std::uint32_t>(mesh.cores_per_tile)),
      ports_(tree_ ? static_cast<std::uint32_t>(network.tree_arity) + 1 : 4),
      loads_(std::size_t{ways_.routers()} * ports_, 0) {
    for (std::uint32_t router = 0; router < ways_.routers(); ++router) {
        for (std::uint32_t port = 0; port < ports_; ++port) {
            links_ += ways_.neighbour(router, port) ? 1 : 0;
        }
    }
    if (tree_) {
        return;
    }
    for (int column = 0; column < columns_; ++column) {
        for (int row = 0; row < rows_; ++row) {
            tile_at_.push_back(static_cast<std::uint32_t>(mesh.tile_at(column, row)));
        }
    }
    for (int tile = 0; tile < mesh.tiles(); ++tile) {
        column_of_.push_back(mesh.tile_column(tile));
        row_of_.push_back(mesh.tile_row(tile));
    }
}

void LinkLoads::add(std::uint32_t from, std::uint32_t to, std::int64_t messages) {
    const std::uint32_t from_tile = from / cores_per_tile_;
    const std::uint32_t to_tile = to / cores_per_tile_;
    if (tree_) {
        add_in_tree(from_tile, to_tile, messages);
        return;
    }
    const router::Ways::Offset way = ways_.offset(from_tile, to_tile);
    int column = column_of_[from_tile];
    int row = row_of_[from_tile];
    const auto pass = [&](Port port) {
        loads_[std::size_t{tile_at_[static_cast<std::size_t>(column * rows_ + row)]} * ports_ + port] += messages;
    };
    const auto along_row = [&] {
        const int step = way.columns > 0 ? 1 : columns_ - 1;
        for (int left = std::abs(way.columns); left > 0; --left) {
            pass(way.columns > 0 ? east : west);
            column = (column + step) % columns_;
        }
    };
    const auto along_column = [&] {
        const int step = way.rows > 0 ? 1 : rows_ - 1;
        for (int left = std::abs(way.rows); left > 0; --left) {
            pass(way.rows > 0 ? south : north);
            row = (row + step) % rows_;
        }
    };
    if (x_first_) {
        along_row();
        along_column();
    } else {
        along_column();
        along_row();
    }
}

void LinkLoads::add_in_tree(std::uint32_t from_tile, std::uint32_t to_tile, std::int64_t messages) {
    while (from_tile != to_tile) {
        loads_[std::size_t{from_tile} * ports_ + up] += messages;
        from_tile = ways_.neighbour(from_tile, up)->router;
        const auto link = ways_.neighbour(to_tile, up);
        to_tile = link->router;
        loads_[std::size_t{to_tile} * ports_ + link->port] += messages;
    }
}

std::int64_t LinkLoads::largest() const {
    return loads_.empty() ? 0 : *std::max_element(loads_.begin(), loads_.end());
}

std::int64_t LinkLoads::total() const {
    return std::accumulate(loads_.begin(), loads_.end(), std::int64_t{0});
}

double LinkLoads::unevenness() const {
    double sum = 0;
    for (const std::int64_t load : loads_) {
        sum += static_cast<double>(load) * static_cast<double>(load);
    }
    return sum;
}

LinkLoads link_loads(const CoreFlows& flows, std::span<const std::uint32_t> place, const router::Mesh& mesh,
                     const router::NetworkParameters& network) {
    LinkLoads loads(mesh, network);
    for (const CoreFlow& flow : flows.flows) {
        loads.add(place[flow.from], place[flow.to], flow.messages);
    }
    return loads;
}

}  // namespace spikeloom::compiler
