#include <fmt/format.h>

#include "runtime/report/findings_traffic.hpp"
#include "runtime/report/text_parts.hpp"
#include "runtime/report/text_table.hpp"

namespace spikeloom::runtime::text {

std::string traffic(const Report& report) {
    if (!report.traffic || report.traffic->steps == 0) {
        return {};
    }
    constexpr std::size_t most_ranked = 8;
    const TrafficReport& traffic = *report.traffic;
    const auto of_steps = [&](std::uint64_t steps) {
        return percent(static_cast<double>(steps) / static_cast<double>(traffic.steps), script);
    };
    Table bounds({"bound", "steps", "of the steps", "of the time"});
    const double all = traffic.time_by_ns.sum();
    for (const chip::StepBound bound : all_bounds) {
        if (traffic.bound_steps[bound] > 0 || traffic.time_by_ns[bound] > 0) {
            bounds.add({name(bound), grouped(traffic.bound_steps[bound]), of_steps(traffic.bound_steps[bound]),
                        all > 0 ? percent(traffic.time_by_ns[bound] / all, script) : "-"});
        }
    }
    Table cores({"done last", "of the steps", "mostly bounded by", "messages out", "messages in"});
    for (const Ranked& rank : critical_cores(traffic, most_ranked)) {
        const CoreTraffic& core = traffic.cores[rank.index];
        cores.add({core_name(report, rank.index), percent(rank.share, script), name(main_bound(core)),
                   grouped(core.messages_out), grouped(core.messages_in)});
    }
    Table links({"busiest links", "flits", "busy", "busiest in", "peak of " + std::to_string(traffic.buffer_flits)});
    for (const Ranked& rank : critical_links(traffic, most_ranked)) {
        const LinkTraffic& link = traffic.links[rank.index];
        links.add({link_name(report, rank.index, script), grouped(link.flits), percent(link.busy, script, 2),
                   of_steps(link.busiest_steps), grouped(link.peak)});
    }
    std::string out = heading("What bounds a step", bound_finding(report, script)) + bounds.print();
    for (const std::string& sentence : bound_sentences(report, script)) {
        out += wrapped(sentence, 2);
    }
    out += wrapped(times_source(report, script), 2) + cores.print() + links.print();
    for (const TimeFigure& figure : time_figures(report, script)) {
        out += shortened(fmt::format("  {:<28}{}", figure.name, figure.value), most_columns, script) + "\n";
    }
    const std::string messages = trace_finding(report, script);
    return messages.empty() ? out : out + heading("Traced messages", messages);
}

}  // namespace spikeloom::runtime::text
