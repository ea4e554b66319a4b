#include "compiler/passes/place.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/placement/congestion.hpp"
#include "compiler/placement/placement_problem.hpp"
#include "router/ways.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double weight_of_a_spike = 4096;  // rates are kept to this fraction
constexpr double most_weight = 2147483647;

std::uint32_t weight_of(double rate_sum) {
    return static_cast<std::uint32_t>(std::clamp(std::round(rate_sum * weight_of_a_spike), 1.0, most_weight));
}

std::vector<std::uint32_t> places_of(const Region& region, const Arrangement& slot_of) {
    std::vector<std::uint32_t> places(region.cores);
    for (std::uint32_t core = 0; core < region.cores; ++core) {
        places[core] = region.slots[slot_of[core]];
    }
    return places;
}

}  // namespace

CoreFlows core_traffic(const Partition& partition, std::span<const float> rates) {
    if (rates.size() < partition.position_of.size()) {
        rates = {};
    }
    CoreFlows traffic{.cores = static_cast<std::uint32_t>(partition.cores.size()), .flows = {}};
    struct Sum {
        std::uint32_t messages = 0;
        double rates = 0;
    };
    std::vector<Sum> from(traffic.cores);
    std::vector<std::uint32_t> senders;
    for (std::uint32_t target = 0; target < traffic.cores; ++target) {
        for (const std::uint32_t source : partition.cores[target].axons) {
            if (source >= partition.position_of.size()) {
                continue;  // an input's
            }
            const std::uint32_t sender = partition.core_of[partition.position_of[source]];
            if (sender == target) {
                continue;
            }
            if (from[sender].messages++ == 0) {
                senders.push_back(sender);
            }
            from[sender].rates += rates.empty() ? 0 : std::max(0.0F, rates[source]);
        }
        for (const std::uint32_t sender : senders) {
            const Sum sum = std::exchange(from[sender], {});
            traffic.flows.push_back({.from = sender,
                                     .to = target,
                                     .messages = sum.messages,
                                     .weight = rates.empty() ? sum.messages : weight_of(sum.rates)});
        }
        senders.clear();
    }
    std::sort(traffic.flows.begin(), traffic.flows.end(),
              [](const CoreFlow& a, const CoreFlow& b) { return std::pair(a.from, a.to) < std::pair(b.from, b.to); });
    return traffic;
}

std::uint64_t hops_of(const CoreFlows& flows, std::span<const std::uint32_t> place, const chip::Mesh& mesh,
                      const router::NetworkParameters& network) {
    const router::Ways ways(mesh, network);
    std::uint64_t hops = 0;
    for (const CoreFlow& flow : flows.flows) {
        hops += std::uint64_t{flow.messages} * ways.distance(place[flow.from], place[flow.to]).hops();
    }
    return hops;
}

Result<Placement> place_cores(const CoreFlows& flows, const chip::Mesh& mesh, const router::NetworkParameters& network,
                              const PlaceOptions& options) {
    Placement placement;
    if (flows.cores == 0) {
        return placement;
    }
    auto region = choose_region(flows.cores, mesh, network, options.rules);
    if (!region) {
        return fail(std::move(region.error()));
    }
    placement.hops_unplaced = hops_of(flows, places_of(*region, region->slot_of), mesh, network);
    const PlacementProblem problem{.flows = both_ways(flows),
                                   .metric = SlotMetric(region->slots, mesh, network),
                                   .permissions = region->permissions};
    const Arrangement found = solve_placement(problem, region->slot_of,
                                              {.effort = options.effort, .seed = options.seed, .stop = options.stop});
    placement.place = places_of(*region, found);
    placement.hops = hops_of(flows, placement.place, mesh, network);
    return placement;
}

}  // namespace spikeloom::compiler
