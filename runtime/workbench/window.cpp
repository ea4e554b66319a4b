#include "runtime/workbench/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/rules/adapt.hpp"
#include "runtime/workbench/chip_trials.hpp"
#include "runtime/workbench/float_synapse.hpp"

namespace spikeloom::runtime {

namespace {

using rules::Operand;
using rules::Variable;

constexpr std::array<Operand, 5> trace_operands{Operand::x1, Operand::x2, Operand::y1, Operand::y2, Operand::y3};

SynapseEvents events_at(std::uint64_t step, const PointEvents& events, const WindowOptions& options) {
    SynapseEvents now;
    now.source = std::binary_search(events.source.begin(), events.source.end(), step);
    now.target = std::binary_search(events.target.begin(), events.target.end(), step);
    now.payload = options.payload;
    for (const RewardEvent& reward : std::ranges::equal_range(events.rewards, step, {}, &RewardEvent::step)) {
        if (options.protocol.reward_operand == Operand::r1) {
            now.reward = now.reward.value_or(0) + reward.value;
        } else {
            now.third_factors[static_cast<std::size_t>(options.protocol.reward_operand) -
                              static_cast<std::size_t>(Operand::y1)] = reward.value;
        }
    }
    return now;
}

SynapseValues run_float(const rules::Rule& rule, const PointEvents& events, const WindowOptions& options,
                        std::array<double, 5>& highest) {
    const SynapseValues start{static_cast<double>(options.weight), static_cast<double>(options.delay), 0};
    FloatSynapse synapse(
        rule, start,
        {.weight = RealRange{static_cast<double>(options.weights.least), static_cast<double>(options.weights.most)},
         .delay = RealRange{0, static_cast<double>(options.arithmetic.delay_most)},
         .trace_most = {},
         .first_epoch_is_due = options.arithmetic.first_epoch_is_due});
    for (std::uint64_t step = 0; step < events.steps; ++step) {
        synapse.step(events_at(step, events, options));
        for (std::size_t k = 0; k < highest.size(); ++k) {
            highest[k] = std::max(highest[k], synapse.trace(trace_operands[k]));
        }
    }
    return synapse.values();
}

rules::IntegerRange range_of(Variable variable, const WindowOptions& options) {
    switch (variable) {
    case Variable::weight:
        return options.weights;
    case Variable::delay:
        return {0, options.arithmetic.delay_most};
    case Variable::tag:
        return {-(1 << options.written_for.tag_bits), (1 << options.written_for.tag_bits) - 1};
    }
    return {};
}

/// Of the trials' register, in units of the chip's.
double unit_of(Variable variable, const WindowOptions& options) {
    return std::ldexp(1.0, -rules::finer_bits(variable, options.written_for, options.arithmetic));
}

/// `unit`: of the trials' register. At a bound is what has no room of a unit left.
struct Register {
    rules::IntegerRange range;
    double unit = 1;
};

Change summarised(double real, const std::vector<double>& ends, double start, const Register& where) {
    Change change{.real = real, .least = ends[0] - start, .most = ends[0] - start};
    const auto count = static_cast<double>(ends.size());
    for (const double end : ends) {
        change.mean += (end - start) / count;
        change.least = std::min(change.least, end - start);
        change.most = std::max(change.most, end - start);
        change.at_bound +=
            end < where.range.least + where.unit || end > where.range.most + 1 - 2 * where.unit ? 1 / count : 0;
    }
    double squares = 0;
    for (const double end : ends) {
        squares += (end - start - change.mean) * (end - start - change.mean);
    }
    change.deviation = ends.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
    return change;
}

WindowPoint measure_point(const rules::Rule& rule, const ProtocolPoint& point, const WindowOptions& options,
                          std::uint64_t number, std::array<double, 5>& highest) {
    WindowPoint measured{.x = point.x, .y = point.y, .changes = {}};
    const rules::Rule float_rule = options.scale == FloatScale::chip ? as_scaled(rule, options.written_for) : rule;
    const int phases = std::min(rule.epoch, options.trials);
    std::array<double, 3> real{};
    std::array<std::vector<double>, 3> ends;
    double chip_weight = 0;
    for (int phase = 0; phase < phases; ++phase) {
        const PointEvents events = shifted(point.events, phase, rule);
        const SynapseValues values = run_float(float_rule, events, options, highest);
        const ChipTrialOptions trial_options{
            .arithmetic = options.arithmetic,
            .written_for = options.written_for,
            .weights = options.weights,
            .weight = options.weight,
            .delay = options.delay,
            .trials = (options.trials + phase) / phases,
            .seed = options.seed + (number * 64 + static_cast<std::uint64_t>(phase) + 1) * 0x9E3779B97F4A7C15U,
            .payload = options.payload,
            .reward_operand = options.protocol.reward_operand};
        const std::vector<SynapseValues> outcomes = run_trials(rule, events, trial_options);
        chip_weight = first_weight(trial_options);
        for (const Variable variable : rules::variables) {
            const auto v = static_cast<std::size_t>(variable);
            real[v] += values[variable] / phases;
            for (const SynapseValues& outcome : outcomes) {
                ends[v].push_back(outcome[variable]);
            }
        }
    }
    const std::array<double, 3> start{static_cast<double>(options.weight), static_cast<double>(options.delay), 0};
    const std::array<double, 3> chip_start{chip_weight, start[1], start[2]};
    for (const Variable variable : rules::variables) {
        const auto v = static_cast<std::size_t>(variable);
        if (!rule.series(variable).empty()) {
            measured.changes[v] = summarised(real[v] - start[v], ends[v], chip_start[v],
                                             {range_of(variable, options), unit_of(variable, options)});
        }
    }
    return measured;
}

/// The engine multiplies in 64 bits.
void check_widths(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic, Diagnostics& out) {
    constexpr int most_bits = 62;
    constexpr int mantissa_bits = 4;
    for (const Variable variable : rules::variables) {
        for (const rules::Product& product : rule.series(variable).products) {
            int bits = mantissa_bits;
            for (const rules::Factor& factor : product.factors) {
                bits += rules::factor_width(factor.operand, arithmetic) + 1;
            }
            if (bits > most_bits) {
                out.push_back({.where = fmt::format("rule {}", rules::name_of(variable)),
                               .found = fmt::format("on registers of these widths a product has {} bits", bits),
                               .allowed = fmt::format("at most {}", most_bits),
                               .help = "fewer --trace-bits or --weight-bits"});
                return;
            }
        }
    }
}

void refuse(std::string_view option, const std::string& found, const std::string& allowed, Diagnostics& out) {
    out.push_back({.where = fmt::format("--{}", option), .found = found, .allowed = allowed, .help = {}});
}

}  // namespace

rules::Rule as_scaled(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic) {
    rules::Rule scaled = rule;
    for (rules::ProductSeries* series : {&scaled.dw, &scaled.dd, &scaled.dt}) {
        for (rules::Product& product : series->products) {
            product.exponent -= rules::product_shift(product, arithmetic);
        }
    }
    return scaled;
}

Diagnostics check_window(const rules::Rule& rule, const WindowOptions& options) {
    Diagnostics found = check_protocol(options.protocol, rule);
    if (rule.dw.empty() && rule.dd.empty() && rule.dt.empty()) {
        found.push_back({.where = "rule",
                         .found = "it changes nothing",
                         .allowed = "a sum for dw, dd or dt",
                         .help = "'dw = 2^-2*x1*y0 - 2^-2*y1*x0'"});
    }
    check_widths(rule, options.arithmetic, found);
    if (options.trials < 2 || options.trials > max_trials) {
        refuse("trials", fmt::format("{}", options.trials), fmt::format("2 to {}", max_trials), found);
    }
    if (options.weight < options.weights.least || options.weight > options.weights.most) {
        refuse("weight", fmt::format("{}", options.weight),
               fmt::format("{} to {}", options.weights.least, options.weights.most), found);
    }
    if (options.delay < 0 || options.delay > options.arithmetic.delay_most) {
        refuse("delay", fmt::format("{}", options.delay), fmt::format("0 to {}", options.arithmetic.delay_most), found);
    }
    return found;
}

Window measure_window(const rules::Rule& rule, const std::string& chip, const WindowOptions& options,
                      const std::function<void(double)>& progress) {
    Window window{.rule = rule, .chip = chip, .options = options, .series = {}};
    const std::vector<ProtocolSeries> protocol = make_protocol(options.protocol, rule);
    std::size_t points = 0;
    for (const ProtocolSeries& series : protocol) {
        points += series.points.size();
    }
    std::uint64_t number = 0;
    for (const ProtocolSeries& series : protocol) {
        WindowSeries measured{.label = series.label, .points = {}};
        for (const ProtocolPoint& point : series.points) {
            if (progress) {
                progress(static_cast<double>(number) / static_cast<double>(points));
            }
            measured.points.push_back(measure_point(rule, point, options, number++, window.highest_traces));
        }
        window.series.push_back(std::move(measured));
    }
    return window;
}

}  // namespace spikeloom::runtime
