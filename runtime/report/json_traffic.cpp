// Time and traffic as JSON.
#include <boost/json.hpp>

#include "runtime/json_number.hpp"
#include "runtime/report/findings_traffic.hpp"
#include "runtime/report/json_parts.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

constexpr std::size_t most_links = 1000;

json::value distribution(const Distribution& values) {
    if (values.count == 0) {
        return nullptr;
    }
    return json::object{{"count", values.count},
                        {"least", json_number(values.least)},
                        {"mean", json_number(values.mean)},
                        {"standard_deviation", json_number(values.deviation)},
                        {"median", json_number(values.median)},
                        {"p95", json_number(values.p95)},
                        {"most", json_number(values.most)}};
}

template <class T>
json::object by_bound(const ByBound<T>& values) {
    json::object object;
    for (const chip::StepBound bound : all_bounds) {
        object[name(bound)] = values[bound];
    }
    return object;
}

json::object histogram(const BoundHistogram& histogram) {
    json::object steps;
    for (const chip::StepBound bound : all_bounds) {
        json::array counts;
        for (const auto& bin : histogram.counts) {
            counts.emplace_back(bin[bound]);
        }
        steps[name(bound)] = std::move(counts);
    }
    return {{"first_ns", json_number(histogram.first)},
            {"width_ns", json_number(histogram.width)},
            {"steps", std::move(steps)}};
}

json::array timeline(const TrafficReport& traffic) {
    json::array array;
    for (const TimelinePoint& point : traffic.timeline) {
        array.push_back(json::object{{"first_step", point.first_step},
                                     {"steps", point.steps},
                                     {"mean_ns", by_bound(point.time_ns)},
                                     {"longest_ns", json_number(point.longest_ns)}});
    }
    return array;
}

json::array cores(const Report& report) {
    json::array array;
    for (std::size_t i = 0; i < report.traffic->cores.size(); ++i) {
        const CoreTraffic& core = report.traffic->cores[i];
        array.push_back(json::object{{"place", i < report.cores.size() ? json::value(report.cores[i].place) : nullptr},
                                     {"last_steps", by_bound(core.steps)},
                                     {"messages_out", core.messages_out},
                                     {"messages_in", core.messages_in}});
    }
    return array;
}

json::array links(const TrafficReport& traffic) {
    json::array array;
    for (const Ranked& rank : critical_links(traffic, most_links)) {
        const LinkTraffic& link = traffic.links[rank.index];
        array.push_back(json::object{{"link", rank.index},
                                     {"name", link.name},
                                     {"between_chips", link.between_chips},
                                     {"flits", link.flits},
                                     {"busy", json_number(link.busy)},
                                     {"busiest_steps", link.busiest_steps},
                                     {"busy_when_busiest", json_number(link.busy_when_busiest)},
                                     {"peak_flits", link.peak},
                                     {"waited_flit_cycles", link.waited}});
    }
    return array;
}

json::value trace(const Report& report) {
    const MessageTrace& trace = report.traffic->trace;
    if (trace.recorded == 0) {
        return nullptr;
    }
    json::array places;
    for (const StallPlace& place : trace.places) {
        places.push_back(json::object{{"link", link_name(report, place.link, Script::plain)},
                                      {"messages", place.messages},
                                      {"stalled_ns", json_number(place.stalled_ns)}});
    }
    json::array bins(trace.bins.begin(), trace.bins.end());
    return json::object{{"messages", trace.recorded},
                        {"latency_ns", distribution(trace.latency_ns)},
                        {"at_source_ns", distribution(trace.source_ns)},
                        {"in_network_ns", distribution(trace.network_ns)},
                        {"at_receiver_ns", distribution(trace.receiver_ns)},
                        {"latency_histogram", json::object{{"first_ns", json_number(trace.first_bin_ns)},
                                                           {"width_ns", json_number(trace.bin_width_ns)},
                                                           {"messages", std::move(bins)}}},
                        {"mean_hops", json_number(trace.mean_hops)},
                        {"stalled_messages", trace.stalled},
                        {"stalled_at", std::move(places)}};
}

}  // namespace

json::value traffic_json(const Report& report) {
    if (!report.traffic) {
        return nullptr;
    }
    const TrafficReport& traffic = *report.traffic;
    return json::object{{"model", traffic.model},
                        {"costs", traffic.costs},
                        {"finding", bound_finding(report, Script::plain)},
                        {"cycle_ns", json_number(traffic.cycle_ns)},
                        {"time_ns", json_number(traffic.time_ns)},
                        {"bound_steps", by_bound(traffic.bound_steps)},
                        {"time_by_bound_ns", by_bound(traffic.time_by_ns)},
                        {"shorter_without_waiting_at_most", json_number(network_share(traffic))},
                        {"step_times", histogram(traffic.step_times_ns)},
                        {"timeline", timeline(traffic)},
                        {"cores", cores(report)},
                        {"links_recorded", traffic.links.size()},
                        {"planes", traffic.planes},
                        {"buffer_flits", traffic.buffer_flits},
                        {"links", links(traffic)},
                        {"samples_latency_ns", distribution(traffic.sample_ns)},
                        {"samples_first_spike_ns", distribution(traffic.first_spike_ns)},
                        {"input_steps", traffic.input_steps > 0 ? json::value(traffic.input_steps) : nullptr},
                        {"feed_forward", traffic.feed_forward},
                        {"emulation_wall_s", traffic.wall_s > 0 ? json_number(traffic.wall_s) : nullptr},
                        {"trace", trace(report)}};
}

}  // namespace spikeloom::runtime
