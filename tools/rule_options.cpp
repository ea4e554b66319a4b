#include "tools/rule_options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "core/rules/arithmetic.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using rules::Operand;

struct TraceOption {
    const char* name;
    Operand operand;
    rules::TraceParameters usual;  ///< of a trace that nobody describes
};
constexpr std::array<TraceOption, 5> trace_options{{{"x1", Operand::x1, {.impulse = 64, .tau = 20}},
                                                    {"x2", Operand::x2, {.impulse = 32, .tau = 100}},
                                                    {"y1", Operand::y1, {.impulse = 64, .tau = 20}},
                                                    {"y2", Operand::y2, {.impulse = 32, .tau = 100}},
                                                    {"y3", Operand::y3, {.impulse = 32, .tau = 100}}}};

bool is_post(Operand operand) {
    return operand == Operand::y1 || operand == Operand::y2 || operand == Operand::y3;
}

rules::TraceParameters& trace_of(rules::Rule& rule, Operand operand) {
    return is_post(operand) ? rule.y[static_cast<std::size_t>(operand) - static_cast<std::size_t>(Operand::y1)]
                            : rule.x[static_cast<std::size_t>(operand) - static_cast<std::size_t>(Operand::x1)];
}

/// NaN where the text is no number.
double number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : NAN;
}

/// "64:20"
rules::TraceParameters parse_trace(const std::string& option, const std::string& text) {
    const std::size_t colon = text.find(':');
    const double impulse = number(std::string_view(text).substr(0, colon));
    const double tau = colon == std::string::npos ? NAN : number(std::string_view(text).substr(colon + 1));
    if (!(impulse >= 0 && impulse <= 127 && tau > 0 && tau <= 1e6)) {
        throw UsageError(
            fmt::format("--{} {}: expected IMPULSE:TAU, an impulse of 0 to 127 and a time constant above 0 "
                        "(to 1000000) in steps, as 64:20",
                        option, text));
    }
    return {.impulse = impulse, .tau = tau};
}

void check_int(const CommandLine& line, const std::string& option, int least, int most) {
    if (line.has(option) && (line.value<int>(option) < least || line.value<int>(option) > most)) {
        throw UsageError(fmt::format("--{} {}: allowed are {} to {}", option, line.value<int>(option), least, most));
    }
}

}  // namespace

void add_rule_options(CommandLine& line) {
    for (const TraceOption& option : trace_options) {
        line.add()(option.name, word("IMPULSE:TAU"),
                   option.operand == Operand::x1 ? "a trace's impulse (0 to 127) and its time constant in steps"
                                                 : "the same of another trace");
    }
    line.add()("epoch", po::value<int>()->value_name("STEPS"), "steps from one evaluation of the rule to the next")(
        "reward-tau", po::value<double>()->value_name("STEPS"), "time constant of r1; 0: it lasts for its epoch only")(
        "third-factors", flag(), "y1..y3 are third factors, written by the neuron, and no traces of spikes");
}

Result<rules::Rule> with_rule_options(rules::Rule rule, const CommandLine& line) {
    check_int(line, "epoch", 1, 63);
    rule.epoch = line.optional<int>("epoch").value_or(rule.epoch);
    if (line.has("reward-tau")) {
        rule.reward_tau = line.value<double>("reward-tau");
        if (!(rule.reward_tau >= 0 && rule.reward_tau <= 1e6)) {
            throw UsageError(fmt::format("--reward-tau {}: allowed are 0 to 1000000 steps", rule.reward_tau));
        }
    }
    if (line.flag("third-factors")) {
        rule.post_traces = rules::PostTraces::neuron;
    }
    for (const TraceOption& option : trace_options) {
        rules::TraceParameters& trace = trace_of(rule, option.operand);
        const bool written = is_post(option.operand) && rule.post_traces == rules::PostTraces::neuron;
        if (line.has(option.name)) {
            if (written) {
                throw UsageError(fmt::format("--{}: it is a third factor, and has no impulse", option.name));
            }
            trace = parse_trace(option.name, line.value<std::string>(option.name));
        } else if (rule.reads(option.operand) && trace.tau == 0 && !written) {
            trace = option.usual;
            remark(
                fmt::format("{0} is not described; it gets an impulse of {1:g} and a time constant of {2:g} steps "
                            "(--{0} {1:g}:{2:g})",
                            option.name, trace.impulse, trace.tau));
        }
    }
    return rule;
}

void add_learning_chip_options(CommandLine& line) {
    line.add()("chip", word("CHIP")->default_value("loihi1"), "chip by name or path of its description")(
        "convention", word("TOOL"), "learning arithmetic as lava, nengo or brian2 has it (default: the chip's)");
}

void add_scale_option(CommandLine& line) {
    line.add()("float", word("SCALE")->default_value("written"),
               "float computes products as written, or divided as the chip's engine divides wide ones: written, chip");
}

runtime::FloatScale float_scale(const CommandLine& line) {
    constexpr std::array<std::pair<std::string_view, runtime::FloatScale>, 2> scales{
        {{"written", runtime::FloatScale::written}, {"chip", runtime::FloatScale::chip}}};
    return line.choice<runtime::FloatScale>("float", scales);
}

void add_width_options(CommandLine& line) {
    line.add()("trace-bits", po::value<int>()->value_name("BITS"),
               "traces of another width, 1 to 15 bits: the same range in finer or coarser units")(
        "weight-bits", po::value<int>()->value_name("BITS"), "likewise weights, 1 to 15 bits and a sign");
}

Result<chip::ChipSpec> open_learning_chip(const CommandLine& line) {
    auto spec = open_chip(line.value<std::string>("chip"));
    if (!spec) {
        return spec;
    }
    if (!spec->learning.present) {
        return fail({.where = fmt::format("chip '{}'", spec->name),
                     .found = "it has no learning engine",
                     .allowed = "a description with a 'learning' section",
                     .help = "--chip loihi1"});
    }
    rules::LearningArithmetic& arithmetic = spec->learning.arithmetic;
    if (line.has("convention")) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words{
            {{"lava", "lava"}, {"nengo", "nengo"}, {"brian2", "brian2"}}};
        arithmetic = *rules::find_convention(line.choice<std::string_view>("convention", words));
    }
    return spec;
}

rules::LearningArithmetic other_widths(const CommandLine& line, rules::LearningArithmetic arithmetic) {
    check_int(line, "trace-bits", 1, 15);
    check_int(line, "weight-bits", 1, 15);
    arithmetic.trace_bits = line.optional<int>("trace-bits").value_or(arithmetic.trace_bits);
    arithmetic.weight_bits = line.optional<int>("weight-bits").value_or(arithmetic.weight_bits);
    return arithmetic;
}

}  // namespace spikeloom::tools
