// Networks of first spikes in the comparison: on chips without steps as they are, on chips with steps in short ones.
#include <fmt/format.h>

#include <algorithm>

#include "chip/analog/analog_cost.hpp"
#include "runtime/analog/monte_carlo.hpp"
#include "runtime/analog/stepped_ttfs.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/report/units.hpp"
#include "tools/analog_options.hpp"
#include "tools/chip_comparison_parts.hpp"
#include "tools/chip_comparison_prices.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"

namespace spikeloom::tools {

namespace {

/// The network's coding, with the window that the user wants.
Result<chip::TtfsCoding> coding_of(const ComparisonSetting& setting) {
    const compiler::TimedNetwork& network = setting.network.first_spike->network;
    if (!network.coding) {
        return fail(Diagnostic{.where = network.name,
                               .found = "the network says nothing of its coding",
                               .allowed = "a TTFS text with a block 'coding', or NIR with its metadata"});
    }
    chip::TtfsCoding coding = *network.coding;
    if (const auto window = setting.line.optional<double>("ttfs-window")) {
        coding.window_s = *window * coding.time_unit_s;
    }
    return coding;
}

chip::AnalogSpec equations_only() {
    chip::AnalogSpec spec;
    spec.name = "equations";
    spec.title = "only the equations";
    spec.description = "only the equations";
    spec.ideal = true;
    return spec;
}

/// Bars that both ways show.
auto progress_of(ProgressBar& bar) {
    return [&bar](std::uint64_t done, std::uint64_t samples) {
        bar.update(static_cast<double>(done) / static_cast<double>(samples),
                   fmt::format("sample {} of {}", done, samples));
    };
}

Result<Inference> infer(const chip::AnalogImage& image, const ComparisonSetting& setting) {
    const auto coding = coding_of(setting);
    const auto instance = coding ? calibrated_instance(setting.line) : tl::unexpected(coding.error());
    if (!instance) {
        return fail(instance.error());
    }
    ProgressBar bar(image.chip.name);
    runtime::TimedEvaluationOptions options;
    options.encoder.coding = *coding;
    options.limit = setting.line.value<std::uint64_t>("limit");
    options.threads = thread_count(setting.line);
    options.stop = InterruptGuard::requested;
    options.progress = progress_of(bar);
    const auto whole = runtime::evaluate_instances(image, *instance, 1, *setting.set.timed, options);
    options.stop_at_first_spike = true;
    const auto stopped = whole ? runtime::evaluate_instances(image, *instance, 1, *setting.set.timed, options)
                               : tl::unexpected(whole.error());
    if (!stopped) {
        return fail(stopped.error());
    }
    const runtime::InstanceScore& score = whole->scores.front();
    const auto samples = std::max<double>(1, static_cast<double>(score.samples));
    Inference inference{
        .time = fmt::format("continuous, {}", runtime::si(coding->window_s, "s", runtime::Script::plain)),
        .samples = score.samples,
        .correct = score.correct,
        .silent = score.silent,
        .decision_s = score.decision_s,
        .spikes = score.spikes,
        .interrupted = whole->interrupted || stopped->interrupted};
    take_prices(whole->first.counts, samples, image.chip, inference);
    for (std::size_t t = 0; t < image.chip.costs.size(); ++t) {
        const InferencePrice decided = price_of(stopped->first.counts, samples, image.chip.costs[t]);
        inference.prices[t].decision_pj = decided.energy_pj();
        inference.prices[t].decision_ns = decided.latency_ns;
    }
    return inference;
}

Result<Inference> infer(const chip::Image& image, const ComparisonSetting& setting) {
    const auto coding = coding_of(setting);
    const auto timed = coding ? compiler::compile_analog(setting.network.first_spike->network, equations_only())
                              : tl::unexpected(coding.error());
    if (!timed) {
        return fail(timed.error());
    }
    ProgressBar bar(image.chip.name);
    const runtime::SteppedTtfsOptions options{.encoder = {.coding = *coding},
                                              .limit = setting.line.value<std::uint64_t>("limit"),
                                              .threads = thread_count(setting.line),
                                              .progress = progress_of(bar),
                                              .stop = InterruptGuard::requested};
    const auto result = runtime::run_stepped_ttfs(image, timed->image, *setting.set.timed, options);
    if (!result) {
        return fail(result.error());
    }
    const auto samples = std::max<double>(1, static_cast<double>(result->samples));
    Inference inference{
        .time = fmt::format("{} steps of {}", result->steps, runtime::si(image.step_s, "s", runtime::Script::plain)),
        .samples = result->samples,
        .correct = result->correct,
        .silent = result->silent,
        .decision_s = result->mean_decision_s,
        .spikes = static_cast<double>(result->counters[Counter::spikes]) / samples,
        .interrupted = result->interrupted};
    const int tiles = runtime::tiles_in_use(image);
    for (std::size_t t = 0; t < image.chip.costs.size(); ++t) {
        const runtime::SteppedPrice& spent = result->prices[t];
        const auto priced = [&](const Counters& counters, double time_ns) {
            return price_of({.counters = counters,
                             .usage = usage_of(image, time_ns),
                             .samples = samples,
                             .steps = result->steps * result->samples,
                             .tiles = tiles,
                             .idle_cores = idle_cores_of(image)},
                            image.chip.costs[t]);
        };
        InferencePrice price = priced(result->counters, spent.time_ns);
        const InferencePrice decided = priced(result->decision_counters, spent.decision_time_ns);
        price.decision_pj = decided.energy_pj();
        price.decision_ns = decided.latency_ns;
        inference.prices.push_back(std::move(price));
    }
    return inference;
}

}  // namespace

Result<ChipRow> first_spike_on_analog(const ComparisonSetting& setting, const chip::AnalogSpec& chip) {
    ChipRow row{.chip = chip.name, .title = chip.title, .continuous = true};
    const auto compiled = compile_for(setting, setting.network.first_spike->network, chip, row);
    if (!compiled || !setting.set.timed) {
        return row;
    }
    auto inference = infer(compiled->image, setting);
    if (!inference) {
        return fail(std::move(inference.error()));
    }
    row.inference = std::move(*inference);
    return row;
}

Result<ChipRow> first_spike_on_steps(const ComparisonSetting& setting, const chip::ChipSpec& chip) {
    ChipRow row{.chip = chip.name, .title = chip.title};
    const compiler::TimedNetwork& network = setting.network.first_spike->network;
    const double unit = network.coding ? network.coding->time_unit_s : 1;
    const auto stepped = compiler::to_stepped(network, setting.line.value<double>("ttfs-step") * unit,
                                              static_cast<int>(chip.neuron.refractory.most));
    if (!stepped) {
        row.why = stepped.error();
        return row;
    }
    for (const Diagnostic& remark : stepped->remarks) {
        row.remarks.push_back(to_text(remark));
    }
    const auto compiled = compile_for(setting, stepped->network, chip, row);
    if (!compiled) {
        return fail(compiled.error());
    }
    if (*compiled && setting.set.timed) {
        auto inference = infer((*compiled)->image, setting);
        if (!inference) {
            return fail(std::move(inference.error()));
        }
        row.inference = std::move(*inference);
    }
    return row;
}

}  // namespace spikeloom::tools
