// The page: which sections there are, in which order, and what stands in place of one that can't be shown.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "runtime/report/charts.hpp"
#include "runtime/report/html_energy.hpp"
#include "runtime/report/html_page.hpp"
#include "runtime/report/html_tables.hpp"
#include "runtime/report/html_traffic.hpp"
#include "runtime/report/page_style.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr Script script = Script::unicode;

void add_head(const Report& report, Page& page) {
    const std::string title =
        (report.network.empty() ? "network" : report.network) + " on " + (report.chip.empty() ? "a chip" : report.chip);
    page.raw(
        fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n"
                    "</head>\n<body>\n<main>\n<header>\n<h1>{}</h1>\n",
                    escaped(title), page_style, escaped(title)));
    std::string lead = report.samples > 0
                           ? fmt::format("{} samples, {} steps of {}", grouped(report.samples), grouped(report.steps),
                                         si(report.step_s, "s", script))
                           : fmt::format("{} steps of {}", grouped(report.steps), si(report.step_s, "s", script));
    lead += " network time, emulated";
    if (!report.recorded_at.empty()) {
        lead += ", recorded " + report.recorded_at;
    }
    page.paragraph(lead, "lead");
    page.raw("</header>\n");
    if (report.interrupted) {
        page.paragraph("The run was interrupted: all figures are those of the part that ran.", "alert");
    }
}

void add_raster(const Report& report, Page& page) {
    page.section("Spikes", raster_finding(report, script));
    if (report.raster.empty()) {
        page.absent(report.spikes_recorded ? "No spike to show." : "Not recorded: the run was made without spikes.");
        return;
    }
    std::string caption = fmt::format("The first {} of the run", si(report.raster_end_ms * 1e-3, "s", script));
    caption += report.raster_samples.empty() ? ". One tick a spike; output populations in red where there are others."
                                             : ". One tick a spike; output populations in red where there are others. "
                                               "Above each sample: its label → the prediction.";
    page.figure(raster_chart(report), caption);
    page.raw(population_table(report));
}

void add_floor_plan(const Report& report, Page& page) {
    page.section("Floor plan", chip_finding(report, script));
    const std::array<std::pair<const char*, FloorQuantity>, 3> maps{{{"Occupancy", FloorQuantity::occupancy},
                                                                     {"Activity", FloorQuantity::activity},
                                                                     {"Energy", FloorQuantity::energy}}};
    page.raw("<div class=\"row\">\n");
    for (const auto& [title, quantity] : maps) {
        const std::string svg = floor_plan(report, quantity, 0);
        if (!svg.empty()) {
            const std::string under = quantity == FloorQuantity::energy ? " under " + report.priced[0].table : "";
            page.raw(fmt::format("<figure><h3>{}{}</h3>{}</figure>\n", title, escaped(under), svg));
        }
    }
    page.raw("</div>\n");
    const std::string board = report.mesh.chips() > 1
                                  ? fmt::format("{} x {} chips of ", report.mesh.chip_columns, report.mesh.chip_rows)
                                  : std::string();
    page.paragraph(fmt::format("{}{} x {} tiles of {} cores; outlined cores are not in use. Point at a core for its "
                               "figures.",
                               board, report.mesh.columns, report.mesh.rows, report.mesh.cores_per_tile),
                   "note");
}

void add_utilisation(const Report& report, Page& page) {
    page.section("Limits of the cores", utilisation_finding(report, script));
    page.figure(utilisation_chart(report),
                "Share of each limit that each core uses; blue where the limit is the one that the core is closest "
                "to.");
}

void add_energy(const Report& report, Page& page) {
    page.section("Energy", energy_finding(report, script));
    if (report.priced.empty()) {
        page.absent("No energy in the recording.");
        return;
    }
    page.figure(dynamic_energy_chart(report),
                "Dynamic energy by kind of event, a bar for each cost table; the whisker is the range that the "
                "table's own bounds give.");
    std::string legend = "<ul class=\"legend\">";
    for (const Kind group : all_kinds) {
        if (group == Kind::learning && report.totals[Counter::learning_updates] == 0) {
            continue;
        }
        legend += legend_entry(style(group), name(group));
    }
    page.raw(legend + "</ul>\n");
    page.raw(energy_table(report));
    const std::string fixed = static_energy_chart(report);
    page.raw("<h3>Static energy beside it</h3>\n");
    if (fixed.empty()) {
        page.absent("No static energy: the recording's chip description gives no static power.");
        return;
    }
    page.figure(fixed,
                "What the chip draws while the run lasts, with steps back to back: leakage and clock of the cores in "
                "use, the rest of the chip, its embedded processors. The axis is another than above.");
    page.raw("<ul class=\"legend\">" + legend_entry("s-dynamic", "dynamic") + legend_entry("s-cores", "cores in use") +
             legend_entry("s-chip", "rest of the chip") + legend_entry("s-host", "embedded processors") + "</ul>\n");
}

void add_ranges(const Report& report, Page& page) {
    if (report.priced.empty()) {
        return;
    }
    const std::string noun = per(report).noun;
    page.section("Energy and latency per " + noun, inference_finding(report, script));
    page.raw(
        fmt::format("<div class=\"row pair\">\n<figure><div class=\"scroll\">{}</div></figure>\n"
                    "<figure><div class=\"scroll\">{}</div></figure>\n</div>\n",
                    energy_range_chart(report), latency_range_chart(report)));
    page.paragraph(report.samples > 0
                       ? "Dots: mean over the samples. Whiskers: what the cost table's bounds allow. Pale bars: least "
                         "to most over the samples. Times carry no bounds of their own: the slowest core of a step is "
                         "chosen under the table's values."
                       : "Dots: mean over the steps. Whiskers: what the cost table's bounds allow. Times carry no "
                         "bounds of their own: the slowest core of a step is chosen under the table's values.",
                   "note");
}

void add_time(const Report& report, Page& page) {
    if (report.priced.empty()) {
        return;
    }
    page.section("Time", time_finding(report, script));
    for (const PricedRun& run : report.priced) {
        page.raw(
            fmt::format("<div class=\"row pair\">\n<figure><div class=\"scroll\">{}</div></figure>\n"
                        "<figure><div class=\"scroll\">{}</div></figure>\n</div>\n",
                        step_time_chart(report, run), slowest_core_chart(report, run)));
    }
    page.paragraph(report.traffic
                       ? fmt::format("Under {}, steps last as the network model {} says. Under other cost tables: as "
                                     "long as their slowest core, then the barrier over the tiles in use (free: no "
                                     "message waits). Of equally slow cores, the first is named.",
                                     report.traffic->costs, report.traffic->model)
                       : std::string("A step lasts as long as its slowest core, then the barrier over the tiles in "
                                     "use; the recording has no traffic, so nothing is known of congestion. Of "
                                     "equally slow cores, the first is named."),
                   "note");
}

void add_gap(const Report& report, Page& page) {
    page.section("Chip against float", gap_finding(report, script));
    if (!report.gap) {
        page.absent("Not measured: run spikeloom eval --gap.");
    } else {
        page.figure(layer_gap_chart(report),
                    "Spikes of each population, float reference (grey) and chip (blue), over the same samples.");
        page.figure(quantisation_chart(report),
                    "The float reference with one quantisation step switched on at a time: share of spikes that "
                    "change.");
        page.raw(gap_tables(report));
    }
    if (!report.losses.empty()) {
        page.raw(fmt::format("<h3>{}</h3>\n", escaped(losses_finding(report, script))));
        page.raw(losses_table(report));
    }
}

void add_curve(const Report& report, Page& page) {
    if (!report.curve || report.curve->curves.empty()) {
        return;
    }
    page.section("Accuracy over time", curve_finding(report, script));
    page.raw(
        fmt::format("<div class=\"row pair\">\n<figure><div class=\"scroll\">{}</div></figure>\n"
                    "<figure><div class=\"scroll\">{}</div></figure>\n</div>\n",
                    step_curve_chart(report), operation_curve_chart(report)));
    std::string legend = "<ul class=\"legend\">";
    for (std::size_t i = 0; i < std::min<std::size_t>(report.curve->curves.size(), 8); ++i) {
        legend += legend_entry(fmt::format("dot l{}", i), report.curve->curves[i].name);
    }
    if (report.curve->ann) {
        legend += legend_entry("dot l6", "the ANN: accuracy, and multiply-accumulates an inference");
    }
    page.raw(legend + "</ul>\n");
    page.paragraph(
        "The answer after each step, over the same samples. A synaptic event is one weight added for one "
        "spike; the ANN multiplies and adds every weight once.",
        "note");
}

void add_projection(const Report& report, const ProjectionLearning& learning, Page& page) {
    if (report.learning.size() > 1) {
        page.raw(fmt::format("<h3>{}</h3>\n", escaped(learning_finding(learning, script))));
    }
    for (const std::string& warning : learning_warnings(report, learning, script)) {
        page.paragraph(warning, "alert");
    }
    page.raw(fmt::format("<pre>{}</pre>\n", escaped(learning.rule)));
    page.paragraph(
        fmt::format("{}{}An epoch is {} steps. One unit of the register is {:.4g} of the network's weight.",
                    learning.traces, learning.traces.empty() ? "" : ". ", learning.epoch, learning.weight_per_unit),
        "note");
    const auto pair = [&page](const std::string& first, const std::string& second) {
        if (!first.empty() || !second.empty()) {
            page.raw("<div class=\"row pair\">\n");
            for (const std::string* svg : {&first, &second}) {
                if (!svg->empty()) {
                    page.raw(fmt::format("<figure><div class=\"scroll\">{}</div></figure>\n", *svg));
                }
            }
            page.raw("</div>\n");
        }
    };
    const std::string weights = weight_chart(learning);
    pair(weights, mean_weight_chart(learning));
    if (!weights.empty()) {
        page.raw("<ul class=\"legend\">" + legend_entry("bar", "weights at the start") +
                 legend_entry("bar binds", "weights at the end") + "</ul>\n");
    }
    std::vector<std::string> pictures{limit_chart(learning)};
    for (const LearningSeries& series : learning.series) {
        pictures.push_back(series_chart(series));
    }
    pictures.erase(std::remove(pictures.begin(), pictures.end(), std::string()), pictures.end());
    for (std::size_t i = 0; i < pictures.size(); i += 2) {
        pair(pictures[i], i + 1 < pictures.size() ? pictures[i + 1] : std::string());
    }
    page.figure(field_chart(learning), fmt::format("Weights onto {} of the targets at the end, over the sources ({}).",
                                                   learning.fields.size(), shortened(learning.source, 48, script)));
    for (const LearningSeries& series : learning.series) {
        if (series.recorded > series.lines.size()) {
            page.paragraph(fmt::format("{}: {} of {} recorded are drawn.", quantity_name(series.quantity),
                                       series.lines.size(), grouped(series.recorded)),
                           "note");
        }
    }
}

void add_learning(const Report& report, Page& page) {
    if (report.learning.empty()) {
        return;
    }
    page.section("Learning", learning_finding(report, script));
    for (const std::string& sentence : learning_costs(report, script)) {
        page.paragraph(sentence);
    }
    if (const std::string progress = accuracy_progress(report, script); !progress.empty()) {
        page.paragraph(progress);
        page.figure(accuracy_chart(report), "Accuracy of equal parts of the samples, in the order in which they came.");
    }
    constexpr std::size_t most_shown = 12;
    for (std::size_t i = 0; i < std::min(report.learning.size(), most_shown); ++i) {
        add_projection(report, report.learning[i], page);
    }
    if (report.learning.size() > most_shown) {
        page.paragraph(fmt::format("And {} projections more, in the JSON report.", report.learning.size() - most_shown),
                       "note");
    }
}

void add_classes(const Report& report, Page& page) {
    if (report.samples == 0) {
        return;
    }
    page.section("Classes", confusion_finding(report));
    const std::string svg = confusion_chart(report);
    if (svg.empty()) {
        page.absent("Too many classes for a matrix.");
        return;
    }
    page.raw(fmt::format("<div class=\"row pair\"><figure><div class=\"scroll\">{}</div></figure>\n{}</div>\n", svg,
                         class_table(report)));
    if (report.mean_first_spike_step >= 0) {
        page.paragraph(fmt::format("The winning output's first spike comes in step {:.1f} of a sample on average.",
                                   report.mean_first_spike_step),
                       "note");
    }
}

void add_rest(const Report& report, Page& page) {
    page.section("NeuroBench", "Figures as NeuroBench defines them, and where each is taken");
    page.raw(neurobench_html(report));
    if (!report.cost_tables.empty()) {
        page.section("Cost constants", "Where every constant comes from, and how far it can be trusted");
        page.raw(cost_tables_html(report));
    }
    page.section("Provenance", "What was run, and how open questions were settled");
    page.raw(provenance_html(report));
    page.raw(
        fmt::format("<footer>Written by {} from a recorded run. Energies and times are computed from counted "
                    "events and published costs, not measured on a chip.</footer>\n</main>\n</body>\n</html>\n",
                    escaped(report.program.empty() ? "spikeloom" : report.program)));
}

}  // namespace

std::string report_html(const Report& report) {
    Page page;
    add_head(report, page);
    page.raw(headline_tiles(report));
    add_ranges(report, page);
    add_raster(report, page);
    add_floor_plan(report, page);
    add_utilisation(report, page);
    add_traffic(report, page);
    add_energy(report, page);
    add_energy_details(report, page);
    add_time(report, page);
    add_classes(report, page);
    add_curve(report, page);
    add_learning(report, page);
    add_gap(report, page);
    add_rest(report, page);
    return page.take();
}

}  // namespace spikeloom::runtime
