#include "chip/timing_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>
#include <utility>

namespace spikeloom::chip {
namespace {

constexpr double most_cycles = 2147483648.0;  // of one message's work or service, which are 32 bits
constexpr std::size_t most_findings = 50;

double service_ns(const MessageWork& work, const CostTable& costs) {
    const auto spent = [&](SynapseEncoding encoding, CostItem item) {
        return static_cast<double>(work[static_cast<std::size_t>(encoding)]) * costs.event(item).time_ns.value;
    };
    return costs.event(CostItem::message_in).time_ns.value +
           spent(SynapseEncoding::sparse, CostItem::synaptic_event_sparse) +
           spent(SynapseEncoding::runlength, CostItem::synaptic_event_runlength) +
           spent(SynapseEncoding::dense, CostItem::synaptic_event_dense);
}

}  // namespace

TimingSetup::TimingSetup(const Image& image, const CostTable& costs, router::Graph network)
    : graph(std::move(network)),
      table(image),
      times(costs),
      cycle_ns(image.chip.network.cycle_ns.value),
      cycles_per_ns(1 / cycle_ns) {
    std::set<int> tiles;
    std::set<int> chips;
    for (const CoreImage& core : image.cores) {
        place.push_back(core.place);
        tiles.insert(image.chip.mesh.tile(static_cast<int>(core.place)));
        chips.insert(image.chip.mesh.chip(static_cast<int>(core.place)));
    }
    by_place.resize(place.size());
    std::iota(by_place.begin(), by_place.end(), 0U);
    std::sort(by_place.begin(), by_place.end(), [&](auto a, auto b) { return place[a] < place[b]; });
    tiles_in_use = static_cast<int>(tiles.size());
    chips_in_use = static_cast<int>(chips.size());
    barrier_ns = barrier_of(costs);
    for (const MessageWork& work : table.works()) {
        service.push_back(service_ns(work, costs));
    }
}

Diagnostics check_times(const TimingSetup& setup, const CostTable& costs) {
    double longest = 0;
    for (const double service : setup.service) {
        longest = std::max(longest, service);
    }
    for (std::uint32_t core = 0; core < setup.place.size(); ++core) {
        double messages = 0;
        for (std::uint32_t i = 0; i < setup.table.compartments(core); ++i) {
            messages += static_cast<double>(setup.table.messages(setup.table.source(core, i)));
        }
        const EventTimes& t = setup.times;
        longest = std::max(
            longest, setup.table.compartments(core) * (std::max(t.active, t.idle) + t.spike) + messages * t.message);
    }
    if (longest * setup.cycles_per_ns < most_cycles) {
        return {};
    }
    return {{.where = fmt::format("costs '{}'", costs.name),
             .found = fmt::format("a core can be busy for {:.3g} ns, {:.3g} cycles of the network", longest,
                                  longest * setup.cycles_per_ns),
             .allowed = fmt::format("less than {:.0f} cycles", most_cycles),
             .help = "correct the table's times, or network.cycle_ns"}};
}

Diagnostics check_addresses(const TimingSetup& setup, int range) {
    Diagnostics findings;
    const router::Mesh& mesh = setup.graph.mesh();
    for (std::uint32_t core = 0; range > 0 && core < setup.place.size() && findings.size() < most_findings; ++core) {
        const int from = static_cast<int>(setup.place[core]);
        std::set<std::uint32_t> far;
        for (std::uint32_t i = 0; i < setup.table.compartments(core); ++i) {
            setup.table.for_each(setup.table.source(core, i), [&](MessageTable::Entry entry) {
                const int to = static_cast<int>(setup.place[entry.core]);
                if (std::abs(mesh.column(from) - mesh.column(to)) > range ||
                    std::abs(mesh.row(from) - mesh.row(to)) > range) {
                    far.insert(entry.core);
                }
            });
        }
        if (!far.empty()) {
            findings.push_back({.where = fmt::format("image: core {}", core),
                                .found = fmt::format("messages to {} cores further away than an address reaches, the "
                                                     "first of them core {}",
                                                     far.size(), *far.begin()),
                                .allowed = fmt::format("{} tiles in each direction", range),
                                .help = "compile the network again for this chip"});
        }
    }
    return findings;
}

}  // namespace spikeloom::chip
