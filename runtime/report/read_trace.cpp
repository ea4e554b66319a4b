// Traced messages: how long they took, in which part of their way, and where they waited.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "runtime/report/read_traffic.hpp"
#include "runtime/report/slabs.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t bins = 40;
constexpr std::size_t most_places = 12;

/// The moments of a message, ns since its step began, in the order in which they come.
constexpr std::array<const char*, 4> moments{"made", "injected", "arrived", "processed"};

struct TraceColumns {
    TraceColumns(Source& source, const std::string& folder, std::uint64_t rows)
        : step(source, folder + "step", rows),
          from(source, folder + "source", rows),
          to(source, folder + "destination", rows),
          hops(source, folder + "hops", rows),
          stalled_link(source, folder + "stalled_link", rows),
          stalled(source, folder + "stalled", rows),
          times{Slabs<float>{source, folder + moments[0], rows}, Slabs<float>{source, folder + moments[1], rows},
                Slabs<float>{source, folder + moments[2], rows}, Slabs<float>{source, folder + moments[3], rows}} {}
    Slabs<std::uint64_t> step;
    Slabs<std::uint32_t> from, to, hops, stalled_link;
    Slabs<float> stalled;
    std::array<Slabs<float>, moments.size()> times;
};

class TraceReader {
public:
    TraceReader(Source& source, const Report& report, const TrafficReport& traffic)
        : source_(source), report_(report), traffic_(traffic) {}

    /// False at the first message that can't be.
    [[nodiscard]] bool add(std::uint64_t message, TraceColumns& columns);
    void finish(MessageTrace& trace);

private:
    [[nodiscard]] bool wrong(const char* name, std::uint64_t message, const std::string& found,
                             const std::string& allowed) {
        source_.wrong(std::string("/traffic/trace/") + name, fmt::format("{} of message {}", found, message), allowed);
        return false;
    }
    [[nodiscard]] bool check_ends(std::uint64_t message, TraceColumns& columns);
    [[nodiscard]] bool add_stall(std::uint64_t message, std::uint32_t link, double stalled_ns);

    Source& source_;
    const Report& report_;
    const TrafficReport& traffic_;
    std::vector<double> latency_, at_source_, in_network_, at_receiver_;
    double hops_ = 0;
    std::uint64_t stalled_ = 0;
    std::map<std::uint32_t, StallPlace> places_;
};

bool TraceReader::check_ends(std::uint64_t message, TraceColumns& columns) {
    const std::uint64_t* step = columns.step.row(message);
    const std::uint32_t* from = columns.from.row(message);
    const std::uint32_t* to = columns.to.row(message);
    if (step == nullptr || from == nullptr || to == nullptr) {
        return false;
    }
    if (*step >= traffic_.steps) {
        return wrong("step", message, fmt::format("step {}", *step), fmt::format("below {}", traffic_.steps));
    }
    const auto places = static_cast<std::uint32_t>(std::max(report_.mesh.cores(), 0));
    if (*from >= places || *to >= places) {
        return wrong(*from >= places ? "source" : "destination", message, fmt::format("place {}", std::max(*from, *to)),
                     fmt::format("places of the mesh, below {}", places));
    }
    return true;
}

bool TraceReader::add_stall(std::uint64_t message, std::uint32_t link, double stalled_ns) {
    // After the links between routers: one to inject and one to eject for every place.
    const std::uint64_t links =
        traffic_.links.size() + 2 * static_cast<std::uint64_t>(std::max(report_.mesh.cores(), 0));
    if (link != router::no_link && link >= links) {
        return wrong("stalled_link", message, fmt::format("link {}", link),
                     fmt::format("below {}, or {} for none", links, router::no_link));
    }
    if (!std::isfinite(stalled_ns) || stalled_ns < 0) {
        return wrong("stalled", message, fmt::format("{} ns", stalled_ns), "a finite time from 0");
    }
    if (link != router::no_link && stalled_ns > 0) {
        ++stalled_;
        StallPlace& place = places_[link];
        place.link = link;
        ++place.messages;
        place.stalled_ns += stalled_ns;
    }
    return true;
}

bool TraceReader::add(std::uint64_t message, TraceColumns& columns) {
    if (!check_ends(message, columns)) {
        return false;
    }
    std::array<double, moments.size()> at{};
    for (std::size_t i = 0; i < moments.size(); ++i) {
        const float* time = columns.times[i].row(message);
        if (time == nullptr) {
            return false;
        }
        at[i] = static_cast<double>(*time);
        if (!std::isfinite(at[i]) || at[i] < 0 || (i > 0 && at[i] < at[i - 1] * (1 - 1e-6))) {
            return wrong(moments[i], message, fmt::format("{} ns", at[i]),
                         "finite times from 0; made, injected, arrived, processed in this order");
        }
    }
    const std::uint32_t* hops = columns.hops.row(message);
    const std::uint32_t* link = columns.stalled_link.row(message);
    const float* stalled = columns.stalled.row(message);
    if (hops == nullptr || link == nullptr || stalled == nullptr ||
        !add_stall(message, *link, static_cast<double>(*stalled))) {
        return false;
    }
    hops_ += *hops;
    latency_.push_back(std::max(at[2] - at[0], 0.0));
    at_source_.push_back(std::max(at[1] - at[0], 0.0));
    in_network_.push_back(std::max(at[2] - at[1], 0.0));
    at_receiver_.push_back(std::max(at[3] - at[2], 0.0));
    return true;
}

void TraceReader::finish(MessageTrace& trace) {
    trace.mean_hops = latency_.empty() ? 0 : hops_ / static_cast<double>(latency_.size());
    trace.latency_ns = distribution_of(latency_);
    trace.source_ns = distribution_of(at_source_);
    trace.network_ns = distribution_of(in_network_);
    trace.receiver_ns = distribution_of(at_receiver_);
    trace.stalled = stalled_;
    for (const auto& [link, place] : places_) {
        trace.places.push_back(place);
    }
    std::stable_sort(trace.places.begin(), trace.places.end(),
                     [](const StallPlace& a, const StallPlace& b) { return a.stalled_ns > b.stalled_ns; });
    trace.places.resize(std::min(trace.places.size(), most_places));
    const double extent = trace.latency_ns.most - trace.latency_ns.least;
    trace.first_bin_ns = trace.latency_ns.least;
    trace.bin_width_ns = extent > 0 ? extent / static_cast<double>(bins) : std::max(trace.latency_ns.most, 1.0) / 10;
    trace.bins.assign(extent > 0 ? bins : 1, 0);
    for (const double latency : latency_) {
        const auto bin = static_cast<std::size_t>((latency - trace.first_bin_ns) / trace.bin_width_ns);
        ++trace.bins[std::min(bin, trace.bins.size() - 1)];
    }
}

}  // namespace

void read_trace(Source& source, const Report& report, TrafficReport& traffic) {
    const std::string folder = "/traffic/trace/";
    const auto rows = length_of(source, folder + "step", std::uint64_t{1} << 48);
    if (!rows) {
        return;
    }
    for (const char* name :
         {"source", "destination", "made", "injected", "arrived", "processed", "hops", "stalled_link", "stalled"}) {
        if (!has_shape(source, folder + name, *rows)) {
            return;
        }
    }
    const std::uint64_t taken = std::min(*rows, trace_limit);
    TraceColumns columns(source, folder, *rows);
    TraceReader reader(source, report, traffic);
    for (std::uint64_t message = 0; message < taken; ++message) {
        if (!reader.add(message, columns)) {
            return;
        }
    }
    traffic.trace.recorded = *rows;
    if (taken > 0) {
        reader.finish(traffic.trace);
    }
    if (taken < *rows) {
        source.remark(
            fmt::format("Of {} traced messages, the figures are of the first {}.", grouped(*rows), grouped(taken)));
    }
}

}  // namespace spikeloom::runtime
