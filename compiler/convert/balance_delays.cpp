#include "compiler/convert/balance_delays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

namespace spikeloom::compiler {
namespace {

/// Steps by which the projection's spikes come too early on a chip; negative: too late.
int early_by(const Projection& projection, const std::vector<int>& latency) {
    const int target = latency[projection.target.value()];
    if (projection.source.kind == Source::Kind::input) {
        return target;
    }
    const int source = latency[projection.source.index];
    // A recurrence carries the spikes of the step before, which is the hop's own step.
    return target - source - (projection.recurrent ? 0 : 1);
}

void remark_biases(const Network& network, const std::vector<int>& latency, Diagnostics& remarks) {
    int most = 0;
    std::size_t first = 0;
    for (std::size_t population = 0; population < latency.size(); ++population) {
        if (latency[population] > most && acts_alone(network, population)) {
            most = latency[population];
            first = population;
        }
    }
    if (most > 0) {
        remarks.push_back(
            {.severity = Severity::note,
             .where = fmt::format("population '{}'", network.populations[first].name),
             .found = fmt::format("its bias or leak acts from the start, {} step{} before the first spike "
                                  "can reach it",
                                  most, most == 1 ? "" : "s"),
             .allowed = {},
             .help = {}});
    }
}

}  // namespace

bool acts_alone(const Network& network, std::size_t population) {
    const Population& neurons = network.populations[population];
    const auto moves = [](const Parameter& parameter) {
        return std::ranges::any_of(parameter.values, [](double value) { return value != 0; });
    };
    return moves(neurons.bias) ||
           (neurons.fixed && std::ranges::any_of(neurons.fixed->biases, [](std::int32_t bias) { return bias != 0; })) ||
           (leaks(neurons.kind) && moves(neurons.v_leak)) ||
           std::ranges::any_of(network.projections, [&](const Projection& projection) {
               return projection.target.value() == population && moves(projection.bias);
           });
}

std::vector<int> latencies_of(const Network& network) {
    std::vector<int> latency(network.populations.size(), 0);
    // As many rounds as the longest way has hops; what isn't recurrent has no cycles.
    for (std::size_t round = 0; round < latency.size(); ++round) {
        bool grew = false;
        for (const Projection& projection : network.projections) {
            if (projection.recurrent || projection.source.kind == Source::Kind::input) {
                continue;
            }
            int& target = latency[projection.target.value()];
            const int through = latency[projection.source.index] + 1;
            grew = grew || through > target;
            target = std::max(target, through);
        }
        if (!grew) {
            break;
        }
    }
    return latency;
}

Diagnostics find_imbalance(const Network& network) {
    const std::vector<int> latency = latencies_of(network);
    const Projection* worst = nullptr;
    int most = 0;
    for (const Projection& projection : network.projections) {
        if (const int early = early_by(projection, latency) - projection.aligned_steps; early > most) {
            worst = &projection;
            most = early;
        }
    }
    if (worst == nullptr) {
        return {};
    }
    return {{.severity = Severity::note,
             .where = fmt::format("projection '{}'", worst->name),
             .found = fmt::format("on a chip its spikes reach '{}' {} step{} before those that take the longest way",
                                  network.populations[worst->target.value()].name, most, most == 1 ? "" : "s"),
             .allowed = {},
             .help = "--balance-delays lets them arrive together, as they do in the framework"}};
}

Network balance_delays(Network network, Diagnostics& remarks) {
    const std::vector<int> latency = latencies_of(network);
    std::vector<std::string> delayed;
    for (Projection& projection : network.projections) {
        const int early = early_by(projection, latency) - projection.aligned_steps;
        if (early < 0) {
            remarks.push_back({.severity = Severity::warning,
                               .where = fmt::format("projection '{}'", projection.name),
                               .found = fmt::format("the loop through it takes {} step{} more on a chip than in the "
                                                    "framework, and no delay shortens it",
                                                    -early, early == -1 ? "" : "s"),
                               .allowed = {},
                               .help = {}});
        } else if (early > 0) {
            projection.delay_steps += early;
            projection.aligned_steps += early;
            delayed.push_back(fmt::format("'{}' by {}", projection.name, early));
        }
    }
    if (!delayed.empty()) {
        remarks.push_back({.severity = Severity::note,
                           .where = fmt::format("network '{}'", network.name),
                           .found = fmt::format("delayed so that paths of different length arrive together: {}",
                                                fmt::join(delayed, ", ")),
                           .allowed = {},
                           .help = {}});
        remark_biases(network, latency, remarks);
    }
    return network;
}

}  // namespace spikeloom::compiler
