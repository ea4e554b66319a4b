// spikeloom rule compare: what is learned in float, on the chip's arithmetic, and on other widths.

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "tools/command_line.hpp"
#include "tools/comparison.hpp"
#include "tools/console.hpp"
#include "tools/figure_output.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"
#include "tools/rule_options.hpp"
#include "tools/rule_source.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

constexpr std::array<std::pair<std::string_view, compiler::Learning::Sign>, 3> signs{
    {{"mixed", compiler::Learning::Sign::mixed},
     {"excitatory", compiler::Learning::Sign::excitatory},
     {"inhibitory", compiler::Learning::Sign::inhibitory}}};
constexpr std::uint64_t usual_steps = 2000;
constexpr std::uint64_t most_steps = 10'000'000;

/// "4,6,15": each 1 to 15, or none for an empty text.
std::vector<int> width_list(const CommandLine& line, const std::string& option) {
    const std::string& text = line.value<std::string>(option);
    std::vector<int> all;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        int value = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + comma, value);
        if (error != std::errc() || end != text.data() + comma || value < 1 || value > 15 || all.size() >= 15) {
            throw UsageError(fmt::format("--{} {}: expected widths of 1 to 15 bits, as 4,6,15", option, text));
        }
        all.push_back(value);
        at = comma + 1;
    }
    return all;
}

ComparisonOptions comparison_options(const CommandLine& line) {
    ComparisonOptions options;
    options.trials = line.value<int>("trials");
    if (options.trials < 1 || options.trials > 100) {
        throw UsageError(fmt::format("--trials {}: allowed are 1 to 100", options.trials));
    }
    options.seed = line.value<std::uint64_t>("seed");
    options.weight_widths = width_list(line, "weights");
    options.trace_widths = width_list(line, "traces");
    options.scale = float_scale(line);
    options.whole_chip = !line.flag("no-chip");
    return options;
}

bool is_network(const std::vector<std::string>& operands) {
    std::error_code ignored;
    if (operands.size() != 1 || !std::filesystem::exists(operands.front(), ignored)) {
        return false;
    }
    const auto kind = identify(operands.front());
    return kind && (*kind == FileKind::network_text || *kind == FileKind::nir || *kind == FileKind::hdf5);
}

/// What is compared, and under which spikes.
struct Subject {
    compiler::Network network;
    std::unique_ptr<runtime::Stimulus> stimulus;
    std::uint64_t steps = 0;
};

std::uint64_t steps_asked(const CommandLine& line, std::uint64_t usual) {
    const std::uint64_t steps = line.optional<std::uint64_t>("steps").value_or(usual);
    if (steps > most_steps) {
        throw UsageError(fmt::format("--steps {}: at most {}", steps, most_steps));
    }
    return steps;
}

Result<Subject> network_subject(const CommandLine& line) {
    auto loaded = load_network(line.operands().front(), line);
    if (!loaded) {
        return fail(std::move(loaded.error()));
    }
    print(loaded->remarks);
    if (!line.has("input")) {
        throw UsageError("--input is missing: the spikes that drive the network");
    }
    Subject subject{.network = std::move(loaded->network), .stimulus = {}};
    auto stimulus = runtime::open_stimulus(line.value<std::string>("input"), ports_of(subject.network),
                                           line.value<std::uint64_t>("seed"));
    if (!stimulus) {
        return fail(std::move(stimulus.error()));
    }
    subject.stimulus = std::move(*stimulus);
    subject.steps = steps_asked(line, subject.stimulus->steps());
    if (subject.steps == 0) {
        return fail({.where = fmt::format("--input {}", line.value<std::string>("input")),
                     .found = "a stimulus that never ends",
                     .allowed = {},
                     .help = "say how long to run: --steps N"});
    }
    print(runtime::check_stimulus_length(*subject.stimulus, subject.steps));
    return subject;
}

Result<Subject> rule_subject(const CommandLine& line, const chip::ChipSpec& chip) {
    auto loaded = load_rule(line.operands(), rule_target(chip));
    if (!loaded) {
        return fail(std::move(loaded.error()));
    }
    auto rule = with_rule_options(std::move(loaded->file.rule), line);
    if (!rule) {
        return fail(std::move(rule.error()));
    }
    Subject subject{.network = rule_network(*rule, line.choice<compiler::Learning::Sign>("sign", signs)),
                    .stimulus = {}};
    subject.steps = steps_asked(line, usual_steps);
    if (line.has("input")) {
        auto stimulus = runtime::open_stimulus(line.value<std::string>("input"), ports_of(subject.network),
                                               line.value<std::uint64_t>("seed"));
        if (!stimulus) {
            return fail(std::move(stimulus.error()));
        }
        subject.stimulus = std::move(*stimulus);
    } else {
        subject.stimulus =
            rule_stimulus(subject.steps, line.value<std::uint64_t>("seed"), subject.network.inputs.size() > 1);
    }
    return subject;
}

ExitStatus failed(const Diagnostics& diagnostics) {
    print(diagnostics);
    return ExitStatus::failed;
}

void add_compare_options(CommandLine& line) {
    line.add()("input,i", word("SPIKES"),
               "SONATA .h5, .npy or .npz raster, .csv, or poisson:RATE (for a rule by itself: background and volleys)")(
        "steps,n", po::value<std::uint64_t>()->value_name("N"),
        "steps to run (default: as long as the input; 2000 for a rule by itself)")(
        "trials", po::value<int>()->default_value(3)->value_name("N"),
        "of every run that rounds stochastically, each with its own random numbers")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of the random numbers")(
        "weights", word("BITS,..")->default_value("4,6,15"),
        "other widths of weights, without the sign (15: 16 with it)")("traces", word("BITS,..")->default_value("5,12"),
                                                                      "other widths of traces")(
        "no-chip", flag(), "leave out the run of the whole chip")(
        "sign", word("MODE")->default_value("excitatory"),
        "of a rule by itself: mixed, excitatory, inhibitory weights");
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positionals("NETWORK");
    add_compare_options(line);
    add_scale_option(line);
    add_rule_options(line);
    add_nir_options(line);
    add_learning_chip_options(line);
    add_figure_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    (void)figure_format(line);
    ComparisonOptions options = comparison_options(line);
    const auto chip = open_learning_chip(line);
    if (!chip) {
        return failed(chip.error());
    }
    auto subject = is_network(line.operands()) ? network_subject(line) : rule_subject(line, *chip);
    if (!subject) {
        return failed(subject.error());
    }
    options.steps = subject->steps;
    const auto comparison = [&] {
        ProgressBar bar("compare");
        options.progress = [&bar](double fraction, const std::string& name) { bar.update(fraction, name); };
        return compare(subject->network, *chip, *subject->stimulus, options);
    }();
    if (!comparison) {
        return failed(comparison.error());
    }
    const auto delivered = deliver_figure(line, {.text = [&] { return comparison_text(*comparison); },
                                                 .json = [&] { return comparison_json(*comparison); },
                                                 .svg = [&] { return comparison_svg(*comparison); }});
    return delivered ? ExitStatus::done : failed(delivered.error());
}

}  // namespace

const Subcommand rule_compare_subcommand{
    .name = "rule compare",
    .summary = "a network learned in float, on the chip, and on other widths",
    .synopsis = "NETWORK --input SPIKES | RULE [RULE ...]  [--chip CHIP] [-o FILE]",
    .text =
        "Lets the same network learn from the same spikes in real numbers, with learning on registers of the\n"
        "chip's and of other widths (neurons in float), and on the whole chip; compares weights and spikes, and\n"
        "says what is lost, and where. NETWORK is a file with projections that learn; a rule (text or file) is put\n"
        "into a small network of its own.",
    .example =
        "  spikeloom rule compare 'dw = 2^-2*x1*y0 - 2^-2*y1*x0'\n"
        "  spikeloom rule compare network.textproto --input poisson:20 --steps 5000 -o compare.svg",
    .run = run,
};

}  // namespace spikeloom::tools
