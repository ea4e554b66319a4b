// The page of an evaluation on an analog chip: the report's style and pictures, over times instead of steps.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/analog/timed_record.hpp"
#include "runtime/report/charts.hpp"
#include "runtime/report/html_tables.hpp"
#include "runtime/report/page_style.hpp"
#include "runtime/report/svg.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr Script script = Script::unicode;
constexpr std::size_t most_classes = 200;
constexpr std::size_t most_instances = 60;

/// What the pictures of stepped runs need of a report.
Report as_report(const TimedRecord& record) {
    Report report;
    report.samples = record.samples();
    report.correct = record.correct();
    report.silent = record.silent();
    for (std::size_t p = 0; p < record.populations.size(); ++p) {
        const TimedPopulationRecord& population = record.populations[p];
        report.populations.push_back({.name = printable(population.name),
                                      .shape = {},
                                      .neurons = population.neurons,
                                      .spikes = population.spikes,
                                      .output = p == record.output});
    }
    const std::size_t classes = record.outputs();
    if (classes <= most_classes) {
        report.confusion.assign(classes, std::vector<std::uint64_t>(classes));
        report.silent_by_label.assign(classes, 0);
        for (std::size_t i = 0; i < record.labels.size(); ++i) {
            if (record.labels[i] >= 0) {
                const auto label = static_cast<std::size_t>(record.labels[i]);
                ++(record.answers[i] < 0 ? report.silent_by_label[label]
                                         : report.confusion[label][static_cast<std::size_t>(record.answers[i])]);
            }
        }
    }
    double longest = 0;
    for (const core::analog::Spike& spike : record.raster) {
        longest = std::max(longest, std::isfinite(spike.time) ? spike.time : 0);
    }
    const double length_ms = 1.05e3 * longest;
    for (std::size_t i = 0; i + 1 < record.raster_begin.size() && i < record.labels.size(); ++i) {
        const double start = static_cast<double>(i) * length_ms;
        report.raster_samples.push_back({.start_ms = start, .label = record.labels[i], .predicted = record.answers[i]});
        for (std::uint64_t s = record.raster_begin[i]; s < record.raster_begin[i + 1]; ++s) {
            report.raster.push_back(
                {.time_ms = start + 1e3 * record.raster[s].time, .neuron = record.raster[s].neuron});
        }
        report.raster_end_ms = start + length_ms;
    }
    return report;
}

std::string decision_chart(const TimedRecord& record) {
    constexpr std::size_t bins = 40;
    double longest = 0;
    std::uint64_t answered = 0;
    for (const double decision : record.decisions_s) {
        if (std::isfinite(decision)) {
            longest = std::max(longest, decision);
            ++answered;
        }
    }
    if (answered == 0 || !(longest > 0)) {
        return {};
    }
    std::vector<std::uint64_t> counts(bins);
    for (const double decision : record.decisions_s) {
        if (decision >= 0 && std::isfinite(decision)) {
            ++counts[std::min(bins - 1, static_cast<std::size_t>(decision / longest * static_cast<double>(bins)))];
        }
    }
    const double width = longest / static_cast<double>(bins);
    const Scale x{0, longest, 64, 490};
    const Scale y{0, round_up(static_cast<double>(*std::max_element(counts.begin(), counts.end()))), 170, 12};
    Svg svg(510, 212, "Histogram of decision times");
    svg.axis_left(y, 64, 490, "samples");
    svg.axis_below(x, 170, 170, "s", "time of the first label spike", 6);
    for (std::size_t i = 0; i < bins; ++i) {
        if (counts[i] != 0) {
            const double from = width * static_cast<double>(i);
            const double at = y(static_cast<double>(counts[i]));
            svg.rect({x(from) + 0.5, at, x(from + width) - x(from) - 1, 170 - at}, "bar binds", {},
                     fmt::format("{}: {} samples", si_range(from, from + width, "s", script), grouped(counts[i])));
        }
    }
    const double mean = x(record.mean_decision_s());
    svg.line(mean, 12, mean, 170, "mark");
    svg.text(mean + (mean > 380 ? -6 : 6), 22, "mean " + si(record.mean_decision_s(), "s", script), "t small",
             mean > 380 ? Anchor::end : Anchor::start);
    return svg.finish();
}

std::string instance_chart(const TimedRecord& record) {
    if (record.scores.empty()) {
        return {};
    }
    const std::size_t rows = std::min(record.scores.size(), most_instances);
    const double height = 16;
    const double bottom = 8 + height * static_cast<double>(rows);
    const Scale x{0, 100, 80, 700};
    Svg svg(1040, bottom + 40, "Accuracy of each chip", true);
    svg.axis_below(x, bottom, 4, "", "accuracy, %", 6);
    for (std::size_t i = 0; i < rows; ++i) {
        const InstanceScore& score = record.scores[i];
        const double y = 8 + height * static_cast<double>(i);
        const bool good = record.required_accuracy > 0 && score.accuracy() >= record.required_accuracy;
        svg.text(72, y + 12, fmt::format("chip {}", score.instance), "t small", Anchor::end);
        svg.rect({80, y + 2, x(100 * score.accuracy()) - 80, height - 4}, good ? "bar binds" : "bar");
        svg.text(x(100 * score.accuracy()) + 6, y + 12, percent(score.accuracy(), script, 2), "t tiny muted");
    }
    if (record.required_accuracy > 0) {
        svg.line(x(100 * record.required_accuracy), 4, x(100 * record.required_accuracy), bottom, "mark");
    }
    return svg.finish();
}

std::string tile(std::string_view what, const std::string& value, const std::string& more) {
    return fmt::format(
        "<li><span class=\"what\">{}</span><span class=\"value\">{}</span><span class=\"more\">{}</span></li>\n",
        escaped(what), escaped(value), escaped(more));
}

std::string tiles(const TimedRecord& record) {
    const double samples = std::max<double>(1, static_cast<double>(record.samples()));
    const double decision = record.mean_decision_s();
    std::string html = "<ul class=\"tiles\">\n";
    html += tile("Accuracy", percent(static_cast<double>(record.correct()) / samples, script, 2),
                 fmt::format("{} of {} samples; {} silent", grouped(record.correct()), grouped(record.samples()),
                             grouped(record.silent())));
    html += tile("Decision", decision == never ? "none" : si(decision, "s", script),
                 decision == never
                     ? "no label spike"
                     : fmt::format("{:.4g} tau, mean first label spike; chip time {} an inference",
                                   decision / record.time_unit_s, si(record.counts.duration_s / samples, "s", script)));
    if (!record.chip.costs.empty()) {
        const chip::AnalogCostTable& table = record.chip.costs.front();
        const chip::analog::AnalogEnergy each = chip::analog::price(record.counts, table);
        html += tile("Energy an inference", energy(each.total_pj.value / samples, script),
                     fmt::format("{}; {}",
                                 energy_range({each.total_pj.value / samples, each.total_pj.low / samples,
                                               each.total_pj.high / samples},
                                              script),
                                 printable(table.title)));
    }
    html += tile("Spikes an inference", amount(static_cast<double>(record.counts.spikes) / samples),
                 fmt::format("{} input spikes, {} synaptic events",
                             amount(static_cast<double>(record.counts.input_spikes) / samples),
                             amount(static_cast<double>(record.counts.synaptic_events) / samples)));
    return html + "</ul>\n";
}

void add_section(std::string& page, std::string_view kicker, std::string_view finding, const std::string& content) {
    if (!content.empty()) {
        page += fmt::format("<p class=\"kicker\">{}</p>\n<h2>{}</h2>\n{}", escaped(kicker), escaped(finding), content);
    }
}

std::string figure(const std::string& svg, std::string_view caption) {
    return svg.empty() ? std::string()
                       : fmt::format("<figure><div class=\"scroll\">{}</div><figcaption>{}</figcaption></figure>\n",
                                     svg, escaped(caption));
}

std::string cost_rows(const TimedRecord& record) {
    std::string html;
    const auto row = [&html](const std::string& what, const chip::Quantity& quantity, const char* unit) {
        html += fmt::format(
            "<tr><td>{}</td><td class=\"n\">{:.4g} {}</td><td class=\"n\">{:.4g} – {:.4g}</td><td><span class=\"trust "
            "{}\">{}</span></td><td class=\"quiet\">{}</td></tr>\n",
            escaped(what), quantity.value, unit, quantity.low, quantity.high, chip::name_of(quantity.trust),
            chip::name_of(quantity.trust), escaped(printable(quantity.source)));
    };
    for (const chip::AnalogCostTable& table : record.chip.costs) {
        row(printable(table.name) + ": power of the chip", table.chip_power_mw, "mW");
        for (const chip::AnalogEventCost& event : table.events) {
            constexpr std::array names{"input spike", "spike", "synaptic event", "output spike", "PPU instruction"};
            row(fmt::format("{}: {}", printable(table.name), names[static_cast<std::size_t>(event.item)]),
                event.energy_pj, "pJ");
        }
    }
    return html.empty() ? html
                        : "<div class=\"scroll\"><table><thead><tr><th>constant</th><th class=\"n\">value</th><th "
                          "class=\"n\">range</th><th>trust</th><th>source</th></tr></thead><tbody>\n" +
                              html + "</tbody></table></div>\n";
}

std::string provenance_rows(const TimedRecord& record) {
    std::string html = "<div class=\"scroll\"><table><tbody>\n";
    const std::array<std::pair<const char*, std::string>, 9> rows{
        {{"network", record.network},
         {"network file", record.network_file + "  sha256 " + record.network_sha256},
         {"image", record.image_file + "  sha256 " + record.image_sha256},
         {"set", record.set_sha256.empty() ? record.set : record.set + "  sha256 " + record.set_sha256},
         {"chip", record.chip.name},
         {"instance", record.instance},
         {"seed", std::to_string(record.seed)},
         {"program", record.program},
         {"started", record.started_at}}};
    for (const auto& [key, value] : rows) {
        html += fmt::format("<tr><td class=\"nowrap quiet\">{}</td><td>{}</td></tr>\n", key, escaped(printable(value)));
    }
    html += "</tbody></table></div>\n<h3>Options</h3>\n<ul class=\"plain\">\n";
    for (const std::string& option : record.options) {
        html += fmt::format("<li>{}</li>\n", escaped(printable(option)));
    }
    return html + "</ul>\n";
}

}  // namespace

std::string record_html(const TimedRecord& record) {
    const std::string title = escaped(printable(record.network + " on " + record.chip.name));
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n<style>{1}</style>\n"
        "</head>\n<body>\n<main>\n<header>\n<h1>{0}</h1>\n<p class=\"lead\">{2}, {3}; window {4}</p>\n</header>\n",
        title, page_style, escaped(printable(record.set)), escaped(printable(record.instance)),
        si(record.window_s, "s", script));
    if (record.interrupted) {
        page += "<p class=\"alert\">Interrupted: not all samples were run.</p>\n";
    }
    page += tiles(record);
    const Report report = as_report(record);
    add_section(page, "Spikes", "The first samples, spike by spike",
                figure(raster_chart(report), "Each sample from its own start, cut after its last spike."));
    add_section(page, "Decision", "How long an answer takes",
                figure(decision_chart(record), "Samples with a label spike."));
    if (!report.confusion.empty()) {
        add_section(page, "Classes", "What is taken for what",
                    figure(confusion_chart(report), "Rows: labels; columns: answers."));
    }
    if (!record.scores.empty()) {
        const InstanceSpread spread = spread_of(record.scores);
        std::string finding =
            fmt::format("{} chips: {} on average, standard deviation {:.2f} points", record.scores.size(),
                        percent(spread.mean, script, 2), 100 * spread.deviation);
        if (record.required_accuracy > 0) {
            finding += fmt::format("; {} reach {}", percent(yield_at(record.scores, record.required_accuracy), script),
                                   percent(record.required_accuracy, script));
        }
        add_section(page, "Monte-Carlo", finding, figure(instance_chart(record), "The same samples on every chip."));
    }
    add_section(page, "Cost constants", "Where every constant comes from, and how far it can be trusted",
                cost_rows(record));
    add_section(page, "Figures", "The same in words",
                fmt::format("<pre>{}</pre>\n", escaped(printable(record_text(record), true))));
    add_section(page, "Provenance", "What was run", provenance_rows(record));
    return page + fmt::format(
                      "<footer>Written by {} from a recorded evaluation. Energies are computed from counted "
                      "events and published costs, not measured on a chip.</footer>\n</main>\n</body>\n</html>\n",
                      escaped(record.program.empty() ? "spikeloom" : record.program));
}

}  // namespace spikeloom::runtime
