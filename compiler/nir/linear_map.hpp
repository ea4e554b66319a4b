// A linear map between two layers, as a projection holds it, and how maps are chained: what has a compact form keeps
// it (a scaled convolution is a convolution, pooling before a convolution is folded into it, a scaled matrix is a
// matrix), the rest is multiplied out into a sparse or dense matrix.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

struct LinearMap {
    std::size_t sources = 0;
    std::size_t targets = 0;
    Weights weights;      ///< sparse ones may carry delays of their own
    int delay_steps = 0;  ///< of all

    friend bool operator==(const LinearMap&, const LinearMap&) = default;
};

[[nodiscard]] LinearMap identity_map(std::size_t size);
/// Element by element: one factor, or one each.
[[nodiscard]] LinearMap scale_map(std::size_t size, std::vector<float> factors);
/// Element by element: one delay, or one each (steps, at most 255 apart: else nothing).
[[nodiscard]] std::optional<LinearMap> delay_map(std::size_t size, const std::vector<int>& steps);
/// Pooling by itself: a convolution whose kernel is the identity.
[[nodiscard]] LinearMap pooling_map(const std::array<std::uint32_t, 3>& source,
                                    const std::array<std::uint32_t, 3>& output, const Pooling& pooling);

/// `second` after `first`. The error says why the product can't be held.
[[nodiscard]] tl::expected<LinearMap, std::string> chain(LinearMap first, LinearMap second);

/// The map applied to values, one a source.
[[nodiscard]] std::vector<double> apply_map(const LinearMap& map, std::span<const double> values);

}  // namespace spikeloom::compiler
