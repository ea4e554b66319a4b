#include "runtime/pipeline.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace spikeloom::runtime {
namespace {

using PopulationMap = std::vector<std::vector<std::uint32_t>>;  ///< by core and compartment

PopulationMap populations_by_compartment(const chip::Image& image) {
    PopulationMap population_of(image.cores.size());
    for (std::size_t core = 0; core < image.cores.size(); ++core) {
        population_of[core].assign(image.cores[core].compartments, std::numeric_limits<std::uint32_t>::max());
    }
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            auto& core = population_of[tile.core.value()];
            std::fill_n(core.begin() + tile.first_compartment, image.populations[p].end(tile) - tile.first_compartment,
                        p);
        }
    }
    return population_of;
}

/// Populations that the axons of one output list reach.
void mark_targets(const chip::Image& image, const PopulationMap& population_of, std::span<const chip::OutputAxon> axons,
                  std::vector<bool>& reached) {
    for (const chip::OutputAxon& axon : axons) {
        const chip::CoreImage& core = image.cores[axon.core.value()];
        const std::int32_t base = core.axon(axon.axon.value()).base;
        for (const chip::SynapseEntry& entry : core.entries_of(axon.axon.value())) {
            for (std::uint32_t s = entry.first; s < entry.first + entry.count; ++s) {
                const std::uint32_t population =
                    population_of[axon.core.value()][static_cast<std::size_t>(base + core.synapses[s].target)];
                if (population < reached.size()) {
                    reached[population] = true;
                }
            }
        }
    }
}

void mark_targets_of(const chip::Image& image, const PopulationMap& population_of, std::uint32_t population,
                     std::vector<bool>& reached) {
    for (const chip::PopulationTile& tile : image.populations[population].tiles) {
        const chip::CoreImage& core = image.cores[tile.core.value()];
        if (core.output_first.empty()) {
            continue;
        }
        const std::uint32_t first = core.output_first[tile.first_compartment];
        const std::uint32_t last = core.output_first[image.populations[population].end(tile)];
        mark_targets(image, population_of, std::span(core.outputs).subspan(first, last - first), reached);
    }
}

}  // namespace

std::uint32_t pipeline_depth(const chip::Image& image, PopulationId output) {
    const auto population_of = populations_by_compartment(image);
    std::vector<bool> reached(image.populations.size(), false);
    for (const chip::InputSymbol& port : image.inputs) {
        mark_targets(image, population_of, port.outputs, reached);
    }
    for (std::uint32_t depth = 0; depth < image.populations.size(); ++depth) {
        if (reached[output.value()]) {
            return depth;
        }
        const std::vector<bool> layer = reached;
        for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
            if (!layer[p]) {
                continue;
            }
            mark_targets_of(image, population_of, p, reached);
        }
    }
    return 0;
}

/// Takes away populations that none of the others reaches, until none is left, or only those on a way back.
bool is_feed_forward(const chip::Image& image) {
    const auto population_of = populations_by_compartment(image);
    const std::size_t n = image.populations.size();
    std::vector<std::vector<bool>> reaches(n, std::vector<bool>(n, false));
    for (std::uint32_t p = 0; p < n; ++p) {
        mark_targets_of(image, population_of, p, reaches[p]);
    }
    std::vector<bool> gone(n, false);
    for (std::size_t left = n; left > 0; --left) {
        std::size_t next = 0;
        const auto reached = [&](std::size_t target) {
            for (std::size_t source = 0; source < n; ++source) {
                if (!gone[source] && reaches[source][target]) {
                    return true;
                }
            }
            return false;
        };
        while (next < n && (gone[next] || reached(next))) {
            ++next;
        }
        if (next == n) {
            return false;
        }
        gone[next] = true;
    }
    return true;
}

}  // namespace spikeloom::runtime
