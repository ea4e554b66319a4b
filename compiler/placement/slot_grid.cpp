#include "compiler/placement/slot_grid.hpp"

namespace spikeloom::compiler {

SlotGrid::SlotGrid(const SlotMetric& metric) {
    for (std::uint32_t slot = 0; slot < metric.slots(); ++slot) {
        point_of_.push_back(metric.point(slot));
        columns_ = std::max(columns_, point_of_.back().u + 1);
        rows_ = std::max(rows_, point_of_.back().v + 1);
    }
    begin_.assign(std::size_t{columns_} * rows_ + 1, 0);
    const auto cell = [&](SlotMetric::Point point) { return std::size_t{point.u} * rows_ + point.v; };
    for (const SlotMetric::Point point : point_of_) {
        ++begin_[cell(point) + 1];
    }
    for (std::size_t i = 0; i + 1 < begin_.size(); ++i) {
        begin_[i + 1] += begin_[i];
    }
    slots_.resize(point_of_.size());
    std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (std::uint32_t slot = 0; slot < point_of_.size(); ++slot) {
        slots_[next[cell(point_of_[slot])]++] = slot;
    }
}

}  // namespace spikeloom::compiler
