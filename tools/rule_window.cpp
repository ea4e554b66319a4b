// spikeloom rule window: what a rule does to a synapse in the protocols of plasticity experiments, float beside chip.

#include "runtime/workbench/window.hpp"

#include <fmt/format.h>

#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/figure_output.hpp"
#include "tools/rule_options.hpp"
#include "tools/rule_source.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using rules::Operand;

enum class Sign : std::uint8_t { mixed, excitatory, inhibitory };
constexpr std::array<std::pair<std::string_view, Sign>, 3> signs{
    {{"mixed", Sign::mixed}, {"excitatory", Sign::excitatory}, {"inhibitory", Sign::inhibitory}}};
constexpr std::array<std::pair<std::string_view, Operand>, 4> reward_words{
    {{"r1", Operand::r1}, {"y1", Operand::y1}, {"y2", Operand::y2}, {"y3", Operand::y3}}};
void add_window_options(CommandLine& line) {
    line.add()("protocol", word("KIND")->default_value("pair"),
               "pair, triplet, frequency (of pairs), or reward (after a pair)")(
        "range", po::value<int>()->default_value(40)->value_name("STEPS"), "largest time difference or delay")(
        "stride", po::value<int>()->value_name("STEPS"),
        "from point to point (default 1; triplet: a tenth of the range)")("pairs", po::value<int>()->value_name("N"),
                                                                          "repetitions (default 1; frequency: 10)")(
        "spacing", po::value<int>()->value_name("STEPS"), "between repetitions (default: until the traces have died)")(
        "difference", po::value<int>()->default_value(10)->value_name("STEPS"),
        "t(post) - t(pre) of the pairs of frequency and reward; both signs are run")(
        "rate", po::value<double>()->default_value(100)->value_name("HZ"), "highest rate of frequency")(
        "step", po::value<double>()->default_value(1e-3)->value_name("SECONDS"), "length of a step, for --rate")(
        "reward", po::value<int>()->default_value(32)->value_name("VALUE"), "the reward, -128 to 127")(
        "reward-by", word("OPERAND"), "r1 (default), or the third factor y1, y2, y3 that carries the reward")(
        "tail", po::value<int>()->value_name("STEPS"), "after the last event (default: until the traces have died)")(
        "payload", po::value<int>()->default_value(64)->value_name("VALUE"), "of source spikes, for graded rules");
    line.add()("sign", word("MODE")->default_value("mixed"), "what weights may be: mixed, excitatory, inhibitory")(
        "weight", po::value<int>()->value_name("W"),
        "register before the protocol (default: 0, or half of the range where the rule reads w or a bound is at 0)")(
        "delay", po::value<int>()->value_name("D"), "delay before the protocol (default: half of the range)")(
        "trials", po::value<int>()->default_value(200)->value_name("N"),
        "runs a point, each with its own random numbers")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of the random numbers");
}

runtime::ProtocolOptions protocol_options(const CommandLine& line) {
    runtime::ProtocolOptions options;
    options.kind = line.choice<runtime::ProtocolKind>("protocol", runtime::protocol_words);
    options.range = line.value<int>("range");
    options.stride = line.optional<int>("stride").value_or(0);
    options.repeats = line.optional<int>("pairs").value_or(options.kind == runtime::ProtocolKind::frequency ? 10 : 1);
    options.spacing = line.optional<int>("spacing").value_or(0);
    options.difference = line.value<int>("difference");
    options.rate_most_hz = line.value<double>("rate");
    options.step_s = line.value<double>("step");
    options.reward = line.value<int>("reward");
    options.tail = line.optional<int>("tail").value_or(-1);
    if (line.has("stride") && options.stride < 1) {
        throw UsageError(fmt::format("--stride {}: at least 1", options.stride));
    }
    if (line.has("reward-by")) {
        options.reward_operand = line.choice<Operand>("reward-by", reward_words);
    }
    return options;
}

rules::IntegerRange weight_range(Sign sign, const rules::LearningArithmetic& arithmetic) {
    const std::int32_t most = (1 << arithmetic.weight_bits) - 1;
    switch (sign) {
    case Sign::mixed:
        return {-most - 1, most};
    case Sign::excitatory:
        return {0, most};
    case Sign::inhibitory:
        return {-most, 0};
    }
    return {};
}

int usual_weight(const rules::Rule& rule, rules::IntegerRange range) {
    if (range.least == 0 || (rule.reads(Operand::w) && range.most > 0)) {
        return (range.most + 1) / 2;
    }
    return range.most == 0 ? range.least / 2 : 0;
}

runtime::WindowOptions window_options(const CommandLine& line, const rules::Rule& rule,
                                      const rules::LearningArithmetic& arithmetic) {
    runtime::WindowOptions options;
    options.protocol = protocol_options(line);
    options.arithmetic = other_widths(line, arithmetic);
    options.written_for = arithmetic;
    options.weights = weight_range(line.choice<Sign>("sign", signs), arithmetic);
    options.weight = line.optional<int>("weight").value_or(usual_weight(rule, options.weights));
    options.delay = line.optional<int>("delay").value_or(rule.dd.empty() ? 0 : (arithmetic.delay_most + 1) / 2);
    options.trials = line.value<int>("trials");
    options.seed = line.value<std::uint64_t>("seed");
    options.payload = line.value<int>("payload");
    options.scale = float_scale(line);
    return options;
}

ExitStatus failed(const Diagnostics& diagnostics) {
    print(diagnostics);
    return ExitStatus::failed;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positionals("RULE");
    add_window_options(line);
    add_scale_option(line);
    add_rule_options(line);
    add_learning_chip_options(line);
    add_width_options(line);
    add_figure_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    (void)figure_format(line);
    const auto chip = open_learning_chip(line);
    if (!chip) {
        return failed(chip.error());
    }
    auto written = load_rule(line.operands(), rule_target(*chip));
    if (!written) {
        return failed(written.error());
    }
    const auto rule = with_rule_options(std::move(written->file.rule), line);
    if (!rule) {
        return failed(rule.error());
    }
    const runtime::WindowOptions options = window_options(line, *rule, chip->learning.arithmetic);
    if (const Diagnostics wrong = runtime::check_window(*rule, options); !wrong.empty()) {
        return failed(wrong);
    }
    const runtime::Window window = [&] {
        ProgressBar bar("window");
        return runtime::measure_window(*rule, chip->name, options, [&bar](double done) { bar.update(done); });
    }();
    const auto delivered = deliver_figure(line, {.text = [&] { return runtime::window_text(window); },
                                                 .json = [&] { return runtime::window_json(window); },
                                                 .svg = [&] { return runtime::window_svg(window); }});
    return delivered ? ExitStatus::done : failed(delivered.error());
}

}  // namespace

const Subcommand rule_window_subcommand{
    .name = "rule window",
    .summary = "the change of a synapse over spike-time differences, float beside chip",
    .synopsis = "RULE [RULE ...] [--protocol KIND] [--chip CHIP] [-o FILE]",
    .text =
        "Runs a protocol of plasticity experiments on one synapse: in real numbers, and --trials times on the\n"
        "learning engine of the chip, which rounds stochastically. Shows the change of w (d, t) of both, and says\n"
        "what the chip loses. The picture (-o window.svg) has the float curve, the chip's mean, and a band of one\n"
        "standard deviation.",
    .example =
        "  spikeloom rule window 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' --x1 64:20 --y1 64:20\n"
        "  spikeloom rule window models/rules/triplet.textproto --protocol triplet -o window.svg",
    .run = run,
};

}  // namespace spikeloom::tools
