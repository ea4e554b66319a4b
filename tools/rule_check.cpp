// spikeloom rule check: a rule as a chip's learning engine would keep it, and what is lost on the way.

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "core/rules/analysis.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"
#include "tools/rule_check.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const char*, 5> trace_names{"x1", "x2", "y1", "y2", "y3"};

rules::TraceParameters& trace_of(rules::Rule& rule, std::size_t index) {
    return index < rule.x.size() ? rule.x[index] : rule.y[index - rule.x.size()];
}

/// "127,10": impulse, time constant in steps.
rules::TraceParameters parse_trace(const std::string& name, const std::string& text) {
    rules::TraceParameters trace;
    const char* end = text.data() + text.size();
    const auto impulse = std::from_chars(text.data(), end, trace.impulse);
    if (impulse.ec == std::errc{} && impulse.ptr != end && *impulse.ptr == ',') {
        const auto tau = std::from_chars(impulse.ptr + 1, end, trace.tau);
        if (tau.ec == std::errc{} && tau.ptr == end) {
            return trace;
        }
    }
    throw UsageError(fmt::format("--{} {}: IMPULSE,TAU is wanted, as 127,10", name, text));
}

/// Whether any trace was given.
bool take_traces(const CommandLine& line, rules::Rule& rule) {
    bool any = false;
    for (std::size_t i = 0; i < trace_names.size(); ++i) {
        if (const auto text = line.optional<std::string>(trace_names[i])) {
            trace_of(rule, i) = parse_trace(trace_names[i], *text);
            any = true;
        }
    }
    return any;
}

/// The chip's widths with another tool's choices.
void take_convention(const std::string& name, rules::LearningArithmetic& arithmetic) {
    const rules::LearningArithmetic* found = rules::find_convention(name);
    if (found == nullptr) {
        throw UsageError(fmt::format("--convention {}: allowed are lava, nengo, brian2", name));
    }
    arithmetic.trace_decay = found->trace_decay;
    arithmetic.impulse_fraction = found->impulse_fraction;
    arithmetic.products = found->products;
    arithmetic.first_epoch_is_due = found->first_epoch_is_due;
    arithmetic.lava_tag_floor = found->lava_tag_floor;
}

std::optional<rules::IntegerRange> weight_range(const CommandLine& line, const rules::LearningArithmetic& arithmetic) {
    enum class Sign : std::uint8_t { mixed, excitatory, inhibitory };
    constexpr std::array<std::pair<std::string_view, Sign>, 3> signs{
        {{"mixed", Sign::mixed}, {"excitatory", Sign::excitatory}, {"inhibitory", Sign::inhibitory}}};
    const std::int32_t most = (1 << arithmetic.weight_bits) - 1;
    switch (line.choice<Sign>("weights", signs)) {
    case Sign::mixed:
        return std::nullopt;
    case Sign::excitatory:
        return rules::IntegerRange{0, most};
    case Sign::inhibitory:
        return rules::IntegerRange{-most, 0};
    }
    return std::nullopt;
}

/// Where a text says nothing of traces, any will do for the checks of the rest.
Diagnostics check_loaded(rules::Rule rule, bool traces_known, const rules::RuleTarget& target) {
    for (std::size_t i = 0; i < trace_names.size() && !traces_known; ++i) {
        trace_of(rule, i) = {.impulse = 1, .tau = 1};
    }
    return rules::check_rule(rule, target);
}

void add_options(CommandLine& line) {
    namespace po = boost::program_options;
    auto add = line.add();
    add("chip", word("CHIP")->default_value("loihi1"), "chip by name or path of its description");
    for (const char* name : trace_names) {
        add(name, word("IMPULSE,TAU"), "the trace of a rule given as text; without any, traces may be all they can be");
    }
    add("epoch", po::value<int>()->value_name("STEPS"), "epoch of a rule given as text (default 1)");
    add("weights", word("SIGN")->default_value("mixed"), "mixed, excitatory or inhibitory");
    add("convention", word("TOOL"), "compute as lava, nengo or brian2 does, with the chip's widths");
    add("rare", po::value<double>()->default_value(1.0 / 64, "1/64")->value_name("P"),
        "tell products that move a unit with less than this probability");
    add("round", flag(), "take the nearest coefficient where one can't be represented");
    add("json", flag(), "print JSON");
}

void override_from_line(const CommandLine& line, LoadedRule& loaded) {
    const bool any_trace = take_traces(line, loaded.file.rule);
    loaded.from_file = loaded.from_file || any_trace;
    if (line.has("epoch")) {
        loaded.file.rule.epoch = line.value<int>("epoch");
    }
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
    auto chip = open_chip(line.value<std::string>("chip"));
    if (!chip) {
        print(chip.error());
        return ExitStatus::failed;
    }
    if (!chip->learning.present) {
        print(Diagnostics{{.where = fmt::format("chip '{}'", chip->name),
                           .found = "it has no learning engine",
                           .help = "a chip description needs a block learning { ... } for that"}});
        return ExitStatus::failed;
    }
    if (const auto convention = line.optional<std::string>("convention")) {
        take_convention(*convention, chip->learning.arithmetic);
    }
    const rules::RuleTarget target = rule_target(*chip, line.flag("round"));
    auto loaded = load_rule(line.operands(), target);
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    override_from_line(line, *loaded);
    const Diagnostics findings = check_loaded(loaded->file.rule, loaded->from_file, target);
    print(findings);
    if (has_error(findings)) {
        return ExitStatus::failed;
    }
    const rules::RuleAnalysis analysis =
        rules::analyse(loaded->file.rule, {.arithmetic = target.arithmetic,
                                           .limits = target.parse.limits,
                                           .traces_known = loaded->from_file,
                                           .weight = weight_range(line, target.arithmetic),
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
    .synopsis = "RULE [RULE ...] [--chip CHIP] [--x1 IMPULSE,TAU] ... [--json]",
    .text =
        "Reads a rule as strictly as the chip's learning engine needs it, and says what the engine makes of it: the\n"
        "products with their mantissas, exponents and widths, the bits that are dropped, the range of every product, "
        "what\n"
        "saturates, what is always or mostly rounded away, the memory and energy that it takes; for each finding what "
        "to\n"
        "change. Give impulses and time constants, or a rule file, for the ranges that they lead to.\n"
        "A rule that begins with '-' goes behind '--', or begins with 'dw ='.",
    .example =
        "  spikeloom rule check 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' --chip loihi1 --x1 127,10 --y1 127,10\n"
        "  spikeloom rule check 'dw = 2^-3*u0*t*r1' 'dt = x1*y0 - y1*x0 - 2^-4*u0*t'",
    .run = run,
};

}  // namespace spikeloom::tools
