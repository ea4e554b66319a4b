// Chips with steps in the comparison: what a compiled image takes, and a set of a network with steps through it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "compiler/compile.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/recording.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/report.hpp"
#include "runtime/report/units.hpp"
#include "tools/chip_comparison_parts.hpp"
#include "tools/chip_comparison_prices.hpp"
#include "tools/console.hpp"
#include "tools/evaluation_options.hpp"
#include "tools/interrupt.hpp"
#include "tools/mapping_options.hpp"

namespace spikeloom::tools {

namespace {

/// A folder for the recording of one evaluation, which goes with it.
class ScratchFolder {
public:
    ScratchFolder() : path_((std::filesystem::temp_directory_path() / "spikeloom-compare-XXXXXX").string()) {
        made_ = mkdtemp(path_.data()) != nullptr;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (made_) {
            std::filesystem::remove_all(path_, ignored);
        }
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
    bool made_ = false;
};

/// The run's figures under every cost table, each with the times that the recorder found under it.
Inference figures_of(const runtime::Report& report, const chip::Image& image, std::uint64_t steps_a_sample) {
    const double samples = std::max<double>(1, static_cast<double>(report.samples));
    Inference inference{
        .time = fmt::format("{} steps of {}", steps_a_sample, runtime::si(image.step_s, "s", runtime::Script::plain)),
        .samples = report.samples,
        .correct = report.correct,
        .silent = report.silent,
        .spikes = static_cast<double>(report.totals[Counter::spikes]) / samples,
        .interrupted = report.interrupted};
    if (report.mean_first_spike_step >= 0) {
        inference.decision_s = (report.mean_first_spike_step + 1) * image.step_s;  // it spikes where its step ends
    }
    for (const chip::CostTable& table : image.chip.costs) {
        const auto priced = std::ranges::find(report.priced, table.name, &runtime::PricedRun::table);
        if (priced == report.priced.end()) {
            continue;
        }
        InferencePrice price = price_of({.counters = report.totals,
                                         .usage = usage_of(image, priced->time_ns),
                                         .samples = samples,
                                         .steps = report.steps,
                                         .tiles = runtime::tiles_in_use(image),
                                         .idle_cores = idle_cores_of(image)},
                                        table);
        price.latency_least_ns = priced->sample_latency_ns.least;
        price.latency_most_ns = priced->sample_latency_ns.most;
        inference.prices.push_back(std::move(price));
    }
    return inference;
}

/// The set through the image, as eval runs it; nothing is kept but the figures.
Result<Inference> infer(const chip::Image& image, const runtime::LabelledSet& set, const CommandLine& line) {
    const ScratchFolder folder;
    if (!folder.made()) {
        return fail({.where = "compare",
                     .found = "no folder for a recording can be made",
                     .allowed = "a writable folder for temporary files",
                     .help = "set TMPDIR"});
    }
    const int threads = line.value<int>("threads");
    auto session = runtime::Session::open(
        image, {.threads = threads, .seed = line.value<std::uint64_t>("seed"), .timing = runtime::TimingOptions{}});
    if (!session) {
        return fail(std::move(session.error()));
    }
    runtime::RecordingOptions recording;
    recording.path = folder.file("run.h5");
    recording.spikes = false;
    recording.threads = threads;
    auto recorder = runtime::Recorder::create(recording, *session);
    if (!recorder) {
        return fail(std::move(recorder.error()));
    }
    const runtime::EvaluationOptions options = labelled_set_options(line, answering(image), set);
    runtime::EvaluationCallbacks callbacks;
    callbacks.stop = InterruptGuard::requested;
    const auto evaluation = [&] {
        ProgressBar bar(image.chip.name);
        callbacks.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
            bar.update(static_cast<double>(done) / static_cast<double>(samples),
                       fmt::format("sample {} of {}", done, samples));
        };
        return runtime::evaluate(*session, set, options, recorder->get(), callbacks);
    }();
    if (!evaluation) {
        return fail(evaluation.error());
    }
    if (auto closed = (*recorder)->close(evaluation->interrupted); !closed) {
        return fail(std::move(closed.error()));
    }
    const std::uint64_t steps = runtime::sample_steps(set, options.encoder) + options.drain_steps;
    return runtime::read_report(recording.path).map([&](const runtime::Report& report) {
        return figures_of(report, image, steps);
    });
}

}  // namespace

Result<std::optional<compiler::CompileResult>> compile_for(const ComparisonSetting& setting,
                                                           const compiler::Network& network, const chip::ChipSpec& chip,
                                                           ChipRow& row) {
    compiler::CompileOptions options = mapping_options(setting.line);
    options.embed_network = false;
    if (auto taken = take_overrides(setting.line, network, options); !taken) {
        return fail(std::move(taken.error()));
    }
    row.cores_there = chip.mesh.cores();
    const auto attempt = [&] {
        ProgressBar bar(chip.name);
        options.progress = [&bar](double fraction, const std::string& phase) { bar.update(fraction, phase); };
        return compiler::compile(network, chip, options);
    };
    // What the user would accept is used only where the chip can do no better.
    const bool approximate_reset = std::exchange(options.approximate_reset, false);
    const bool approximate_weights = std::exchange(options.approximate_weights, false);
    auto compiled = attempt();
    if (!compiled && (approximate_reset || approximate_weights)) {
        options.approximate_reset = approximate_reset;
        options.approximate_weights = approximate_weights;
        compiled = attempt();
        row.approximated = compiled.has_value();
    }
    if (!compiled) {
        row.why = std::move(compiled.error());
        return std::nullopt;
    }
    row.fits = true;
    take_mapping(compiled->image, row);
    for (const Diagnostic& remark : compiled->remarks) {
        row.remarks.push_back(to_text(remark));
    }
    return std::move(*compiled);
}

Result<ChipRow> stepped_on_steps(const ComparisonSetting& setting, const chip::ChipSpec& chip) {
    ChipRow row{.chip = chip.name, .title = chip.title};
    const auto compiled = compile_for(setting, setting.network.stepped->network, chip, row);
    if (!compiled) {
        return fail(compiled.error());
    }
    if (*compiled && setting.set.coded) {
        auto inference = infer((*compiled)->image, *setting.set.coded, setting.line);
        if (!inference) {
            return fail(std::move(inference.error()));
        }
        row.inference = std::move(*inference);
    }
    return row;
}

}  // namespace spikeloom::tools
