#include "compiler/passes/partition_refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

namespace spikeloom::compiler {

Diagnostics refuse_misfits(const Filling& filling, const Network& network, const MappedNetwork& mapped,
                           const chip::ChipSpec& chip) {
    Diagnostics findings;
    struct Case {
        std::uint32_t neuron = 0;
        std::int64_t need = 0, room = 0, count = 0;
    };
    std::map<std::pair<std::uint32_t, Limit>, Case> cases;
    for (const Misfit& misfit : filling.misfits) {
        const std::uint32_t population = mapped.population_of(misfit.neuron);
        for (std::size_t i = 0; i < limit_count; ++i) {
            const auto limit = static_cast<Limit>(i);
            const std::int64_t allowed = room(limit, misfit.use, chip);
            if (misfit.use[limit] <= allowed) {
                continue;
            }
            Case& found = cases[{population, limit}];
            ++found.count;
            if (misfit.use[limit] > found.need) {
                found.need = misfit.use[limit];
                found.room = allowed;
                found.neuron = misfit.neuron - mapped.population_first[population];
            }
        }
    }
    for (const auto& [key, found] : cases) {
        const LimitInfo& info = limit_info(key.second);
        const Population& population = network.populations[key.first];
        findings.push_back({Severity::error, fmt::format("population '{}'", population.name),
                            fmt::format("{} of {} neurons fit no core: neuron {} alone needs {} {}", found.count,
                                        population.size(), found.neuron, found.need, info.name),
                            fmt::format("{} {} a core of chip '{}'", found.room, info.name, chip.name),
                            std::string(limit_help(key.second, chip))});
    }
    return findings;
}

Diagnostic refuse_cores(const Filling& filling, std::size_t there, const Network& network, const MappedNetwork& mapped,
                        const chip::ChipSpec& chip) {
    std::array<std::size_t, limit_count> stopped{};
    for (const CorePlan& core : filling.cores) {
        if (core.stopped_by) {
            ++stopped[static_cast<std::size_t>(*core.stopped_by)];
        }
    }
    const auto binding = static_cast<Limit>(std::ranges::max_element(stopped) - stopped.begin());
    const LimitInfo& info = limit_info(binding);
    std::string need = fmt::format("{} cores", filling.cores.size());
    if (filling.gave_up) {
        const CorePlan& last = filling.cores.back();
        const std::uint32_t reached = mapped.population_of(last.first + last.count - 1);
        need = fmt::format("more than {} cores (they end within population '{}')", filling.cores.size(),
                           network.populations[reached].name);
    }
    std::string shares;
    for (std::size_t p = 0; p < network.populations.size() && p < 8; ++p) {
        std::size_t cores = 0;
        for (const CorePlan& core : filling.cores) {
            cores += core.first < mapped.population_first[p + 1] && core.first + core.count > mapped.population_first[p]
                         ? 1U
                         : 0U;
        }
        shares += fmt::format("{}'{}' {}", shares.empty() ? "" : ", ", network.populations[p].name, cores);
    }
    return {Severity::error, fmt::format("network '{}'", network.name),
            fmt::format("needs {}; what most of them run out of: {}; by population: {}", need, info.name, shares),
            fmt::format("{} cores (chip '{}')", there, chip.name),
            fmt::format("a chip with more cores, or {}; 'spikeloom explain' tries what would help",
                        limit_help(binding, chip))};
}

}  // namespace spikeloom::compiler
