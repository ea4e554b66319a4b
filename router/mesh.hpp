// Where cores stand: tiles of cores on a chip, chips on a board. The numbering is the one thing that images,
// mapping, routes and pictures share.
#pragma once

namespace spikeloom::router {

/// Core c is on chip c / (cores of a chip); within it in tile c' / cores_per_tile; tile t of a chip stands at
/// x = t / rows, y = t % rows (column by column), chip b of the board likewise. column() and row() count tiles over the
/// whole board.
struct Mesh {
    int columns = 8;         ///< tiles of one chip, from west to east
    int rows = 4;            ///< tiles of one chip, from north to south
    int cores_per_tile = 4;  ///< at most 256
    int chip_columns = 1;    ///< chips of the board, from west to east
    int chip_rows = 1;

    [[nodiscard]] constexpr int chips() const { return chip_columns * chip_rows; }
    [[nodiscard]] constexpr int tiles_per_chip() const { return columns * rows; }
    [[nodiscard]] constexpr int tiles() const { return tiles_per_chip() * chips(); }
    [[nodiscard]] constexpr int cores() const { return tiles() * cores_per_tile; }
    /// Of the whole board: tiles are numbered chip by chip.
    [[nodiscard]] constexpr int tile(int core) const { return core / cores_per_tile; }
    [[nodiscard]] constexpr int chip_of_tile(int tile) const { return tile / tiles_per_chip(); }
    [[nodiscard]] constexpr int chip(int core) const { return chip_of_tile(tile(core)); }
    [[nodiscard]] constexpr int tile_column(int tile) const {
        return chip_of_tile(tile) / chip_rows * columns + tile % tiles_per_chip() / rows;
    }
    [[nodiscard]] constexpr int tile_row(int tile) const {
        return chip_of_tile(tile) % chip_rows * rows + tile % tiles_per_chip() % rows;
    }
    [[nodiscard]] constexpr int column(int core) const { return tile_column(tile(core)); }
    [[nodiscard]] constexpr int row(int core) const { return tile_row(tile(core)); }
    /// Tiles across and down the whole board.
    [[nodiscard]] constexpr int board_columns() const { return columns * chip_columns; }
    [[nodiscard]] constexpr int board_rows() const { return rows * chip_rows; }
    /// The tile at a column and a row of the board.
    [[nodiscard]] constexpr int tile_at(int column, int row) const {
        const int chip = column / columns * chip_rows + row / rows;
        return chip * tiles_per_chip() + column % columns * rows + row % rows;
    }
    friend bool operator==(const Mesh&, const Mesh&) = default;
};

}  // namespace spikeloom::router
