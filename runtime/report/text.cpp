// The report for a terminal: ASCII but for names, at most 100 columns, the headline first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "runtime/report/findings.hpp"
#include "runtime/report/text_parts.hpp"
#include "runtime/report/text_table.hpp"

namespace spikeloom::runtime {
namespace {

using text::heading;
using text::most_columns;
using text::most_rows;
using text::script;
using text::Table;
using text::wrapped;

std::string headline(const Report& report) {
    const Per unit = per(report);
    std::string out = shortened(fmt::format("{} on {}", report.network.empty() ? "network" : report.network,
                                            report.chip.empty() ? "a chip" : report.chip),
                                most_columns, script) +
                      "\n";
    if (report.interrupted) {
        out += "  interrupted: all figures are those of the part that ran\n";
    }
    Table table({"", ""});
    std::string text;
    const auto line = [&](const std::string& what, const std::string& value) {
        text += shortened(fmt::format("  {:<28}{}", what, value), most_columns, script) + "\n";
    };
    if (report.samples > 0) {
        const chip::Estimate interval = accuracy_interval(report);
        line("accuracy on the chip",
             fmt::format("{} ({} of {}; 95 % interval {:.1f} to {:.1f} %)", percent(interval.value, script),
                         grouped(report.correct), grouped(report.samples), 100 * interval.low, 100 * interval.high));
        line("accuracy in float", report.gap && report.gap->float_accuracy >= 0
                                      ? percent(report.gap->float_accuracy, script)
                                      : "not measured: run spikeloom eval --gap");
    }
    for (const PricedRun& run : report.priced) {
        line("energy per " + unit.noun,
             fmt::format("{:>9} dynamic ({}){}  [{}]", energy(dynamic_per(report, run).value, script),
                         energy_range(dynamic_per(report, run), script),
                         run.static_pj ? ", " + energy(static_per(report, run).value, script) + " static" : "",
                         shortened(run.table, 16, script)));
    }
    for (const PricedRun& run : report.priced) {
        line(
            (report.samples > 0 ? "latency per " : "chip time per ") + unit.noun,
            fmt::format("{:>9}{}  [{}]", time(time_per(report, run), script),
                        run.sample_latency_ns.count > 0 ? " (" +
                                                              si_range(run.sample_latency_ns.least * 1e-9,
                                                                       run.sample_latency_ns.most * 1e-9, "s", script) +
                                                              " over the samples)"
                                                        : "",
                        shortened(run.table, 16, script)));
    }
    line("cores", fmt::format("{} of {}", grouped(report.cores.size()), report.mesh.cores()));
    line("spikes per " + unit.noun, amount(static_cast<double>(report.totals[Counter::spikes]) / unit.count));
    line("steps", fmt::format("{} of {} network time", grouped(report.steps), si(report.step_s, "s", script)));
    return out + text;
}

std::string populations(const Report& report) {
    if (report.populations.empty() || !report.spikes_recorded) {
        return {};
    }
    const Per unit = per(report);
    Table table({"population", "neurons", "spikes per " + unit.noun, "of the steps", "role"});
    for (std::size_t i = 0; i < std::min(report.populations.size(), most_rows); ++i) {
        const PopulationActivity& population = report.populations[i];
        const double chances = static_cast<double>(population.neurons) * static_cast<double>(report.steps);
        table.add({shortened(population.name, 32, script), grouped(population.neurons),
                   population.spiking ? amount(static_cast<double>(population.spikes) / unit.count) : "none",
                   population.spiking && chances > 0 ? percent(static_cast<double>(population.spikes) / chances, script)
                                                     : "-",
                   population.output ? "output" : "hidden"});
    }
    return heading("Spikes", raster_finding(report, script)) + table.print();
}

std::string cores(const Report& report) {
    if (report.cores.empty()) {
        return {};
    }
    Table table({"core", "x,y", "compartments", "axons in", "axons out", "words", "binds"});
    for (std::size_t i = 0; i < std::min(report.cores.size(), most_rows); ++i) {
        const CoreOccupancy& core = report.cores[i];
        std::vector<std::string> row{std::to_string(core.place),
                                     fmt::format("{},{}", report.mesh.column(static_cast<int>(core.place)),
                                                 report.mesh.row(static_cast<int>(core.place)))};
        for (const Limit limit : {Limit::compartments, Limit::input_axons, Limit::output_axons, Limit::synapse_words}) {
            row.push_back(fmt::format("{} ({})", grouped(used(core, limit)),
                                      percent(utilisation(report, core, limit), script, 0)));
        }
        const Limit tightest = binding(report, core);
        row.push_back(name(tightest) + " " + percent(utilisation(report, core, tightest), script, 0));
        table.add(std::move(row));
    }
    std::string out = heading("Cores", utilisation_finding(report, script)) + table.print();
    if (report.cores.size() > most_rows) {
        out += fmt::format("  and {} more\n", grouped(report.cores.size() - most_rows));
    }
    return out;
}

std::string curve(const Report& report) {
    return report.curve ? heading("Accuracy over time", curve_finding(report, script)) + to_text(*report.curve)
                        : std::string();
}

std::string gap(const Report& report) {
    std::string out = heading("Chip against float", gap_finding(report, script));
    if (!report.gap) {
        out += "  to measure it: spikeloom eval --gap\n";
    } else {
        Table rungs({"from float to chip", "accuracy", "spikes that change"});
        for (const Rung& rung : ladder(*report.gap)) {
            rungs.add({shortened(rung.run, 50, script), rung.accuracy < 0 ? "-" : percent(rung.accuracy, script),
                       rung.spike_change < 0 ? "-" : percent(rung.spike_change, script)});
        }
        Table layers({"population", "float", "chip", "differing spikes", "first divergence"});
        for (std::size_t i = 0; i < std::min(report.gap->layers.size(), most_rows); ++i) {
            const LayerGap& layer = report.gap->layers[i];
            layers.add({shortened(layer.population, 24, script), amount(layer.float_spikes), amount(layer.chip_spikes),
                        layer.mismatched_spikes < 0 ? "-" : amount(layer.mismatched_spikes), first_divergence(layer)});
        }
        out += rungs.print() + layers.print();
    }
    if (!report.losses.empty()) {
        Table table({"projection", "synapses", "zeroed", "clipped", "rms error", "largest", "bits", "exponent"});
        for (std::size_t i = 0; i < std::min(report.losses.size(), most_rows); ++i) {
            const chip::ProjectionLoss& loss = report.losses[i];
            table.add({shortened(loss.name, 28, script), grouped(loss.synapses), grouped(loss.zeroed),
                       grouped(loss.clipped), percent(loss.rms_error, script, 2), percent(loss.max_error, script, 2),
                       std::to_string(loss.weight_bits), std::to_string(loss.weight_exponent)});
        }
        out += table.print();
    }
    return out;
}

std::string bar(std::uint64_t count, std::uint64_t most) {
    constexpr double width = 24;
    return std::string(
        most == 0 ? 0
                  : static_cast<std::size_t>(std::ceil(static_cast<double>(count) * width / static_cast<double>(most))),
        '#');
}

/// Weights before and after side by side, at most `lines` of them.
std::string weight_histogram(const ProjectionLearning& projection) {
    constexpr std::size_t lines = 16;
    const Histogram& before = projection.before;
    const Histogram& after = projection.after;
    if (after.counts.empty() || before.counts.size() != after.counts.size()) {
        return {};
    }
    const std::size_t merged = (after.counts.size() + lines - 1) / lines;
    std::vector<std::array<std::uint64_t, 2>> rows((after.counts.size() + merged - 1) / merged);
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < after.counts.size(); ++i) {
        rows[i / merged][0] += before.counts[i];
        rows[i / merged][1] += after.counts[i];
    }
    for (const auto& row : rows) {
        most = std::max({most, row[0], row[1]});
    }
    const double width = after.width * static_cast<double>(merged);
    std::string out = fmt::format("  {:>14}   {:<35}{}\n", "weight", "before", "after");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double from = after.first + width * static_cast<double>(i);
        const std::string range =
            width > 1
                ? fmt::format("{:.0f} to {:.0f}", from,
                              std::max(from, std::min(from + width - 1, static_cast<double>(projection.limit_most))))
                : fmt::format("{:.0f}", from);
        std::string line =
            fmt::format("  {:>14}   {:<9} {:<24} {:<9} {}", range, amount(static_cast<double>(rows[i][0])),
                        bar(rows[i][0], most), amount(static_cast<double>(rows[i][1])), bar(rows[i][1], most));
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string learning(const Report& report) {
    if (report.learning.empty()) {
        return {};
    }
    std::string out = heading("Learning", learning_finding(report, script));
    for (const std::string& sentence : learning_costs(report, script)) {
        out += wrapped(sentence, 2);
    }
    if (const std::string progress = accuracy_progress(report, script); !progress.empty()) {
        out += wrapped(progress, 2);
    }
    Table table(
        {"projection", "synapses", "changed", "mean before", "mean after", "at limits", "epoch", "one unit is"});
    const std::size_t shown = std::min(report.learning.size(), most_rows);
    for (std::size_t i = 0; i < shown; ++i) {
        const ProjectionLearning& projection = report.learning[i];
        const double synapses = static_cast<double>(std::max<std::uint64_t>(projection.synapses, 1));
        table.add({shortened(projection.name, 24, script), grouped(projection.synapses),
                   percent(static_cast<double>(projection.changed) / synapses, script),
                   fmt::format("{:.4g}", projection.mean_before), fmt::format("{:.4g}", projection.mean_after),
                   percent(static_cast<double>(projection.at_least + projection.at_most) / synapses, script),
                   fmt::format("{} steps", projection.epoch), fmt::format("{:.4g}", projection.weight_per_unit)});
    }
    out += table.print();
    for (std::size_t i = 0; i < shown; ++i) {
        const ProjectionLearning& projection = report.learning[i];
        std::istringstream rule(projection.rule);
        for (std::string line; std::getline(rule, line);) {
            out += wrapped(shortened(projection.name, 24, script) + ": " + line, 2);
        }
        out += weight_histogram(projection);
        for (const std::string& warning : learning_warnings(report, projection, script)) {
            out += wrapped("warning: " + warning, 2);
        }
    }
    return out;
}

std::string confusion(const Report& report) {
    constexpr std::size_t most_classes = 16;
    if (report.confusion.empty() || report.confusion.size() > most_classes) {
        return {};
    }
    std::vector<std::string> head{"class"};
    for (std::size_t column = 0; column < report.confusion.size(); ++column) {
        head.push_back(std::to_string(column));
    }
    head.emplace_back("none");
    Table table(head);
    for (std::size_t row = 0; row < report.confusion.size(); ++row) {
        std::vector<std::string> line{std::to_string(row)};
        for (const std::uint64_t count : report.confusion[row]) {
            line.push_back(amount(static_cast<double>(count)));
        }
        line.push_back(row < report.silent_by_label.size() ? amount(static_cast<double>(report.silent_by_label[row]))
                                                           : "0");
        table.add(std::move(line));
    }
    return heading("Confusion (row: class, column: prediction)", confusion_finding(report)) + table.print();
}

std::string tail(const Report& report) {
    std::string out = heading("NeuroBench (boundaries: HTML and JSON report)", "");
    for (const Figure& figure : neurobench_table(report, script)) {
        out += shortened(fmt::format("  {:<48} {}", figure.name, figure.value), most_columns, script) + "\n";
    }
    out += heading("Provenance", "");
    for (const auto& [key, value] : report.provenance) {
        out += shortened(fmt::format("  {:<18} {}", key, value), most_columns, script) + "\n";
    }
    for (const std::string& rule : report.rules) {
        out += wrapped("rule: " + rule, 2);
    }
    for (const std::string& remark : report.remarks) {
        out += wrapped("remark: " + remark, 2);
    }
    return out;
}

}  // namespace

std::string report_text(const Report& report) {
    std::string out = headline(report);
    out += populations(report);
    out += text::energies(report);
    if (!report.priced.empty() && report.steps > 0) {
        out += heading("Time", time_finding(report, script));
    }
    out += text::traffic(report);
    out += cores(report);
    out += confusion(report);
    out += learning(report);
    out += curve(report);
    out += gap(report);
    return out + tail(report);
}

}  // namespace spikeloom::runtime
