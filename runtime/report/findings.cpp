#include "runtime/report/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace spikeloom::runtime {
namespace {

std::string dash(Script script) {
    return script == Script::plain ? " - " : " – ";
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
    return grouped(count) + " " + (count == 1 ? one : many);
}

std::string quoted(const std::string& name, Script script) {
    return (script == Script::plain ? "'" : "‘") + shortened(name, 32, script) + (script == Script::plain ? "'" : "’");
}

std::string joined(const std::vector<std::string>& parts, const std::string& last) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text += i == 0 ? "" : i + 1 == parts.size() ? last : ", ";
        text += parts[i];
    }
    return text;
}

}  // namespace

std::string accuracy_finding(const Report& report, Script script) {
    if (report.samples == 0) {
        return {};
    }
    std::string text = fmt::format("{} of {} samples are right ({})", grouped(report.correct), grouped(report.samples),
                                   percent(accuracy(report), script));
    if (report.gap && report.gap->float_accuracy >= 0 && report.gap->chip_accuracy >= 0) {
        const double points = 100 * (report.gap->chip_accuracy - report.gap->float_accuracy);
        text += std::abs(points) < 0.05
                    ? ", as many as in float"
                    : fmt::format(", {:.1f} points {} float", std::abs(points), points < 0 ? "below" : "above");
    }
    return text;
}

std::string energy_finding(const Report& report, Script script) {
    std::vector<std::string> parts;
    std::optional<Kind> last;
    for (const PricedRun& run : report.priced) {
        if (run.dynamic_pj.value <= 0) {
            continue;
        }
        const Kind most = *std::max_element(all_kinds.begin(), all_kinds.end(), [&](Kind a, Kind b) {
            return energy_of(run, a).value < energy_of(run, b).value;
        });
        const std::string subject = last == most ? "" : name(most) + " take ";
        parts.push_back(fmt::format("{}{} under {}", subject,
                                    percent(energy_of(run, most).value / run.dynamic_pj.value, script, 0),
                                    quoted(run.table, script)));
        last = most;
    }
    return parts.empty() ? "No dynamic energy was spent" : "Of the dynamic energy, " + joined(parts, ", ");
}

std::string spread_finding(const Report& report) {
    std::vector<std::string> parts;
    for (const PricedRun& run : report.priced) {
        double spread = 0;
        for (const chip::ConstantShare& share : run.constants) {
            spread += share.energy_pj.spread();
        }
        if (spread > 0) {
            const chip::ConstantShare& most = run.constants.front();
            parts.push_back(fmt::format("{} of it under '{}' from {}",
                                        percent(most.energy_pj.spread() / spread, Script::plain, 0),
                                        shortened(run.table, 32, Script::plain), most.constant));
        }
    }
    return parts.empty() ? "" : "From the constants' own ranges: " + joined(parts, ", ");
}

std::string inference_finding(const Report& report, Script script) {
    if (report.priced.empty()) {
        return {};
    }
    const auto by_energy = std::minmax_element(
        report.priced.begin(), report.priced.end(),
        [](const PricedRun& a, const PricedRun& b) { return a.dynamic_pj.value < b.dynamic_pj.value; });
    const auto by_time =
        std::minmax_element(report.priced.begin(), report.priced.end(),
                            [](const PricedRun& a, const PricedRun& b) { return a.time_ns < b.time_ns; });
    return fmt::format(
        "One {} takes {} of dynamic energy and {}", per(report).noun,
        energy_range({0, dynamic_per(report, *by_energy.first).value, dynamic_per(report, *by_energy.second).value},
                     script),
        si_range(time_per(report, *by_time.first) * 1e-9, time_per(report, *by_time.second) * 1e-9, "s", script));
}

std::string chip_finding(const Report& report, Script script) {
    if (report.cores.empty()) {
        return {};
    }
    std::uint64_t events = 0;
    std::uint64_t most = 0;
    std::size_t busiest = 0;
    for (std::size_t core = 0; core < report.cores.size(); ++core) {
        const std::uint64_t here = report.cores[core].counters.synaptic_events();
        events += here;
        if (here > most) {
            most = here;
            busiest = core;
        }
    }
    std::string text =
        fmt::format("{} of the chip's {} in use", counted(report.cores.size(), "core", "cores"), report.mesh.cores());
    if (events > 0 && report.cores.size() > 1) {
        text += fmt::format("; core {} does {} of the synaptic work", report.cores[busiest].place,
                            percent(static_cast<double>(most) / static_cast<double>(events), script, 0));
    }
    return text;
}

std::string utilisation_finding(const Report& report, Script script) {
    if (report.cores.empty()) {
        return {};
    }
    std::map<Limit, std::uint64_t> cores;
    double fullest = 0;
    for (const CoreOccupancy& core : report.cores) {
        const Limit limit = binding(report, core);
        ++cores[limit];
        fullest = std::max(fullest, utilisation(report, core, limit));
    }
    std::vector<std::pair<std::uint64_t, Limit>> order;
    for (const auto& [limit, count] : cores) {
        order.emplace_back(count, limit);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> parts;
    for (const auto& [count, limit] : order) {
        const bool one = limit == Limit::synapse_words || limit == Limit::longest_list;
        const std::string verb = one ? "is" : "are";
        parts.push_back(parts.empty() ? fmt::format("{} {} the tightest limit on {}", name(limit), verb,
                                                    counted(count, "core", "cores"))
                                      : fmt::format("{} on {}", name(limit), grouped(count)));
    }
    std::string text = joined(parts, ", ") + fmt::format("; the fullest core is at {}", percent(fullest, script, 0));
    text[0] = static_cast<char>(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
    return text;
}

std::string time_finding(const Report& report, Script script) {
    if (report.priced.empty() || report.steps == 0) {
        return {};
    }
    const PricedRun& run = report.priced.front();
    std::string text = fmt::format("A step takes {} on average, {} at most ({})", time(run.step_time_mean_ns, script),
                                   time(run.step_time_max_ns, script), quoted(run.table, script));
    const auto slowest = std::max_element(run.slowest_steps.begin(), run.slowest_steps.end());
    const auto core = static_cast<std::size_t>(slowest - run.slowest_steps.begin());
    if (core < report.cores.size() && *slowest > 0 && report.cores.size() > 1) {
        text += fmt::format("; core {} holds up {} of the steps", report.cores[core].place,
                            percent(static_cast<double>(*slowest) / static_cast<double>(report.steps), script, 0));
    }
    return text;
}

std::string explained(const std::string& step) {
    if (step == "weights") {
        return "rounding the weights";
    }
    if (step == "decays") {
        return "rounding the time constants";
    }
    if (step == "threshold") {
        return "rounding thresholds and biases";
    }
    if (step == "arithmetic") {
        return "integer state that truncates";
    }
    return step == "all" ? "rounding all parameters" : step;
}

std::string first_divergence(const LayerGap& layer) {
    if (layer.first_divergence < 0) {
        return "none";
    }
    const std::string sample = layer.first_sample < 0 ? "" : fmt::format("sample {}, ", layer.first_sample);
    const std::string neuron = layer.first_neuron < 0 ? "" : fmt::format(", neuron {}", layer.first_neuron);
    return fmt::format("{}step {}{}", sample, layer.first_divergence, neuron);
}

std::vector<Rung> ladder(const Gap& gap) {
    std::vector<Rung> rungs{{"float, as its framework runs it", gap.float_accuracy, -1}};
    if (gap.chip_timed_accuracy >= 0) {
        rungs.push_back({"float, every message takes a step", gap.chip_timed_accuracy, 0});
    }
    for (const QuantisationStep& step : gap.steps) {
        rungs.push_back({(step.name == "arithmetic" ? "what is left: " : "the same, ") + explained(step.name),
                         step.accuracy, step.spike_change});
    }
    double mismatched = 0;
    double spikes = 0;
    for (const LayerGap& layer : gap.layers) {
        mismatched += layer.mismatched_spikes;
        spikes += layer.float_spikes;
    }
    rungs.push_back({"chip", gap.chip_accuracy, spikes > 0 && mismatched >= 0 ? mismatched / spikes : -1});
    return rungs;
}

std::string gap_finding(const Report& report, Script script) {
    if (!report.gap) {
        return "The gap to the float network was not measured";
    }
    const Gap& gap = *report.gap;
    std::vector<std::string> parts;
    if (gap.float_accuracy >= 0 && gap.chip_accuracy >= 0) {
        parts.push_back(fmt::format("{} in float, {} on the chip", percent(gap.float_accuracy, script),
                                    percent(gap.chip_accuracy, script)));
    }
    parts.push_back(gap.largest_step.empty()
                        ? "no step of the quantisation changes a spike"
                        : "most changed spikes come from " + shortened(explained(gap.largest_step), 40, script));
    return joined(parts, "; ");
}

std::string losses_finding(const Report& report, Script script) {
    if (report.losses.empty()) {
        return {};
    }
    const auto worst = std::max_element(
        report.losses.begin(), report.losses.end(),
        [](const chip::ProjectionLoss& a, const chip::ProjectionLoss& b) { return a.rms_error < b.rms_error; });
    if (worst->rms_error < 5e-5) {
        return "Quantising the weights costs less than 0.01 % on every projection";
    }
    return fmt::format("Quantising the weights costs most on {}: {} rms of the weight's rms",
                       quoted(worst->name, script), percent(worst->rms_error, script, 2));
}

std::string confusion_finding(const Report& report) {
    std::uint64_t most = 0;
    std::size_t label = 0;
    std::size_t predicted = 0;
    for (std::size_t row = 0; row < report.confusion.size(); ++row) {
        for (std::size_t column = 0; column < report.confusion[row].size(); ++column) {
            if (row != column && report.confusion[row][column] > most) {
                most = report.confusion[row][column];
                label = row;
                predicted = column;
            }
        }
    }
    if (report.confusion.empty()) {
        return {};
    }
    std::string text = most == 0 ? "No sample is taken for another class"
                                 : fmt::format("Most often, class {} is taken for class {} ({})", label, predicted,
                                               counted(most, "sample", "samples"));
    if (report.silent > 0) {
        text += fmt::format("; {} without a decision", counted(report.silent, "sample", "samples"));
    }
    return text;
}

std::string raster_finding(const Report& report, Script script) {
    if (report.raster.empty()) {
        return report.spikes_recorded ? "No population fired" : "";
    }
    std::uint64_t spikes = 0;
    std::uint64_t neurons = 0;
    for (const PopulationActivity& population : report.populations) {
        spikes += population.spikes;
        neurons += population.spiking ? population.neurons : 0;
    }
    const Per unit = per(report);
    std::string text = fmt::format("{} spikes in one {}", amount(static_cast<double>(spikes) / unit.count), unit.noun);
    if (neurons > 0 && report.steps > 0) {
        const double rate =
            static_cast<double>(spikes) / (static_cast<double>(neurons) * static_cast<double>(report.steps));
        text += fmt::format("{}a neuron fires in {} of the steps", dash(script), percent(rate, script));
    }
    return text;
}

}  // namespace spikeloom::runtime
