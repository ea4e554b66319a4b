// spikeloom eval: a labelled set through an image, one inference a sample.

#include <fmt/format.h>

#include <algorithm>

#include "chip/image/image.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/evaluation.hpp"
#include "tools/figures.hpp"
#include "tools/gap.hpp"
#include "tools/interrupt.hpp"
#include "tools/session_options.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

runtime::EncoderOptions encoder_options(const CommandLine& line, const runtime::LabelledSet& set) {
    constexpr std::array<std::pair<std::string_view, runtime::Encoding>, 4> encodings{
        {{"latency", runtime::Encoding::latency},
         {"rate", runtime::Encoding::rate},
         {"constant", runtime::Encoding::constant},
         {"events", runtime::Encoding::events}}};
    runtime::EncoderOptions options;
    if (line.has("encode")) {
        options.encoding = line.choice<runtime::Encoding>("encode", encodings);
    } else if (set.steps != 0) {
        options.encoding = runtime::Encoding::events;
    }
    if (set.steps != 0) {
        options.steps = static_cast<std::uint32_t>(set.steps);
    }
    options.steps = line.optional<std::uint32_t>("steps").value_or(options.steps);
    options.window = line.value<std::uint32_t>("window");
    options.cutoff = line.value<double>("cutoff");
    options.max_rate = line.value<double>("max-rate");
    options.seed = line.value<std::uint64_t>("seed");
    if (options.steps == 0 || options.steps > 1'000'000) {
        throw UsageError("--steps: allowed are 1 to 1000000");
    }
    if (options.window > options.steps) {
        throw UsageError(fmt::format("--window {}: a sample lasts only {} steps", options.window, options.steps));
    }
    if (!(options.max_rate > 0 && options.max_rate <= 1)) {
        throw UsageError("--max-rate: allowed are values above 0, up to 1");
    }
    return options;
}

Decision decision(const CommandLine& line, const chip::PopulationSymbol& output) {
    constexpr std::array<std::pair<std::string_view, Decision>, 3> decisions{
        {{"count", Decision::count}, {"first", Decision::first}, {"voltage", Decision::voltage}}};
    if (!line.has("decision")) {
        return output.spikes ? Decision::count : Decision::voltage;
    }
    const auto chosen = line.choice<Decision>("decision", decisions);
    if (chosen != Decision::voltage && !output.spikes) {
        throw UsageError(
            fmt::format("--decision: population '{}' never spikes; only voltage decides there", output.name));
    }
    return chosen;
}

Result<EvaluationPlan> make_plan(const CommandLine& line, const chip::Image& image) {
    auto set = runtime::read_labelled_set(line.value<std::string>("data"), line.value<std::string>("labels"));
    const auto output = find_output(image, line.value<std::string>("decide-by"));
    Diagnostics findings;
    if (!set) {
        findings = set.error();
    }
    if (!output) {
        findings.insert(findings.end(), output.error().begin(), output.error().end());
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    EvaluationPlan plan;
    plan.encoder = encoder_options(line, *set);
    plan.decision = decision(line, image.populations[output->value()]);
    plan.output = *output;
    plan.samples = set->samples;
    if (const auto limit = line.optional<std::size_t>("limit")) {
        plan.samples = std::min(plan.samples, *limit);
    }
    plan.set = std::move(*set);
    findings = check_plan(plan, image);
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return plan;
}

Result<void> run_plan(const EvaluationPlan& plan, const chip::Image& image, const CommandLine& line) {
    auto session = open_session(image, line);
    if (!session) {
        return fail(std::move(session.error()));
    }
    auto recorder = open_recorder(*session, line, line.value<std::string>("data"));
    if (!recorder) {
        return fail(std::move(recorder.error()));
    }
    const InterruptGuard interrupt;
    auto done = [&] {
        ProgressBar progress("eval");
        const auto moved = [&](std::size_t sample) {
            progress.update(static_cast<double>(sample) / static_cast<double>(plan.samples),
                            fmt::format("sample {} of {}", sample, plan.samples));
        };
        return evaluate(plan, *session, **recorder, InterruptGuard::requested, moved);
    }();
    if (!done) {
        return fail(std::move(done.error()));
    }
    if (line.flag("gap") && *done == plan.samples) {
        ProgressBar progress("gap");
        const auto gap =
            measure_gap(plan, image, InterruptGuard::requested,
                        [&](double fraction, const std::string& phase) { progress.update(fraction, phase); });
        if (!gap) {
            return fail(gap.error());
        }
        if (auto added = (*recorder)->add_document("gap", *gap); !added) {
            return added;
        }
    }
    return (*recorder)->close(*done < plan.samples);
}

void add_options(CommandLine& line) {
    line.add()("data,d", word("SET")->required(),
               ".npz with inputs (S x N in 0..1, or spikes S x T x N) and labels (S); or idx images (.gz too)")(
        "labels", word("FILE")->default_value(""), "idx labels (default: found beside the images)")(
        "encode,e", word("HOW"), "latency, rate, constant or events (default: latency; spikes: events)")(
        "steps,n", po::value<std::uint32_t>()->value_name("N"),
        "steps a sample (default: 32; spikes: as many as there are)")(
        "window,w", po::value<std::uint32_t>()->default_value(0)->value_name("N"),
        "latency: steps over which values spread (0: half the steps)")(
        "cutoff", po::value<double>()->default_value(0.0, "0")->value_name("X"),
        "latency: values at or below give no spike")(
        "max-rate", po::value<double>()->default_value(1.0, "1")->value_name("P"), "rate: spikes a step at value 1")(
        "decision", word("RULE"), "count (most spikes, then earliest), first (earliest spike) or voltage (highest)")(
        "decide-by", word("POPULATION")->default_value(""), "the population that decides (default: the output)")(
        "limit,l", po::value<std::size_t>()->value_name("N"), "only the first N samples")(
        "gap", flag(), "run the float network too and measure what quantisation cost");
    add_session_options(line);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("IMAGE");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto image = chip::read_image(line.operand());
    if (!image) {
        print(image.error());
        return ExitStatus::failed;
    }
    const auto plan = make_plan(line, *image);
    if (!plan) {
        print(plan.error());
        return ExitStatus::failed;
    }
    if (const auto finished = run_plan(*plan, *image, line); !finished) {
        print(finished.error());
        return ExitStatus::failed;
    }
    return print_figures(line.value<std::string>("output"), line.flag("json"), Interrupted::is_failure);
}

}  // namespace

const Subcommand eval_subcommand{
    .name = "eval",
    .summary = "accuracy, energy and latency an inference over a labelled set",
    .synopsis = "IMAGE --data SET -o RECORDING [options]",
    .text =
        "Runs every sample from the chip's initial state, decides by the output population, and records the whole.\n"
        "Latency code: value v in 0..1 spikes once, at step floor((1 - v) * (window - 1) + 0.5).",
    .example =
        "  spikeloom eval yinyang.loom --data models/networks/yinyang/yinyang_test.npz --window 50 --steps 60 \\\n"
        "      --gap -o yinyang.h5",
    .run = run,
};

}  // namespace spikeloom::tools
