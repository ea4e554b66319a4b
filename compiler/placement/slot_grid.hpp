// Slots by where they are: a slot near another one at random, for searches on large boards.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/placement/slot_metric.hpp"

namespace spikeloom::compiler {

class SlotGrid {
public:
    explicit SlotGrid(const SlotMetric& metric);

    /// A slot at most `reach` columns and rows (of those in use) from that of `slot`; `slot` itself where the draw
    /// meets no slot.
    [[nodiscard]] std::uint32_t near(std::uint32_t slot, std::uint32_t reach, std::uint32_t word) const {
        const SlotMetric::Point here = point_of_[slot];
        const std::uint32_t side = 2 * reach + 1;
        const std::uint64_t by_column = std::uint64_t{word} * side;
        const std::uint64_t by_row = std::uint64_t{static_cast<std::uint32_t>(by_column)} * side;
        const std::uint32_t u = shifted(here.u, static_cast<std::uint32_t>(by_column >> 32), reach, columns_);
        const std::uint32_t v = shifted(here.v, static_cast<std::uint32_t>(by_row >> 32), reach, rows_);
        const std::size_t cell = std::size_t{u} * rows_ + v;
        const std::uint32_t count = begin_[cell + 1] - begin_[cell];
        return count == 0 ? slot : slots_[begin_[cell] + static_cast<std::uint32_t>(by_row) % count];
    }
    /// The slots of a column and a row.
    [[nodiscard]] std::span<const std::uint32_t> cell(std::uint32_t u, std::uint32_t v) const {
        const std::size_t cell = std::size_t{u} * rows_ + v;
        return std::span(slots_).subspan(begin_[cell], begin_[cell + 1] - begin_[cell]);
    }
    [[nodiscard]] std::uint32_t columns() const { return columns_; }
    [[nodiscard]] std::uint32_t rows() const { return rows_; }

private:
    /// Reflected at the borders.
    static std::uint32_t shifted(std::uint32_t from, std::uint32_t offset, std::uint32_t reach, std::uint32_t size) {
        const std::int64_t to = std::int64_t{from} + offset - reach;
        const std::int64_t last = std::int64_t{size} - 1;
        const std::int64_t inside = to < 0 ? -to : (to > last ? 2 * last - to : to);
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(inside, 0, last));
    }

    std::vector<SlotMetric::Point> point_of_;
    std::uint32_t columns_ = 1;
    std::uint32_t rows_ = 1;
    std::vector<std::uint32_t> begin_;  ///< by column and row
    std::vector<std::uint32_t> slots_;
};

}  // namespace spikeloom::compiler
