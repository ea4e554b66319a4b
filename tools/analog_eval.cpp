#include "tools/analog_eval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>

#include "chip/image/analog_image.hpp"
#include "core/files/npy.hpp"
#include "core/files/sha256.hpp"
#include "runtime/analog/timed_record.hpp"
#include "runtime/isolated_reading.hpp"
#include "runtime/recording_parts.hpp"
#include "tools/analog_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"
#include "tools/timed_data.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

/// The network's coding, with what the user changes of it (times in time units).
Result<chip::TtfsCoding> coding_of(const chip::AnalogImage& image, const CommandLine& line) {
    chip::TtfsCoding coding = image.coding.value_or(chip::TtfsCoding{});
    const auto times = {"early", "late", "window", "time-unit"};
    for (const char* name : times) {
        if (line.has(name) && !(line.value<double>(name) >= 0 && std::isfinite(line.value<double>(name)))) {
            throw UsageError(fmt::format("--{} {}: 0 or more", name, line.value<double>(name)));
        }
    }
    coding.time_unit_s = line.optional<double>("time-unit").value_or(coding.time_unit_s);
    const auto take = [&](const char* name, double& seconds) {
        if (line.has(name)) {
            seconds = line.value<double>(name) * coding.time_unit_s;
        }
    };
    take("early", coding.earliest_s);
    take("late", coding.latest_s);
    take("window", coding.window_s);
    coding.silent_below = line.optional<double>("cutoff").value_or(coding.silent_below);
    if (line.has("code")) {
        constexpr std::array<std::pair<std::string_view, bool>, 2> ways{{{"large-late", false}, {"large-early", true}}};
        coding.inverted = line.choice<bool>("code", ways);
    }
    if (!image.coding && !(line.has("window") && line.has("time-unit"))) {
        return fail(Diagnostic{.where = image.network_name,
                               .found = "the network says nothing of its coding",
                               .allowed = "--time-unit SECONDS and --window (and --early, --late for values)",
                               .help = "a TTFS text says it in its block 'coding'"});
    }
    return coding;
}

/// "0.01" or "0.01,fast_and_deep": the step in time units, and whose steps.
core::analog::SteppedOptions stepped_options(const std::string& text, const chip::TtfsCoding& coding) {
    const std::size_t comma = text.find(',');
    const std::string preset = comma == std::string::npos ? "exponential" : text.substr(comma + 1);
    double dt = 0;
    const char* const end = text.data() + std::min(comma, text.size());
    const auto [read, error] = std::from_chars(text.data(), end, dt);
    auto options = core::analog::stepped_preset(preset, dt, 1);
    if (error != std::errc{} || read != end || !(dt > 0) || !std::isfinite(dt) || !options) {
        throw UsageError(
            fmt::format("--stepped {}: a step in time units, and, after a comma, one of exponential, euler, "
                        "fast_and_deep, hxtorch_mock, hxtorch_euler",
                        text));
    }
    options->unit = coding.time_unit_s;
    return *options;
}

runtime::TimedEvaluationOptions evaluation_options(const CommandLine& line, const chip::TtfsCoding& coding) {
    runtime::TimedEvaluationOptions options;
    options.encoder = {.coding = coding, .grid_s = line.value<double>("grid") * coding.time_unit_s};
    options.first = line.value<std::uint64_t>("first");
    options.limit = line.value<std::uint64_t>("limit");
    options.threads = thread_count(line);
    options.output = line.value<std::string>("decide-by");
    options.stop_at_first_spike = line.flag("stop-at-first-spike");
    options.keep_spikes = line.has("output");
    if (line.has("stepped")) {
        options.stepped = stepped_options(line.value<std::string>("stepped"), coding);
    }
    options.stop = InterruptGuard::requested;
    return options;
}

/// First spikes of the output as numpy has them, in time units, inf where there is none.
Result<void> save_times(const runtime::TimedRecord& record, const CommandLine& line) {
    if (!line.has("save-times")) {
        return {};
    }
    std::vector<double> times = record.first_spikes;
    for (double& time : times) {
        time /= record.time_unit_s;
    }
    return files::write_npy(files::make_array({record.samples(), record.outputs()}, times),
                            line.value<std::string>("save-times"));
}

/// Runs the same samples to their end, for what stopping saved.
Result<void> compare_with_whole(const chip::AnalogImage& image, const chip::analog::InstanceOptions& instance,
                                const runtime::TimedSet& set, runtime::TimedEvaluationOptions options,
                                runtime::TimedRecord& record) {
    options.stop_at_first_spike = false;
    options.keep_spikes = false;
    options.progress = {};
    options.limit = record.samples();
    const auto whole = runtime::evaluate_instances(image, instance, 1, set, options);
    if (!whole) {
        return fail(whole.error());
    }
    record.interrupted = record.interrupted || whole->first.interrupted;
    record.whole = whole->first.counts;
    for (std::size_t i = 0; i < whole->first.samples.size(); ++i) {
        record.changed_answers += whole->first.samples[i].answer == record.answers[i] ? 0 : 1;
    }
    return {};
}

Result<void> add_provenance(runtime::TimedRecord& record, const CommandLine& line, const std::string& started_at) {
    record.started_at = started_at;
    record.program = std::string("spikeloom ") + SPIKELOOM_VERSION;
    record.options = line.given();
    record.seed = line.value<std::uint64_t>("seed");
    record.threads = line.value<int>("threads");
    record.image_file = std::filesystem::path(line.operand()).filename().string();
    const auto image = files::sha256_file(line.operand());
    const auto set = timed_set_sha256(line.value<std::string>("data"));
    if (!image || !set) {
        return fail(image ? set.error() : image.error());
    }
    record.image_sha256 = *image;
    record.set_sha256 = *set;
    return {};
}

Result<runtime::TimedRecord> evaluate(const chip::AnalogImage& image, const CommandLine& line,
                                      std::vector<std::vector<core::analog::Spike>>& spikes) {
    const auto set =
        open_timed_set(line.value<std::string>("data"), line.value<std::string>("labels"), data_holds(line));
    if (!set) {
        return fail(set.error());
    }
    const auto coding = coding_of(image, line);
    if (!coding) {
        return fail(coding.error());
    }
    runtime::TimedEvaluationOptions options = evaluation_options(line, *coding);
    const auto output = runtime::timed_output(image, options.output);
    if (!output) {
        return fail(output.error());
    }
    const auto opened = calibrated_instance(line);
    if (!opened) {
        return fail(opened.error());
    }
    const chip::analog::InstanceOptions& instance = *opened;
    const std::string started_at = runtime::utc_now();
    const InterruptGuard interrupt;
    auto result = [&] {
        ProgressBar bar("eval");
        options.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
            bar.update(static_cast<double>(done) / static_cast<double>(samples),
                       fmt::format("sample {} of {}", done, samples));
        };
        return runtime::evaluate_instances(image, instance, line.value<std::uint32_t>("instances"), *set, options);
    }();
    if (!result) {
        return fail(std::move(result.error()));
    }
    runtime::TimedRecord record = runtime::make_record(image, *coding, *output, result->first);
    record.set = set->name;
    record.instance = instance_text(instance);
    if (options.stepped) {
        const auto& words = line.value<std::string>("stepped");
        const std::size_t comma = std::min(words.find(','), words.size());
        const std::string preset = comma < words.size() ? " (" + words.substr(comma + 1) + ")" : "";
        record.instance += fmt::format(", in steps of {} time units{}", words.substr(0, comma), preset);
    }
    record.interrupted = result->interrupted;
    spikes = std::move(result->first.spikes);
    if (line.value<std::uint32_t>("instances") > 1) {
        record.scores = std::move(result->scores);
        record.required_accuracy = line.value<double>("required-accuracy");
    }
    if (options.stop_at_first_spike) {
        if (auto compared = compare_with_whole(image, instance, *set, options, record); !compared) {
            return fail(std::move(compared.error()));
        }
    }
    if (auto added = add_provenance(record, line, started_at); !added) {
        return fail(std::move(added.error()));
    }
    return record;
}

void add_options(CommandLine& line) {
    const auto number = [](std::uint64_t value) {
        return po::value<std::uint64_t>()->default_value(value)->value_name("N");
    };
    const auto units = [] { return po::value<double>()->value_name("T"); };
    line.add()(
        "data,d", word("SET")->required(),
        ".npz with inputs (S x N in 0..1), times (S x N, time units) or times_s, and labels (S); .npy; idx (.gz); "
        "yin-yang:SAMPLES:SEED")("labels", word("FILE")->default_value(""),
                                 "labels in a file of their own (idx: found beside the images)")(
        "data-holds", word("WHAT"),
        "values (0..1), times (spike times in time units) or seconds (default: as the array's name says, else values)")(
        "output,o", word("RECORDING"), "the recording to write (HDF5)")("force,f", flag(),
                                                                        "replace an existing recording")(
        "save-times", word("FILE"), "first spikes of the output as .npy: S x neurons, time units, inf = none")(
        "early", units(), "input time of value 0, in time units (tau; default: the network's)")(
        "late", units(), "input time of value 1")("code", word("WAY"), "large-late or large-early values")(
        "cutoff", po::value<double>()->value_name("X"), "values at or below give no spike")(
        "window", units(), "length of a sample in time units")("time-unit", units(),
                                                               "what one time unit is, in seconds")(
        "grid", po::value<double>()->default_value(0.0, "0")->value_name("T"),
        "input times are rounded up to multiples of this, in time units")(
        "stop-at-first-spike", flag(), "a sample ends with its first label spike; says what that saved")(
        "stepped", word("DT[,PRESET]"),
        "in steps of DT time units, not from event to event: exponential (default), euler, or as others step: "
        "fast_and_deep, hxtorch_mock, hxtorch_euler")("decide-by", word("POPULATION")->default_value(""),
                                                      "the population that answers (default: the output)")(
        "first", number(0), "the sample to begin with")("limit,l", number(0), "samples at most (0: all)")(
        "instances", po::value<std::uint32_t>()->default_value(1)->value_name("N"),
        "Monte-Carlo over so many chips, from --instance on")(
        "required-accuracy", po::value<double>()->default_value(0.0, "0")->value_name("A"),
        "Monte-Carlo: the yield is the share of chips that reach this, 0..1")("json", flag(),
                                                                              "print the figures as JSON");
    add_instance_options(line);
}

void check_options(const CommandLine& line) {
    const double required = line.value<double>("required-accuracy");
    if (!(required >= 0 && required <= 1)) {
        throw UsageError("--required-accuracy: 0 to 1 (0.95 is 95 %)");
    }
    const std::uint32_t instances = line.value<std::uint32_t>("instances");
    if (instances < 1 ||
        instances > std::numeric_limits<std::uint32_t>::max() - line.value<std::uint32_t>("instance")) {
        throw UsageError("--instances: at least 1");
    }
    if (instances > 1 && !line.has("mismatch") && !line.flag("noise")) {
        throw UsageError("--instances: without --mismatch or --noise all chips are equal");
    }
}

}  // namespace

ExitStatus print_record(const std::string& path, bool json) {
    const auto text = runtime::read_isolated(path, [&]() -> Result<std::string> {
        return runtime::read_record(path).map([json](const runtime::TimedRecord& record) {
            return json ? runtime::record_json(record) : runtime::record_text(record);
        });
    });
    if (!text) {
        print(text.error());
        return ExitStatus::failed;
    }
    fmt::print("{}", *text);
    return ExitStatus::done;
}

ExitStatus run_analog_eval(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("IMAGE");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    check_options(line);
    const auto image = chip::read_analog_image(line.operand());
    if (!image) {
        print(image.error());
        return ExitStatus::failed;
    }
    std::vector<std::vector<core::analog::Spike>> spikes;
    const auto record = evaluate(*image, line, spikes);
    if (!record) {
        print(record.error());
        return ExitStatus::failed;
    }
    auto saved = save_times(*record, line);
    if (saved && line.has("output")) {
        saved = runtime::write_record(*record, spikes, *image, line.value<std::string>("output"), line.flag("force"));
    }
    if (!saved) {
        print(saved.error());
        return ExitStatus::failed;
    }
    fmt::print("{}", line.flag("json") ? runtime::record_json(*record) : runtime::record_text(*record));
    return record->interrupted ? ExitStatus::failed : ExitStatus::done;
}

const Subcommand analog_eval_subcommand{
    .name = "eval",
    .summary = "accuracy, decision time, spikes and energy an inference over a labelled set, on an analog chip",
    .synopsis = "ANALOG-IMAGE --data SET [-o RECORDING] [options]",
    .text =
        "Runs every sample from rest on an instance of the chip. The answer is the output neuron that spikes first;\n"
        "without a spike there is none (silent, and wrong). Value v in 0..1 spikes once, at early + v (late - early).\n"
        "With --instances the samples run on so many copies of the chip, each with a mismatch of its own.",
    .example =
        "  spikeloom eval yin_yang.loom --data test_inputs.npy --labels test_labels.npy --threads 2\n"
        "  spikeloom eval yin_yang.loom -d set.npz --mismatch threshold=0.05 --instances 10 --required-accuracy 0.94\n"
        "  spikeloom eval yin_yang.loom -d set.npz --stepped 0.01,fast_and_deep",
    .run = run_analog_eval,
};

}  // namespace spikeloom::tools
