#include "runtime/report/html_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/html_page.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr Script script = Script::unicode;
constexpr std::size_t most_rows = 200;

std::string tile(std::string_view what, std::string_view value, std::string_view more) {
    return fmt::format(
        "<li><span class=\"what\">{}</span><span class=\"value\">{}</span><span class=\"more\">{}</span>"
        "</li>\n",
        escaped(what), escaped(value), escaped(more));
}

std::string short_name(std::string_view name) {
    return shortened(name, 48, script);
}

std::string more_rows(std::size_t all, int columns) {
    return all <= most_rows ? std::string()
                            : fmt::format(
                                  "<tr><td class=\"quiet\" colspan=\"{}\">and {} more (in the JSON report)"
                                  "</td></tr>\n",
                                  columns, grouped(all - most_rows));
}

std::string shape_text(const PopulationActivity& population) {
    std::string text;
    for (const std::uint32_t extent : population.shape) {
        text += (text.empty() ? "" : " × ") + grouped(extent);
    }
    return text.empty() ? grouped(population.neurons) : text;
}

std::string accuracy_tile(const Report& report) {
    const chip::Estimate interval = accuracy_interval(report);
    std::string more = report.gap && report.gap->float_accuracy >= 0
                           ? "float: " + percent(report.gap->float_accuracy, script) + "; "
                           : "float: not measured; ";
    more += fmt::format("95 % interval {:.1f}–{:.1f} %, {} samples", 100 * interval.low, 100 * interval.high,
                        grouped(report.samples));
    return tile("Accuracy on the chip", percent(accuracy(report), script), more);
}

}  // namespace

namespace {

/// Least to most over the cost tables, of what `value` takes from each.
template <class Value>
chip::Estimate over_tables(const Report& report, Value value) {
    chip::Estimate range{0, value(report.priced.front()), value(report.priced.front())};
    for (const PricedRun& run : report.priced) {
        range.low = std::min(range.low, value(run));
        range.high = std::max(range.high, value(run));
    }
    return range;
}

std::string energy_tile(const Report& report) {
    const auto value = over_tables(report, [&](const PricedRun& run) { return dynamic_per(report, run).value; });
    std::string more;
    for (const PricedRun& run : report.priced) {
        more +=
            fmt::format("{}{}: {} ({})", more.empty() ? "" : "; ", run.table,
                        energy(dynamic_per(report, run).value, script), energy_range(dynamic_per(report, run), script));
        more += run.static_pj ? fmt::format(" and {} static", energy(static_per(report, run).value, script)) : "";
    }
    return tile("Dynamic energy per " + per(report).noun, energy_range(value, script), more);
}

std::string latency_tile(const Report& report) {
    const auto value = over_tables(report, [&](const PricedRun& run) { return time_per(report, run); });
    std::string more;
    for (const PricedRun& run : report.priced) {
        more += fmt::format("{}{}: {}", more.empty() ? "" : "; ", run.table, time(time_per(report, run), script));
        if (run.sample_latency_ns.count > 0) {
            more += fmt::format(" ({} over the samples)", si_range(run.sample_latency_ns.least * 1e-9,
                                                                   run.sample_latency_ns.most * 1e-9, "s", script));
        }
    }
    return tile(report.samples > 0 ? "Latency per inference" : "Chip time per step",
                si_range(value.low * 1e-9, value.high * 1e-9, "s", script), more);
}

std::string core_tiles(const Report& report) {
    std::uint64_t compartments = 0;
    std::uint64_t synapses = 0;
    const CoreOccupancy* fullest = &report.cores.front();
    const auto fullness = [&](const CoreOccupancy& core) { return utilisation(report, core, binding(report, core)); };
    for (const CoreOccupancy& core : report.cores) {
        compartments += core.compartments;
        synapses += core.synapses;
        fullest = fullness(core) > fullness(*fullest) ? &core : fullest;
    }
    return tile("Cores in use", fmt::format("{} of {}", grouped(report.cores.size()), report.mesh.cores()),
                fmt::format("{} compartments, {} synapses", grouped(compartments), grouped(synapses))) +
           tile("Tightest limit", percent(fullness(*fullest), script),
                fmt::format("{} of core {}: {}", name(binding(report, *fullest)), fullest->place,
                            use_text(report, *fullest, binding(report, *fullest))));
}

}  // namespace

std::string headline_tiles(const Report& report) {
    const Per unit = per(report);
    std::string html = "<ul class=\"tiles\">\n";
    html += report.samples > 0
                ? accuracy_tile(report)
                : tile("Steps", grouped(report.steps),
                       si(static_cast<double>(report.steps) * report.step_s, "s", script) + " of network time");
    if (!report.priced.empty()) {
        html += energy_tile(report) + latency_tile(report);
    }
    html += tile(fmt::format("Spikes per {}", unit.noun),
                 amount(static_cast<double>(report.totals[Counter::spikes]) / unit.count),
                 fmt::format("{} synaptic events; {} input spikes",
                             amount(static_cast<double>(report.totals.synaptic_events()) / unit.count),
                             amount(static_cast<double>(report.totals[Counter::input_spikes]) / unit.count)));
    if (!report.cores.empty()) {
        html += core_tiles(report);
    }
    return html + "</ul>\n";
}

std::string population_table(const Report& report) {
    const Per unit = per(report);
    std::string html = fmt::format(
        "<div class=\"scroll\"><table><thead><tr><th>population</th><th class=\"n\">neurons</th><th class=\"n\">spikes "
        "per {}</th><th class=\"n\">a neuron fires in</th><th>role</th></tr></thead><tbody>\n",
        unit.noun);
    for (std::size_t i = 0; i < std::min(report.populations.size(), most_rows); ++i) {
        const PopulationActivity& population = report.populations[i];
        const double opportunities = static_cast<double>(population.neurons) * static_cast<double>(report.steps);
        html += "<tr>" + cell(short_name(population.name)) + cell(shape_text(population), "n");
        if (population.spiking) {
            html += cell(amount(static_cast<double>(population.spikes) / unit.count), "n") +
                    cell(opportunities > 0
                             ? percent(static_cast<double>(population.spikes) / opportunities, script) + " of steps"
                             : "not known",
                         "n");
        } else {
            html += cell("none", "n") + cell("none", "n");
        }
        html += cell(std::string(population.output ? "output" : "hidden") +
                     (population.spiking ? "" : ", read by voltage")) +
                "</tr>\n";
    }
    return html + more_rows(report.populations.size(), 5) + "</tbody></table></div>\n";
}

std::string energy_table(const Report& report) {
    const Per unit = per(report);
    if (report.priced.empty()) {
        return {};
    }
    std::string html = fmt::format(
        "<div class=\"scroll\"><table><thead><tr><th>event</th><th class=\"n\">count per "
        "{}</th>",
        unit.noun);
    for (const PricedRun& run : report.priced) {
        html += fmt::format("<th class=\"n\">{}</th><th class=\"n\">low–high</th>", escaped(run.table));
    }
    html += "</tr></thead><tbody>\n";
    for (const chip::ItemEnergy& item : report.priced.front().items) {
        html += "<tr>" + cell(name(item.item)) + cell(amount(static_cast<double>(item.count) / unit.count), "n");
        for (const PricedRun& run : report.priced) {
            const auto found = std::find_if(run.items.begin(), run.items.end(),
                                            [&](const chip::ItemEnergy& other) { return other.item == item.item; });
            const chip::Estimate each =
                found == run.items.end() ? chip::Estimate{} : scaled(found->energy_pj, 1 / unit.count);
            html += cell(energy(each.value, script), "n") + cell(energy_range(each, script), "n");
        }
        html += "</tr>\n";
    }
    html += "<tr class=\"sum\"><td>all</td><td></td>";
    for (const PricedRun& run : report.priced) {
        html += cell(energy(dynamic_per(report, run).value, script), "n") +
                cell(energy_range(dynamic_per(report, run), script), "n");
    }
    return html + "</tr>\n</tbody></table></div>\n";
}

std::string class_table(const Report& report) {
    std::string html =
        "<div class=\"scroll\"><table><thead><tr><th>class</th><th class=\"n\">samples</th><th class=\"n\">recall"
        "</th><th class=\"n\">precision</th><th class=\"n\">no decision</th></tr></thead>"
        "<tbody>\n";
    for (std::size_t label = 0; label < std::min(report.confusion.size(), most_rows); ++label) {
        const std::uint64_t silent = label < report.silent_by_label.size() ? report.silent_by_label[label] : 0;
        std::uint64_t samples = silent;
        std::uint64_t said = 0;
        for (std::size_t other = 0; other < report.confusion.size(); ++other) {
            samples += report.confusion[label][other];
            said += report.confusion[other][label];
        }
        const auto share = [&](std::uint64_t of) {
            return of == 0
                       ? std::string("none")
                       : percent(static_cast<double>(report.confusion[label][label]) / static_cast<double>(of), script);
        };
        html += "<tr>" + cell(std::to_string(label)) + cell(grouped(samples), "n") + cell(share(samples), "n") +
                cell(share(said), "n") + cell(grouped(silent), "n") + "</tr>\n";
    }
    return html + more_rows(report.confusion.size(), 5) + "</tbody></table></div>\n";
}

std::string gap_tables(const Report& report) {
    if (!report.gap) {
        return {};
    }
    const auto share = [](double value) { return value < 0 ? std::string("–") : percent(value, script); };
    std::string html =
        "<div class=\"row pair\"><div class=\"scroll\"><table><thead><tr><th>from float to chip</th><th "
        "class=\"n\">accuracy</th><th class=\"n\">spikes that change</th></tr></thead><tbody>\n";
    for (const Rung& rung : ladder(*report.gap)) {
        html +=
            "<tr>" + cell(rung.run) + cell(share(rung.accuracy), "n") + cell(share(rung.spike_change), "n") + "</tr>\n";
    }
    html +=
        "</tbody></table></div>\n<div class=\"scroll\"><table><thead><tr><th>population</th><th class=\"n\">differing "
        "spikes</th><th class=\"n\">samples</th><th class=\"n\">cosine</th><th>first at</th></tr></thead><tbody>\n";
    for (std::size_t i = 0; i < std::min(report.gap->layers.size(), most_rows); ++i) {
        const LayerGap& layer = report.gap->layers[i];
        html += "<tr>" + cell(short_name(layer.population)) +
                cell(layer.mismatched_spikes < 0 ? "–" : amount(layer.mismatched_spikes), "n") +
                cell(layer.diverging_samples < 0 ? "–" : std::to_string(layer.diverging_samples), "n") +
                cell(layer.rate_cosine < 0 ? "–" : fmt::format("{:.3f}", layer.rate_cosine), "n") +
                cell(first_divergence(layer), "quiet") + "</tr>\n";
    }
    return html + more_rows(report.gap->layers.size(), 5) +
           "</tbody></table></div></div>\n<p class=\"note\">Spikes are compared with the float network in the chip's "
           "timing, by step and neuron; a spike that only one of the two has counts as one. Cosine: of the spike "
           "counts by neuron and sample.</p>\n";
}

std::string losses_table(const Report& report) {
    std::string html =
        "<div class=\"scroll\"><table><thead><tr><th>projection</th><th class=\"n\">weights</th><th class=\"n\">"
        "synapses</th><th class=\"n\">zeroed</th><th class=\"n\">clipped</th><th class=\"n\">rms error</th><th "
        "class=\"n\">largest error</th><th class=\"n\">bits</th><th class=\"n\">exponent</th></tr></thead><tbody>\n";
    for (std::size_t i = 0; i < std::min(report.losses.size(), most_rows); ++i) {
        const chip::ProjectionLoss& loss = report.losses[i];
        html += "<tr>" + cell(short_name(loss.name)) + cell(grouped(loss.weights), "n") +
                cell(grouped(loss.synapses), "n") + cell(grouped(loss.zeroed), "n") + cell(grouped(loss.clipped), "n") +
                cell(percent(loss.rms_error, script, 2), "n") + cell(percent(loss.max_error, script, 2), "n") +
                cell(std::to_string(loss.weight_bits), "n") + cell(std::to_string(loss.weight_exponent), "n") +
                "</tr>\n";
    }
    return html + more_rows(report.losses.size(), 9) +
           "</tbody></table></div>\n<p class=\"note\">rms error relative to the rms weight, largest error relative to "
           "the largest weight of the projection; zeroed: not zero in float, zero on the chip.</p>\n";
}

std::string neurobench_html(const Report& report) {
    std::string html =
        "<div class=\"scroll\"><table><thead><tr><th>figure</th><th>value</th><th>boundary</th></tr>"
        "</thead><tbody>\n";
    for (const Figure& figure : neurobench_table(report, script)) {
        html += "<tr>" + cell(figure.name) + cell(figure.value, "nowrap") + cell(figure.boundary, "quiet") + "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

namespace {

std::string range_note(const chip::Quantity& quantity, std::string_view unit) {
    const std::string value = si(quantity.value, unit, script);
    return quantity.low == quantity.high ? value
                                         : value + " (" + si_range(quantity.low, quantity.high, unit, script) + ")";
}

std::string constant_row(std::string_view what, chip::Quantity quantity, double factor, std::string_view unit) {
    quantity.value *= factor;
    quantity.low *= factor;
    quantity.high *= factor;
    return "<tr>" + cell(what) + cell(range_note(quantity, unit), "n") +
           fmt::format("<td><span class=\"trust {}\">{}</span></td>", name(quantity.trust), name(quantity.trust)) +
           cell(quantity.source, "quiet") + "</tr>\n";
}

std::string cost_table_html(const chip::CostTable& table) {
    std::string html = fmt::format(
        "<h3>{}{}</h3>\n<div class=\"scroll\"><table><thead><tr><th>constant</th><th class=\"n\">value (range)</th>"
        "<th>trust</th><th>source</th></tr></thead><tbody>\n",
        escaped(table.name), table.title.empty() ? "" : ": " + escaped(table.title));
    for (const chip::EventCost& event : table.events) {
        html += constant_row(name(event.item) + ", energy", event.energy_pj, 1e-12, "J");
        html += constant_row(name(event.item) + ", time", event.time_ns, 1e-9, "s");
    }
    for (const chip::BarrierPoint& point : table.barrier) {
        html += constant_row(fmt::format("barrier over {} tiles", point.tiles), point.time_ns, 1e-9, "s");
    }
    html += constant_row("static power of a core in use", table.static_power_core_mw, 1e-3, "W");
    html += constant_row("static power of the chip besides", table.static_power_chip_mw, 1e-3, "W");
    html += constant_row("power of the embedded processors", table.host_power_mw, 1e-3, "W");
    return html + "</tbody></table></div>\n";
}

std::string list(const std::vector<std::string>& items) {
    std::string html = "<ul class=\"plain\">\n";
    for (std::size_t i = 0; i < std::min(items.size(), most_rows); ++i) {
        html += fmt::format("<li>{}</li>\n", escaped(items[i]));
    }
    return html + "</ul>\n";
}

}  // namespace

std::string cost_tables_html(const Report& report) {
    std::string html;
    for (std::size_t i = 0; i < std::min<std::size_t>(report.cost_tables.size(), 8); ++i) {
        html += cost_table_html(report.cost_tables[i]);
    }
    return html;
}

std::string provenance_html(const Report& report) {
    std::string html = "<div class=\"scroll\"><table><tbody>\n";
    for (const auto& [key, value] : report.provenance) {
        html += "<tr>" + cell(key, "nowrap quiet") + cell(value) + "</tr>\n";
    }
    html += "</tbody></table></div>\n";
    if (!report.options.empty()) {
        html += "<h3>Options</h3>\n" + list(report.options);
    }
    html += "<h3>Rules by which open questions of the source were settled</h3>\n";
    html += report.rules.empty() ? "<p class=\"absent\">None recorded.</p>\n" : list(report.rules);
    if (!report.remarks.empty()) {
        html += "<h3>Remarks on the recording</h3>\n" + list(report.remarks);
    }
    if (!report.mapping_report.empty()) {
        html += fmt::format("<details><summary>The compiler's mapping report</summary><pre>{}</pre></details>\n",
                            escaped(report.mapping_report));
    }
    return html;
}

}  // namespace spikeloom::runtime
