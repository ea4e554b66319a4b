#include "compiler/explain_needs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "compiler/legalise/misfits.hpp"
#include "compiler/trial_changes.hpp"

namespace spikeloom::compiler {
namespace {

/// What the synapses into every population come to, without regard to cores.
std::vector<PopulationNeed> fan_in_needs(const Network& network, const MappedNetwork& mapped,
                                         const chip::ChipSpec& chip) {
    const FanInTable& table = mapped.table;
    std::vector<PopulationNeed> needs;
    std::vector<std::uint32_t> heard_by(mapped.nodes(), 0xffffffffU);  // the last population
    for (std::uint32_t p = 0; p < network.populations.size(); ++p) {
        PopulationNeed need{.name = network.populations[p].name, .neurons = network.populations[p].size()};
        std::int64_t bits = 0;
        for (std::uint32_t n = mapped.population_first[p]; n < mapped.population_first[p + 1]; ++n) {
            std::uint64_t sources = 0;
            table.for_each_source(n, [&](std::uint32_t source) {
                ++sources;
                need.sources += heard_by[source] != p ? 1 : 0;
                heard_by[source] = p;
            });
            need.most_sources = std::max<std::uint64_t>(need.most_sources, sources);
            need.synapses += table.fan_in(n);
            for (const FanInSynapse& synapse : table.list(n)) {
                const chip::WeightFormat& format = table.formats[synapse.format];
                bits += format.weight_bits + format.delay_bits + table.learning_of(synapse.format).tag_bits;
            }
        }
        need.words = static_cast<double>(bits) / std::max(chip.synapses.word_bits, 1);
        needs.push_back(std::move(need));
    }
    return needs;
}

/// Populations that a core holds neurons of, ascending.
std::vector<std::uint32_t> populations_of(const CorePlan& core, const Mapping& mapping) {
    std::vector<std::uint32_t> here;
    for (std::uint32_t i = 0; i < core.count; ++i) {
        here.push_back(mapping.mapped.population_of(mapping.partition.order.neuron_at[core.first + i]));
    }
    std::ranges::sort(here);
    here.erase(std::unique(here.begin(), here.end()), here.end());
    return here;
}

}  // namespace

std::vector<LimitUse> limit_uses(const Mapping& mapping, const MappingBounds& bounds, const chip::ChipSpec& chip) {
    const std::vector<CorePlan>& cores = mapping.partition.cores;
    std::vector<LimitUse> uses;
    for (std::size_t i = 0; i < limit_count; ++i) {
        LimitUse use{.limit = static_cast<Limit>(i)};
        for (const CorePlan& core : cores) {
            const std::int64_t room_here = room(use.limit, core.use, chip);
            const std::int64_t need = core.use[use.limit];
            const double share =
                room_here > 0 ? static_cast<double>(need) / static_cast<double>(room_here) : (need > 0 ? 1.0 : 0.0);
            use.need += need;
            use.room = std::max(use.room, room_here);
            use.mean_share += share / static_cast<double>(cores.size());
            use.most_share = std::max(use.most_share, share);
            use.stopped += core.stopped_by == use.limit ? 1 : 0;
        }
        const auto bound = std::ranges::find(bounds.cores, use.limit, &CoreBound::limit);
        use.least_cores = bound == bounds.cores.end() ? 0 : bound->cores;
        if (use.need > 0) {
            uses.push_back(use);
        }
    }
    return uses;
}

std::vector<PopulationNeed> population_needs(const Network& network, const Mapping& mapping,
                                             const chip::ChipSpec& chip) {
    std::vector<PopulationNeed> needs = fan_in_needs(network, mapping.mapped, chip);
    std::vector<std::array<std::uint32_t, limit_count>> stops(needs.size());
    for (const CorePlan& core : mapping.partition.cores) {
        for (const std::uint32_t population : populations_of(core, mapping)) {
            ++needs[population].cores;
            if (core.stopped_by) {
                ++stops[population][static_cast<std::size_t>(*core.stopped_by)];
            }
        }
    }
    for (std::size_t p = 0; p < needs.size(); ++p) {
        const auto most = std::ranges::max_element(stops[p]);
        if (*most > 0) {
            needs[p].stopped_by = static_cast<Limit>(most - stops[p].begin());
        }
    }
    return needs;
}

std::vector<Excess> excesses(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    std::map<std::pair<std::uint32_t, Limit>, Excess> found;
    for (const Misfit& misfit : find_misfits(network, mapped, chip).misfits) {
        const std::uint32_t population = mapped.population_of(misfit.neuron);
        for (std::size_t i = 0; i < limit_count; ++i) {
            const auto limit = static_cast<Limit>(i);
            const std::int64_t room_here = room(limit, misfit.use, chip);
            if (misfit.use[limit] <= room_here || repeats_another(limit, chip)) {
                continue;
            }
            const auto [known, added] = found.try_emplace({population, limit});
            Excess& excess = known->second;
            if (added) {
                excess.population = network.populations[population].name;
                excess.of = network.populations[population].size();
                excess.limit = limit;
            }
            ++excess.neurons;
            if (misfit.use[limit] > excess.need) {
                excess.need = misfit.use[limit];
                excess.room = room_here;
            }
        }
    }
    std::vector<Excess> all;
    all.reserve(found.size());
    for (auto& [key, excess] : found) {
        all.push_back(std::move(excess));
    }
    return all;
}

}  // namespace spikeloom::compiler
