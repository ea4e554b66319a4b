// Labelled samples, and the excerpt of the spikes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::int32_t most_classes = 1000;
constexpr std::size_t most_raster_samples = 8;
constexpr std::uint64_t most_raster_steps = 1000;

void fill_confusion(Source& source, const std::vector<std::int32_t>& label, const std::vector<std::int32_t>& predicted,
                    Report& report) {
    std::int32_t classes = 1;
    if (const auto info = source.file.describe("/eval/output_spikes"); info && info->shape.size() == 2) {
        classes = static_cast<std::int32_t>(std::clamp<std::uint64_t>(info->shape[1], 1, most_classes));
    }
    for (std::size_t i = 0; i < label.size(); ++i) {
        if (label[i] < 0 || predicted[i] < -1) {
            source.wrong("/eval/label", fmt::format("label {}, prediction {}", label[i], predicted[i]),
                         "labels from 0, predictions from -1");
            return;
        }
        classes = std::max({classes, label[i] < most_classes ? label[i] + 1 : most_classes + 1,
                            predicted[i] < most_classes ? predicted[i] + 1 : most_classes + 1});
        report.correct += label[i] == predicted[i] ? 1 : 0;
        report.silent += predicted[i] < 0 ? 1 : 0;
    }
    if (classes > most_classes) {
        source.remark(fmt::format("More than {} classes: no confusion matrix.", most_classes));
        return;
    }
    const auto extent = static_cast<std::size_t>(classes);
    report.confusion.assign(extent, std::vector<std::uint64_t>(extent, 0));
    report.silent_by_label.assign(extent, 0);
    for (std::size_t i = 0; i < label.size(); ++i) {
        const auto row = static_cast<std::size_t>(label[i]);
        if (predicted[i] < 0) {
            ++report.silent_by_label[row];
        } else {
            ++report.confusion[row][static_cast<std::size_t>(predicted[i])];
        }
    }
}

/// Accuracy of equal parts of the samples, at least `least_part` each: how it changes while the network learns.
std::vector<double> accuracy_of_parts(const std::vector<std::int32_t>& label,
                                      const std::vector<std::int32_t>& predicted) {
    constexpr std::size_t most_parts = 20;
    constexpr std::size_t least_part = 20;
    const std::size_t parts = std::min(most_parts, label.size() / least_part);
    std::vector<double> accuracies;
    for (std::size_t part = 0; parts > 1 && part < parts; ++part) {
        const std::size_t first = label.size() * part / parts;
        const std::size_t end = label.size() * (part + 1) / parts;
        std::size_t correct = 0;
        for (std::size_t i = first; i < end; ++i) {
            correct += label[i] == predicted[i] ? 1 : 0;
        }
        accuracies.push_back(static_cast<double>(correct) / static_cast<double>(end - first));
    }
    return accuracies;
}

Spread spread_of(const std::vector<double>& values) {
    Spread spread{.count = values.size(), .least = values[0], .mean = 0, .most = values[0], .standard_error = 0};
    for (const double value : values) {
        spread.least = std::min(spread.least, value);
        spread.most = std::max(spread.most, value);
        spread.mean += value / static_cast<double>(values.size());
    }
    double squares = 0;
    for (const double value : values) {
        squares += (value - spread.mean) * (value - spread.mean);
    }
    const auto n = static_cast<double>(values.size());
    spread.standard_error = values.size() > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
    return spread;
}

Spread read_spread(Source& source, const std::string& path, std::uint64_t samples) {
    if (!source.file.has(path)) {
        return {};
    }
    const auto values = source.column<double>(path, samples);
    if (!values) {
        return {};
    }
    if (std::any_of(values->begin(), values->end(), [](double value) { return !std::isfinite(value) || value < 0; })) {
        source.wrong(path, "a value that is negative or not finite", "values from 0");
        return {};
    }
    return spread_of(*values);
}

}  // namespace

std::vector<std::uint32_t> read_samples(Source& source, Report& report) {
    if (!source.file.has("/eval")) {
        return {};
    }
    const auto info = source.keep(source.file.describe("/eval/label"));
    if (!info) {
        return {};
    }
    if (info->shape.size() != 1 || info->count > sample_limit) {
        source.wrong("/eval/label", fmt::format("{} values", info->count),
                     fmt::format("one a sample, at most {}", sample_limit));
        return {};
    }
    const std::uint64_t samples = info->count;
    const auto label = source.column<std::int32_t>("/eval/label", samples);
    const auto predicted = source.column<std::int32_t>("/eval/predicted", samples);
    auto steps = source.column<std::uint32_t>("/eval/steps", samples);
    if (!label || !predicted || !steps || samples == 0) {
        return {};
    }
    std::uint64_t sample_steps = 0;
    for (const std::uint32_t count : *steps) {
        sample_steps += count;
    }
    if (sample_steps > report.steps) {
        source.wrong("/eval/steps", fmt::format("{} steps in all samples", sample_steps),
                     fmt::format("at most the run's {}", report.steps));
        return {};
    }
    if (sample_steps < report.steps) {
        source.remark(
            fmt::format("{} steps belong to no whole sample; the totals, and so the figures per inference, "
                        "contain them.",
                        grouped(report.steps - sample_steps)));
    }
    report.samples = samples;
    fill_confusion(source, *label, *predicted, report);
    report.accuracy_over_run = accuracy_of_parts(*label, *predicted);
    if (source.file.has("/eval/first_spike_step")) {
        if (const auto first = source.column<std::int32_t>("/eval/first_spike_step", samples)) {
            double sum = 0;
            double fired = 0;
            for (const std::int32_t step : *first) {
                sum += step >= 0 ? step : 0;
                fired += step >= 0 ? 1 : 0;
            }
            report.mean_first_spike_step = fired > 0 ? sum / fired : -1;
        }
    }
    for (PricedRun& run : report.priced) {
        run.sample_energy_pj = read_spread(source, "/eval/energy_" + run.table, samples);
        run.sample_latency_ns = read_spread(source, "/eval/time_" + run.table, samples);
        run.energy_per_sample_pj = run.sample_energy_pj.mean;
        run.latency_per_sample_ns = run.sample_latency_ns.mean;
    }
    std::uint64_t begin = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(samples, most_raster_samples); ++i) {
        report.raster_samples.push_back({.start_ms = static_cast<double>(begin) * report.step_s * 1e3,
                                         .label = (*label)[i],
                                         .predicted = (*predicted)[i]});
        begin += (*steps)[i];
    }
    return std::move(*steps);
}

namespace {

struct Train {
    std::vector<double> times;
    std::vector<std::uint64_t> neurons;
    std::uint64_t all = 0;  ///< spikes in the file
};

/// The first spikes of a population; empty after a finding.
std::optional<Train> read_train(Source& source, const PopulationActivity& population, const std::string& folder) {
    const auto times = source.keep(source.file.describe(folder + "/timestamps"));
    const auto ids = source.keep(source.file.describe(folder + "/node_ids"));
    if (!times || !ids) {
        return std::nullopt;
    }
    if (times->shape.size() != 1 || times->shape != ids->shape) {
        source.wrong(folder, fmt::format("{} timestamps, {} node_ids", times->count, ids->count),
                     "one timestamp and one node id a spike");
        return std::nullopt;
    }
    Train train{.times = {}, .neurons = {}, .all = times->count};
    const std::uint64_t wanted = std::min<std::uint64_t>(train.all, raster_limit + 1);
    if (wanted == 0) {
        return train;
    }
    auto first_times = source.keep(source.file.read_rows<double>(folder + "/timestamps", 0, wanted));
    auto first_ids = source.keep(source.file.read_rows<std::uint64_t>(folder + "/node_ids", 0, wanted));
    if (!first_times || !first_ids) {
        return std::nullopt;
    }
    train.times = std::move(first_times->values);
    train.neurons = std::move(first_ids->values);
    for (std::size_t i = 0; i < train.times.size(); ++i) {
        if (!std::isfinite(train.times[i]) || train.times[i] < 0 || (i > 0 && train.times[i] < train.times[i - 1])) {
            source.wrong(folder + "/timestamps", fmt::format("{} ms at {}", train.times[i], i),
                         "times from 0, ascending");
            return std::nullopt;
        }
        if (train.neurons[i] >= population.neurons) {
            source.wrong(folder + "/node_ids", fmt::format("neuron {}", train.neurons[i]),
                         fmt::format("0..{} of '{}'", population.neurons - 1, population.name));
            return std::nullopt;
        }
    }
    return train;
}

/// The latest time such that all spikes before it are known and at most raster_limit.
double excerpt_end(const std::vector<Train>& trains, double run_end_ms) {
    double end = run_end_ms;
    std::vector<double> times;
    for (const Train& train : trains) {
        if (train.all > train.times.size()) {
            end = std::min(end, train.times.back());
        }
        times.insert(times.end(), train.times.begin(), train.times.end());
    }
    std::sort(times.begin(), times.end());
    return times.size() > raster_limit ? std::min(end, times[raster_limit]) : end;
}

void choose_end(const std::vector<std::uint32_t>& sample_steps, const std::vector<Train>& trains, Report& report) {
    const double step_ms = report.step_s * 1e3;
    // At least the first step, even if its spikes alone are too many.
    const double end = std::max(excerpt_end(trains, static_cast<double>(report.steps) * step_ms), step_ms);
    if (sample_steps.empty()) {
        report.raster_end_ms = std::min(end, static_cast<double>(most_raster_steps) * step_ms);
        return;
    }
    // Whole samples, if there is room for one.
    double begin = 0;
    std::size_t whole = 0;
    while (whole < report.raster_samples.size() && begin + sample_steps[whole] * step_ms <= end * (1 + 1e-9)) {
        begin += sample_steps[whole] * step_ms;
        ++whole;
    }
    report.raster_samples.resize(std::max<std::size_t>(whole, 1));
    report.raster_end_ms = whole > 0 ? begin : end;
}

}  // namespace

void read_spikes(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report) {
    report.spikes_recorded = source.file.has("/spikes");
    if (!report.spikes_recorded) {
        source.remark("The run was recorded without spikes: no raster, no counts by population.");
        report.raster_samples.clear();
        return;
    }
    const auto names = source.keep(source.file.read_texts("/network/names", population_limit));
    if (!names) {
        return;
    }
    std::vector<Train> trains(report.populations.size());
    for (std::size_t i = 0; i < report.populations.size(); ++i) {
        const std::string folder = "/spikes/" + names->values[i];
        if (!source.file.has(folder)) {
            continue;  // integrators and populations that never fired may have none
        }
        report.populations[i].values = source.file.has(folder + "/payloads");
        auto train = read_train(source, report.populations[i], folder);
        if (!train) {
            continue;
        }
        report.populations[i].spikes = train->all;
        trains[i] = std::move(*train);
    }
    choose_end(sample_steps, trains, report);
    std::uint64_t first = 0;
    const double slack = report.step_s * 1e3 * 1e-3;
    for (std::size_t i = 0; i < trains.size(); ++i) {
        for (std::size_t spike = 0; spike < trains[i].times.size(); ++spike) {
            if (trains[i].times[spike] < report.raster_end_ms - slack) {
                report.raster.push_back({.time_ms = trains[i].times[spike],
                                         .neuron = static_cast<std::uint32_t>(first + trains[i].neurons[spike])});
            }
        }
        first += report.populations[i].neurons;
    }
    std::stable_sort(report.raster.begin(), report.raster.end(),
                     [](const RasterSpike& a, const RasterSpike& b) { return a.time_ms < b.time_ms; });
    if (report.raster.size() > raster_limit) {
        report.raster.resize(raster_limit);
    }
    if (report.raster.empty()) {
        report.raster_samples.clear();
    }
}

}  // namespace spikeloom::runtime
