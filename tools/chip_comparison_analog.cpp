// Chips without steps in the comparison: what a network made for steps becomes in continuous time, and where it can't.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/timed/scale_times.hpp"
#include "runtime/analog/coded_evaluation.hpp"
#include "runtime/report/units.hpp"
#include "tools/analog_options.hpp"
#include "tools/chip_comparison_parts.hpp"
#include "tools/chip_comparison_prices.hpp"
#include "tools/console.hpp"
#include "tools/evaluation_options.hpp"
#include "tools/interrupt.hpp"

namespace spikeloom::tools {

std::optional<compiler::AnalogCompileResult> compile_for(const ComparisonSetting& setting,
                                                         const compiler::TimedNetwork& network,
                                                         const chip::AnalogSpec& chip, ChipRow& row) {
    compiler::AnalogCompileOptions options{.seed = setting.line.value<std::uint64_t>("seed")};
    if (setting.line.has("weight-bits")) {
        const int bits = setting.line.value<int>("weight-bits");
        options.weight_bits = chip.ideal ? bits : std::min(bits, chip.array.weight_bits);
    }
    auto compiled = compiler::compile_analog(network, chip, options);
    if (!compiled) {
        row.why = std::move(compiled.error());
        return std::nullopt;
    }
    row.fits = true;
    take_mapping(compiled->image, row);
    if (setting.set.given()) {
        row.remarks.push_back(fmt::format("emulated by its equations: {} (--mismatch, --noise)",
                                          instance_text(instance_options(setting.line))));
    }
    if (compiled->image.runs.size() > 1) {
        row.remarks.push_back(fmt::format(
            "it takes {} runs, one after the other, whose times and energies add up; what lies between them (new "
            "weights, analog parameters that settle in {}) is left out",
            compiled->image.runs.size(), runtime::si(chip.ranges.parameter_settle_s, "s", runtime::Script::plain)));
    }
    for (const Diagnostic& remark : compiled->remarks) {
        row.remarks.push_back(to_text(remark));
    }
    return std::move(*compiled);
}

namespace {

/// What needs no look at the synapses to be said, before they are all listed.
Diagnostics too_large(const compiler::Network& network, const chip::AnalogSpec& chip) {
    constexpr std::uint64_t most_synapses = 1U << 24;
    std::uint64_t neurons = 0;
    for (const compiler::Population& population : network.populations) {
        neurons += population.size();
    }
    const int runs = compiler::AnalogCompileOptions{}.max_runs;
    const auto circuits = static_cast<std::uint64_t>(chip.array.circuits()) * static_cast<std::uint64_t>(runs);
    const std::string where = fmt::format("network '{}'", network.name);
    if (!chip.ideal && neurons > circuits) {
        return {
            {.where = where,
             .found = fmt::format("{} neurons", neurons),
             .allowed = fmt::format("{}: {} neuron circuits in each of {} runs", circuits, chip.array.circuits(), runs),
             .help = "a chip with steps, or a system of many: spikeloom chips"}};
    }
    std::uint64_t synapses = 0;
    for (const compiler::Projection& projection : network.projections) {
        synapses += compiler::connection_count(network, projection);
    }
    if (synapses > most_synapses) {
        return {
            {.where = where,
             .found = fmt::format("{} synapses", synapses),
             .allowed = fmt::format("{} for a network in continuous time, where each is kept by itself", most_synapses),
             .help = "a chip with steps"}};
    }
    return {};
}

/// Steps of a sample, in each of which a bias can spike; without a set as many as the encoder's default has. 0: too
/// many to be listed.
std::uint32_t bias_steps_of(const ComparisonSetting& setting) {
    constexpr std::uint64_t most_steps = 1U << 20;
    const runtime::LabelledSet none;
    const runtime::LabelledSet& set = setting.set.coded ? *setting.set.coded : none;
    const runtime::EvaluationOptions options =
        labelled_set_options(setting.line, answering(setting.network.stepped->network), set);
    const std::uint64_t steps = std::uint64_t{runtime::sample_steps(set, options.encoder)} + options.drain_steps;
    return steps <= most_steps ? static_cast<std::uint32_t>(steps) : 0;
}

/// Exactly, else with what has no exact counterpart brought near it, and the row told so.
Result<compiler::TimedNetwork> in_continuous_time(const ComparisonSetting& setting, const chip::AnalogSpec& chip,
                                                  ChipRow& row) {
    constexpr double steps_a_pulse = 0.1;
    constexpr double steps_a_long_memory = 1e4;
    const compiler::Network& network = setting.network.stepped->network;
    compiler::ContinuousTimeOptions options{.least_refractory_s = network.step_s,
                                            .approximate_reset = setting.line.flag("approximate-reset")};
    if (auto exact = compiler::to_timed(network, options)) {
        return exact;
    }
    options.bias_steps = bias_steps_of(setting);
    options.pulse_s = steps_a_pulse * network.step_s;
    options.leakless_tau_s = steps_a_long_memory * network.step_s;
    if (!chip.ideal) {
        options.pulse_s = std::max(options.pulse_s, chip.ranges.tau_syn_s.least * chip.speed_up);
        options.leakless_tau_s = std::min(options.leakless_tau_s, chip.ranges.tau_mem_s.most * chip.speed_up);
    }
    auto near = compiler::to_timed(network, options);
    if (near) {
        row.approximated = true;
        row.remarks.push_back(fmt::format(
            "brought near: where neurons have no synaptic current, a spike is a pulse of {} with the same charge; "
            "where they have no leak, they forget over {}; a constant input current is a spike in every step (times of "
            "the network)",
            runtime::si(options.pulse_s, "s", runtime::Script::plain),
            runtime::si(options.leakless_tau_s, "s", runtime::Script::plain)));
    }
    return near;
}

Result<chip::analog::AnalogChip> load(const chip::AnalogImage& image, const ComparisonSetting& setting) {
    const auto instance = calibrated_instance(setting.line);
    return instance ? chip::analog::AnalogChip::load(image, *instance) : tl::unexpected(instance.error());
}

Result<runtime::CodedEvaluation> evaluate(const chip::analog::AnalogChip& chip, const ComparisonSetting& setting,
                                          double step_s) {
    const runtime::LabelledSet& set = *setting.set.coded;
    ProgressBar bar(chip.image().chip.name);
    runtime::CodedEvaluationOptions options{
        .steps = labelled_set_options(setting.line, answering(setting.network.stepped->network), set),
        .step_s = step_s,
        .threads = thread_count(setting.line)};
    options.stop = InterruptGuard::requested;
    options.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
        bar.update(static_cast<double>(done) / static_cast<double>(samples),
                   fmt::format("sample {} of {}", done, samples));
    };
    return runtime::evaluate_coded(chip, set, options);
}

Inference figures_of(const runtime::CodedEvaluation& evaluation, const chip::AnalogSpec& chip, double step_s) {
    const auto samples = std::max<double>(1, static_cast<double>(evaluation.samples));
    Inference inference{
        .time = fmt::format("continuous, {}",
                            runtime::si(static_cast<double>(evaluation.steps) * step_s, "s", runtime::Script::plain)),
        .samples = evaluation.samples,
        .correct = evaluation.correct,
        .silent = evaluation.silent,
        .decision_s = evaluation.mean_first_spike_s,
        .spikes = static_cast<double>(evaluation.counts.spikes) / samples,
        .interrupted = evaluation.interrupted};
    take_prices(evaluation.counts, samples, chip, inference);
    return inference;
}

}  // namespace

Result<ChipRow> stepped_on_analog(const ComparisonSetting& setting, const chip::AnalogSpec& chip) {
    ChipRow row{.chip = chip.name, .title = chip.title, .continuous = true};
    const compiler::Network& network = setting.network.stepped->network;
    if (row.why = too_large(network, chip); !row.why.empty()) {
        return row;
    }
    auto timed = in_continuous_time(setting, chip, row);
    if (!timed) {
        row.why = std::move(timed.error());
        return row;
    }
    compiler::scale_times(*timed, 1 / chip.speed_up);
    const auto compiled = compile_for(setting, *timed, chip, row);
    if (!compiled) {
        row.approximated = false;
        row.remarks.clear();
    }
    if (!compiled || !setting.set.coded) {
        return row;
    }
    const double step_s = network.step_s / chip.speed_up;
    const auto loaded = load(compiled->image, setting);
    if (!loaded) {
        row.not_run = loaded.error();
        return row;
    }
    const auto evaluation = evaluate(*loaded, setting, step_s);
    if (!evaluation) {
        return fail(evaluation.error());
    }
    row.inference = figures_of(*evaluation, chip, step_s);
    row.remarks.push_back(
        fmt::format("made for steps of {}, it runs in continuous time{}: spikes reach the next layer at once, those of "
                    "the input come at the start of their steps, and a neuron is refractory for at least a step",
                    runtime::si(network.step_s, "s", runtime::Script::plain),
                    chip.speed_up == 1 ? std::string() : fmt::format(", {:.6g} times faster", chip.speed_up)));
    return row;
}

Result<ChipRow> compare_on(const ComparisonSetting& setting, const AnyChip& chip) {
    const auto* stepped = std::get_if<chip::ChipSpec>(&chip);
    if (setting.network.stepped) {
        return stepped != nullptr ? stepped_on_steps(setting, *stepped)
                                  : stepped_on_analog(setting, std::get<chip::AnalogSpec>(chip));
    }
    return stepped != nullptr ? first_spike_on_steps(setting, *stepped)
                              : first_spike_on_analog(setting, std::get<chip::AnalogSpec>(chip));
}

}  // namespace spikeloom::tools
