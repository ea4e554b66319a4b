// What the user decides instead of the passes, made ready for them. Populations fall into groups: those pinned to the
// same cores are one, all that are pinned nowhere are another. Neurons of two groups never share a core, so that every
// core has one list of places; an order of neurons is brought into this form by apply(). Populations to be kept
// together are dealt out in proportion, so that every core of theirs holds its share of each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct CoreGroup {
    std::vector<std::uint32_t> populations;  ///< ascending
    std::vector<std::uint32_t> places;       ///< physical cores, ascending, none forbidden; empty: not pinned
};

struct OverridePlan {
    std::vector<CoreGroup> groups;
    std::vector<std::uint32_t> group_of;               ///< by population
    std::vector<std::vector<std::uint32_t>> together;  ///< sets of populations, disjoint, each ascending
    std::vector<bool> forbidden;                       ///< by physical core; empty: none is
    std::uint32_t places = 0;                          ///< physical cores that are not forbidden

    /// Whether it leaves the order of the neurons as it is.
    [[nodiscard]] bool keeps_orders() const { return groups.size() <= 1 && together.empty(); }
};

/// Errors: an unknown population or core, a population pinned twice, or together with one that is pinned elsewhere, a
/// pin all of whose cores are forbidden, or with fewer compartments than neurons, a fan-in in parts on
/// a chip that passes no sums on, or in none.
[[nodiscard]] Result<OverridePlan> plan_overrides(const Network& network, const chip::ChipSpec& chip,
                                                  const MappingOverrides& overrides);

/// The order with its groups one after the other, cut between them, and populations of a set side by side. Keeps the
/// order within a population and the cuts within a group.
[[nodiscard]] NeuronOrder apply(const OverridePlan& plan, const MappedNetwork& mapped, NeuronOrder order);

/// Group of each core that was filled along an applied order.
[[nodiscard]] std::vector<std::uint32_t> core_groups(const OverridePlan& plan, const MappedNetwork& mapped,
                                                     const NeuronOrder& order, std::span<const CorePlan> cores);

/// Why the places don't suffice for cores of these groups, at the first pin that gets too few; nothing if they do.
[[nodiscard]] std::optional<Diagnostic> check_places(const OverridePlan& plan, const Network& network,
                                                     std::span<const std::uint32_t> groups_of_cores);

/// Where each core may lie; an empty list: anywhere that is not forbidden.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> allowed_places(const OverridePlan& plan,
                                                                     std::span<const std::uint32_t> groups_of_cores);

/// What of an image is not as the plan says: a core on a forbidden place, a pinned population elsewhere.
[[nodiscard]] Diagnostics verify_overrides(const OverridePlan& plan, const chip::Image& image);

}  // namespace spikeloom::compiler
