// The steps of /traffic: their phases, what bounds them, which core and which link are critical. Two passes over the
// file (the range of step times, then everything else), so that memory doesn't grow with the run.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "runtime/report/findings_traffic.hpp"
#include "runtime/report/read_traffic.hpp"
#include "runtime/report/slabs.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

using chip::StepBound;
using chip::StepTiming;

constexpr std::size_t bins = 40;
constexpr std::size_t phase_count = 8;
constexpr std::array<std::pair<std::string_view, double StepTiming::*>, phase_count> phases{{
    {"time", &StepTiming::time_ns},
    {"spiking", &StepTiming::spiking_ns},
    {"generation", &StepTiming::generation_ns},
    {"processing", &StepTiming::processing_ns},
    {"link", &StepTiming::link_ns},
    {"learning", &StepTiming::learning_ns},
    {"barrier", &StepTiming::barrier_ns},
    {"host", &StepTiming::host_ns},
}};

/// The steps of the recording, one after the other, each checked.
class StepReader {
public:
    StepReader(Source& source, const TrafficReport& traffic) : source_(source), traffic_(traffic) {}

    /// Whether columns and names are those of a recording.
    [[nodiscard]] bool open() {
        return has_shape(source_, "/traffic/phases", traffic_.steps, phase_count) &&
               has_shape(source_, "/traffic/bound", traffic_.steps) &&
               has_shape(source_, "/traffic/core", traffic_.steps) &&
               has_shape(source_, "/traffic/link", traffic_.steps) && read_columns() && read_bounds();
    }
    /// Calls `use` with every step; false if one is wrong.
    [[nodiscard]] bool each(const std::function<void(std::uint64_t, const StepTiming&)>& use) {
        Slabs<float> times(source_, "/traffic/phases", traffic_.steps, phase_count);
        Slabs<std::uint8_t> bounds(source_, "/traffic/bound", traffic_.steps);
        Slabs<std::uint32_t> cores(source_, "/traffic/core", traffic_.steps);
        Slabs<std::uint32_t> links(source_, "/traffic/link", traffic_.steps);
        for (std::uint64_t step = 0; step < traffic_.steps; ++step) {
            const float* row = times.row(step);
            const std::uint8_t* bound = bounds.row(step);
            const std::uint32_t* core = cores.row(step);
            const std::uint32_t* link = links.row(step);
            if (row == nullptr || bound == nullptr || core == nullptr || link == nullptr) {
                return false;
            }
            StepTiming timing;
            if (!fill_times(step, row, timing) || !fill_critical(step, *bound, *core, *link, timing)) {
                return false;
            }
            use(step, timing);
        }
        return true;
    }

private:
    [[nodiscard]] bool read_columns() {
        const auto names = source_.keep(source_.file.attribute_texts("/traffic/phases", "columns"));
        if (!names) {
            return false;
        }
        for (std::size_t i = 0; i < phase_count; ++i) {
            const auto found = std::ranges::find(*names, phases[i].first);
            if (found == names->end() || names->size() != phase_count) {
                source_.wrong(
                    "/traffic/phases", fmt::format("{} named columns, none '{}'", names->size(), phases[i].first),
                    "attribute columns: time, spiking, generation, processing, link, learning, barrier, host");
                return false;
            }
            column_[i] = static_cast<std::size_t>(found - names->begin());
        }
        return true;
    }
    [[nodiscard]] bool read_bounds() {
        const auto names = source_.keep(source_.file.attribute_texts("/traffic/bound", "names"));
        if (!names) {
            return false;
        }
        for (const std::string& text : *names) {
            const auto found =
                std::ranges::find_if(all_bounds, [&](StepBound bound) { return runtime::name(bound) == text; });
            if (found == all_bounds.end()) {
                source_.wrong("/traffic/bound", fmt::format("'{}'", shortened(printable(text), 40, Script::plain)),
                              "attribute names: generation, processing, network, learning, barrier, host");
                return false;
            }
            bound_.push_back(*found);
        }
        return true;
    }
    [[nodiscard]] bool fill_times(std::uint64_t step, const float* row, StepTiming& timing) {
        for (std::size_t i = 0; i < phase_count; ++i) {
            const float time = row[column_[i]];
            if (!std::isfinite(time) || time < 0) {
                source_.wrong("/traffic/phases", fmt::format("{} ns of {} in step {}", time, phases[i].first, step),
                              "finite times from 0");
                return false;
            }
            timing.*phases[i].second = static_cast<double>(time);
        }
        return true;
    }
    [[nodiscard]] bool fill_critical(std::uint64_t step, std::uint8_t bound, std::uint32_t core, std::uint32_t link,
                                     StepTiming& timing) {
        if (bound >= bound_.size()) {
            source_.wrong("/traffic/bound", fmt::format("{} in step {}", bound, step),
                          fmt::format("below {}, the number of names", bound_.size()));
            return false;
        }
        if (core >= traffic_.cores.size()) {
            source_.wrong("/traffic/core", fmt::format("core {} in step {}", core, step),
                          fmt::format("the run's cores, below {}", traffic_.cores.size()));
            return false;
        }
        if (link >= traffic_.links.size() && link != router::no_link) {
            source_.wrong("/traffic/link", fmt::format("link {} in step {}", link, step),
                          fmt::format("links below {}, or {} for none", traffic_.links.size(), router::no_link));
            return false;
        }
        timing.bound = bound_[bound];
        timing.core = core;
        timing.link = link;
        return true;
    }

    Source& source_;
    const TrafficReport& traffic_;
    std::array<std::size_t, phase_count> column_{};
    std::vector<StepBound> bound_;
};

/// A step's time by what it goes into (TimelinePoint::time_ns).
ByBound<double> parted(const StepTiming& timing) {
    ByBound<double> parts;
    const double own = std::max(timing.generation_ns, timing.processing_ns);
    parts[timing.processing_ns > timing.generation_ns ? StepBound::processing : StepBound::generation] =
        std::min(own, timing.spiking_ns);
    parts[StepBound::network] = std::max(timing.spiking_ns - own, 0.0);
    parts[StepBound::learning] = timing.learning_ns;
    parts[StepBound::barrier] = timing.barrier_ns;
    parts[StepBound::host] = timing.host_ns;
    return parts;
}

/// Latencies of labelled samples, as their steps come by.
class SampleClock {
public:
    SampleClock(const std::vector<std::uint32_t>& steps, const std::vector<std::int32_t>& first_spike)
        : steps_(steps), first_spike_(first_spike) {
        skip_empty();
    }
    void step(double time_ns) {
        if (sample_ == steps_.size()) {
            return;
        }
        so_far_ns_ += time_ns;
        if (sample_ < first_spike_.size() && first_spike_[sample_] == static_cast<std::int64_t>(within_)) {
            first_ns.push_back(so_far_ns_);
        }
        if (++within_ == steps_[sample_]) {
            whole_ns.push_back(so_far_ns_);
            so_far_ns_ = 0;
            within_ = 0;
            ++sample_;
            skip_empty();
        }
    }
    std::vector<double> whole_ns;
    std::vector<double> first_ns;

private:
    void skip_empty() {
        while (sample_ < steps_.size() && steps_[sample_] == 0) {
            ++sample_;
        }
    }
    const std::vector<std::uint32_t>& steps_;
    const std::vector<std::int32_t>& first_spike_;
    std::size_t sample_ = 0;
    std::uint64_t within_ = 0;
    double so_far_ns_ = 0;
};

/// What is summed over the steps.
class StepSums {
public:
    StepSums(double least, double most, TrafficReport& traffic) : traffic_(traffic) {
        BoundHistogram& histogram = traffic.step_times_ns;
        histogram.first = least;
        histogram.width = most > least ? (most - least) / static_cast<double>(bins) : std::max(most, 1.0) / 10;
        histogram.counts.assign(most > least ? bins : 1, {});
        point_steps_ = std::max<std::uint64_t>((traffic.steps + most_timeline_points - 1) / most_timeline_points, 1);
        window_steps_ = traffic.window_steps * merged_windows(traffic);
    }
    void add(std::uint64_t step, const StepTiming& timing) {
        const ByBound<double> parts = parted(timing);
        for (const StepBound bound : all_bounds) {
            traffic_.time_by_ns[bound] += parts[bound];
        }
        const double sum = parts.sum();
        disagreeing += std::abs(sum - timing.time_ns) > 1e-4 * std::max(sum, timing.time_ns) ? 1 : 0;
        traffic_.time_ns += timing.time_ns;
        ++traffic_.bound_steps[timing.bound];
        ++traffic_.cores[timing.core].steps[timing.bound];
        if (timing.link != router::no_link) {
            LinkTraffic& link = traffic_.links[timing.link];
            ++link.busiest_steps;
            link.busy_when_busiest += timing.time_ns > 0 ? timing.link_ns / timing.time_ns : 0;
        }
        BoundHistogram& histogram = traffic_.step_times_ns;
        const auto bin = static_cast<std::size_t>((timing.time_ns - histogram.first) / histogram.width);
        ++histogram.counts[std::min(bin, histogram.counts.size() - 1)][timing.bound];
        add_to_timeline(step, timing.time_ns, parts);
        if (step % window_steps_ == 0) {
            traffic_.windows.push_back({.first_step = step, .steps = 0, .time_ns = 0, .links = {}});
        }
        ++traffic_.windows.back().steps;
        traffic_.windows.back().time_ns += timing.time_ns;
    }
    void finish() {
        for (TimelinePoint& point : traffic_.timeline) {
            for (double& time : point.time_ns.values) {
                time /= static_cast<double>(std::max<std::uint64_t>(point.steps, 1));
            }
        }
        for (LinkTraffic& link : traffic_.links) {
            link.busy_when_busiest /= static_cast<double>(std::max<std::uint64_t>(link.busiest_steps, 1));
        }
    }
    std::uint64_t disagreeing = 0;  ///< steps whose phases don't add up to their time

private:
    void add_to_timeline(std::uint64_t step, double time_ns, const ByBound<double>& parts) {
        if (step % point_steps_ == 0) {
            traffic_.timeline.push_back({.first_step = step, .steps = 0, .time_ns = {}, .longest_ns = 0});
        }
        TimelinePoint& point = traffic_.timeline.back();
        ++point.steps;
        point.longest_ns = std::max(point.longest_ns, time_ns);
        for (const StepBound bound : all_bounds) {
            point.time_ns[bound] += parts[bound];
        }
    }
    TrafficReport& traffic_;
    std::uint64_t point_steps_ = 1;
    std::uint64_t window_steps_ = 1;
};

}  // namespace

void read_traffic_steps(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report,
                        TrafficReport& traffic) {
    StepReader steps(source, traffic);
    if (!steps.open()) {
        return;
    }
    double least = INFINITY;
    double most = 0;
    if (!steps.each([&](std::uint64_t, const StepTiming& timing) {
            least = std::min(least, timing.time_ns);
            most = std::max(most, timing.time_ns);
        })) {
        return;
    }
    if (traffic.steps == 0) {
        return;
    }
    std::vector<std::int32_t> first_spike;
    if (report.samples > 0 && source.file.has("/eval/first_spike_step")) {
        first_spike =
            source.column<std::int32_t>("/eval/first_spike_step", report.samples).value_or(std::vector<std::int32_t>());
    }
    StepSums sums(least, most, traffic);
    SampleClock samples(sample_steps, first_spike);
    if (!steps.each([&](std::uint64_t step, const StepTiming& timing) {
            sums.add(step, timing);
            samples.step(timing.time_ns);
        })) {
        return;
    }
    sums.finish();
    traffic.sample_ns = distribution_of(samples.whole_ns);
    traffic.first_spike_ns = distribution_of(samples.first_ns);
    if (sums.disagreeing > 0) {
        source.remark(fmt::format("In {} of {} steps, the phases of /traffic don't add up to the step's time.",
                                  grouped(sums.disagreeing), grouped(traffic.steps)));
    }
}

}  // namespace spikeloom::runtime
