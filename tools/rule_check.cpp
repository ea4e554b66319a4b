// spikeloom rule check: a rule as a chip's learning engine would keep it, and what is lost on the way.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/rules/analysis.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/rule_check.hpp"
#include "tools/rule_options.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const char*, 5> trace_names{"x1", "x2", "y1", "y2", "y3"};

rules::TraceParameters& trace_of(rules::Rule& rule, std::size_t index) {
    return index < rule.x.size() ? rule.x[index] : rule.y[index - rule.x.size()];
}

/// A rule whose traces nobody described keeps them unknown: stand-ins hide that from the options and checks.
constexpr rules::TraceParameters stand_in{.impulse = 1, .tau = 1};

void hide_unknown_traces(rules::Rule& rule) {
    constexpr std::array<rules::Operand, 5> operands{rules::Operand::x1, rules::Operand::x2, rules::Operand::y1,
                                                     rules::Operand::y2, rules::Operand::y3};
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const bool outside = i >= rule.x.size() && rule.post_traces == rules::PostTraces::neuron;
        if (rule.reads(operands[i]) && !outside) {
            trace_of(rule, i) = stand_in;
        }
    }
}

/// The rule with what the options say, and checked.
Result<LoadedRule> described(LoadedRule loaded, const CommandLine& line, const rules::RuleTarget& target) {
    const auto given = [&](const char* name) { return line.has(name); };
    loaded.from_file = loaded.from_file || std::any_of(trace_names.begin(), trace_names.end(), given);
    rules::Rule& rule = loaded.file.rule;
    if (!loaded.from_file) {
        rule.post_traces = line.flag("third-factors") ? rules::PostTraces::neuron : rule.post_traces;
        hide_unknown_traces(rule);
    }
    auto with_options = with_rule_options(std::move(rule), line);
    if (!with_options) {
        return fail(std::move(with_options.error()));
    }
    rule = std::move(*with_options);
    const Diagnostics findings = rules::check_rule(rule, target);
    if (has_error(findings)) {
        return fail(findings);
    }
    print(findings);
    if (!loaded.from_file) {
        rule.x = {};
        rule.y = {};
    }
    return loaded;
}

std::optional<rules::IntegerRange> weight_range(const CommandLine& line, const rules::LearningArithmetic& arithmetic) {
    enum class Sign : std::uint8_t { mixed, excitatory, inhibitory };
    constexpr std::array<std::pair<std::string_view, Sign>, 3> signs{
        {{"mixed", Sign::mixed}, {"excitatory", Sign::excitatory}, {"inhibitory", Sign::inhibitory}}};
    const std::int32_t most = (1 << arithmetic.weight_bits) - 1;
    switch (line.choice<Sign>("sign", signs)) {
    case Sign::mixed:
        return std::nullopt;
    case Sign::excitatory:
        return rules::IntegerRange{0, most};
    case Sign::inhibitory:
        return rules::IntegerRange{-most, 0};
    }
    return std::nullopt;
}

/// What --round let pass, as warnings that name the coefficient taken instead.
void tell_rounded(const CommandLine& line, const chip::ChipSpec& chip) {
    const auto strict = load_rule(line.operands(), rule_target(chip));
    if (strict) {
        return;
    }
    Diagnostics rounded = strict.error();
    for (Diagnostic& finding : rounded) {
        finding.severity = Severity::warning;
        finding.help += "; it is taken, as --round says";
    }
    print(rounded);
}

void add_options(CommandLine& line) {
    namespace po = boost::program_options;
    add_learning_chip_options(line);
    add_rule_options(line);
    line.add()("sign", word("MODE")->default_value("mixed"), "what weights may be: mixed, excitatory, inhibitory")(
        "rare", po::value<double>()->default_value(1.0 / 64, "1/64")->value_name("P"),
        "tell products that move a unit with less than this probability")(
        "round", flag(), "take the nearest coefficient where one can't be represented")("json", flag(), "print JSON");
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positionals("RULE");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const double rare = line.value<double>("rare");
    if (!(rare >= 0 && rare <= 1)) {
        throw UsageError(fmt::format("--rare {}: a probability is wanted, 0..1", rare));
    }
    const auto chip = open_learning_chip(line);
    if (!chip) {
        print(chip.error());
        return ExitStatus::failed;
    }
    const std::optional<rules::IntegerRange> weights = weight_range(line, chip->learning.arithmetic);
    const rules::RuleTarget target = rule_target(*chip, line.flag("round"));
    auto written = load_rule(line.operands(), target);
    if (!written) {
        print(written.error());
        return ExitStatus::failed;
    }
    if (line.flag("round")) {
        tell_rounded(line, *chip);
    }
    const auto loaded = described(std::move(*written), line, target);
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    const rules::RuleAnalysis analysis = rules::analyse(loaded->file.rule, {.arithmetic = target.arithmetic,
                                                                            .limits = target.parse.limits,
                                                                            .traces_known = loaded->from_file,
                                                                            .weight = weights,
                                                                            .rare = rare});
    const CheckedRule checked{*chip, *loaded, analysis};
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(to_json(checked)));
    } else {
        fmt::print("{}", to_text(checked));
    }
    return ExitStatus::done;
}

}  // namespace

const Subcommand rule_check_subcommand{
    .name = "rule check",
    .summary = "products, widths, saturation, dead terms, memory and energy of a rule on a chip",
    .synopsis = "RULE [RULE ...] [--chip CHIP] [--x1 IMPULSE:TAU] ... [--json]",
    .text =
        "Reads a rule as strictly as the chip's learning engine needs it, and says what the engine makes of it: the\n"
        "products with their mantissas, exponents and widths, the bits that are dropped, the range of every product, "
        "what\n"
        "saturates, what is always or mostly rounded away, the memory and energy that it takes; for each finding what "
        "to\n"
        "change. Give impulses and time constants, or a rule file, for the ranges that they lead to.\n"
        "A rule that begins with '-' goes behind '--', or begins with 'dw ='.",
    .example =
        "  spikeloom rule check 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' --chip loihi1 --x1 127:10 --y1 127:10\n"
        "  spikeloom rule check 'dw = 2^-3*u0*t*r1' 'dt = x1*y0 - y1*x0 - 2^-4*u0*t'",
    .run = run,
};

}  // namespace spikeloom::tools
