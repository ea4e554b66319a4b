#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/workbench/window.hpp"

namespace spikeloom::runtime {

namespace {

using rules::Variable;

constexpr std::array<std::string_view, 3> letters{"w", "d", "t"};
constexpr std::size_t most_rows = 21;
constexpr int plot_width = 72;
constexpr int plot_height = 15;

std::string head(const Window& window) {
    const rules::Rule& rule = window.rule;
    const rules::LearningArithmetic& a = window.options.arithmetic;
    std::string text = fmt::format("Learning window{}\n", rule.name.empty() ? "" : " of " + rule.name);
    for (const Variable variable : rules::variables) {
        if (!rule.series(variable).empty()) {
            text += fmt::format("  {} = {}\n", rules::name_of(variable), rules::print(rule.series(variable)));
        }
    }
    const auto traces = [&](std::string_view side, const auto& parameters) {
        for (std::size_t k = 0; k < parameters.size(); ++k) {
            if (parameters[k].tau > 0) {
                text += fmt::format("  {}{}: impulse {:g}, tau {:g} steps\n", side, k + 1, parameters[k].impulse,
                                    parameters[k].tau);
            }
        }
    };
    traces("x", rule.x);
    traces("y", rule.y);
    text += fmt::format(
        "  epoch {} step{}, w starts at {} (register, {} to {}), {} trials a point on {}: traces {} bits, "
        "weights {} bits and a sign\n",
        rule.epoch, rule.epoch == 1 ? "" : "s", window.options.weight, window.options.weights.least,
        window.options.weights.most, window.options.trials, window.chip, a.trace_bits, a.weight_bits);
    text += fmt::format("  protocol {}, {} repetition{}\n", name_of(window.options.protocol.kind),
                        window.options.protocol.repeats, window.options.protocol.repeats == 1 ? "" : "s");
    return text;
}

/// Evenly chosen indices, the ends among them.
std::vector<std::size_t> chosen(std::size_t count) {
    std::vector<std::size_t> all;
    const std::size_t rows = std::min(count, most_rows);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t index = rows < 2 ? 0 : (i * (count - 1) + (rows - 1) / 2) / (rows - 1);
        all.push_back(index);
    }
    return all;
}

std::string table(const Window& window, const WindowSeries& series, std::size_t variable) {
    const auto axis = axes(window.options.protocol)[0];
    std::string text = fmt::format("\n{:>18}  {:>9}  {:>9}  {:>8}  {:>6}  {:>6}\n", axis.unit, "float", "chip mean",
                                   "st. dev.", "least", "most");
    for (const std::size_t i : chosen(series.points.size())) {
        const WindowPoint& point = series.points[i];
        const Change& change = *point.changes[variable];
        text += fmt::format("{:>18g}  {:>+9.3f}  {:>+9.3f}  {:>8.3f}  {:>+6g}  {:>+6g}\n", point.x, change.real,
                            change.mean, change.deviation, change.least, change.most);
    }
    if (series.points.size() > most_rows) {
        text += fmt::format("({} of {} points; all are in the JSON form)\n", most_rows, series.points.size());
    }
    return text;
}

/// Float as '-', the chip's mean as 'o', both as '*'.
std::string plot(const Window& window, const WindowSeries& series, std::size_t variable) {
    double low = 0;
    double high = 0;
    for (const WindowPoint& point : series.points) {
        low = std::min({low, point.changes[variable]->real, point.changes[variable]->mean});
        high = std::max({high, point.changes[variable]->real, point.changes[variable]->mean});
    }
    if (high == low) {
        return {};
    }
    std::vector<std::string> lines(plot_height, std::string(plot_width, ' '));
    const auto row = [&](double value) {
        return static_cast<std::size_t>(std::lround((high - value) / (high - low) * (plot_height - 1)));
    };
    lines[row(0)] = std::string(plot_width, '.');
    const std::size_t count = series.points.size();
    const std::size_t columns = std::min<std::size_t>(count, plot_width);
    const std::size_t pitch = std::max<std::size_t>(1, plot_width / count);
    for (std::size_t column = 0; column < columns; ++column) {
        const Change& change = *series.points[columns < 2 ? 0 : column * (count - 1) / (columns - 1)].changes[variable];
        const std::size_t at = column * pitch;
        lines[row(change.real)][at] = '-';
        char& mark = lines[row(change.mean)][at];
        mark = mark == '-' ? '*' : 'o';
    }
    std::string text = fmt::format("\nchange of {} ({}); - float, o mean on the chip, * both\n", letters[variable],
                                   "units of the register");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const double value = high - (high - low) * static_cast<double>(i) / (plot_height - 1);
        lines[i].erase(lines[i].find_last_not_of(' ') + 1);
        text += i % 7 == 0 ? fmt::format("{:>+9.2f} |{}\n", value, lines[i]) : fmt::format("{:>9} |{}\n", "", lines[i]);
    }
    const std::size_t width = (columns - 1) * pitch;
    const std::string first = fmt::format("{:g}", series.points.front().x);
    const std::string last = fmt::format("{:g} {}", series.points.back().x, axes(window.options.protocol)[0].unit);
    const std::size_t gap = width + 2 > first.size() ? width + 2 - first.size() : 1;
    text += fmt::format("{:>11}{}{:>{}}\n", "", first, last, gap + last.size() - 1);
    return text;
}

std::string matrix(const Window& window, const WindowSeries& series, std::size_t variable, std::string_view what) {
    std::vector<double> columns;
    for (const WindowPoint& point : series.points) {
        if (columns.empty() || point.x > columns.back()) {
            columns.push_back(point.x);
        }
    }
    const auto axis = axes(window.options.protocol);
    std::string text = fmt::format("\n{}, change of {}, {}; across: {}, down: {} ({})\n{:>6}", series.label,
                                   letters[variable], what, axis[0].name, axis[1].name, axis[1].unit, "");
    for (const double x : columns) {
        text += fmt::format("{:>7g}", x);
    }
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        const WindowPoint& point = series.points[i];
        if (i % columns.size() == 0) {
            text += fmt::format("\n{:>6g}", point.y);
        }
        const Change& change = *point.changes[variable];
        text += fmt::format("{:>+7.2f}", what == "float" ? change.real : change.mean);
    }
    return text + "\n";
}

}  // namespace

std::string window_text(const Window& window) {
    std::string text = head(window);
    for (const Variable variable : rules::variables) {
        if (window.rule.series(variable).empty()) {
            continue;
        }
        const auto v = static_cast<std::size_t>(variable);
        for (const WindowSeries& series : window.series) {
            if (window.options.protocol.kind == ProtocolKind::triplet) {
                text += matrix(window, series, v, "float");
                text += matrix(window, series, v, "mean on the chip");
                continue;
            }
            text += window.series.size() > 1 ? fmt::format("\n{}\n", series.label) : std::string();
            text += plot(window, series, v);
            text += table(window, series, v);
        }
    }
    text += "\n";
    for (const std::string& sentence : findings(window)) {
        text += sentence + "\n";
    }
    return text;
}

}  // namespace spikeloom::runtime
