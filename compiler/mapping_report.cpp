#include "compiler/mapping_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "chip/image/synapse_size.hpp"
#include "compiler/bounds.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/placement/placement_bounds.hpp"

namespace spikeloom::compiler {
namespace {

/// "1 core", "3 cores".
std::string counted(std::uint64_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

using Out = std::back_insert_iterator<std::string>;

double fullness(const CoreUse& use, Limit limit, const chip::ChipSpec& chip) {
    const std::int64_t allowed = room(limit, use, chip);
    return allowed > 0 ? static_cast<double>(use[limit]) / static_cast<double>(allowed) : 0;
}

Limit fullest(const CoreUse& use, const chip::ChipSpec& chip) {
    Limit best = Limit::compartments;
    for (std::size_t i = 0; i < limit_count; ++i) {
        if (fullness(use, static_cast<Limit>(i), chip) > fullness(use, best, chip)) {
            best = static_cast<Limit>(i);
        }
    }
    return best;
}

/// "1.08", how many times the bound a figure is; "" where the bound says nothing.
std::string times_bound(double figure, double least) {
    return least > 0 ? fmt::format(": {:.2f}", figure / least) : std::string();
}

/// The lines of a section: all of them, and those with the largest figures, in the order in which they were added.
class Rows {
public:
    void add(std::string line, double figure) { rows_.push_back({.line = std::move(line), .figure = figure}); }

    void write(MappingReport& report, std::string_view what) const {
        std::vector<std::size_t> by_figure(rows_.size());
        std::iota(by_figure.begin(), by_figure.end(), std::size_t{0});
        std::ranges::stable_sort(by_figure, std::greater<>(), [&](std::size_t i) { return rows_[i].figure; });
        by_figure.resize(std::min(by_figure.size(), brief_report_rows));
        std::ranges::sort(by_figure);
        for (const Row& row : rows_) {
            report.whole += row.line;
        }
        for (const std::size_t i : by_figure) {
            report.brief += rows_[i].line;
        }
        if (const std::size_t more = rows_.size() - by_figure.size(); more > 0) {
            report.brief += fmt::format("  and {} more {}\n", more, what);
        }
    }

private:
    struct Row {
        std::string line;
        double figure = 0;
    };
    std::vector<Row> rows_;
};

void write_both(MappingReport& report, const std::string& text) {
    report.whole += text;
    report.brief += text;
}

void write_head(Out out, const MappingDecisions& decisions, const chip::Image& image) {
    const Partition& partition = decisions.partition;
    std::set<int> tiles;
    for (const chip::CoreImage& core : image.cores) {
        tiles.insert(image.chip.mesh.tile(static_cast<int>(core.place)));
    }
    fmt::format_to(out, "mapping of '{}' onto chip '{}'\n", image.network_name, image.chip.name);
    fmt::format_to(out, "  neurons {}, synapses {} (non-zero after quantisation), inputs {}\n",
                   decisions.mapped.neurons(), decisions.mapped.table.synapses(),
                   decisions.mapped.nodes() - decisions.mapped.neurons());
    const BoundedNetwork network{.mapped = decisions.mapped, .rates = decisions.rates_by_node};
    const MappingBounds bounds = mapping_bounds(network, image.chip);
    const CoreBound& decisive = bounds.decisive();
    fmt::format_to(out, "  cores {} of {}, at least {} ({}){}; tiles {}; {}\n", image.cores.size(),
                   image.chip.mesh.cores(), decisive.cores, limit_info(decisive.limit).name,
                   times_bound(static_cast<double>(image.cores.size()), static_cast<double>(decisive.cores)),
                   tiles.size(), partition.order.name);
    const Traffic traffic = measure_traffic(network, partition.order, partition.cores, partition.core_of);
    const Traffic random = random_traffic(network, image.cores.size());
    const bool rated = !network.rates.empty();
    const auto figure = [&](double value) {
        return rated ? fmt::format("{:.4g}", value) : fmt::format("{:.0f}", value);
    };
    const auto line = [&](std::string_view name, double value, const TrafficBound& bound, double at_random) {
        fmt::format_to(out, "  {} {}, at least {} ({}){}; cores by chance {}\n", name, figure(value),
                       figure(bound.least), bound.why, times_bound(value, bound.least), figure(at_random));
    };
    fmt::format_to(out, "  {}:\n",
                   rated ? "a step, at the rates of the calibration run" : "if every neuron spikes once");
    line("  messages", traffic.messages, bounds.messages, random.messages);
    line("  copies to other cores", traffic.copies, bounds.copies, random.copies);
    fmt::format_to(out, "    hops {}{} before placement\n", decisions.placement.hops,
                   fmt::format(" if every neuron spikes once, {}", decisions.placement.hops_unplaced));
    const PlacementBounds placed = placement_bounds(core_traffic(decisions.partition), decisions.placement.place,
                                                    image.chip.mesh, image.chip.network.parameters);
    fmt::format_to(out, "    hops at least {} ({}); busiest link {} messages, at least {} between these places\n\n",
                   placed.hops_bound, name_of(placed.hops_bound_by), placed.largest_link, placed.largest_link_bound);
}

void write_cores(MappingReport& report, const MappingDecisions& decisions, const chip::Image& image) {
    write_both(report, fmt::format("cores\n  {:>4} {:>5} {:>6} {:>13} {:>13} {:>13} {:>15} {:>8} {:>8} {:>8}  binds\n",
                                   "core", "place", "tile", "compartments", "input axons", "output axons",
                                   "synapse words", "profiles", "formats", "max list"));
    Rows rows;
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        const CoreUse& use = decisions.partition.cores[c].use;
        const auto of = [&](Limit limit) { return fmt::format("{}/{}", use[limit], room(limit, use, image.chip)); };
        const Limit binding = fullest(use, image.chip);
        const double full = fullness(use, binding, image.chip);
        rows.add(fmt::format("  {:>4} {:>5} {:>6} {:>13} {:>13} {:>13} {:>15} {:>8} {:>8} {:>8}  {} {:.0f} %\n", c,
                             image.cores[c].place, image.chip.mesh.tile(static_cast<int>(image.cores[c].place)),
                             of(Limit::compartments), of(Limit::input_axons), of(Limit::output_axons),
                             of(Limit::synapse_words), of(Limit::compartment_profiles), of(Limit::synapse_formats),
                             of(Limit::axon_words), limit_info(binding).name, 100 * full),
                 full);
    }
    rows.write(report, "cores, none fuller");
    if (image.chip.limits.destinations_per_compartment > 0) {
        std::int64_t splitters = 0;
        std::int64_t compartments = 0;
        for (const CorePlan& core : decisions.partition.cores) {
            splitters += core.use.splitters;
            compartments += core.use[Limit::compartments];
        }
        write_both(report,
                   fmt::format("  splitters {} of {} compartments: copies of neurons that reach more than {} axon{}\n",
                               splitters, compartments, image.chip.limits.destinations_per_compartment,
                               image.chip.limits.destinations_per_compartment == 1 ? "" : "s"));
    }
}

void write_populations(MappingReport& report, const MappingDecisions& decisions, const chip::Image& image) {
    write_both(report, "\npopulations\n");
    Rows rows;
    for (std::size_t p = 0; p < image.populations.size(); ++p) {
        const chip::PopulationSymbol& symbol = image.populations[p];
        std::set<std::uint32_t> cores;
        for (const chip::PopulationTile& tile : symbol.tiles) {
            cores.insert(tile.core.value());
        }
        Limit stopped = Limit::compartments;
        double most = -1;
        for (const std::uint32_t core : cores) {
            const CoreUse& use = decisions.partition.cores[core].use;
            const Limit here = fullest(use, image.chip);
            if (fullness(use, here, image.chip) > most) {
                most = fullness(use, here, image.chip);
                stopped = here;
            }
        }
        const NeuronRegisters& registers = decisions.mapped.populations[p].of(0);
        std::string line =
            fmt::format("  {}: {} on {}, {} binds ({:.0f} %); 1 unit of v = {:.6g}; ", symbol.name,
                        counted(decisions.network.populations[p].size(), "neuron"), counted(cores.size(), "core"),
                        limit_info(stopped).name, 100 * most, symbol.voltage_per_unit);
        const char* differ = decisions.mapped.populations[p].registers.size() > 1 ? " (first neuron; they differ)" : "";
        if (integrates(registers.model)) {
            line += fmt::format("du {}, dv {}, threshold {} x 64, refractory {}{}\n", registers.current_decay,
                                registers.voltage_decay, registers.threshold_mantissa, registers.refractory, differ);
        } else if (registers.spikes) {
            line += fmt::format("{}, threshold {}{}\n", name_of(registers.model), registers.threshold_mantissa, differ);
        } else {
            line += fmt::format("{}, sends nothing{}\n", name_of(registers.model), differ);
        }
        rows.add(std::move(line), static_cast<double>(decisions.network.populations[p].size()));
    }
    rows.write(report, "populations, none larger");
}

void write_merged(MappingReport& report, const MappingDecisions& decisions) {
    if (decisions.merged_decays.empty()) {
        return;
    }
    write_both(report, "\ntime constants made equal (of what decay registers hold)\n");
    Rows rows;
    for (const MergedDecays& merged : decisions.merged_decays) {
        rows.add(fmt::format("  {}: {}\n", decisions.network.populations[merged.population].name, summary(merged)),
                 static_cast<double>(merged.neurons));
    }
    rows.write(report, "populations, none larger");
}

/// What neurons were made of that no core holds, and what that cost.
void write_legal(MappingReport& report, const MappingDecisions& decisions) {
    if (decisions.legal == nullptr) {
        return;
    }
    const LegalNetwork& legal = *decisions.legal;
    const std::vector<Population>& populations = legal.network.populations;
    write_both(report, "\nneurons that fit no core\n");
    Rows splits;
    for (const FanInSplit& split : legal.fan_in) {
        const Population& helpers = populations[split.helpers];
        splits.add(fmt::format("  {}: up to {} sources a neuron, in up to {} parts: {} helpers ({})\n",
                               populations[split.population].name, split.most_sources, split.most_parts, helpers.size(),
                               helpers.name),
                   static_cast<double>(helpers.size()));
    }
    splits.write(report, "populations that are split, none with more helpers");
    Rows copied;
    for (const FanOutCopies& copies : legal.fan_out) {
        copied.add(
            fmt::format("  {}: too many cores to send to: {} copies ({}) share the targets\n",
                        populations[copies.population].name, copies.stand_for.size(), populations[copies.copies].name),
            static_cast<double>(copies.stand_for.size()));
    }
    copied.write(report, "populations that are copied, none more often");
    Rows later;
    for (std::size_t p = 0; p < legal.added_steps.size(); ++p) {
        if (const int steps = legal.added_steps[p]; steps > 0) {
            later.add(fmt::format("  {}: spikes {} step{} later\n", populations[p].name, steps, steps == 1 ? "" : "s"),
                      steps);
        }
    }
    later.write(report, "populations, none later");
}

void write_losses(MappingReport& report, const std::vector<chip::ProjectionLoss>& losses) {
    write_both(report, "\nquantisation, by projection\n");
    Rows rows;
    for (const chip::ProjectionLoss& loss : losses) {
        rows.add(fmt::format("  {}: {}, {} x 2^{}, weight error {:.3f} % rms ({:.3f} % of the largest at "
                             "most), {} zeroed, {} clipped\n",
                             loss.name, counted(loss.synapses, "synapse"),
                             counted(static_cast<std::size_t>(loss.weight_bits), "bit"), loss.weight_exponent,
                             100 * loss.rms_error, 100 * loss.max_error, loss.zeroed, loss.clipped),
                 static_cast<double>(loss.synapses));
    }
    rows.write(report, "projections, none of more synapses");
}

/// What one plastic projection takes of the chip.
struct PlasticUse {
    std::uint64_t synapses = 0;
    std::int64_t bits = 0;      ///< of synaptic memory, prefixes aside
    std::int64_t tag_bits = 0;  ///< of those, the tags'
    std::int64_t axons = 0;
    std::set<std::size_t> cores;
};

std::vector<PlasticUse> plastic_use(const chip::Image& image) {
    std::vector<PlasticUse> uses(image.learning.size());
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        const chip::CoreImage& core = image.cores[c];
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            std::set<int> traced;
            for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
                if (entry.learning == 0) {
                    continue;
                }
                PlasticUse& use = uses[entry.learning - 1U];
                const int tag_bits = chip::tag_bits_of(entry, image);
                use.synapses += entry.count;
                use.bits += entry.count * chip::synapse_bits(entry, core.formats[entry.format], tag_bits);
                use.tag_bits += std::int64_t{entry.count} * tag_bits;
                use.axons += traced.insert(entry.learning).second ? 1 : 0;
                use.cores.insert(c);
            }
        }
    }
    return uses;
}

std::string plastic_lines(const chip::LearningProfile& profile, const PlasticUse& use, int weight_bits) {
    std::string text;
    const Out out = std::back_inserter(text);
    fmt::format_to(out, "  {}: rule {}, epochs of {} step{}\n", profile.projection, profile.rule.name,
                   profile.rule.epoch, profile.rule.epoch == 1 ? "" : "s");
    for (const rules::Variable variable : rules::variables) {
        if (!profile.rule.series(variable).empty()) {
            fmt::format_to(out, "    {} = {}\n", rules::name_of(variable), rules::print(profile.rule.series(variable)));
        }
    }
    fmt::format_to(out,
                   "    {} on {}, {} input axons with traces; a unit of the weight = {:.4g}, the "
                   "largest = {:.4g}\n",
                   counted(use.synapses, "synapse"), counted(use.cores.size(), "core"), use.axons,
                   profile.weight_per_unit, profile.weight_per_unit * ((1 << weight_bits) - 1));
    fmt::format_to(out, "    {} bytes of synaptic memory, {} of them tags\n", (use.bits + 7) / 8,
                   (use.tag_bits + 7) / 8);
    return text;
}

void write_learning(MappingReport& report, const MappingDecisions& decisions, const chip::Image& image) {
    if (image.learning.empty()) {
        return;
    }
    write_both(report, "\nlearning, by plastic projection\n");
    const std::vector<PlasticUse> uses = plastic_use(image);
    Rows rows;
    for (std::size_t i = 0; i < image.learning.size(); ++i) {
        rows.add(plastic_lines(image.learning[i], uses[i], image.chip.learning.arithmetic.weight_bits),
                 static_cast<double>(uses[i].synapses));
    }
    rows.write(report, "projections, none of more synapses");
    std::int64_t rules_most = 0;
    std::int64_t axons_most = 0;
    for (const CorePlan& core : decisions.partition.cores) {
        rules_most = std::max(rules_most, core.use[Limit::learning_rules]);
        axons_most = std::max(axons_most, core.use[Limit::plastic_axons]);
    }
    write_both(report,
               fmt::format("  at most {} of {} rules and {} of {} axons with traces on a core\n", rules_most,
                           image.chip.learning.profiles_per_core, axons_most, image.chip.learning.plastic_axons));
}

}  // namespace

MappingReport mapping_report(const MappingDecisions& decisions, const chip::Image& image, const Diagnostics& remarks) {
    MappingReport report;
    write_head(std::back_inserter(report.whole), decisions, image);
    report.brief = report.whole;
    write_cores(report, decisions, image);
    write_populations(report, decisions, image);
    write_merged(report, decisions);
    write_legal(report, decisions);
    write_losses(report, decisions.legal != nullptr ? decisions.legal->losses : image.losses);
    write_learning(report, decisions, image);
    if (!remarks.empty()) {
        write_both(report, "\nremarks\n");
        for (const Diagnostic& remark : remarks) {
            write_both(report, "  " + to_text(remark) + "\n");
        }
    }
    return report;
}

}  // namespace spikeloom::compiler
