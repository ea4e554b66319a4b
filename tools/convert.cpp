// spikeloom convert: a trained network of ReLUs to a spiking one whose rates are its values.

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>

#include "compiler/convert/ann_reader.hpp"
#include "compiler/convert/lower.hpp"
#include "compiler/text/network_print.hpp"
#include "core/files/sha256.hpp"
#include "runtime/decision.hpp"
#include "tools/accuracy_curve.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using Words = std::string_view;

compiler::ConversionOptions conversion_options(const CommandLine& line) {
    constexpr std::array<std::pair<Words, compiler::ResetRule>, 2> resets{
        {{"subtract", compiler::ResetRule::subtract_threshold}, {"zero", compiler::ResetRule::to_value}}};
    constexpr std::array<std::pair<Words, bool>, 2> outputs{{{"membrane", true}, {"spikes", false}}};
    compiler::ConversionOptions options;
    options.reset = line.choice<compiler::ResetRule>("reset", resets);
    options.integrating_output = line.choice<bool>("output-layer", outputs);
    options.bias_shift = !line.flag("no-bias-shift");
    options.steps = line.value<std::uint32_t>("steps");
    options.drain = line.value<std::uint32_t>("drain");
    options.step_s = line.value<double>("step");
    constexpr std::uint32_t most_steps = 1'000'000;
    if (options.steps == 0 || options.steps > most_steps || options.drain > most_steps) {
        throw UsageError("--steps and --drain: allowed are 1 to 1000000, and 0 to as many");
    }
    constexpr double longest_step_s = 1000;  // of a network text
    if (!(options.step_s > 0 && options.step_s <= longest_step_s)) {
        throw UsageError("--step: a step lasts more than 0, at most 1000 seconds");
    }
    return options;
}

double percentile_of(const CommandLine& line) {
    const auto percentile = line.value<double>("percentile");
    if (!(percentile > 0 && percentile <= 100)) {
        throw UsageError("--percentile: more than 0, at most 100");
    }
    return percentile;
}

compiler::ReluAfter relu_option(const CommandLine& line) {
    constexpr std::array<std::pair<Words, compiler::ReluAfter>, 2> places{
        {{"hidden", compiler::ReluAfter::hidden}, {"all", compiler::ReluAfter::all}}};
    return line.choice<compiler::ReluAfter>("relu-after", places);
}

/// A set of values for the ANN's input.
Result<runtime::LabelledSet> check_set(Result<runtime::LabelledSet> set, const compiler::Ann& ann) {
    if (set && (set->steps != 0 || set->channels != ann.input_size() || set->samples == 0)) {
        return fail({.where = fmt::format("set '{}'", set->name),
                     .found = set->steps != 0 ? std::string("spikes, and an ANN takes values")
                                              : fmt::format("{} samples of {} values", set->samples, set->channels),
                     .allowed = fmt::format("samples of {} values, the input of '{}'", ann.input_size(), ann.name),
                     .help = {}});
    }
    return set;
}

struct Converted {
    compiler::AnnImport import;
    compiler::Calibration calibration;
    compiler::Conversion conversion;
};

Result<Converted> convert(const CommandLine& line) {
    const compiler::ConversionOptions options = conversion_options(line);
    const double percentile = percentile_of(line);
    auto import = compiler::read_ann(line.operand(), relu_option(line));
    if (!import) {
        return fail(std::move(import.error()));
    }
    const auto set = check_set(runtime::read_unlabelled_set(line.value<std::string>("calibrate")), import->ann);
    if (!set) {
        return fail(set.error());
    }
    const SampleRange range = samples_of(*set, 0, line.value<std::uint64_t>("samples"));
    Converted converted{.import = std::move(*import), .calibration = {}, .conversion = {}};
    converted.calibration = compiler::calibrate_ann(converted.import.ann, set->values, range.end, percentile);
    converted.conversion = compiler::convert_ann(converted.import.ann, converted.calibration, options);
    // Weights near the end of float's range, or a step of next to nothing, give numbers that no network may have.
    if (Diagnostics findings = compiler::check_network(converted.conversion.network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return converted;
}

/// What stands at the top of the file.
std::string provenance(const CommandLine& line, const Converted& converted) {
    const std::string source = std::filesystem::path(line.operand()).filename().string();
    const auto hash = files::sha256_file(line.operand());
    std::string text = fmt::format("Converted from the ReLU network {}{} by spikeloom {}.\n", source,
                                   hash ? fmt::format(" (sha256 {})", *hash) : "", SPIKELOOM_VERSION);
    text += converted.import.reading + ".\n";
    text +=
        fmt::format("A rate of one spike a step is the {:g}th percentile of a layer's values over {} samples of {}:",
                    converted.calibration.percentile, converted.calibration.samples,
                    std::filesystem::path(line.value<std::string>("calibrate")).filename().string());
    for (std::size_t layer = 0; layer < converted.import.ann.layers.size(); ++layer) {
        text += fmt::format("\n  {} = {:.6g}", converted.import.ann.layers[layer].name,
                            converted.calibration.layers[layer].scale);
    }
    text += "\nOptions:";
    for (const std::string& given : line.given()) {
        text += " " + given;
    }
    return text + "\n";
}

/// ANN and float network on labelled samples.
Result<std::optional<runtime::AccuracyCurves>> compare(const CommandLine& line, const Converted& converted) {
    if (!line.has("test")) {
        return std::optional<runtime::AccuracyCurves>();
    }
    const compiler::Ann& ann = converted.import.ann;
    const auto set =
        check_set(runtime::read_labelled_set(line.value<std::string>("test"), line.value<std::string>("labels")), ann);
    if (!set) {
        return fail(set.error());
    }
    if (set->classes() > ann.layers[ann.output].size()) {
        return fail({.where = fmt::format("set '{}'", set->name),
                     .found = fmt::format("label {}", set->classes() - 1),
                     .allowed = fmt::format("0..{}: the output has {} units", ann.layers[ann.output].size() - 1,
                                            ann.layers[ann.output].size()),
                     .help = {}});
    }
    const SampleRange range = samples_of(*set, 0, line.value<std::uint64_t>("limit"));
    runtime::AccuracyCurves curves;
    auto reference = measure_ann(ann, *set, range);
    if (!reference) {
        return fail(std::move(reference.error()));
    }
    curves.ann = *reference;
    const compiler::Network& network = converted.conversion.network;
    const PopulationId output = network.outputs[0].population;
    const bool spikes = compiler::spikes(network.populations[output.value()].kind);
    FloatCurve curve(network, output, spikes ? runtime::Decision::spike_count : runtime::Decision::voltage_last);
    runtime::EncoderOptions encoder;
    encoder.encoding = runtime::Encoding::regular;
    encoder.steps = line.value<std::uint32_t>("steps");
    ProgressBar bar("float");
    for (std::uint64_t sample = range.first; sample < range.end; ++sample) {
        curve.add_sample(*set, sample, encoder, line.value<std::uint32_t>("drain"));
        bar.update(static_cast<double>(sample + 1) / static_cast<double>(range.end), "spiking network in float");
    }
    curves.curves.push_back(curve.curve());
    return std::optional(std::move(curves));
}

void print_text(const Converted& converted, const std::optional<runtime::AccuracyCurves>& curves,
                const std::string& output) {
    const compiler::Ann& ann = converted.import.ann;
    fmt::print("{}\n{:<24} {:>12} {:>9} {:>12} {:>12} {:>9}\n", converted.import.reading, "layer", "shape", "ReLU",
               "one spike =", "largest", "active");
    for (std::size_t i = 0; i < ann.layers.size(); ++i) {
        const compiler::LayerRange& range = converted.calibration.layers[i];
        fmt::print("{:<24} {:>12} {:>9} {:>12.4g} {:>12.4g} {:>7.1f} %\n", ann.layers[i].name,
                   shape_text(ann.layers[i].shape), ann.layers[i].rectified ? "yes" : "no", range.scale, range.largest,
                   100 * range.active);
    }
    if (curves) {
        fmt::print("{}", runtime::to_text(*curves));
    }
    fmt::print("{}: {} populations, {} projections\n", output, converted.conversion.network.populations.size(),
               converted.conversion.network.projections.size());
}

void print_json(const Converted& converted, const std::optional<runtime::AccuracyCurves>& curves,
                const std::string& output) {
    boost::json::array layers;
    for (std::size_t i = 0; i < converted.import.ann.layers.size(); ++i) {
        const compiler::LayerRange& range = converted.calibration.layers[i];
        layers.push_back(boost::json::object{{"name", converted.import.ann.layers[i].name},
                                             {"units", converted.import.ann.layers[i].size()},
                                             {"scale", range.scale},
                                             {"largest", range.largest},
                                             {"active", range.active}});
    }
    boost::json::object document{
        {"network", output}, {"reading", converted.import.reading}, {"layers", std::move(layers)}};
    if (curves) {
        document["curve"] = boost::json::parse(runtime::to_json(*curves));
    }
    fmt::print("{}\n", boost::json::serialize(document));
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    const auto count = [](std::uint64_t value) {
        return po::value<std::uint64_t>()->default_value(value)->value_name("N");
    };
    line.add()("calibrate", word("SET")->required(),
               "samples that show how large values get: .npy, .npz, idx (.gz); labels are not needed")(
        "output,o", word("FILE")->required(), "the network text to write (NAME.textproto; weights lie beside it)")(
        "samples", count(1000), "calibrate with so many samples at most (0: all)")(
        "percentile", po::value<double>()->default_value(99.9, "99.9")->value_name("P"),
        "of a layer's values: what one spike a step stands for; 100: the largest")(
        "reset", word("RULE")->default_value("subtract"), "subtract (the threshold: no loss) or zero")(
        "steps,n", po::value<std::uint32_t>()->default_value(64)->value_name("N"),
        "steps with input that an inference shall last")(
        "drain", po::value<std::uint32_t>()->default_value(0)->value_name("N"),
        "steps without input after them (eval --drain), one a layer: biases are spread over these too")(
        "no-bias-shift", flag(),
        "leave out the half threshold, spread over an inference, that makes rounding unbiased")(
        "relu-after", word("LAYERS")->default_value("hidden"),
        "where NIR has no neurons: ReLU after hidden weight layers, or all")(
        "output-layer", word("HOW")->default_value("membrane"), "membrane (sums up, never spikes) or spikes")(
        "step", po::value<double>()->default_value(1e-3, "0.001")->value_name("SECONDS"), "length of a step")(
        "test", word("SET"), "labelled samples: the ANN and the spiking network in float, step by step")(
        "labels", word("FILE")->default_value(""), "labels of --test in a file of their own")(
        "limit,l", count(200), "test with so many samples at most (0: all)")("json", flag(),
                                                                             "print the figures as JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    if (!line.value<std::string>("labels").empty() && !line.has("test")) {
        throw UsageError("--labels: they belong to --test, which is missing");
    }
    const auto converted = convert(line);
    if (!converted) {
        print(converted.error());
        return ExitStatus::failed;
    }
    print(converted->import.remarks);
    print(converted->conversion.remarks);
    const auto curves = compare(line, *converted);
    if (!curves) {
        print(curves.error());
        return ExitStatus::failed;
    }
    const std::string& output = line.value<std::string>("output");
    if (auto written =
            compiler::write_network_text(converted->conversion.network, output, provenance(line, *converted));
        !written) {
        print(written.error());
        return ExitStatus::failed;
    }
    (line.flag("json") ? print_json : print_text)(*converted, *curves, output);
    return ExitStatus::done;
}

}  // namespace

const Subcommand convert_subcommand{
    .name = "convert",
    .summary = "a trained ReLU network to a spiking one that fires at the rates of its values",
    .synopsis = "NET --calibrate SET -o NET.textproto [options]",
    .text =
        "Reads a network of ReLUs from NIR (weights, pooling and Flatten without neurons: ReLU after every weight\n"
        "layer but the last; IF nodes, where there are some, are the ReLUs), or plain matrices (W0, b0, W1, ... in a\n"
        ".npz or as .npy in a folder). Scales every layer so that a percentile of its values over the calibration set\n"
        "is one spike a step (Diehl 2015, Rueckauer 2017), and writes integrate-and-fire neurons with constant "
        "biases.\n"
        "Values are 0 to 1 at the input. Max pooling has no form in rates: train with average pooling.\n"
        "Then: compile, and eval --encode regular --decision voltage_last --curve --ann NET, with these --steps and\n"
        "--drain. In --test, both runs are in float, and a layer sees the spikes of the same step.",
    .example =
        "  cd models/networks/examples/relu\n"
        "  spikeloom convert shapes.nir --calibrate shapes.npz --test shapes.npz --steps 32 -o /tmp/shapes.textproto",
    .run = run,
};

}  // namespace spikeloom::tools
