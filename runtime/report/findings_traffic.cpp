#include "runtime/report/findings_traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {

using chip::StepBound;

std::string name(StepBound bound) {
    return std::string(chip::name_of(bound));
}

std::string meaning(StepBound bound) {
    switch (bound) {
    case StepBound::generation:
        return "updates, spikes and messages of the busiest sender";
    case StepBound::processing:
        return "messages and synaptic events of the busiest receiver";
    case StepBound::network:
        return "waiting for links, buffers and one another, beyond the busiest core's own work";
    case StepBound::learning:
        return "weight updates of the core that learns longest";
    case StepBound::barrier:
        return "until all tiles know that all are done";
    case StepBound::host:
        return "inputs and outputs through the embedded processors";
    }
    return {};
}

namespace {

constexpr double little = 0.01;  ///< a share of the run that nobody would optimise for

std::string quoted(const std::string& text, Script script) {
    const std::string cut = shortened(text, 40, script);
    return script == Script::plain ? "'" + cut + "'" : "‘" + cut + "’";
}

StepBound most_of(const ByBound<std::uint64_t>& steps) {
    return *std::max_element(all_bounds.begin(), all_bounds.end(),
                             [&](StepBound a, StepBound b) { return steps[a] < steps[b]; });
}

double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

/// Whether one core is to blame for what bounds the step.
bool of_a_core(StepBound bound) {
    return bound == StepBound::generation || bound == StepBound::processing || bound == StepBound::learning;
}

/// The largest, with the most first.
std::vector<Ranked> ranked(std::vector<Ranked> all, std::size_t most) {
    std::stable_sort(all.begin(), all.end(), [](const Ranked& a, const Ranked& b) { return a.share > b.share; });
    all.resize(std::min(all.size(), most));
    return all;
}

}  // namespace

double network_share(const TrafficReport& traffic) {
    return share(traffic.time_by_ns[StepBound::network], traffic.time_by_ns.sum());
}

std::vector<Ranked> critical_cores(const TrafficReport& traffic, std::size_t most) {
    std::vector<Ranked> cores;
    for (std::uint32_t i = 0; i < traffic.cores.size(); ++i) {
        if (const std::uint64_t steps = traffic.cores[i].steps.sum(); steps > 0) {
            cores.push_back({i, share(static_cast<double>(steps), static_cast<double>(traffic.steps))});
        }
    }
    return ranked(std::move(cores), most);
}

std::vector<Ranked> critical_links(const TrafficReport& traffic, std::size_t most) {
    std::vector<Ranked> links;
    for (std::uint32_t i = 0; i < traffic.links.size(); ++i) {
        if (traffic.links[i].flits > 0) {
            links.push_back({i, traffic.links[i].busy});
        }
    }
    return ranked(std::move(links), most);
}

StepBound main_bound(const CoreTraffic& core) {
    return most_of(core.steps);
}

std::string core_name(const Report& report, std::uint32_t core) {
    if (core >= report.cores.size()) {
        return fmt::format("core {}", core);
    }
    const auto place = static_cast<int>(report.cores[core].place);
    return fmt::format("core {} (tile {},{})", place, report.mesh.column(place), report.mesh.row(place));
}

std::string link_name(const Report& report, std::uint32_t link, Script script) {
    if (!report.traffic || link == router::no_link) {
        return "none";
    }
    const std::vector<LinkTraffic>& links = report.traffic->links;
    if (link >= links.size()) {
        const std::size_t local = link - links.size();
        return fmt::format("core {}, {}", local / 2, local % 2 == 0 ? "leaving" : "arriving");
    }
    std::string text = shortened(links[link].name, 40, script);
    if (const std::size_t arrow = text.find(" -> "); script == Script::unicode && arrow != std::string::npos) {
        text.replace(arrow, 4, " → ");
    }
    return text;
}

namespace {

/// "processing on core 12", "the barrier", "processing on 7 cores".
std::string bound_place(const Report& report, const TrafficReport& traffic, StepBound bound) {
    if (!of_a_core(bound)) {
        return "the " + name(bound);
    }
    const std::uint64_t all = traffic.bound_steps[bound];
    std::uint64_t most = 0;
    std::uint32_t critical = 0;
    std::size_t cores = 0;
    for (std::uint32_t i = 0; i < traffic.cores.size(); ++i) {
        const std::uint64_t steps = traffic.cores[i].steps[bound];
        cores += steps > 0 ? 1 : 0;
        if (steps > most) {
            most = steps;
            critical = i;
        }
    }
    const std::uint32_t place = critical < report.cores.size() ? report.cores[critical].place : critical;
    if (cores <= 1) {
        return fmt::format("{} on core {}", name(bound), place);
    }
    return fmt::format("{}, in {} of these on core {}", name(bound),
                       percent(share(static_cast<double>(most), static_cast<double>(all)), Script::plain, 0), place);
}

std::string help_of_network(const TrafficReport& traffic, Script script) {
    const double gain = network_share(traffic);
    return gain < little
               ? "widening it would not help"
               : fmt::format("a network without waiting would shorten the run by at most {}", percent(gain, script, 0));
}

}  // namespace

std::string bound_finding(const Report& report, Script script) {
    if (!report.traffic || report.traffic->steps == 0) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    const StepBound bound = most_of(traffic.bound_steps);
    const double part = share(static_cast<double>(traffic.bound_steps[bound]), static_cast<double>(traffic.steps));
    std::string text =
        fmt::format("{} of the steps are bounded by {}", percent(part, script, 0), bound_place(report, traffic, bound));
    const std::vector<Ranked> links = critical_links(traffic, 1);
    if (links.empty()) {
        return text + "; no message leaves its tile";
    }
    return text + fmt::format("; the link {} is the busiest, {} of the time; {}",
                              link_name(report, links[0].index, script),
                              links[0].share < little ? "below 1 %" : percent(links[0].share, script, 0),
                              help_of_network(traffic, script));
}

std::string full_buffers(const TrafficReport& traffic) {
    const auto full = static_cast<std::size_t>(std::ranges::count_if(traffic.links, [&](const LinkTraffic& link) {
        return traffic.buffer_flits > 0 && link.peak >= static_cast<std::uint32_t>(traffic.buffer_flits);
    }));
    return full == 0 || traffic.model == "free"
               ? std::string()
               : fmt::format("On {} of {} links, the buffer at the end was full at least once ({} flits).",
                             grouped(full), grouped(traffic.links.size()), traffic.buffer_flits);
}

std::vector<std::string> bound_sentences(const Report& report, Script script) {
    if (!report.traffic || report.traffic->steps == 0) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    const double all = traffic.time_by_ns.sum();
    std::vector<StepBound> order(all_bounds.begin(), all_bounds.end());
    std::stable_sort(order.begin(), order.end(),
                     [&](StepBound a, StepBound b) { return traffic.time_by_ns[a] > traffic.time_by_ns[b]; });
    std::string parts;
    for (const StepBound bound : order) {
        if (traffic.time_by_ns[bound] > 0.0005 * all) {
            parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", name(bound),
                                 percent(share(traffic.time_by_ns[bound], all), script, 1));
        }
    }
    std::vector<std::string> sentences;
    if (!parts.empty()) {
        sentences.push_back("Of the run's time: " + parts + ".");
    }
    if (const std::string buffers = full_buffers(traffic); !buffers.empty()) {
        sentences.push_back(buffers);
    }
    return sentences;
}

std::string times_source(const Report& report, Script script) {
    if (!report.traffic) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    const std::string model = traffic.model == "free"     ? "hops only, nobody waits in the network"
                              : traffic.model == "queued" ? "links, buffers and receivers as queues"
                                                          : "cycle by cycle";
    std::string text = fmt::format("Times: network model {} ({}), cost table {}, network clock {}.", traffic.model,
                                   model, quoted(traffic.costs, script), si(traffic.cycle_ns * 1e-9, "s", script));
    if (report.priced.size() > 1) {
        text += " Times under other cost tables are those of free.";
    }
    return text;
}

std::string latency_finding(const Report& report, Script script) {
    if (!report.traffic || report.traffic->steps == 0) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    if (traffic.sample_ns.count > 0) {
        return fmt::format("An inference takes {} on average, 95 % of them at most {}",
                           time(traffic.sample_ns.mean, script), time(traffic.sample_ns.p95, script));
    }
    return fmt::format("A step takes {} on average",
                       time(share(traffic.time_ns, static_cast<double>(traffic.steps)), script));
}

std::string trace_finding(const Report& report, Script script) {
    if (!report.traffic || report.traffic->trace.recorded == 0) {
        return {};
    }
    const MessageTrace& trace = report.traffic->trace;
    std::string text = fmt::format("Half of the traced messages arrive within {}, 95 % within {}",
                                   time(trace.latency_ns.median, script), time(trace.latency_ns.p95, script));
    if (!trace.places.empty()) {
        text += fmt::format("; most of the waiting is before {}", link_name(report, trace.places[0].link, script));
    }
    return text;
}

namespace {

std::string spread_text(const Distribution& values, Script script) {
    return fmt::format("{} {} {}; 95 % within {}; {}", time(values.mean, script), script == Script::plain ? "+-" : "±",
                       time(values.deviation, script), time(values.p95, script),
                       si_range(values.least * 1e-9, values.most * 1e-9, "s", script));
}

/// "12.3 times as fast as real time", "5.1 times slower than real time".
std::string against_real_time(double factor) {
    return factor >= 1 ? fmt::format("{} times as fast as real time", amount(factor))
                       : fmt::format("{} times slower than real time", amount(1 / factor));
}

}  // namespace

std::vector<TimeFigure> time_figures(const Report& report, Script script) {
    std::vector<TimeFigure> figures;
    if (!report.traffic || report.traffic->steps == 0) {
        return figures;
    }
    const TrafficReport& traffic = *report.traffic;
    if (traffic.sample_ns.count > 0) {
        figures.push_back(
            {"latency per inference", spread_text(traffic.sample_ns, script),
             "all steps of a sample, one after the other: mean, standard deviation, 95 % quantile, least to most"});
    }
    if (traffic.first_spike_ns.count > 0) {
        figures.push_back({"first-spike latency", spread_text(traffic.first_spike_ns, script),
                           fmt::format("until the step of the answering output's first spike has ended; of {} of {} "
                                       "samples",
                                       grouped(traffic.first_spike_ns.count), grouped(traffic.sample_ns.count))});
    }
    if (traffic.sample_ns.mean > 0) {
        figures.push_back({"throughput, one at a time", si(1e9 / traffic.sample_ns.mean, "/s", script),
                           "inferences a second: a sample starts when the one before has ended"});
    }
    const double mean_ns = share(traffic.time_ns, static_cast<double>(traffic.steps));
    if (traffic.input_steps > 0 && traffic.feed_forward && mean_ns > 0) {
        figures.push_back({"throughput, pipelined", si(1e9 / (mean_ns * traffic.input_steps), "/s", script),
                           fmt::format("an estimate: the next sample enters after {} steps of input, layers are reset "
                                       "as a sample's end passes them, and steps last as long as they did",
                                       traffic.input_steps)});
    }
    figures.push_back({"step", fmt::format("{} on average", time(mean_ns, script)), "from barrier to barrier"});
    if (mean_ns > 0 && report.step_s > 0) {
        figures.push_back({"chip against real time", against_real_time(report.step_s * 1e9 / mean_ns),
                           fmt::format("a step means {} of network time", si(report.step_s, "s", script))});
    }
    const double network_s = report.step_s * static_cast<double>(traffic.steps);
    if (traffic.wall_s > 0 && network_s > 0) {
        figures.push_back({"emulation against real time", against_real_time(network_s / traffic.wall_s),
                           fmt::format("{} for {} of network time, recording included", si(traffic.wall_s, "s", script),
                                       si(network_s, "s", script))});
    }
    return figures;
}

}  // namespace spikeloom::runtime
