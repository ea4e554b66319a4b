// A comparison as text, JSON and picture.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "runtime/json_number.hpp"
#include "runtime/report/svg.hpp"
#include "tools/comparison.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;
using runtime::json_number;
using runtime::PlotPoint;
using runtime::Scale;
using runtime::Svg;

json::object projection_object(const ProjectionInfo& info, const ComparedProjection& projection) {
    json::array over_time;
    for (const double value : projection.rms_over_time) {
        over_time.emplace_back(value);
    }
    json::array departed;
    for (const DepartedSynapse& synapse : projection.most_departed) {
        departed.push_back(json::object{{"source", synapse.source},
                                        {"target", synapse.target},
                                        {"float_weight", synapse.real},
                                        {"weight", synapse.weight}});
    }
    return {{"name", info.name},
            {"rms_of_weight_max", projection.rms},
            {"rms_same_spikes_of_weight_max", json_number(projection.rms_same_spikes)},
            {"mean_difference_of_weight_max", projection.bias},
            {"between_trials_rms_of_weight_max", projection.between},
            {"correlation", json_number(projection.correlation)},
            {"at_bound_share", projection.at_bound},
            {"mean_weight", projection.mean_weight},
            {"rms_over_time_of_weight_max", std::move(over_time)},
            {"most_departed", std::move(departed)}};
}

std::string spike_text(const ComparedRun& run) {
    double sum = 0;
    for (const double count : run.spikes) {
        sum += count;
    }
    return fmt::format("{:.0f}", sum);
}

std::string known(double value, int decimals) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "-";
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
    std::string text =
        fmt::format("{}: {} steps of {:g} ms, {} trial{} of each run that rounds stochastically\n", comparison.network,
                    comparison.steps, comparison.step_s * 1e3, comparison.trials, comparison.trials == 1 ? "" : "s");
    for (std::size_t p = 0; p < comparison.projections.size(); ++p) {
        const ProjectionInfo& info = comparison.projections[p];
        text += fmt::format("\n{}: {} synapses, weight_max {:g}; {}\n", info.name, info.synapses, info.weight_max,
                            info.rule);
        constexpr std::string_view columns = "  {:<20} {:>9} {:>12} {:>9} {:>12} {:>10} {:>11} {:>8}\n";
        text += fmt::format(columns, "", "rms to", "with float's", "mean to", "correlation", "at bounds,",
                            "between two", "spikes");
        text +=
            fmt::format(columns, "run", "float, %", "spikes, %", "float, %", "with float", "%", "trials, %", "(all)");
        for (const ComparedRun& run : comparison.runs) {
            const ComparedProjection& projection = run.projections[p];
            text +=
                fmt::format(columns, run.name, fmt::format("{:.2f}", 100 * projection.rms),
                            known(100 * projection.rms_same_spikes, 2), fmt::format("{:+.2f}", 100 * projection.bias),
                            known(projection.correlation, 3), fmt::format("{:.1f}", 100 * projection.at_bound),
                            fmt::format("{:.2f}", 100 * projection.between), spike_text(run));
        }
    }
    text += "\nPercent of weight_max; weights at the end of the run.\n\n";
    for (const std::string& sentence : findings(comparison)) {
        text += sentence + "\n";
    }
    return text;
}

std::string comparison_json(const Comparison& comparison) {
    json::object document{{"format", "spikeloom-rule-compare"}, {"version", 1},
                          {"network", comparison.network},      {"chip", comparison.chip},
                          {"steps", comparison.steps},          {"step_s", comparison.step_s},
                          {"trials", comparison.trials}};
    json::array projections;
    for (const ProjectionInfo& info : comparison.projections) {
        projections.push_back(json::object{
            {"name", info.name},
            {"rule", info.rule},
            {"synapses", info.synapses},
            {"weight_max", info.weight_max},
            {"highest_float_trace_lsb", info.highest_trace},
            {"chip_unit_of_float_unit", info.chip_unit > 0 ? json::value(info.chip_unit) : json::value(nullptr)}});
    }
    document["projections"] = std::move(projections);
    json::array steps;
    for (const std::uint64_t step : comparison.snapshot_steps) {
        steps.emplace_back(step);
    }
    document["snapshot_steps"] = std::move(steps);
    json::array runs;
    for (const ComparedRun& run : comparison.runs) {
        json::array parts;
        for (std::size_t p = 0; p < run.projections.size(); ++p) {
            parts.push_back(projection_object(comparison.projections[p], run.projections[p]));
        }
        json::object spikes;
        for (std::size_t population = 0; population < run.spikes.size(); ++population) {
            spikes[comparison.populations[population]] = run.spikes[population];
        }
        runs.push_back(json::object{{"name", run.name},
                                    {"what", run.what},
                                    {"projections", std::move(parts)},
                                    {"spikes", std::move(spikes)},
                                    {"departs_step", run.departs ? json::value(*run.departs) : json::value(nullptr)}});
    }
    document["runs"] = std::move(runs);
    document["chip_failure"] =
        comparison.chip_failure.empty() ? json::value(nullptr) : json::value(comparison.chip_failure);
    json::array sentences;
    for (const std::string& sentence : findings(comparison)) {
        sentences.emplace_back(sentence);
    }
    document["findings"] = std::move(sentences);
    return json::serialize(document) + "\n";
}

namespace {

constexpr double width = 900;
constexpr double left = 66;
constexpr double right = 610;
constexpr double panel_height = 260;
constexpr double pitch = panel_height + 78;

/// The chip's own widths in the text's colour, float dashed, all others in colours of their own.
std::string style(const Comparison& comparison, std::size_t run) {
    return comparison.runs[run].own_widths       ? "curve ink"
           : comparison.runs[run].stopped_traces ? "curve float ink"
                                                 : fmt::format("curve c{}", run % 7);
}

struct Label {
    double y;
    std::size_t run;
};

/// The curves' names beside their ends, moved apart where they would touch.
void draw_labels(const Comparison& comparison, std::vector<Label> labels, double bottom, Svg& svg) {
    constexpr double line_height = 16;
    std::ranges::stable_sort(labels, {}, &Label::y);
    double next = labels.empty() ? 0 : std::max(0.0, labels.front().y);
    for (Label& label : labels) {
        label.y = std::max(label.y, next);
        next = label.y + line_height;
    }
    const double over = labels.empty() ? 0 : std::max(0.0, labels.back().y - bottom);
    for (const Label& label : labels) {
        const ComparedRun& run = comparison.runs[label.run];
        svg.line(right + 8, label.y - over, right + 26, label.y - over, style(comparison, label.run));
        svg.text(right + 32, label.y - over + 4, run.name, "t small");
    }
}

void draw_projection(const Comparison& comparison, std::size_t p, double top, Svg& svg) {
    const double bottom = top + panel_height;
    double most = 0;
    for (const ComparedRun& run : comparison.runs) {
        for (const double rms : run.projections[p].rms_over_time) {
            most = std::max(most, 100 * rms);
        }
    }
    const Scale x{0, static_cast<double>(comparison.steps), left, right};
    const Scale y{0, runtime::round_up(most), bottom, top};
    svg.text(left, top - 12,
             fmt::format("{}: {}", comparison.projections[p].name, comparison.projections[p].rule).substr(0, 110),
             "t small strong");
    svg.axis_below(x, bottom, top, "", "steps", 6);
    svg.axis_left(y, left, right, "rms to float (% of weight_max)", 5);
    std::vector<Label> labels;
    for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
        const std::vector<double>& over_time = comparison.runs[r].projections[p].rms_over_time;
        std::vector<PlotPoint> points{{x(0), y(0)}};
        for (std::size_t s = 0; s < over_time.size(); ++s) {
            points.push_back({x(static_cast<double>(comparison.snapshot_steps[s])), y(100 * over_time[s])});
        }
        points.erase(points.begin());
        svg.path(runtime::line_path(points), style(comparison, r));
        labels.push_back({points.back().y, r});
    }
    draw_labels(comparison, std::move(labels), bottom, svg);
}

}  // namespace

std::string comparison_svg(const Comparison& comparison) {
    constexpr double head = 74;
    Svg svg(width, head + pitch * static_cast<double>(comparison.projections.size()),
            "Weights learned on other arithmetic, their distance from float over time");
    svg.text(16, 24, fmt::format("{}: distance of learned weights from float", comparison.network), "t strong");
    svg.text(16, 42,
             fmt::format("{} steps, mean of {} trials; neurons in float but for the run '{}'", comparison.steps,
                         comparison.trials, comparison.chip),
             "t small muted");
    for (std::size_t p = 0; p < comparison.projections.size(); ++p) {
        draw_projection(comparison, p, head + 12 + pitch * static_cast<double>(p), svg);
    }
    return runtime::standalone(svg.finish());
}

}  // namespace spikeloom::tools
