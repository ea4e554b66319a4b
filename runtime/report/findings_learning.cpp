// The sentences on learning: what changed, what it cost, and what looks wrong with it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double crowded = 0.5;  ///< share of weights at their limits that is worth a warning

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string quoted(const std::string& name, Script script) {
    return (script == Script::plain ? "'" : "‘") + shortened(name, 32, script) + (script == Script::plain ? "'" : "’");
}

std::uint64_t changed(const Report& report) {
    std::uint64_t sum = 0;
    for (const ProjectionLearning& learning : report.learning) {
        sum += learning.changed;
    }
    return sum;
}

}  // namespace

std::string quantity_name(const std::string& quantity) {
    return quantity == "w"    ? "weight, register"
           : quantity == "d"  ? "delay, steps"
           : quantity == "t"  ? "tag, register"
           : quantity == "r1" ? "reward trace r1, register"
                              : "trace " + quantity + ", register";
}

std::string learning_finding(const ProjectionLearning& learning, Script script) {
    if (learning.synapses == 0) {
        return quoted(learning.name, script) + " has no synapses";
    }
    if (learning.snapshots < 1) {
        return fmt::format("{} has {} plastic synapses", quoted(learning.name, script), grouped(learning.synapses));
    }
    return fmt::format("{} changed {} of its {} weights; their mean went from {:.4g} to {:.4g}",
                       quoted(learning.name, script), percent(share(learning.changed, learning.synapses), script),
                       grouped(learning.synapses), learning.mean_before, learning.mean_after);
}

std::string learning_finding(const Report& report, Script script) {
    if (report.learning.empty()) {
        return {};
    }
    if (report.learning_frozen) {
        return "Learning was off in this run";
    }
    if (report.learning.size() == 1) {
        return learning_finding(report.learning[0], script);
    }
    std::uint64_t synapses = 0;
    for (const ProjectionLearning& learning : report.learning) {
        synapses += learning.synapses;
    }
    return fmt::format("{} plastic projections changed {} of their {} weights", report.learning.size(),
                       percent(share(changed(report), synapses), script), grouped(synapses));
}

std::vector<std::string> learning_costs(const Report& report, Script script) {
    std::vector<std::string> sentences;
    const std::uint64_t updates = report.totals[Counter::learning_updates];
    if (report.learning.empty() || updates == 0) {
        return sentences;
    }
    const Per unit = per(report);
    sentences.push_back(fmt::format("{} learning updates, {} per {}.", grouped(updates),
                                    amount(static_cast<double>(updates) / unit.count), unit.noun));
    for (const PricedRun& run : report.priced) {
        if (run.time_ns <= 0) {
            continue;
        }
        const chip::Estimate pj = energy_of(run, Kind::learning);
        const std::string part = run.dynamic_pj.value > 0 ? ", " + percent(pj.value / run.dynamic_pj.value, script) +
                                                                " of the dynamic energy"
                                                          : "";
        const std::string range = pj.low < pj.high ? " (" + energy_range(pj, script) + ")" : "";
        sentences.push_back(fmt::format(
            "Under {}: {} updates per second of chip time; {}{}{}.", quoted(run.table, script),
            amount(static_cast<double>(updates) / (run.time_ns * 1e-9)), energy(pj.value, script), range, part));
    }
    return sentences;
}

std::string accuracy_progress(const Report& report, Script script) {
    if (report.accuracy_over_run.size() < 2) {
        return {};
    }
    const std::uint64_t part = report.samples / report.accuracy_over_run.size();
    return fmt::format("{} of the first {} samples are right, {} of the last {}.",
                       percent(report.accuracy_over_run.front(), script), grouped(part),
                       percent(report.accuracy_over_run.back(), script), grouped(part));
}

std::vector<std::string> learning_warnings(const Report& report, const ProjectionLearning& learning, Script script) {
    std::vector<std::string> warnings;
    if (learning.synapses == 0 || report.learning_frozen) {
        return warnings;
    }
    const bool compared = learning.snapshots > 1;
    if (compared && learning.changed == 0) {
        warnings.push_back(
            report.totals[Counter::spikes] == 0
                ? "No weight changed, and no neuron spiked: stronger weights or more input may start both."
                : "No weight changed: the rule's products may round to 0, its traces may be too small, or no spike "
                  "pairs came within their reach; spikeloom rule check names terms that always round to 0.");
    }
    const double low = share(learning.at_least, learning.synapses);
    const double high = share(learning.at_most, learning.synapses);
    if (low + high > crowded) {
        warnings.push_back(fmt::format(
            "{} of the weights sit at a limit at the end ({} at {}, {} at {}): they can't follow the rule further. "
            "Smaller steps, or a term that depends on the weight, keep them between the limits.",
            percent(low + high, script), percent(low, script), learning.limit_least, percent(high, script),
            learning.limit_most));
    }
    return warnings;
}

}  // namespace spikeloom::runtime
