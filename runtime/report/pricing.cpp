#include "runtime/report/pricing.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace spikeloom::runtime {
namespace {

std::vector<PlaceEnergy> by_place(const Report& report, const chip::CostTable& costs,
                                  int (chip::Mesh::*place)(int) const) {
    std::map<std::uint32_t, Counters> counts;
    for (const CoreOccupancy& core : report.cores) {
        counts[static_cast<std::uint32_t>((report.mesh.*place)(static_cast<int>(core.place)))] += core.counters;
    }
    std::vector<PlaceEnergy> energies;
    for (const auto& [number, counters] : counts) {
        energies.push_back({.place = number, .energy_pj = chip::total(chip::dynamic_energy(counters, costs))});
    }
    return energies;
}

/// A population's part of a core's counters: 0..1 each.
struct Part {
    double neurons = 0;
    double spikes = 0;
    double messages = 0;
    double outputs = 0;
};

/// Adds the parts that `part` takes of the core's energy by item.
void add_part(const std::vector<chip::ItemEnergy>& items, const Part& part, PopulationEnergy& energy) {
    for (const chip::ItemEnergy& item : items) {
        const auto take = [&](chip::Estimate& sum, double fraction) {
            sum += {.value = item.energy_pj.value * fraction,
                    .low = item.energy_pj.low * fraction,
                    .high = item.energy_pj.high * fraction};
        };
        switch (item.item) {
        case chip::CostItem::update_active:
        case chip::CostItem::update_idle:
            take(energy.updates_pj, part.neurons);
            break;
        case chip::CostItem::spike:
            take(energy.spikes_pj, part.spikes);
            break;
        case chip::CostItem::output_spike:
            take(energy.spikes_pj, part.outputs);
            break;
        case chip::CostItem::message_out:
        case chip::CostItem::hop_local:
        case chip::CostItem::hop_ew:
        case chip::CostItem::hop_ns:
        case chip::CostItem::hop_vertical:
        case chip::CostItem::hop_chip:
            take(energy.messages_pj, part.messages);
            break;
        case chip::CostItem::message_in:
        case chip::CostItem::synaptic_event_sparse:
        case chip::CostItem::synaptic_event_runlength:
        case chip::CostItem::synaptic_event_dense:
        case chip::CostItem::input_spike:
            take(energy.synapses_pj, part.neurons);
            break;
        case chip::CostItem::learning_update:
            take(energy.learning_pj, part.neurons);
            break;
        }
    }
}

double share(std::uint64_t of, std::uint64_t all, double otherwise) {
    return all == 0 ? otherwise : static_cast<double>(of) / static_cast<double>(all);
}

/// Sums over a core's populations, by which its counters are divided.
struct CoreSums {
    std::uint64_t neurons = 0;
    std::uint64_t spikes = 0;
    std::uint64_t messages = 0;
    std::uint64_t outputs = 0;  ///< spikes of output populations
};

std::vector<PopulationEnergy> by_population(const Report& report, const chip::CostTable& costs) {
    if (report.population_on_cores.empty()) {
        return {};
    }
    std::vector<CoreSums> sums(report.cores.size());
    const auto outputs = [&](const PopulationOnCore& on) {
        return report.populations[on.population].output ? on.spikes : 0;
    };
    for (const PopulationOnCore& on : report.population_on_cores) {
        CoreSums& sum = sums[on.core];
        sum.neurons += on.neurons;
        sum.spikes += on.spikes;
        sum.messages += on.messages;
        sum.outputs += outputs(on);
    }
    std::vector<std::vector<chip::ItemEnergy>> items;
    for (const CoreOccupancy& core : report.cores) {
        items.push_back(chip::dynamic_energy(core.counters, costs));
    }
    std::vector<PopulationEnergy> energies;
    for (const PopulationActivity& population : report.populations) {
        energies.emplace_back().population = population.name;
    }
    for (const PopulationOnCore& on : report.population_on_cores) {
        const CoreSums& sum = sums[on.core];
        const double neurons = share(on.neurons, sum.neurons, 0);
        const double spikes = share(on.spikes, sum.spikes, neurons);
        add_part(items[on.core],
                 {.neurons = neurons,
                  .spikes = spikes,
                  .messages = share(on.messages, sum.messages, spikes),
                  .outputs = share(outputs(on), sum.outputs, spikes)},
                 energies[on.population]);
    }
    return energies;
}

/// The hop that crossing the link is charged as; that between chips comes on top.
chip::CostItem hop_of(const LinkTraffic& link) {
    const bool on_board = link.from_column >= 0 && link.to_column >= 0 && link.from_row >= 0 && link.to_row >= 0;
    if (!on_board) {
        return chip::CostItem::hop_vertical;
    }
    return link.from_row == link.to_row ? chip::CostItem::hop_ew : chip::CostItem::hop_ns;
}

}  // namespace

chip::Usage usage_of(const Report& report, double time_ns) {
    std::set<int> chips;
    for (const CoreOccupancy& core : report.cores) {
        chips.insert(report.mesh.chip(static_cast<int>(core.place)));
    }
    return {.cores = static_cast<int>(report.cores.size()),
            .chips = std::max(1, static_cast<int>(chips.size())),
            .time_ns = time_ns};
}

void divide_energy(const Report& report, const chip::CostTable& costs, PricedRun& run) {
    const chip::Usage usage = usage_of(report, run.time_ns);
    run.title = costs.title;
    run.condition = costs.condition;
    run.static_pj = chip::static_energy(costs, usage.cores, usage.time_ns, usage.chips);
    run.constants = chip::energy_shares(report.totals, costs, usage);
    run.tiles = by_place(report, costs, &chip::Mesh::tile);
    run.chips = by_place(report, costs, &chip::Mesh::chip);
    run.populations = by_population(report, costs);
    for (const chip::CostItem item : chip::cost_items) {
        if (!costs.prices(item) && chip::count_of(report.totals, item) > 0) {
            run.unpriced.push_back(item);
        }
    }
}

void divide_hops(const Report& report, PricedRun& run) {
    if (!report.traffic || report.traffic->links.empty()) {
        return;
    }
    const std::vector<LinkTraffic>& links = report.traffic->links;
    run.link_energy_pj.assign(links.size(), 0);
    for (const chip::ItemEnergy& item : run.items) {
        if (!chip::is_on_link(item.item)) {
            continue;
        }
        const auto belongs = [&](const LinkTraffic& link) {
            return item.item == chip::CostItem::hop_chip ? link.between_chips : hop_of(link) == item.item;
        };
        double flits = 0;
        for (const LinkTraffic& link : links) {
            flits += belongs(link) ? static_cast<double>(link.flits) : 0;
        }
        for (std::size_t i = 0; flits > 0 && i < links.size(); ++i) {
            run.link_energy_pj[i] +=
                belongs(links[i]) ? item.energy_pj.value * (static_cast<double>(links[i].flits) / flits) : 0;
        }
    }
}

void price_again(const Report& report, const chip::CostTable& costs, PricedRun& run) {
    run.table = costs.name;
    run.items = chip::dynamic_energy(report.totals, costs);
    run.dynamic_pj = chip::total(run.items);
    run.core_energy_pj.clear();
    for (const CoreOccupancy& core : report.cores) {
        run.core_energy_pj.push_back(chip::total(chip::dynamic_energy(core.counters, costs)).value);
    }
    divide_energy(report, costs, run);
}

Histogram empty_step_histogram(double least, double most) {
    constexpr std::size_t bins = 40;
    return {.first = least,
            .width = most > least ? (most - least) / static_cast<double>(bins) : std::max(most, 1.0) / 10,
            .counts = std::vector<std::uint64_t>(most > least ? bins : 1, 0)};
}

void add_to(Histogram& histogram, double time_ns) {
    const auto bin = static_cast<std::size_t>((time_ns - histogram.first) / histogram.width);
    ++histogram.counts[std::min(bin, histogram.counts.size() - 1)];
}

bool same_times(const chip::CostTable& a, const chip::CostTable& b) {
    const auto same_points = [](const auto& left, const auto& right, auto place) {
        return std::ranges::equal(left, right, [&](const auto& x, const auto& y) {
            return x.*place == y.*place && x.time_ns.value == y.time_ns.value;
        });
    };
    return same_points(a.barrier, b.barrier, &chip::BarrierPoint::tiles) &&
           same_points(a.chip_barrier, b.chip_barrier, &chip::ChipBarrierPoint::chips) &&
           std::ranges::all_of(chip::cost_items, [&](chip::CostItem item) {
               return a.event(item).time_ns.value == b.event(item).time_ns.value;
           });
}

}  // namespace spikeloom::runtime
