#include "tools/analog_run.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "chip/analog/analog_cost.hpp"
#include "chip/analog/readout.hpp"
#include "runtime/analog/timed_run_file.hpp"
#include "runtime/analog/timed_stimulus.hpp"
#include "tools/analog_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

using chip::analog::ConverterKind;
using chip::analog::MembraneProbe;

/// "hidden[3]", "hidden[0:4]", "hidden"; with ":madc" the fast converter.
Result<std::vector<MembraneProbe>> parse_probes(const std::string& text, const chip::AnalogImage& image) {
    std::string name = text;
    ConverterKind converter = ConverterKind::cadc;
    if (name.ends_with(":madc")) {
        converter = ConverterKind::madc;
        name.resize(name.size() - 5);
    }
    const std::size_t bracket = name.find('[');
    const std::string range = bracket == std::string::npos ? "" : name.substr(bracket);
    name = name.substr(0, bracket);
    for (const chip::AnalogPopulation& population : image.populations) {
        if (population.name != name) {
            continue;
        }
        unsigned first = 0;
        unsigned last = population.count;
        char close = ']';
        const bool all = range.empty();
        const bool several = !all && std::sscanf(range.c_str(), "[%9u:%9u%c", &first, &last, &close) == 3;
        const bool one = !all && !several && std::sscanf(range.c_str(), "[%9u%c", &first, &close) == 2;
        last = one ? first + 1 : last;
        if ((!all && !several && !one) || close != ']' || first >= last || last > population.count) {
            return fail(Diagnostic{
                .where = "--probe " + text,
                .found = "neurons that don't exist",
                .allowed = fmt::format("{0}[0] .. {0}[{1}], or {0}[FIRST:END]", name, population.count - 1)});
        }
        std::vector<MembraneProbe> probes;
        for (unsigned neuron = first; neuron < last; ++neuron) {
            probes.push_back({.neuron = population.first_neuron + neuron, .converter = converter});
        }
        return probes;
    }
    return fail(Diagnostic{.where = "--probe " + text, .found = fmt::format("no population is called '{}'", name)});
}

Result<std::vector<MembraneProbe>> probes_of(const chip::AnalogImage& image, const CommandLine& line) {
    std::vector<MembraneProbe> probes;
    if (!line.has("probe")) {
        return probes;
    }
    for (const std::string& text : line.value<std::vector<std::string>>("probe")) {
        const auto some = parse_probes(text, image);
        if (!some) {
            return fail(some.error());
        }
        probes.insert(probes.end(), some->begin(), some->end());
    }
    return probes;
}

Result<void> simulate(const chip::AnalogImage& image, const CommandLine& line) {
    const auto inputs = runtime::read_timed_stimulus(line.value<std::string>("input"), image);
    if (!inputs) {
        return fail(inputs.error());
    }
    double duration = line.optional<double>("duration").value_or(image.coding ? image.coding->window_s : 0);
    if (!(duration > 0 && std::isfinite(duration))) {
        throw UsageError("--duration: more than 0 seconds");
    }
    const auto probes = probes_of(image, line);
    if (!probes) {
        return fail(probes.error());
    }
    const chip::analog::InstanceOptions instance = instance_options(line);
    const auto chip = chip::analog::AnalogChip::load(image, instance);
    if (!chip) {
        return fail(chip.error());
    }
    chip::analog::AnalogTrial trial(*chip);
    if (auto recorded = trial.record(*probes); !recorded) {
        return fail(std::move(recorded.error()));
    }
    trial.run(*inputs, {.window_s = duration});
    runtime::TimedRunFile file{.image = image,
                               .duration_s = duration,
                               .instance = instance_text(instance),
                               .seed = instance.seed,
                               .stimulus = line.value<std::string>("input"),
                               .program = std::string("spikeloom ") + SPIKELOOM_VERSION,
                               .options = line.given(),
                               .spikes = trial.spikes(),
                               .traces = trial.traces(),
                               .counts = trial.counts()};
    if (auto written = runtime::write_timed_run(file, line.value<std::string>("output"), line.flag("force"));
        !written) {
        return written;
    }
    const chip::analog::AnalogCounts& counts = trial.counts();
    if (line.flag("json")) {
        boost::json::array energy;
        for (const chip::AnalogCostTable& table : image.chip.costs) {
            energy.push_back(boost::json::object{
                {"table", table.name}, {"energy_uj", chip::analog::price(counts, table).total_pj.value * 1e-6}});
        }
        fmt::print("{}\n", boost::json::serialize(boost::json::object{{"duration_s", counts.duration_s},
                                                                      {"input_spikes", counts.input_spikes},
                                                                      {"spikes", counts.spikes},
                                                                      {"synaptic_events", counts.synaptic_events},
                                                                      {"crossbar_drops", counts.crossbar_drops},
                                                                      {"energy", std::move(energy)}}));
        return {};
    }
    fmt::print("{} on {} ({}): {:.6g} us of chip time, {} input spikes, {} spikes, {} synaptic events\n",
               image.network_name, image.chip.name, file.instance, counts.duration_s * 1e6, counts.input_spikes,
               counts.spikes, counts.synaptic_events);
    for (const chip::AnalogCostTable& table : image.chip.costs) {
        fmt::print("  {}: {:.4g} uJ\n", table.name, chip::analog::price(counts, table).total_pj.value * 1e-6);
    }
    return {};
}

}  // namespace

ExitStatus run_analog_run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("IMAGE");
    line.add()("input,i", word("SPIKES")->required(), ".csv (time_s,channel or time_s,input,channel) or SONATA .h5")(
        "output,o", word("RECORDING")->required(), "the recording to write (HDF5)")(
        "force,f", flag(), "replace an existing recording")("duration", po::value<double>()->value_name("SECONDS"),
                                                            "chip time (default: the window of the coding)")(
        "probe", po::value<std::vector<std::string>>()->value_name("WHAT")->composing(),
        "sample membranes: hidden, hidden[3], hidden[0:4] by the CADC; hidden[3]:madc by the MADC (one even and one "
        "odd column); may be given more than once")("json", flag(), "print the figures as JSON");
    add_instance_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto image = chip::read_analog_image(line.operand());
    if (!image) {
        print(image.error());
        return ExitStatus::failed;
    }
    if (const auto done = simulate(*image, line); !done) {
        print(done.error());
        return ExitStatus::failed;
    }
    return ExitStatus::done;
}

const Subcommand analog_run_subcommand{
    .name = "run",
    .summary = "one stimulus through an image of an analog chip, recorded",
    .synopsis = "ANALOG-IMAGE --input SPIKES -o RECORDING [options]",
    .text =
        "Runs the image from rest for --duration seconds of chip time and records spikes (SONATA, real times) and\n"
        "sampled membranes, in the network's unit and as the converter's codes.",
    .example = "  spikeloom run yin_yang.loom -i spikes.csv -o run.h5 --duration 48e-6 --probe label",
    .run = run_analog_run,
};

}  // namespace spikeloom::tools
