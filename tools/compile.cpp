// spikeloom compile: a network onto the cores of a chip.

#include "compiler/compile.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>
#include <variant>

#include "compiler/convert/balance_delays.hpp"
#include "tools/analog_compile.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/descriptions.hpp"
#include "tools/image_source.hpp"
#include "tools/interrupt.hpp"
#include "tools/mapping_options.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

/// Ctrl-C ends the search, not the work: the best mapping so far is finished and written.
Result<compiler::CompileResult> compile_interruptibly(const compiler::Network& network, const chip::ChipSpec& chip,
                                                      compiler::CompileOptions options) {
    const InterruptGuard interrupt;
    ProgressBar bar("compile");
    options.progress = [&bar](double fraction, const std::string& phase) {
        bar.update(fraction, InterruptGuard::requested() ? phase + " (stopping: takes the best so far)" : phase);
    };
    auto compiled = compiler::compile(network, chip, options);
    if (compiled && InterruptGuard::requested()) {
        compiled->image.provenance.options.emplace_back("stopped-early=yes");
        compiled->remarks.push_back({.severity = Severity::note,
                                     .where = fmt::format("network '{}'", network.name),
                                     .found = "the search for a mapping was interrupted: this is the best so far",
                                     .help = "without the interruption the result is the same every time"});
    }
    return compiled;
}

boost::json::array describe_merged(const std::vector<compiler::MergedDecays>& all, const compiler::Network& network) {
    const auto change = [](const compiler::DecayChange& of) {
        return boost::json::object{{"largest_percent", 100 * of.largest}, {"mean_percent", 100 * of.mean}};
    };
    boost::json::array rows;
    for (const compiler::MergedDecays& merged : all) {
        rows.push_back({{"population", network.populations[merged.population].name},
                        {"pairs_before", merged.pairs_before},
                        {"pairs", merged.pairs},
                        {"neurons", merged.neurons},
                        {"neurons_changed", merged.changed},
                        {"membrane", change(merged.membrane)},
                        {"synapse", change(merged.synapse)}});
    }
    return rows;
}

boost::json::object summary_json(const compiler::CompileResult& compiled, const LoadedNetwork& loaded,
                                 const std::string& output) {
    const chip::Image& image = compiled.image;
    std::uint64_t compartments = 0;
    std::uint64_t synapses = 0;
    for (const chip::CoreImage& core : image.cores) {
        compartments += core.compartments;
        synapses += core.synapses.size();
    }
    return {{"image", output},
            {"network", image.network_name},
            {"chip", image.chip.name},
            {"cores", image.cores.size()},
            {"chip_cores", image.chip.mesh.cores()},
            {"compartments", compartments},
            {"synapses", synapses},
            {"step_s", image.step_s},
            {"resolutions", describe(loaded.resolutions)},
            {"losses", describe(image.losses)},
            {"merged_decays", describe_merged(compiled.merged_decays, loaded.network)}};
}

void print_summary(const compiler::CompileResult& compiled, bool whole, const LoadedNetwork& loaded,
                   const std::string& output) {
    const chip::Image& image = compiled.image;
    if (!loaded.resolutions.empty()) {
        fmt::print("What {} leaves open, and how it was settled:\n", loaded.format);
    }
    for (const compiler::Resolution& resolution : loaded.resolutions) {
        fmt::print("  {}\n", to_text(resolution));
    }
    const bool brief = !whole && compiled.brief_report != image.mapping_report;
    fmt::print("{}", brief ? compiled.brief_report : image.mapping_report);
    if (brief) {
        fmt::print("--all lists every core, population and projection.\n");
    }
    fmt::print("{}: {} on {} of {} cores of {}\n", output, image.network_name, image.cores.size(),
               image.chip.mesh.cores(), image.chip.name);
}

void check_stepped_options(const CommandLine& line) {
    if (line.has("weight-unit") || line.has("max-runs") || line.has("time-scale")) {
        throw UsageError("--weight-unit, --max-runs and --time-scale are for analog chips");
    }
}

/// With delays where paths of different length meet, if the user wants them; else a warning there.
compiler::Network in_chip_time(const compiler::Network& network, const CommandLine& line) {
    if (!line.flag("balance-delays")) {
        print(compiler::find_imbalance(network));
        return network;
    }
    Diagnostics remarks;
    compiler::Network balanced = compiler::balance_delays(network, remarks);
    print(remarks);
    return balanced;
}

ExitStatus compile_to_file(const CommandLine& line, const chip::ChipSpec& chip) {
    check_stepped_options(line);
    compiler::CompileOptions options = mapping_options(line);
    options.embed_network = !line.flag("no-network");
    const auto loaded = load_network(line.operand(), line);
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    print(loaded->remarks);
    if (const auto taken = take_overrides(line, loaded->network, options); !taken) {
        print(taken.error());
        return ExitStatus::failed;
    }
    const compiler::Network network = in_chip_time(loaded->network, line);
    auto compiled = compile_interruptibly(network, chip, std::move(options));
    if (!compiled) {
        print(compiled.error());
        return ExitStatus::failed;
    }
    print(compiled->remarks);
    chip::Image& image = compiled->image;
    const std::string& output = line.value<std::string>("output");
    auto written = add_provenance(image, line.operand(), line, loaded->resolutions);
    if (written) {
        written = chip::write_image(image, output);
    }
    if (!written) {
        print(written.error());
        return ExitStatus::failed;
    }
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(summary_json(*compiled, *loaded, output)));
    } else {
        print_summary(*compiled, line.flag("all"), *loaded, output);
    }
    return ExitStatus::done;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    line.add()("chip,c", word("CHIP")->required(), "a bundled chip (see spikeloom chips) or the path of a description")(
        "output,o", word("IMAGE")->required(), "the image to write")(
        "weight-bits", po::value<int>()->value_name("BITS"),
        "widest weight; chips with steps: 1 to 8 (default 8); analog chips: magnitude, up to the chip's (default); "
        "ideal "
        "analog chips: 1 to 30 (default: weights stay real)")(
        "balance-delays", flag(), "delay short paths so that spikes meet on the chip as in the framework's step")(
        "no-network", flag(), "leave the float network out of the image: smaller, but no quantisation gap")(
        "all", flag(), "list every core, population and projection, not the 20 largest alone")(
        "json", flag(), "print the figures as JSON");
    add_mapping_options(line);
    add_override_options(line);
    add_analog_compile_options(line);
    add_nir_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto chip = open_any_chip(line.value<std::string>("chip"));
    if (!chip) {
        print(chip.error());
        return ExitStatus::failed;
    }
    if (const auto* analog = std::get_if<chip::AnalogSpec>(&*chip)) {
        return compile_for_analog(line, *analog);
    }
    return compile_to_file(line, std::get<chip::ChipSpec>(*chip));
}

}  // namespace

const Subcommand compile_subcommand{
    .name = "compile",
    .summary = "a network onto the cores of a chip: quantise, partition, place, verify",
    .synopsis = "NET --chip CHIP -o IMAGE [options]",
    .text =
        "Reads a trained network (NIR, lava-dl's netx, or the text form of compiler/text/network.proto), maps it onto "
        "the chip and\n"
        "writes the image that run and eval load. Prints how open questions of the file were settled, what is used\n"
        "of every limit of the chip, and what quantisation lost. What does not fit is refused with the limit, the\n"
        "need and the room; but a neuron with more sources than a core takes in has its sum made in parts where\n"
        "that is exact, a step later, and one that reaches more cores than a core can send to gets copies.\n"
        "For an analog chip the network is one in continuous time (a TTFS text or NIR, see compiler/timed): it gets\n"
        "neuron circuits, drivers, labels and crossbar routes, in several runs where it does not fit into one.\n"
        "Ctrl-C once ends the search and takes the best mapping so far; twice ends the program.\n"
        "What the search decides can be decided for it: --pin, --forbid-core, --keep-together.\n"
        "Time constants that were trained neuron by neuron take pairs of decay registers, of which a core has few:\n"
        "--merge-decays gives near ones a common value and says how far they moved; eval --gap says what that does.",
    .example =
        "  spikeloom compile models/networks/yinyang/yinyang.nir --chip loihi1 -o yinyang.loom --effort 2\n"
        "  spikeloom compile net.nir --chip loihi1 -o net.loom --pin hidden=0-3 --forbid-core 4,9-12 --rates run.h5\n"
        "  spikeloom compile net.nir --chip loihi1 -o net.loom --merge-decays 32\n"
        "  spikeloom compile trained_mnist_network.net --chip loihi2 -o mnist.loom\n"
        "  spikeloom compile net.ttfs.textproto --chip brainscales2 -o net.loom",
    .run = run,
};

}  // namespace spikeloom::tools
