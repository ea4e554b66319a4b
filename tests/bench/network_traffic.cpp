#include "bench/network_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/networks.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::bench {
namespace {

/// Nanoseconds; the fitted table of PERFORMANCE, section 1.
constexpr double update_ns = 9.7, spike_ns = 30.0, message_ns = 5.1, axon_ns = 16.0, synapse_ns = 3.8;
constexpr double cycle_ns = 0.5814;

chip::Image image_of(const std::string& net) {
    if (net == "A32") {
        return random_network(a32);
    }
    if (net == "B128") {
        return random_network(b128);
    }
    return net == "W1" ? balanced_network(0) : dense_network();
}

std::uint32_t synapses(const chip::CoreImage& core, std::uint32_t axon) {
    std::uint32_t count = 0;
    for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
        count += entry.count;
    }
    return count;
}

/// A step's spikes as messages. Times are rounded as sums, so that nothing is lost or won by rounding.
router::Workload workload_of(const chip::Image& image, std::span<const chip::CoreSpike> spikes, std::size_t endpoints,
                             double speed) {
    const auto cycles = [&](double ns) { return std::llround(ns / speed / cycle_ns); };
    router::Workload workload;
    workload.first.push_back(0);
    auto spike = spikes.begin();
    for (std::uint32_t c = 0; c < endpoints; ++c) {
        long long last = 0;
        double ns = 0;
        std::uint32_t updated = 0;
        for (; spike != spikes.end() && spike->core.value() == c; ++spike) {
            const std::uint32_t i = spike->compartment.value();
            ns += (i + 1 - updated) * update_ns + spike_ns;
            updated = i + 1;
            const chip::CoreImage& core = image.cores[c];
            for (std::uint32_t o = core.output_first[i]; o < core.output_first[i + 1]; ++o) {
                const chip::OutputAxon& output = core.outputs[o];
                ns += message_ns;
                const long long made = cycles(ns);
                const double service =
                    axon_ns + synapse_ns * synapses(image.cores[output.core.value()], output.axon.value());
                workload.messages.push_back({.destination = output.core.value(),
                                             .service = static_cast<std::uint32_t>(cycles(service)),
                                             .work = static_cast<std::uint32_t>(made - std::exchange(last, made))});
            }
        }
        ns += c < image.cores.size() ? (image.cores[c].compartments - updated) * update_ns : 0;
        workload.first.push_back(workload.messages.size());
        workload.rest.push_back(static_cast<std::uint32_t>(cycles(ns) - last));
    }
    return workload;
}

}  // namespace

std::uint64_t NetworkTraffic::messages() const {
    std::uint64_t sum = 0;
    for (const router::Workload& step : steps) {
        sum += step.messages.size();
    }
    return sum;
}

NetworkTraffic network_traffic(const std::string& net, std::uint64_t first_step, std::uint64_t steps, double speed) {
    const chip::Image image = image_of(net);
    NetworkTraffic traffic;
    traffic.name = net;
    traffic.mesh = {.columns = 8, .rows = 4, .cores_per_tile = 4};
    traffic.parameters.planes = 2;
    traffic.parameters.buffer_flits = 16;
    traffic.parameters.east_west = {.latency = 5, .interval = 1};
    traffic.parameters.north_south = {.latency = 9, .interval = 1};
    auto loaded = chip::Chip::load(image, {.threads = 1});
    SPIKELOOM_ASSERT(loaded.has_value(), net);
    for (std::uint64_t step = 0; step < first_step + steps; ++step) {
        loaded->step(bernoulli_inputs(image, step));
        if (step >= first_step) {
            traffic.steps.push_back(
                workload_of(image, loaded->spikes(), static_cast<std::size_t>(traffic.mesh.cores()), speed));
        }
    }
    return traffic;
}

}  // namespace spikeloom::bench
