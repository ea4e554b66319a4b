#include "runtime/report/html_traffic.hpp"

#include <algorithm>
#include <vector>

#include "runtime/report/charts_traffic.hpp"
#include "runtime/report/findings.hpp"
#include "runtime/report/findings_traffic.hpp"

namespace spikeloom::runtime {
namespace {

constexpr Script script = Script::unicode;
constexpr std::size_t most_ranked = 12;

/// Moves the slider's window into the picture. The page is complete without it: then the whole run is shown. It reads
/// nothing but digits and labels that the program wrote.
constexpr std::string_view slider_script = R"js(<script>
document.querySelectorAll(".linkmap").forEach(function (map) {
  var levels = map.dataset.levels.split("|"), labels = map.dataset.labels.split("|");
  var lines = map.querySelectorAll(".links .fl"), bar = map.querySelector(".slider");
  var range = bar.querySelector("input"), told = bar.querySelector("output"), button = bar.querySelector("button");
  var timer = 0;
  function show() {
    var window_ = Number(range.value), digits = levels[window_];
    lines.forEach(function (line, i) { line.setAttribute("class", "fl f" + digits[i]); });
    told.textContent = labels[window_];
    range.setAttribute("aria-valuetext", labels[window_]);
  }
  function stop() { clearInterval(timer); timer = 0; button.textContent = "Play"; }
  function next() {
    if (Number(range.value) === levels.length - 1) { stop(); return; }
    range.value = Number(range.value) + 1;
    show();
  }
  button.addEventListener("click", function () {
    if (timer) { stop(); return; }
    if (Number(range.value) === levels.length - 1) { range.value = 0; }
    button.textContent = "Pause";
    timer = setInterval(next, 250);
  });
  range.addEventListener("input", show);
  bar.hidden = false;
});
</script>
)js";

std::string head(const std::vector<std::pair<std::string_view, bool>>& columns) {
    std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
    for (const auto& [text, number] : columns) {
        html += fmt::format("<th{} scope=\"col\">{}</th>", number ? " class=\"n\"" : "", escaped(text));
    }
    return html + "</tr></thead>\n<tbody>\n";
}

constexpr std::string_view table_end = "</tbody>\n</table></div>\n";

std::string bound_table(const TrafficReport& traffic) {
    std::string html =
        head({{"bound", false}, {"steps", true}, {"of the steps", true}, {"of the time", true}, {"what it is", false}});
    const double all = traffic.time_by_ns.sum();
    for (const chip::StepBound bound : all_bounds) {
        const std::uint64_t steps = traffic.bound_steps[bound];
        const double time = traffic.time_by_ns[bound];
        if (steps == 0 && time <= 0) {
            continue;
        }
        html += "<tr>" + fmt::format(
                             "<td class=\"nowrap\"><svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\">"
                             "<rect class=\"{}\" width=\"12\" height=\"12\" rx=\"2\"/></svg>{}</td>",
                             style(bound), escaped(name(bound)));
        html += cell(grouped(steps), "n") +
                cell(percent(static_cast<double>(steps) / static_cast<double>(traffic.steps), script), "n") +
                cell(all > 0 ? percent(time / all, script) : "-", "n") + cell(meaning(bound), "quiet") + "</tr>\n";
    }
    return html + std::string(table_end);
}

std::string bound_legend(const TrafficReport& traffic) {
    std::string html = "<ul class=\"legend\">";
    for (const chip::StepBound bound : all_bounds) {
        if (traffic.bound_steps[bound] > 0 || traffic.time_by_ns[bound] > 0) {
            html += legend_entry(style(bound), name(bound));
        }
    }
    return html + "</ul>\n";
}

void pair(const std::string& first, const std::string& second, Page& page) {
    page.raw("<div class=\"row pair\">\n");
    for (const std::string* svg : {&first, &second}) {
        if (!svg->empty()) {
            page.raw(fmt::format("<figure><div class=\"scroll\">{}</div></figure>\n", *svg));
        }
    }
    page.raw("</div>\n");
}

void add_bounds(const Report& report, Page& page) {
    const TrafficReport& traffic = *report.traffic;
    page.section("What bounds a step", bound_finding(report, script));
    page.raw(bound_table(traffic));
    if (const std::string buffers = full_buffers(traffic); !buffers.empty()) {
        page.paragraph(buffers);
    }
    page.paragraph(times_source(report, script), "note");
    pair(bound_histogram(report), critical_core_chart(report), page);
    page.raw(bound_legend(traffic));
    const std::uint64_t each = traffic.timeline.empty() ? 1 : traffic.timeline.front().steps;
    page.figure(
        phase_timeline(report),
        fmt::format("The time of a step, phase on phase{}. A step's own work is generation or processing, "
                    "whichever takes longer; network is what the spiking phase takes beyond it.",
                    each > 1 ? fmt::format(": means over {} steps each, and the longest of them (line)", grouped(each))
                             : std::string()));
}

std::string link_table(const Report& report) {
    const TrafficReport& traffic = *report.traffic;
    std::string html = head({{"link", false},
                             {"flits", true},
                             {"busy", true},
                             {"busiest in", true},
                             {"busy then", true},
                             {"fullest buffer", true},
                             {"waited a flit", true}});
    for (const Ranked& rank : critical_links(traffic, most_ranked)) {
        const LinkTraffic& link = traffic.links[rank.index];
        const double waited = static_cast<double>(link.waited) / static_cast<double>(link.flits) * traffic.cycle_ns;
        html += "<tr>" +
                cell(link_name(report, rank.index, script) + (link.between_chips ? " (between chips)" : ""), "nowrap") +
                cell(grouped(link.flits), "n") + cell(percent(link.busy, script, 2), "n") +
                cell(fmt::format(
                         "{} of the steps",
                         percent(static_cast<double>(link.busiest_steps) / static_cast<double>(traffic.steps), script)),
                     "n") +
                cell(link.busiest_steps > 0 ? percent(link.busy_when_busiest, script) : "–", "n") +
                cell(fmt::format("{} of {} flits", grouped(link.peak), traffic.buffer_flits), "n") +
                cell(time(waited, script), "n") + "</tr>\n";
    }
    return html + std::string(table_end);
}

void add_links(const Report& report, Page& page) {
    const TrafficReport& traffic = *report.traffic;
    const std::vector<Ranked> busiest = critical_links(traffic, 1);
    if (busiest.empty()) {
        return;
    }
    const auto used = static_cast<std::uint64_t>(
        std::ranges::count_if(traffic.links, [](const LinkTraffic& link) { return link.flits > 0; }));
    page.section("Links", fmt::format("{} of {} links carry messages; {} is busy {} of the time", grouped(used),
                                      grouped(traffic.links.size()), link_name(report, busiest[0].index, script),
                                      percent(busiest[0].share, script)));
    const LinkMap map = link_map(report);
    if (!map.svg.empty()) {
        std::string levels;
        std::string labels;
        for (std::size_t i = 0; i < map.levels.size(); ++i) {
            levels += (i == 0 ? "" : "|") + map.levels[i];
            labels += (i == 0 ? "" : "|") + map.labels[i];
        }
        const bool slides = map.levels.size() > 2;
        page.raw(slides ? fmt::format("<div class=\"linkmap\" data-levels=\"{}\" data-labels=\"{}\">\n", levels,
                                      escaped(labels))
                        : std::string("<div>\n"));
        page.figure(
            map.svg,
            fmt::format("A line for each direction of a link, to the right of its way; thicker and {} where "
                        "flits cross more of the time. Filled squares: tiles in use. Dashes: borders of chips. "
                        "Stubs: links that close a ring.{}",
                        "further from the background",
                        map.block > 1 ? fmt::format(" A square stands for {0} × {0} tiles, a line for the busiest link "
                                                    "between two such.",
                                                    map.block)
                                      : std::string()));
        if (slides) {
            page.raw(
                fmt::format("<div class=\"slider\" hidden><button type=\"button\">Play</button><input type=\"range\" "
                            "min=\"0\" max=\"{}\" value=\"0\" aria-label=\"time window\"/>"
                            "<output>whole run</output></div>\n",
                            map.levels.size() - 1));
        }
        page.raw("</div>\n");
        page.raw(slides ? slider_script : std::string_view());
    }
    page.raw(link_table(report));
    page.paragraph(
        "Busy: share of the run's time in which flits crossed the link. Busiest in: steps in which no link between "
        "routers was busier, and how much of such a step it was busy. Fullest buffer: the most flits that waited in a "
        "virtual channel's buffer at the link's end, in any step. Waited a flit: time that heads waited there, over "
        "the link's flits.",
        "note");
}

void add_figures(const Report& report, Page& page) {
    const std::vector<TimeFigure> figures = time_figures(report, script);
    if (figures.empty()) {
        return;
    }
    page.section("Latency and throughput", latency_finding(report, script));
    std::string html = head({{"figure", false}, {"value", false}, {"what it is", false}});
    for (const TimeFigure& figure : figures) {
        html += "<tr>" + cell(figure.name, "nowrap") + cell(figure.value) + cell(figure.meaning, "quiet") + "</tr>\n";
    }
    page.raw(html + std::string(table_end));
    page.paragraph(times_source(report, script), "note");
}

void add_trace(const Report& report, Page& page) {
    const MessageTrace& trace = report.traffic->trace;
    if (trace.recorded == 0) {
        return;
    }
    page.section("Traced messages", trace_finding(report, script));
    std::string parts = head(
        {{"part of the way", false}, {"mean", true}, {"half within", true}, {"95 % within", true}, {"most", true}});
    for (const auto& [what, values] : {std::pair{"made to injected: waiting at its core", &trace.source_ns},
                                       std::pair{"injected to arrived: in the network", &trace.network_ns},
                                       std::pair{"arrived to processed: at the receiver", &trace.receiver_ns},
                                       std::pair{"made to arrived", &trace.latency_ns}}) {
        parts += "<tr>" + cell(what) + cell(time(values->mean, script), "n") + cell(time(values->median, script), "n") +
                 cell(time(values->p95, script), "n") + cell(time(values->most, script), "n") + "</tr>\n";
    }
    parts += table_end;
    page.raw(
        fmt::format("<div class=\"row pair\"><figure><div class=\"scroll\">{}</div></figure>\n<div>{}</div></div>\n",
                    trace_chart(report), parts));
    page.paragraph(
        fmt::format("{} messages traced; {} links between routers on the way on average; {} waited somewhere.",
                    grouped(trace.recorded), amount(trace.mean_hops), grouped(trace.stalled)),
        "note");
    if (trace.places.empty()) {
        return;
    }
    std::string places = head({{"waited longest before", false}, {"messages", true}, {"waited in all", true}});
    for (const StallPlace& place : trace.places) {
        places += "<tr>" + cell(link_name(report, place.link, script)) + cell(grouped(place.messages), "n") +
                  cell(time(place.stalled_ns, script), "n") + "</tr>\n";
    }
    page.raw(places + std::string(table_end));
}

}  // namespace

void add_traffic(const Report& report, Page& page) {
    if (!report.traffic || report.traffic->steps == 0) {
        return;
    }
    add_bounds(report, page);
    add_links(report, page);
    add_figures(report, page);
    add_trace(report, page);
}

}  // namespace spikeloom::runtime
