#include "router/load.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace spikeloom::router {
namespace {

class LatencySum {
public:
    void add(const Passage& passage) {
        const Cycle latency = passage.arrived - passage.made;
        least_ = std::min(least_, latency);
        most_ = std::max(most_, latency);
        sum_ += static_cast<std::uint64_t>(latency);
        network_sum_ += static_cast<std::uint64_t>(passage.arrived - passage.injected);
        ++packets_;
    }
    [[nodiscard]] LatencyFigures figures() const {
        if (packets_ == 0) {
            return {};
        }
        const auto packets = static_cast<double>(packets_);
        return {.packets = packets_,
                .mean = static_cast<double>(sum_) / packets,
                .least = least_,
                .most = most_,
                .network_mean = static_cast<double>(network_sum_) / packets};
    }

private:
    std::uint64_t packets_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t network_sum_ = 0;
    Cycle least_ = std::numeric_limits<Cycle>::max();
    Cycle most_ = 0;
};

/// The load goes on while measured packets are on their way.
Cycle horizon_of(const LoadOptions& options) {
    return options.warm_up + options.measured + static_cast<Cycle>(options.latency_threshold);
}

Cycle percentile(std::vector<Cycle>& values, double share) {
    if (values.empty()) {
        return 0;
    }
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
    return values[at];
}

}  // namespace

BatchResult run_batch(const Graph& graph, NetworkModel& model, const Workload& workload) {
    Outcome outcome;
    model.run(workload, true, outcome);
    LatencySum all;
    std::map<std::pair<std::uint32_t, std::uint32_t>, LatencySum> pairs;
    for (const Passage& passage : outcome.passages) {
        all.add(passage);
        pairs[{node_of_endpoint(graph.mesh(), passage.source), node_of_endpoint(graph.mesh(), passage.destination)}]
            .add(passage);
    }
    BatchResult result;
    result.cycles = outcome.passages.empty() ? 0 : outcome.last_arrival + 1;
    result.latency = all.figures();
    result.flits = outcome.passages.size() * static_cast<std::uint64_t>(graph.parameters().packet_flits);
    result.links = std::move(outcome.links);
    for (const auto& [pair, sum] : pairs) {
        result.pairs.push_back({.source = pair.first, .destination = pair.second, .latency = sum.figures()});
    }
    return result;
}

LoadPoint run_load(const Graph& graph, NetworkModel& model, const TrafficSource& source, double rate,
                   const LoadOptions& options) {
    const auto flits = static_cast<double>(graph.parameters().packet_flits);
    Outcome outcome;
    model.run(source.bernoulli(std::min(1.0, rate / flits), horizon_of(options)), true, outcome);
    const Cycle begin = options.warm_up;
    const Cycle end = begin + options.measured;
    const auto inside = [&](Cycle cycle) { return cycle >= begin && cycle < end; };
    LatencySum sum;
    std::vector<Cycle> latencies;
    std::uint64_t arrived = 0;
    for (const Passage& passage : outcome.passages) {
        arrived += inside(passage.arrived) ? 1 : 0;
        if (inside(passage.made)) {
            sum.add(passage);
            latencies.push_back(passage.arrived - passage.made);
        }
    }
    LoadPoint point;
    point.offered = rate;
    point.latency = sum.figures();
    point.latency_p99 = percentile(latencies, 0.99);
    point.accepted = static_cast<double>(arrived) * flits / static_cast<double>(graph.endpoints()) /
                     static_cast<double>(options.measured);
    point.queue_growth = static_cast<std::int64_t>(point.latency.packets) - static_cast<std::int64_t>(arrived);
    point.saturated = point.latency.mean > options.latency_threshold ||
                      static_cast<double>(point.queue_growth) > 32 + static_cast<double>(point.latency.packets) / 400;
    return point;
}

Saturation find_saturation(const Graph& graph, NetworkModel& model, const TrafficSource& source,
                           const LoadOptions& options, double tolerance) {
    const double most = graph.parameters().packet_flits;
    Saturation found;
    const auto carries = [&](double rate) {
        found.tried.push_back(run_load(graph, model, source, rate, options));
        const bool stable = !found.tried.back().saturated;
        (stable ? found.stable : found.unstable) = rate;
        return stable;
    };
    constexpr double first_rate = 1.0 / 128;
    double rate = first_rate;
    while (carries(rate) && rate < most) {
        rate = std::min(most, 2 * rate);
    }
    constexpr int most_tries = 40;
    for (int tries = 0; tries < most_tries && found.unstable - found.stable > tolerance * found.unstable; ++tries) {
        (void)carries((found.stable + found.unstable) / 2);
    }
    std::sort(found.tried.begin(), found.tried.end(),
              [](const LoadPoint& a, const LoadPoint& b) { return a.offered < b.offered; });
    found.overload = found.unstable == 0
                         ? found.tried.back()
                         : run_load(graph, model, source, std::min(most, 1.25 * found.unstable), options);
    return found;
}

double packets_of_load(const Graph& graph, double rate, const LoadOptions& options) {
    return rate / graph.parameters().packet_flits * static_cast<double>(graph.endpoints()) *
           static_cast<double>(horizon_of(options));
}

}  // namespace spikeloom::router
