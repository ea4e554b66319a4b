// The floor plan: every core where it lies on its chip and the chips on their board, those in use coloured, the others
// drawn empty.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 340;
constexpr double left = 22;
constexpr double top = 20;
constexpr std::size_t most_tooltips = 1024;
constexpr int most_drawn_cores = 20000;

struct Plan {
    double tile = 0;   ///< pitch of tiles, px
    double inner = 0;  ///< pitch of cores, px
    double apart = 0;  ///< between chips, px
    int across = 1;    ///< cores side by side in a tile
    int down = 1;

    explicit Plan(const chip::Mesh& mesh) {
        across = static_cast<int>(std::ceil(std::sqrt(mesh.cores_per_tile)));
        down = (mesh.cores_per_tile + across - 1) / across;
        const double width = chart_width - left - 2;
        apart = std::min(6.0, width / (4 * mesh.chip_columns));
        tile = std::min((width - apart * (mesh.chip_columns - 1)) / mesh.board_columns(), 60.0);
        inner = (tile - std::min(4.0, tile * 0.12)) / std::max(across, down);
    }
    [[nodiscard]] Box core(const chip::Mesh& mesh, int place) const {
        const int within = place % mesh.cores_per_tile;
        const int row = within / across;
        const double gap = inner > 4 ? 1 : 0;
        return {x(mesh, mesh.column(place)) + (within % across) * inner, y(mesh, mesh.row(place)) + row * inner,
                inner - gap, inner - gap};
    }
    /// Left and top edge of a column and a row of tiles, counted over the board.
    [[nodiscard]] double x(const chip::Mesh& mesh, int column) const {
        const int borders = column / mesh.columns;
        return left + column * tile + borders * apart;
    }
    [[nodiscard]] double y(const chip::Mesh& mesh, int row) const {
        const int borders = row / mesh.rows;
        return top + row * tile + borders * apart;
    }
};

struct Quantity {
    std::vector<double> values;  ///< one a core in use
    double most = 1;
    std::string title;
    std::string unit;
};

Quantity quantity_of(const Report& report, FloorQuantity which, std::size_t priced) {
    Quantity quantity;
    const Per unit = per(report);
    for (std::size_t i = 0; i < report.cores.size(); ++i) {
        const CoreOccupancy& core = report.cores[i];
        switch (which) {
        case FloorQuantity::occupancy:
            quantity.values.push_back(utilisation(report, core, binding(report, core)));
            break;
        case FloorQuantity::activity:
            quantity.values.push_back(static_cast<double>(core.counters.synaptic_events()) / unit.count);
            break;
        case FloorQuantity::energy: {
            const std::vector<double>& energies = report.priced[priced].core_energy_pj;
            quantity.values.push_back(i < energies.size() ? energies[i] * 1e-12 / unit.count : 0);
            break;
        }
        }
    }
    const double highest =
        quantity.values.empty() ? 0 : *std::max_element(quantity.values.begin(), quantity.values.end());
    quantity.most = which == FloorQuantity::occupancy ? 1 : round_up(highest);
    quantity.unit = which == FloorQuantity::energy ? std::string("J") : std::string();
    quantity.title = which == FloorQuantity::occupancy  ? "of the binding limit"
                     : which == FloorQuantity::activity ? "synaptic events per " + unit.noun
                                                        : "dynamic energy per " + unit.noun;
    return quantity;
}

std::string tooltip(const Report& report, const CoreOccupancy& core, std::size_t index, std::size_t priced) {
    const auto place = static_cast<int>(core.place);
    std::string text =
        fmt::format("core {} (tile x {}, y {})\n", place, report.mesh.column(place), report.mesh.row(place));
    for (const Limit limit : recorded_limits(report)) {
        text += fmt::format("{}: {}\n", name(limit), use_text(report, core, limit));
    }
    text += fmt::format("{} spikes, {} synaptic events in the run", grouped(core.counters[Counter::spikes]),
                        grouped(core.counters.synaptic_events()));
    if (priced < report.priced.size() && index < report.priced[priced].core_energy_pj.size()) {
        text += fmt::format("\n{} of dynamic energy in the run ({})",
                            energy(report.priced[priced].core_energy_pj[index], Script::unicode),
                            report.priced[priced].table);
    }
    return text;
}

void draw_unused(const Report& report, const Plan& plan, Svg& svg) {
    std::set<int> in_use;
    for (const CoreOccupancy& core : report.cores) {
        in_use.insert(static_cast<int>(core.place));
    }
    std::string path;
    for (int place = 0; place < std::min(report.mesh.cores(), most_drawn_cores); ++place) {
        if (!in_use.contains(place)) {
            const Box box = plan.core(report.mesh, place);
            path += fmt::format("M{} {}h{}v{}h-{}z", coordinate(box.x), coordinate(box.y), coordinate(box.width),
                                coordinate(box.height), coordinate(box.width));
        }
    }
    if (!path.empty()) {
        svg.path(path, "unused");
    }
}

void draw_coordinates(const chip::Mesh& mesh, const Plan& plan, Svg& svg) {
    const int every_column = plan.tile < 14 ? 8 : 1;
    for (int column = 0; column < mesh.board_columns(); column += every_column) {
        svg.text(plan.x(mesh, column) + 0.5 * plan.tile, top - 6, std::to_string(column), "t tiny muted",
                 Anchor::middle);
    }
    for (int row = 0; row < mesh.board_rows(); row += every_column) {
        svg.text(left - 6, plan.y(mesh, row) + 0.5 * plan.tile + 3, std::to_string(row), "t tiny muted", Anchor::end);
    }
    svg.text(left - 6, top - 6, "x", "t tiny muted", Anchor::middle);
    svg.text(left - 16, top + 6, "y", "t tiny muted", Anchor::middle);
}

void draw_legend(const Quantity& quantity, double y, Svg& svg) {
    constexpr int steps = 40;
    constexpr double width = chart_width - left - 12;
    for (int i = 0; i < steps; ++i) {
        svg.rect({left + width * i / steps, y, width / steps + 0.6, 10}, "plain", viridis((i + 0.5) / steps));
    }
    const Scale scale{0, quantity.most, left, left + width};
    std::vector<double> ticks = round_ticks(0, quantity.most, 4);
    AxisLabels labels = axis_labels(ticks, quantity.unit);
    if (quantity.title.starts_with("of the")) {
        for (std::size_t i = 0; i < ticks.size(); ++i) {
            labels.texts[i] = fmt::format("{:.0f} %", 100 * ticks[i]);
        }
    }
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        svg.text(scale(ticks[i]), y + 24, labels.texts[i], "t tiny muted",
                 i == 0                              ? Anchor::start
                 : ticks[i] >= quantity.most * 0.999 ? Anchor::end
                                                     : Anchor::middle);
    }
    const std::string unit = labels.unit.empty() ? "" : " (" + labels.unit + ")";
    svg.text(left, y + 40, quantity.title + unit, "t small muted");
}

}  // namespace

std::string floor_plan(const Report& report, FloorQuantity which, std::size_t priced) {
    const bool drawable = report.mesh.columns > 0 && report.mesh.rows > 0 && report.mesh.cores_per_tile > 0 &&
                          report.mesh.chip_columns > 0 && report.mesh.chip_rows > 0;
    if (report.cores.empty() || !drawable || (which == FloorQuantity::energy && priced >= report.priced.size())) {
        return {};
    }
    const Plan plan(report.mesh);
    const Quantity quantity = quantity_of(report, which, priced);
    const double bottom = plan.y(report.mesh, report.mesh.board_rows() - 1) + plan.tile;
    const char* const what = report.mesh.chips() > 1 ? "board" : "chip";
    Svg svg(chart_width, bottom + 58, fmt::format("Floor plan of the {}: {}", what, quantity.title));
    draw_coordinates(report.mesh, plan, svg);
    draw_unused(report, plan, svg);
    for (std::size_t i = 0; i < report.cores.size(); ++i) {
        const auto place = static_cast<int>(report.cores[i].place);
        if (place < 0 || place >= report.mesh.cores()) {
            continue;
        }
        svg.rect(plan.core(report.mesh, place), "core", viridis(quantity.values[i] / quantity.most),
                 i < most_tooltips ? tooltip(report, report.cores[i], i, priced) : std::string());
    }
    draw_legend(quantity, bottom + 8, svg);
    return svg.finish();
}

}  // namespace spikeloom::runtime
