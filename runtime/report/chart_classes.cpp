// The chip against the float reference, layer by layer, and the confusion matrix.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double left = 150;
constexpr double right = 760;
constexpr std::size_t most_layers = 40;

std::string divergence_text(const LayerGap& layer) {
    if (layer.first_divergence < 0) {
        return layer.mismatched_spikes == 0 ? "equal to the spike" : "";
    }
    return "diverges at " + first_divergence(layer);
}

}  // namespace

std::string layer_gap_chart(const Report& report) {
    if (!report.gap || report.gap->layers.empty()) {
        return {};
    }
    const std::size_t rows = std::min(report.gap->layers.size(), most_layers);
    const double each = report.gap->samples > 0 ? static_cast<double>(report.gap->samples) : 1;
    double most = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        most = std::max({most, report.gap->layers[i].float_spikes / each, report.gap->layers[i].chip_spikes / each});
    }
    const double bottom = 8 + 46 * static_cast<double>(rows);
    const Scale x{0, round_up(most), left, right};
    Svg svg(1040, bottom + 40, "Spikes of each population, float reference against chip", true);
    svg.axis_below(x, bottom, 4, "", report.gap->samples > 0 ? "spikes per sample" : "spikes in the run", 6);
    for (std::size_t i = 0; i < rows; ++i) {
        const LayerGap& layer = report.gap->layers[i];
        const double y = 10 + 46 * static_cast<double>(i);
        svg.text(left - 12, y + 19, shortened(layer.population, 18, Script::unicode), "t strong", Anchor::end);
        svg.rect({left, y, x(layer.float_spikes / each) - left, 14}, "s-float", {},
                 fmt::format("{}, float: {} spikes", layer.population, amount(layer.float_spikes)));
        svg.rect({left, y + 15, x(layer.chip_spikes / each) - left, 14}, "s-chip-spikes", {},
                 fmt::format("{}, chip: {} spikes", layer.population, amount(layer.chip_spikes)));
        svg.text(x(layer.float_spikes / each) + 6, y + 11, amount(layer.float_spikes / each), "t tiny muted");
        svg.text(x(layer.chip_spikes / each) + 6, y + 26, amount(layer.chip_spikes / each), "t tiny");
        svg.text(1030, y + 19, divergence_text(layer), "t small muted", Anchor::end);
    }
    return svg.finish();
}

std::string quantisation_chart(const Report& report) {
    constexpr double name_room = 250;
    if (!report.gap) {
        return {};
    }
    std::vector<QuantisationStep> steps;
    double most = 0;
    for (const QuantisationStep& step : report.gap->steps) {
        if (step.spike_change >= 0) {
            steps.push_back(step);
            most = std::max(most, step.spike_change);
        }
    }
    if (steps.empty()) {
        return {};
    }
    const double bottom = 8 + 30 * static_cast<double>(steps.size());
    const Scale x{0, most > 0 ? round_up(100 * most) : 1, name_room, right};
    Svg svg(1040, bottom + 40, "Spikes that change when one quantisation step is switched on", true);
    svg.axis_below(x, bottom, 4, "", "spikes that differ from float, %", 6);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const double y = 10 + 30 * static_cast<double>(i);
        const double end = x(100 * steps[i].spike_change);
        svg.text(name_room - 12, y + 14, shortened(explained(steps[i].name), 30, Script::unicode), "t strong",
                 Anchor::end);
        svg.rect({name_room, y, end - name_room, 18}, steps[i].name == report.gap->largest_step ? "bar binds" : "bar");
        svg.text(end + 6, y + 14, percent(steps[i].spike_change, Script::unicode), "t small muted");
    }
    return svg.finish();
}

namespace {

struct Matrix {
    std::size_t classes = 0;
    bool silent = false;
    double cell = 0;
    std::vector<std::uint64_t> row_totals;

    explicit Matrix(const Report& report) : classes(report.confusion.size()), silent(report.silent > 0) {
        cell = std::clamp(400.0 / static_cast<double>(classes + (silent ? 1 : 0)), 3.0, 52.0);
        for (std::size_t row = 0; row < classes; ++row) {
            std::uint64_t total = row < report.silent_by_label.size() ? report.silent_by_label[row] : 0;
            for (const std::uint64_t count : report.confusion[row]) {
                total += count;
            }
            row_totals.push_back(total);
        }
    }
};

void draw_cell(const Matrix& matrix, std::size_t row, std::size_t column, std::uint64_t count, Svg& svg) {
    constexpr double origin_x = 60;
    constexpr double origin_y = 44;
    const double gap = column == matrix.classes ? 6 : 0;
    const Box box{origin_x + static_cast<double>(column) * matrix.cell + gap,
                  origin_y + static_cast<double>(row) * matrix.cell, matrix.cell - 1, matrix.cell - 1};
    const std::uint64_t total = matrix.row_totals[row];
    const double fraction = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
    const std::string taken = column == matrix.classes ? "without a decision" : fmt::format("taken for {}", column);
    svg.rect(box, count == 0 ? "band" : "plain", count == 0 ? std::string() : viridis(fraction),
             matrix.classes <= 100 ? fmt::format("class {} {}: {} of {} samples ({})", row, taken, grouped(count),
                                                 grouped(total), percent(fraction, Script::unicode))
                                   : std::string());
    if (matrix.cell >= 22 && count > 0) {
        const bool dark = viridis_wants_dark_text(fraction);
        svg.text(box.x + box.width / 2, box.y + box.height / 2 + 4, amount(static_cast<double>(count)),
                 dark ? "t small on-light" : "t small on-dark", Anchor::middle);
    }
}

}  // namespace

std::string confusion_chart(const Report& report) {
    constexpr std::size_t most_classes = 200;
    if (report.confusion.empty() || report.confusion.size() > most_classes) {
        return {};
    }
    const Matrix matrix(report);
    const double extent = matrix.cell * static_cast<double>(matrix.classes);
    const double silent_extent = matrix.silent ? matrix.cell + 6 : 0;
    Svg svg(60 + extent + silent_extent + 30, 44 + extent + 30, "Confusion matrix: true class by predicted class");
    for (std::size_t row = 0; row < matrix.classes; ++row) {
        for (std::size_t column = 0; column < report.confusion[row].size() && column < matrix.classes; ++column) {
            draw_cell(matrix, row, column, report.confusion[row][column], svg);
        }
        if (matrix.silent && row < report.silent_by_label.size()) {
            draw_cell(matrix, row, matrix.classes, report.silent_by_label[row], svg);
        }
        const std::size_t every = matrix.cell >= 14 ? 1 : 10;
        if (row % every == 0) {
            const double middle = (static_cast<double>(row) + 0.5) * matrix.cell;
            svg.text(52, 44 + middle + 4, std::to_string(row), "t small", Anchor::end);
            svg.text(60 + middle, 38, std::to_string(row), "t small", Anchor::middle);
        }
    }
    if (matrix.silent) {
        svg.text(60 + extent + 6 + matrix.cell / 2, 38, "none", "t small muted", Anchor::middle);
    }
    svg.text(60 + extent / 2, 16, "predicted class", "t small muted", Anchor::middle);
    svg.text_upwards(20, 44 + extent / 2, "true class", "t small muted");
    svg.text(60, 44 + extent + 18, "colour: share of the row", "t tiny muted");
    return svg.finish();
}

}  // namespace spikeloom::runtime
