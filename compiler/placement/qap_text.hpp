// Quadratic assignment problems as QAPLIB writes them: n, then two n x n matrices of whole numbers, in any lines. The
// cost is sum_ij A_ij B_p(i)p(j). One matrix becomes the distances, the other the flows: the one that is the Manhattan
// metric of a grid, if there is one. (QAPLIB: Burkard, Karisch, Rendl 1997.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/placement/placement_problem.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct QapGrid {
    std::uint32_t columns = 0;  ///< place i stands at column i % columns, row i / columns
    std::uint32_t rows = 0;
    friend bool operator==(const QapGrid&, const QapGrid&) = default;
};

struct QapInstance {
    std::uint32_t size = 0;
    std::vector<std::uint32_t> flows;     ///< row-major
    std::vector<std::int32_t> distances;  ///< row-major
    bool first_is_distance = false;       ///< in the file
    std::optional<QapGrid> grid;          ///< whose Manhattan metric the distances are
};

/// `grid`: what one of the matrices must be the metric of; nothing: any. Errors: not numbers, more or fewer than the
/// size promises, out of range, both matrices unsymmetric (or both with diagonals), sums beyond 2^52.
[[nodiscard]] Result<QapInstance> parse_qap(std::string_view text, const std::string& origin,
                                            std::optional<QapGrid> grid = std::nullopt);
[[nodiscard]] Result<QapInstance> read_qap(const std::string& path, std::optional<QapGrid> grid = std::nullopt);

/// Its arrangements give each flow's index the index of its distances; cost_of is qap_cost.
[[nodiscard]] PlacementProblem problem_of(const QapInstance& instance);
/// Straight from the matrices: sum over i, j of flows[i][j] x distances[slot_of[i]][slot_of[j]].
[[nodiscard]] std::int64_t qap_cost(const QapInstance& instance, const Arrangement& slot_of);

}  // namespace spikeloom::compiler
