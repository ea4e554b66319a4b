#include "tools/analog_compile.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "compiler/analog/compile_analog.hpp"
#include "compiler/timed/scale_times.hpp"
#include "core/files/sha256.hpp"
#include "tools/console.hpp"
#include "tools/descriptions.hpp"
#include "tools/mapping_options.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

compiler::AnalogCompileOptions options_of(const CommandLine& line) {
    if (line.flag("approximate-reset") || line.flag("no-network")) {
        throw UsageError("--approximate-reset and --no-network are for chips with steps");
    }
    if (line.value<int>("effort") != 1 || line.value<int>("threads") != 1 || any_override(line)) {
        throw UsageError(
            "--effort, --threads, --pin, --forbid-core, --keep-together and --rates are for chips with steps");
    }
    compiler::AnalogCompileOptions options;
    options.seed = line.value<std::uint64_t>("seed");
    options.weight_bits = line.optional<int>("weight-bits").value_or(0);
    options.weight_unit = line.optional<double>("weight-unit").value_or(0);
    options.max_runs = line.optional<int>("max-runs").value_or(options.max_runs);
    if (options.weight_bits < 0 || (line.has("weight-bits") && options.weight_bits == 0)) {
        throw UsageError("--weight-bits: 1 or more");
    }
    if (line.has("weight-unit") && !(options.weight_unit > 0 && std::isfinite(options.weight_unit))) {
        throw UsageError("--weight-unit: a positive number");
    }
    if (options.max_runs < 1) {
        throw UsageError("--max-runs: 1 or more");
    }
    const double scale = line.optional<double>("time-scale").value_or(1);
    if (!(scale > 0 && std::isfinite(scale))) {
        throw UsageError("--time-scale: a positive number");
    }
    return options;
}

Result<void> add_provenance(chip::AnalogImage& image, const CommandLine& line, const LoadedTimedNetwork& loaded) {
    auto hash = files::sha256_file(line.operand());
    if (!hash) {
        return fail(std::move(hash.error()));
    }
    image.provenance.program = std::string("spikeloom ") + SPIKELOOM_VERSION;
    image.provenance.network_file = std::filesystem::path(line.operand()).filename().string();
    image.provenance.network_sha256 = *hash;
    image.provenance.options = line.given();
    for (const compiler::Resolution& resolution : loaded.resolutions) {
        image.provenance.rules.push_back(to_text(resolution));
    }
    return {};
}

boost::json::object run_json(const chip::AnalogRun& run) {
    std::size_t circuits = 0;
    for (const chip::PlacedNeuron& placed : run.neurons) {
        circuits += placed.circuits.size();
    }
    std::set<std::pair<bool, std::uint32_t>> sources;
    for (const chip::HostSource& source : run.host_sources) {
        sources.insert({source.is_neuron, source.index});
    }
    return {{"neurons", run.neurons.size()},         {"circuits", circuits},
            {"synapses", run.cells.size()},          {"drivers", run.drivers.size()},
            {"crossbar_nodes", run.crossbar.size()}, {"host_labels", run.host_sources.size()},
            {"host_sources", sources.size()}};
}

boost::json::object summary_json(const chip::AnalogImage& image, const LoadedTimedNetwork& loaded,
                                 const std::string& output) {
    boost::json::array runs;
    for (const chip::AnalogRun& run : image.runs) {
        runs.push_back(run_json(run));
    }
    boost::json::array units;
    for (const chip::AnalogPopulation& population : image.populations) {
        units.push_back(boost::json::object{
            {"population", population.name},
            {"neurons", population.count},
            {"weight_unit", population.count > 0 ? image.neurons[population.first_neuron].weight_unit : 1.0}});
    }
    return {{"image", output},
            {"network", image.network_name},
            {"chip", image.chip.name},
            {"neurons", image.neurons.size()},
            {"runs", runs},
            {"populations", units},
            {"resolutions", describe(loaded.resolutions)}};
}

void print_summary(const chip::AnalogImage& image, const LoadedTimedNetwork& loaded, const std::string& output) {
    if (!loaded.resolutions.empty()) {
        fmt::print("What {} leaves open, and how it was settled:\n", loaded.format);
    }
    for (const compiler::Resolution& resolution : loaded.resolutions) {
        fmt::print("  {}\n", to_text(resolution));
    }
    fmt::print("{}", image.mapping_report);
    const std::size_t runs = image.runs.size();
    fmt::print("{}: {} on {}{}\n", output, image.network_name, image.chip.name,
               image.chip.ideal ? "" : fmt::format(", {} run{}", runs, runs == 1 ? "" : "s"));
}

}  // namespace

void add_analog_compile_options(CommandLine& line) {
    line.add()("weight-unit", po::value<double>()->value_name("W"),
               "analog chips: what one LSB of a weight stands for; larger weights are clipped (default: the largest "
               "|weight| onto a population is its largest register)")(
        "max-runs", po::value<int>()->value_name("N"),
        "analog chips: runs that a large network may be divided into (default 64)")(
        "time-scale", po::value<double>()->value_name("X"),
        "analog chips: all times of the network are multiplied by this: 0.001 brings biological times to a chip that "
        "is "
        "1000 times faster");
}

ExitStatus compile_for_analog(const CommandLine& line, const chip::AnalogSpec& chip) {
    const compiler::AnalogCompileOptions options = options_of(line);
    auto loaded = load_timed_network(line.operand(), line);
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    compiler::scale_times(loaded->network, line.optional<double>("time-scale").value_or(1));
    print(loaded->remarks);
    auto compiled = compiler::compile_analog(loaded->network, chip, options);
    if (!compiled) {
        print(compiled.error());
        return ExitStatus::failed;
    }
    print(compiled->remarks);
    chip::AnalogImage& image = compiled->image;
    const std::string& output = line.value<std::string>("output");
    auto written = add_provenance(image, line, *loaded);
    if (written) {
        written = chip::write_analog_image(image, output);
    }
    if (!written) {
        print(written.error());
        return ExitStatus::failed;
    }
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(summary_json(image, *loaded, output)));
    } else {
        print_summary(image, *loaded, output);
    }
    return ExitStatus::done;
}

}  // namespace spikeloom::tools
