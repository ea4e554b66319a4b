#include "runtime/workbench/protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spikeloom::runtime {

namespace {

using rules::Operand;

constexpr int most_steps = 1'000'000;  // of one point
constexpr int rate_points = 20;
constexpr int triplet_points = 10;  // along one axis

std::uint64_t whole_epochs(std::uint64_t steps, const rules::Rule& rule) {
    int decimation = 0;
    for (const rules::Variable variable : rules::variables) {
        decimation = std::max(decimation, rule.series(variable).decimation.value_or(0));
    }
    const std::uint64_t unit = static_cast<std::uint64_t>(rule.epoch) << decimation;
    return (steps + unit - 1) / unit * unit;
}

int stride_of(const ProtocolOptions& options) {
    if (options.stride > 0) {
        return options.stride;
    }
    return options.kind == ProtocolKind::triplet ? std::max(1, (options.range + triplet_points - 1) / triplet_points)
                                                 : 1;
}

/// Lays the repetitions of a pattern one behind the other. Pattern: steps from its beginning.
struct Pattern {
    std::vector<int> source;
    std::vector<int> target;
    std::vector<int> rewards;
};

void sort_unique(std::vector<std::uint64_t>& steps) {
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
}

PointEvents repeated(const Pattern& pattern, int spacing, const ProtocolOptions& options, const rules::Rule& rule) {
    PointEvents events;
    std::uint64_t last = 0;
    const auto place = [&last](int begin, int at) {
        const auto step = static_cast<std::uint64_t>(begin + at);
        last = std::max(last, step);
        return step;
    };
    for (int i = 0; i < options.repeats; ++i) {
        for (const int at : pattern.source) {
            events.source.push_back(place(i * spacing, at));
        }
        for (const int at : pattern.target) {
            events.target.push_back(place(i * spacing, at));
        }
        for (const int at : pattern.rewards) {
            events.rewards.push_back({place(i * spacing, at), options.reward});
        }
    }
    sort_unique(events.source);
    sort_unique(events.target);
    std::ranges::stable_sort(events.rewards, {}, &RewardEvent::step);
    const int tail = options.tail >= 0 ? options.tail : quiet_steps(rule);
    events.steps = whole_epochs(last + 1 + static_cast<std::uint64_t>(tail), rule);
    return events;
}

/// A source spike and a target spike `difference` later (or earlier), the first of them at 0.
Pattern pair_pattern(int difference) {
    return {.source = {std::max(0, -difference)}, .target = {std::max(0, difference)}, .rewards = {}};
}

int spacing_of(const ProtocolOptions& options, const rules::Rule& rule, int pattern_steps) {
    return options.spacing > 0 ? options.spacing : pattern_steps + quiet_steps(rule);
}

std::vector<ProtocolSeries> pair_series(const ProtocolOptions& options, const rules::Rule& rule) {
    ProtocolSeries series{.label = "pair", .points = {}};
    const int stride = stride_of(options);
    const int outermost = options.range / stride * stride;
    for (int difference = -outermost; difference <= outermost; difference += stride) {
        series.points.push_back({.x = static_cast<double>(difference),
                                 .y = 0,
                                 .events = repeated(pair_pattern(difference),
                                                    spacing_of(options, rule, options.range + 1), options, rule)});
    }
    return {series};
}

std::vector<ProtocolSeries> triplet_series(const ProtocolOptions& options, const rules::Rule& rule) {
    std::vector<ProtocolSeries> all{{.label = "pre-post-pre", .points = {}}, {.label = "post-pre-post", .points = {}}};
    const int stride = stride_of(options);
    const int spacing = spacing_of(options, rule, 2 * options.range + 1);
    for (int second = stride; second <= options.range; second += stride) {
        for (int first = stride; first <= options.range; first += stride) {
            const Pattern source_outside{.source = {0, first + second}, .target = {first}, .rewards = {}};
            const Pattern target_outside{.source = {first}, .target = {0, first + second}, .rewards = {}};
            const auto x = static_cast<double>(first);
            const auto y = static_cast<double>(second);
            all[0].points.push_back({x, y, repeated(source_outside, spacing, options, rule)});
            all[1].points.push_back({x, y, repeated(target_outside, spacing, options, rule)});
        }
    }
    return all;
}

std::vector<ProtocolSeries> frequency_series(const ProtocolOptions& options, const rules::Rule& rule) {
    std::vector<ProtocolSeries> all;
    for (const int difference : {options.difference, -options.difference}) {
        ProtocolSeries series{.label = fmt::format("t(post) - t(pre) = {:+d} steps", difference), .points = {}};
        int previous = 0;
        for (int i = 1; i <= rate_points; ++i) {
            const double rate = options.rate_most_hz * i / rate_points;
            const int interval = std::max(1, static_cast<int>(std::lround(1 / (rate * options.step_s))));
            if (interval == previous) {
                continue;
            }
            previous = interval;
            series.points.push_back({.x = 1 / (interval * options.step_s),
                                     .y = 0,
                                     .events = repeated(pair_pattern(difference), interval, options, rule)});
        }
        all.push_back(std::move(series));
        if (difference == 0) {
            break;
        }
    }
    return all;
}

std::vector<ProtocolSeries> reward_series(const ProtocolOptions& options, const rules::Rule& rule) {
    std::vector<ProtocolSeries> all;
    for (const int difference : {options.difference, -options.difference}) {
        ProtocolSeries series{.label = fmt::format("t(post) - t(pre) = {:+d} steps", difference), .points = {}};
        const int stride = stride_of(options);
        for (int delay = 0; delay <= options.range; delay += stride) {
            Pattern pattern = pair_pattern(difference);
            pattern.rewards.push_back(std::abs(difference) + delay);
            const int spacing = spacing_of(options, rule, std::abs(difference) + options.range + 1);
            series.points.push_back(
                {.x = static_cast<double>(delay), .y = 0, .events = repeated(pattern, spacing, options, rule)});
        }
        all.push_back(std::move(series));
        if (difference == 0) {
            break;
        }
    }
    return all;
}

Diagnostic bad_option(std::string_view option, std::string found, std::string allowed) {
    return {.where = fmt::format("--{}", option), .found = std::move(found), .allowed = std::move(allowed), .help = {}};
}

void check_range(std::string_view option, double value, std::pair<double, double> bounds, Diagnostics& out) {
    if (!(value >= bounds.first && value <= bounds.second)) {
        out.push_back(
            bad_option(option, fmt::format("{}", value), fmt::format("{} to {}", bounds.first, bounds.second)));
    }
}

/// Steps of the longest point, to refuse hours of work.
double longest_point(const ProtocolOptions& options, const rules::Rule& rule) {
    const double quiet = quiet_steps(rule);
    const double pattern = 2.0 * options.range + std::abs(options.difference) + 1;
    const double tail = options.tail >= 0 ? options.tail : quiet;
    const double slowest = rate_points / (options.rate_most_hz * options.step_s);
    const double spacing = options.kind == ProtocolKind::frequency ? slowest
                           : options.spacing > 0                   ? options.spacing
                                                                   : pattern + quiet;
    return options.repeats * spacing + pattern + tail;
}

}  // namespace

std::string_view name_of(ProtocolKind kind) {
    for (const auto& [word, meaning] : protocol_words) {
        if (meaning == kind) {
            return word;
        }
    }
    return {};
}

std::array<ProtocolAxis, 2> axes(const ProtocolOptions& options) {
    switch (options.kind) {
    case ProtocolKind::pair:
        return {{{"t(post) - t(pre)", "steps"}, {}}};
    case ProtocolKind::triplet:
        return {{{"first to second spike", "steps"}, {"second to third spike", "steps"}}};
    case ProtocolKind::frequency:
        return {{{"rate of pairs", "Hz"}, {}}};
    case ProtocolKind::reward:
        return {{{"delay of the reward after the pair", "steps"}, {}}};
    }
    return {};
}

int quiet_steps(const rules::Rule& rule) {
    double longest = rule.reward_tau;
    for (const rules::TraceParameters& trace : rule.x) {
        longest = std::max(longest, trace.tau);
    }
    for (const rules::TraceParameters& trace : rule.y) {
        longest = std::max(longest, rule.post_traces == rules::PostTraces::spikes ? trace.tau : 0.0);
    }
    constexpr double thousandth = 6.907755;  // ln 1000
    return std::max(rule.epoch, static_cast<int>(std::ceil(std::min(thousandth * longest, 1.0 * most_steps))));
}

Diagnostics check_protocol(const ProtocolOptions& options, const rules::Rule& rule) {
    Diagnostics found;
    check_range("range", options.range, {1, 1000}, found);
    check_range("stride", options.stride, {0, 1000}, found);
    check_range("pairs", options.repeats, {1, 10000}, found);
    check_range("spacing", options.spacing, {0, most_steps}, found);
    check_range("difference", options.difference, {-1000, 1000}, found);
    check_range("tail", options.tail, {-1, most_steps}, found);
    check_range("step", options.step_s, {1e-6, 1}, found);
    if (!found.empty()) {
        return found;
    }
    if (options.kind == ProtocolKind::frequency) {
        check_range("rate", options.rate_most_hz, {1e-3, 1 / options.step_s}, found);
    }
    if (options.stride > options.range) {
        found.push_back(bad_option("stride", fmt::format("{}", options.stride),
                                   fmt::format("at most the range, {} steps", options.range)));
    }
    if (options.kind == ProtocolKind::reward) {
        check_range("reward", options.reward, {-128, 127}, found);
        const bool third = options.reward_operand != Operand::r1;
        if (!(rule.reads(options.reward_operand) || (!third && rule.reads(Operand::r0)))) {
            found.push_back({.where = "--protocol reward",
                             .found = fmt::format("the rule doesn't read {}", rules::name_of(options.reward_operand)),
                             .allowed = "a rule with r0 or r1, or with a third factor that --reward-by names",
                             .help = "'dt = 2^-2*x1*y0 - 2^-4*u2*t; dw = 2^-4*u0*t*r1' is rewarded STDP"});
        } else if (third && rule.post_traces != rules::PostTraces::neuron) {
            found.push_back(
                {.where = "--protocol reward",
                 .found = fmt::format("{} is a trace of the target's spikes", rules::name_of(options.reward_operand)),
                 .allowed = "a third factor, that a neuron writes",
                 .help = "--third-factors"});
        }
    }
    if (found.empty() && longest_point(options, rule) > most_steps) {
        found.push_back(bad_option("pairs", fmt::format("a point of {:.0f} steps", longest_point(options, rule)),
                                   fmt::format("at most {} steps; fewer pairs, or a shorter --spacing", most_steps)));
    }
    return found;
}

std::vector<ProtocolSeries> make_protocol(const ProtocolOptions& options, const rules::Rule& rule) {
    switch (options.kind) {
    case ProtocolKind::pair:
        return pair_series(options, rule);
    case ProtocolKind::triplet:
        return triplet_series(options, rule);
    case ProtocolKind::frequency:
        return frequency_series(options, rule);
    case ProtocolKind::reward:
        return reward_series(options, rule);
    }
    return {};
}

PointEvents shifted(const PointEvents& events, int steps, const rules::Rule& rule) {
    PointEvents later = events;
    const auto by = static_cast<std::uint64_t>(steps);
    for (auto* list : {&later.source, &later.target}) {
        for (std::uint64_t& step : *list) {
            step += by;
        }
    }
    for (RewardEvent& reward : later.rewards) {
        reward.step += by;
    }
    later.steps = whole_epochs(events.steps + by, rule);
    return later;
}

}  // namespace spikeloom::runtime
