#include "tools/figures.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "runtime/isolated_reading.hpp"
#include "runtime/report/findings.hpp"
#include "tools/console.hpp"

namespace spikeloom::tools {

namespace {

/// `value` in the unit of thousands that leaves one to three digits before the point.
std::string scaled(double value, std::span<const std::string_view> units) {
    std::size_t unit = 0;
    while (std::fabs(value) >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.3g} {}", value, units[unit]);
}

std::string priced_text(const runtime::PricedRun& priced, double parts, std::string_view part) {
    std::string text =
        fmt::format("  {:<12} {} {} dynamic ({} to {})", priced.table, energy_text(priced.dynamic_pj.value / parts),
                    part, energy_text(priced.dynamic_pj.low / parts), energy_text(priced.dynamic_pj.high / parts));
    if (priced.static_pj) {
        text += fmt::format(", {} static in the cores used", energy_text(priced.static_pj->cores_pj.value / parts));
    }
    return text + fmt::format(", {} {}\n", time_text(priced.time_ns / parts), part);
}

}  // namespace

std::string energy_text(double picojoules) {
    constexpr std::array<std::string_view, 5> units{"pJ", "nJ", "uJ", "mJ", "J"};
    return scaled(picojoules, units);
}

std::string time_text(double nanoseconds) {
    constexpr std::array<std::string_view, 4> units{"ns", "us", "ms", "s"};
    return scaled(nanoseconds, units);
}

std::string figures_text(const runtime::Report& report, const std::string& path) {
    std::string text;
    if (report.samples != 0) {
        text += fmt::format("accuracy {:.2f} % ({} of {} samples), {} silent\n",
                            100.0 * static_cast<double>(report.correct) / static_cast<double>(report.samples),
                            report.correct, report.samples, report.silent);
    }
    std::uint64_t spikes = 0;
    for (const runtime::PopulationActivity& population : report.populations) {
        spikes += population.spikes;
    }
    text +=
        fmt::format("{} steps, {} spikes, {} synaptic events\n", report.steps, spikes, report.totals.synaptic_events());
    const bool labelled = report.samples != 0;
    for (const runtime::PricedRun& priced : report.priced) {
        text += priced_text(priced, labelled ? static_cast<double>(report.samples) : 1.0,
                            labelled ? "an inference" : "in all");
    }
    if (!report.learning.empty()) {
        text += runtime::learning_finding(report, runtime::Script::plain) + "\n";
    }
    return text + fmt::format("{}: {}; spikeloom report {} tells more\n", path,
                              report.interrupted ? "interrupted, closed cleanly" : "recorded", path);
}

ExitStatus print_figures(const std::string& recording_path, bool json, Interrupted interrupted) {
    constexpr char whole = 'w';
    constexpr char cut = 'i';
    const auto printed = runtime::print_recording(recording_path, [&](const runtime::Report& report) {
        return (report.interrupted ? cut : whole) +
               (json ? runtime::report_json(report) + "\n" : figures_text(report, recording_path));
    });
    if (!printed || printed->empty()) {
        print(printed ? Diagnostics{} : printed.error());
        return ExitStatus::failed;
    }
    fmt::print("{}", std::string_view(*printed).substr(1));
    return printed->front() == cut && interrupted == Interrupted::is_failure ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace spikeloom::tools
