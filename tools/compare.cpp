// spikeloom compare: one network on several chips in one table: whether it fits, what it takes, and, given a labelled
// set, how well and at what cost it answers.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/report/units.hpp"
#include "tools/analog_options.hpp"
#include "tools/chip_comparison.hpp"
#include "tools/chip_comparison_forms.hpp"
#include "tools/console.hpp"
#include "tools/evaluation_options.hpp"
#include "tools/figure_output.hpp"
#include "tools/interrupt.hpp"
#include "tools/mapping_options.hpp"
#include "tools/timed_data.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using Words = std::vector<std::string>;

std::vector<std::string> chip_names(const CommandLine& line) {
    std::vector<std::string> names = line.optional<Words>("chip").value_or(Words{});
    if (!names.empty()) {
        return names;
    }
    for (const std::string& text : line.value<Words>("chips")) {
        std::size_t from = 0;
        while (from <= text.size()) {
            const std::size_t comma = std::min(text.find(',', from), text.size());
            if (comma == from) {
                throw UsageError("--chips: names or paths, separated by commas");
            }
            names.push_back(text.substr(from, comma - from));
            from = comma + 1;
        }
    }
    return names;
}

/// Options that mean nothing for this kind of network are bad usage, not ignored.
void refuse(const CommandLine& line, const Words& names, const std::string& what_for) {
    for (const std::string& given : line.given()) {
        const std::string name = given.substr(0, given.find('='));
        if (std::ranges::find(names, name) != names.end()) {
            throw UsageError(fmt::format("--{}: it is for {}", name, what_for));
        }
    }
}

Result<ComparedNetwork> open_network(const CommandLine& line) {
    ComparedNetwork network;
    auto first_spike = load_first_spike_network(line.operand(), line);
    if (!first_spike) {
        return fail(std::move(first_spike.error()));
    }
    if (*first_spike) {
        refuse(line,
               {"encode", "value-scale", "value-offset", "steps", "window", "drain", "max-rate", "decision",
                "decide-by", "first", "cutoff"},
               "networks with steps; this one is of first spikes: see --ttfs-step and --ttfs-window");
        network.first_spike = std::move(**first_spike);
        return network;
    }
    refuse(line, {"ttfs-step", "ttfs-window", "data-holds"}, "networks of first spikes");
    auto stepped = load_network(line.operand(), line);
    if (!stepped) {
        return fail(std::move(stepped.error()));
    }
    network.stepped = std::move(*stepped);
    return network;
}

/// Without a set nothing runs, so what says how it runs would be passed over.
void refuse_options_of_sets(const CommandLine& line) {
    constexpr std::array<std::string_view, 12> names{"encode",   "value-scale", "value-offset", "steps",
                                                     "window",   "drain",       "cutoff",       "max-rate",
                                                     "decision", "decide-by",   "first",        "limit"};
    for (const std::string& given : line.given()) {
        const std::string_view name = std::string_view(given).substr(0, given.find('='));
        if (std::ranges::find(names, name) != names.end()) {
            throw UsageError(fmt::format("--{}: it belongs to --data, which is missing", name));
        }
    }
}

Result<ComparedSet> open_set(const CommandLine& line, const ComparedNetwork& network) {
    ComparedSet set;
    const std::string& labels = line.value<std::string>("labels");
    if (!line.has("data")) {
        if (!labels.empty()) {
            throw UsageError("--labels: they belong to --data, which is missing");
        }
        refuse_options_of_sets(line);
        return set;
    }
    const std::string& data = line.value<std::string>("data");
    if (network.first_spike) {
        auto timed = open_timed_set(data, labels, data_holds(line));
        if (!timed) {
            return fail(std::move(timed.error()));
        }
        set.timed = std::move(*timed);
        return set;
    }
    auto coded = runtime::read_labelled_set(data, labels);
    if (!coded) {
        return fail(std::move(coded.error()));
    }
    set.coded = std::move(*coded);
    return set;
}

void add_options(CommandLine& line) {
    line.add()("chips,c",
               po::value<Words>()
                   ->value_name("CHIP,CHIP")
                   ->composing()
                   ->default_value({"loihi1,loihi2,truenorth,brainscales2"}, "loihi1,loihi2,truenorth,brainscales2"),
               "bundled chips or paths of descriptions")("chip", po::value<Words>()->value_name("CHIP")->composing(),
                                                         "the same one by one; may be given more than once")(
        "html", word("PAGE"), "write the comparison as one self-contained page, with charts, and print the table")(
        "weight-bits", po::value<int>()->value_name("BITS"), "widest weight, 1 to 8 (default 8)")(
        "json", flag(), "print JSON")("ttfs-step", po::value<double>()->default_value(0.02, "0.02")->value_name("T"),
                                      "networks of first spikes, on chips with steps: length of a step in time units")(
        "ttfs-window", po::value<double>()->value_name("T"),
        "networks of first spikes: length of a sample in time units (default: the network's)")(
        "data-holds", word("WHAT"), "networks of first spikes: the set holds values, times (time units) or seconds");
    add_mapping_options(line);
    add_override_options(line);
    add_labelled_set_options(line, DataOption::optional);
    add_copy_options(line);
    add_nir_options(line);
}

void check_options(const CommandLine& line) {
    static_cast<void>(mapping_options(line));
    static_cast<void>(instance_options(line));
    for (const char* name : {"ttfs-step", "ttfs-window"}) {
        if (line.has(name) && !(line.value<double>(name) > 0 && std::isfinite(line.value<double>(name)))) {
            throw UsageError(fmt::format("--{}: more than 0 time units", name));
        }
    }
}

Result<ChipComparison> compare(const CommandLine& line) {
    std::vector<AnyChip> chips;
    for (const std::string& name : chip_names(line)) {
        auto chip = open_any_chip(name);
        if (!chip) {
            return fail(std::move(chip.error()));
        }
        chips.push_back(std::move(*chip));
    }
    if (const auto instance = calibrated_instance(line); !instance) {
        return fail(instance.error());
    }
    const auto network = open_network(line);
    if (!network) {
        return fail(network.error());
    }
    const auto set = open_set(line, *network);
    if (!set) {
        return fail(set.error());
    }
    const ComparisonSetting setting{.line = line, .network = *network, .set = *set};
    ChipComparison comparison{.network = runtime::printable(network->name()),
                              .format = network->format(),
                              .set = runtime::printable(set->coded   ? set->coded->name
                                                        : set->timed ? set->timed->name
                                                                     : std::string()),
                              .chips = {}};
    const InterruptGuard interrupt;
    for (const AnyChip& chip : chips) {
        auto row = compare_on(setting, chip);
        if (!row) {
            return fail(std::move(row.error()));
        }
        comparison.chips.push_back(std::move(*row));
        if (InterruptGuard::requested()) {
            comparison.interrupted = true;
            break;
        }
    }
    return comparison;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    check_options(line);
    const auto comparison = compare(line);
    if (!comparison) {
        print(comparison.error());
        return ExitStatus::failed;
    }
    if (line.has("html")) {
        if (const auto written = write_text_file(comparison_html(*comparison), line.value<std::string>("html"));
            !written) {
            print(written.error());
            return ExitStatus::failed;
        }
    }
    fmt::print("{}", line.flag("json") ? boost::json::serialize(comparison_json(*comparison)) + "\n"
                                       : comparison_text(*comparison));
    return comparison->interrupted ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

const Subcommand compare_subcommand{
    .name = "compare",
    .summary = "a network on several chips: fits or why not, cores, accuracy, energy and latency, in one table",
    .synopsis = "NET [--chips CHIP,CHIP,...] [--data SET] [--html PAGE] [options]",
    .text =
        "Compiles the network for every chip and prints one table: whether it fits, cores, the limit that is used "
        "most\n"
        "on any core. With a labelled set (--data and the options of eval) it runs, too: accuracy, and energy and\n"
        "latency an inference under the chip's first cost table, with ranges and what they rest on; below, every cost\n"
        "table. Networks with steps and networks of first spikes (TTFS text, NIR with its metadata), chips with steps\n"
        "and without: a network of first spikes is brought into steps of --ttfs-step time units for the former.\n"
        "A network with steps runs on an analog chip in continuous time, at that chip's speed; 'nearly' says that it "
        "is\n"
        "only near the given one there (no synaptic current, no leak, a bias), and the remarks say how. Where it\n"
        "doesn't fit or can't run, every reason is told.",
    .example =
        "  spikeloom compare models/networks/yinyang/yinyang.nir --chips loihi1,loihi2,generic \\\n"
        "      --data models/networks/yinyang/yinyang_test.npz --limit 200 --html yinyang.html\n"
        "  spikeloom compare models/networks/yinyang_ttfs/yinyang_ttfs.textproto --chips loihi1,brainscales2 \\\n"
        "      --data yin-yang:1000:1",
    .run = run,
};

const Subcommand compare_chips_subcommand{
    .name = "compare-chips",
    .summary = "the same as compare, by the name that it had for networks of first spikes",
    .synopsis = "NET --data SET [--chip CHIP ...] [options]",
    .text = "The same command as spikeloom compare.",
    .example = "  spikeloom compare-chips yin_yang.textproto -d set.npz --chip loihi1 --chip brainscales2",
    .run = run,
};

}  // namespace spikeloom::tools
