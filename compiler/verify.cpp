// The verifier, first half: the image alone, against the limits of its chip. Written from the facts, not from the
// passes; where it seems to repeat them, that is its purpose.
#include "compiler/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "compiler/compile.hpp"
#include "compiler/verify_core.hpp"

namespace spikeloom::compiler {
namespace {

void check_limits(const chip::Image& image, VerifierFindings& findings) {
    const MeasuredCost cost = measure_cost(image);
    const chip::ChipSpec& chip = image.chip;
    for (std::size_t c = 0; c < cost.cores.size(); ++c) {
        const MeasuredCore& core = cost.cores[c];
        const auto within = [&](std::int64_t used, std::int64_t limit, std::string_view name) {
            if (used > limit) {
                findings.add(fmt::format("core {}", c), fmt::format("uses {} {}", used, name),
                             fmt::format("{} (limit: {})", limit, name));
            }
        };
        within(core.compartments, chip.limits.compartments, "compartments");
        within(core.input_axons, chip.limits.input_axons, "input axons");
        within(core.output_axons, chip.limits.output_axons, "output axons");
        within(core.synapse_words, chip.synapses.words, "words of synaptic memory");
        within(core.longest_axon_words, chip.synapses.words_per_axon, "words of one axon's list");
        within(core.compartment_profiles, chip.limits.compartment_profiles, "compartment profiles");
        within(core.threshold_profiles, chip.limits.threshold_profiles, "threshold profiles");
        within(core.synapse_formats, chip.synapses.synapse_formats, "synapse formats");
        within(core.axon_types, chip.synapses.crossbar_types, "axon types");
        within(core.learning_rules, chip.learning.present ? chip.learning.profiles_per_core : 0, "learning rules");
        within(core.plastic_axons, chip.learning.present ? chip.learning.plastic_axons : 0, "input axons with traces");
    }
}

void check_places(const chip::Image& image, VerifierFindings& findings) {
    std::set<std::uint32_t> places;
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        if (!places.insert(image.cores[c].place).second) {
            findings.add(fmt::format("core {}", c), fmt::format("shares place {} with another", image.cores[c].place));
        }
    }
    if (image.cores.size() > static_cast<std::size_t>(image.chip.mesh.cores())) {
        findings.add("image", fmt::format("{} cores", image.cores.size()),
                     fmt::format("{} (limit: cores)", image.chip.mesh.cores()));
    }
}

/// Tiles from one place of a row or column to another; the shorter way where it is a ring.
int tiles_between(int a, int b, int size, const chip::ChipSpec& chip) {
    const int apart = std::abs(a - b);
    return chip.network.parameters.topology == router::Topology::torus ? std::min(apart, size - apart) : apart;
}

/// Whether relative addresses reach all that cores send to.
void check_reach(const chip::Image& image, VerifierFindings& findings) {
    const chip::ChipSpec& chip = image.chip;
    const int range = chip.network.address_range;
    for (std::size_t c = 0; c < image.cores.size() && range > 0; ++c) {
        const auto from = static_cast<int>(image.cores[c].place);
        for (const chip::OutputAxon& output : image.cores[c].outputs) {
            const auto to = static_cast<int>(image.cores[output.core.value()].place);
            const int columns =
                tiles_between(chip.mesh.column(from), chip.mesh.column(to), chip.mesh.board_columns(), chip);
            const int rows = tiles_between(chip.mesh.row(from), chip.mesh.row(to), chip.mesh.board_rows(), chip);
            if (std::max(columns, rows) > range) {
                findings.add(fmt::format("core {} at place {}", c, from),
                             fmt::format("sends to place {}, {} columns and {} rows away", to, columns, rows),
                             fmt::format("{} of each (limit: address_range)", range));
                break;
            }
        }
    }
}

/// Every neuron once, every compartment at most once.
void check_symbols(const chip::Image& image, VerifierFindings& findings) {
    std::vector<std::vector<bool>> taken;
    for (const chip::CoreImage& core : image.cores) {
        taken.emplace_back(core.compartments, false);
    }
    for (const chip::PopulationSymbol& symbol : image.populations) {
        const std::string where = fmt::format("population '{}'", symbol.name);
        std::uint64_t next = 0;
        for (const chip::PopulationTile& tile : symbol.tiles) {
            const std::uint32_t core = tile.core.value();
            if (tile.first_neuron != next || core >= image.cores.size() ||
                symbol.end(tile) > image.cores[core].compartments) {
                findings.add(where, fmt::format("a tile of {} neurons from {} on lies at core {}, compartment {}",
                                                tile.count, tile.first_neuron, core, tile.first_compartment));
                return;
            }
            for (std::uint64_t i = tile.first_compartment; i < symbol.end(tile); ++i) {
                if (taken[core][i]) {
                    findings.add(where, fmt::format("compartment {} of core {} belongs to two neurons", i, core));
                }
                taken[core][i] = true;
            }
            next += tile.count;
        }
        if (next != symbol.size()) {
            findings.add(where, fmt::format("tiles hold {} of {} neurons", next, symbol.size()));
        }
    }
    for (const chip::InputSymbol& symbol : image.inputs) {
        const std::string where = fmt::format("input '{}'", symbol.name);
        if (!offsets_sound(symbol.output_first, symbol.size(), symbol.outputs.size())) {
            findings.add(where, "the channels' axons are not numbered in order");
            continue;
        }
        for (const chip::OutputAxon& output : symbol.outputs) {
            if (output.core.value() >= image.cores.size() ||
                output.axon.value() >= image.cores[output.core.value()].axons()) {
                findings.add(where, fmt::format("a channel leads to axon {} of core {}, which does not exist",
                                                output.axon.value(), output.core.value()));
                break;
            }
        }
    }
}

}  // namespace

Diagnostics verify(const chip::Image& image) {
    VerifierFindings findings;
    for (std::size_t c = 0; c < image.cores.size() && !findings.full(); ++c) {
        verify_core(image, c, findings);
    }
    check_places(image, findings);
    check_symbols(image, findings);
    if (findings.empty()) {
        check_limits(image, findings);
        check_reach(image, findings);
    }
    return findings.take();
}

}  // namespace spikeloom::compiler
