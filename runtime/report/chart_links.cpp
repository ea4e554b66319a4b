// Links where they lie: tiles of the board with a line for each direction (traffic keeps to the right), or the layers
// of a tree. Large boards are drawn in blocks of tiles, large trees from the root down to the layer that still fits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "runtime/report/charts_traffic.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t most_lines = 2400;
constexpr std::size_t most_tooltips = 1200;
constexpr double left = 26;
constexpr double top = 24;

/// A line of the picture and the links that it stands for.
struct Line {
    double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    std::vector<std::uint32_t> links;
};

struct Drawing {
    double width = 0;
    double height = 0;
    double thick = 6;  ///< px, of the busiest
    int block = 1;
    std::vector<Line> lines;
    std::vector<PlotPoint> routers;  ///< of a tree
};

bool is_tree(const TrafficReport& traffic) {
    return std::ranges::any_of(traffic.links,
                               [](const LinkTraffic& link) { return link.from_column < 0 || link.to_column < 0; });
}

// ---- boards ----

struct Board {
    int columns = 1;  ///< blocks
    int rows = 1;
    double pitch = 70;

    [[nodiscard]] double x(int column) const { return left + 14 + (column + 0.5) * pitch; }
    [[nodiscard]] double y(int row) const { return top + 14 + (row + 0.5) * pitch; }
    [[nodiscard]] double half_tile() const { return 0.2 * pitch; }
};

using Ends = std::tuple<int, int, int, int>;

/// Links by the blocks that they join; those within a block are left out.
std::map<Ends, std::vector<std::uint32_t>> joined(const TrafficReport& traffic, int block) {
    std::map<Ends, std::vector<std::uint32_t>> lines;
    for (std::uint32_t i = 0; i < traffic.links.size(); ++i) {
        const LinkTraffic& link = traffic.links[i];
        const Ends ends{link.from_column / block, link.from_row / block, link.to_column / block, link.to_row / block};
        const auto [from_column, from_row, to_column, to_row] = ends;
        if (from_column != to_column || from_row != to_row) {
            lines[ends].push_back(i);
        }
    }
    return lines;
}

Board board_of(const Report& report, int block) {
    Board board;
    board.columns = (report.mesh.board_columns() + block - 1) / block;
    board.rows = (report.mesh.board_rows() + block - 1) / block;
    board.pitch = std::clamp(1000.0 / board.columns, 9.0, 72.0);
    return board;
}

Line line_between(const Board& board, const Ends& ends) {
    const auto [from_column, from_row, to_column, to_row] = ends;
    // A link that closes a ring leaves the board and is cut off there.
    const bool closes = std::abs(from_column - to_column) > 1 || std::abs(from_row - to_row) > 1;
    const double turn = closes ? -1 : 1;
    const double along_x = turn * ((to_column > from_column) - (to_column < from_column));
    const double along_y = turn * ((to_row > from_row) - (to_row < from_row));
    const double aside = 0.095 * board.pitch;  // to the right of the way: (-y, x) with y downwards
    const double length = closes ? 0.26 * board.pitch : board.pitch - 2 * board.half_tile();
    Line line;
    line.x1 = board.x(from_column) + along_x * board.half_tile() - along_y * aside;
    line.y1 = board.y(from_row) + along_y * board.half_tile() + along_x * aside;
    line.x2 = line.x1 + along_x * length;
    line.y2 = line.y1 + along_y * length;
    return line;
}

void draw_tiles(const Report& report, const Board& board, int block, Svg& svg) {
    std::set<std::pair<int, int>> used;
    for (const CoreOccupancy& core : report.cores) {
        const auto place = static_cast<int>(core.place);
        used.insert({report.mesh.column(place) / block, report.mesh.row(place) / block});
    }
    const double side = 2 * board.half_tile();
    std::array<std::string, 2> paths;
    for (int column = 0; column < board.columns; ++column) {
        for (int row = 0; row < board.rows; ++row) {
            paths[used.contains({column, row}) ? 1 : 0] +=
                fmt::format("M{} {}h{}v{}h-{}z", coordinate(board.x(column) - side / 2),
                            coordinate(board.y(row) - side / 2), coordinate(side), coordinate(side), coordinate(side));
        }
    }
    for (const auto& [path, drawn] : {std::pair{&paths[0], "unused"}, std::pair{&paths[1], "tile"}}) {
        if (!path->empty()) {
            svg.path(*path, drawn);
        }
    }
}

void draw_borders(const Report& report, const Board& board, int block, Svg& svg) {
    const double right = board.x(board.columns - 1) + board.pitch / 2;
    const double bottom = board.y(board.rows - 1) + board.pitch / 2;
    for (int chip = 1; chip < report.mesh.chip_columns; ++chip) {
        const double x = board.x(0) + (static_cast<double>(chip * report.mesh.columns) / block - 0.5) * board.pitch;
        svg.line(x, top + 8, x, bottom + 6, "chip-border");
    }
    for (int chip = 1; chip < report.mesh.chip_rows; ++chip) {
        const double y = board.y(0) + (static_cast<double>(chip * report.mesh.rows) / block - 0.5) * board.pitch;
        svg.line(left + 8, y, right + 6, y, "chip-border");
    }
}

void draw_numbers(const Board& board, int block, Svg& svg) {
    const int every = board.pitch < 26 ? 4 : 1;
    for (int column = 0; column < board.columns; column += every) {
        svg.text(board.x(column), top - 4, std::to_string(column * block), "t tiny muted", Anchor::middle);
    }
    for (int row = 0; row < board.rows; row += every) {
        svg.text(left - 6, board.y(row) + 4, std::to_string(row * block), "t tiny muted", Anchor::end);
    }
    svg.text(left - 6, top - 4, "x", "t tiny muted", Anchor::end);
    svg.text(left - 14, top + 14, "y", "t tiny muted", Anchor::end);
}

Drawing board_drawing(const Report& report) {
    Drawing drawing;
    std::map<Ends, std::vector<std::uint32_t>> joints = joined(*report.traffic, drawing.block);
    while (joints.size() > most_lines && drawing.block < 4096) {
        drawing.block *= 2;
        joints = joined(*report.traffic, drawing.block);
    }
    const Board board = board_of(report, drawing.block);
    for (auto& [ends, links] : joints) {
        Line line = line_between(board, ends);
        line.links = std::move(links);
        drawing.lines.push_back(std::move(line));
    }
    drawing.width = board.x(board.columns - 1) + board.pitch / 2 + 16;
    drawing.height = board.y(board.rows - 1) + board.pitch / 2 + 16;
    drawing.thick = std::clamp(0.12 * board.pitch, 1.6, 7.0);
    return drawing;
}

// ---- trees ----

struct Layers {
    std::map<std::uint32_t, int> level;  ///< of routers; tiles are at 0
    std::vector<std::vector<std::uint32_t>> members;
};

Layers layers_of(const TrafficReport& traffic) {
    Layers layers;
    std::vector<std::uint32_t> front;
    for (const LinkTraffic& link : traffic.links) {
        for (const auto& [router, column] :
             {std::pair{link.from, link.from_column}, std::pair{link.to, link.to_column}}) {
            if (column >= 0 && layers.level.emplace(router, 0).second) {
                front.push_back(router);
            }
        }
    }
    std::multimap<std::uint32_t, std::uint32_t> next;
    for (const LinkTraffic& link : traffic.links) {
        next.emplace(link.from, link.to);
    }
    for (int level = 1; !front.empty(); ++level) {
        std::sort(front.begin(), front.end());
        layers.members.push_back(front);
        std::vector<std::uint32_t> above;
        for (const std::uint32_t router : front) {
            const auto [first, last] = next.equal_range(router);
            for (auto way = first; way != last; ++way) {
                if (layers.level.emplace(way->second, level).second) {
                    above.push_back(way->second);
                }
            }
        }
        front = std::move(above);
    }
    return layers;
}

Drawing tree_drawing(const Report& report) {
    constexpr std::size_t most_across = 128;
    constexpr double layer_height = 84;
    const TrafficReport& traffic = *report.traffic;
    const Layers layers = layers_of(traffic);
    std::size_t lowest = 0;
    while (lowest + 1 < layers.members.size() && layers.members[lowest].size() > most_across) {
        ++lowest;
    }
    std::map<std::uint32_t, PlotPoint> at;
    Drawing drawing;
    drawing.width = 1040;
    const double height = layer_height * static_cast<double>(layers.members.size() - lowest);
    drawing.height = height + 40;
    for (std::size_t level = lowest; level < layers.members.size(); ++level) {
        const std::vector<std::uint32_t>& members = layers.members[level];
        for (std::size_t i = 0; i < members.size(); ++i) {
            at[members[i]] = {20 + (static_cast<double>(i) + 0.5) * 1000 / static_cast<double>(members.size()),
                              height - layer_height * (static_cast<double>(level - lowest) + 0.5) + 20};
        }
    }
    for (const auto& [router, point] : at) {
        drawing.routers.push_back(point);
    }
    const double aside = layers.members[lowest].size() > 40 ? 2 : 4;
    for (std::uint32_t i = 0; i < traffic.links.size() && drawing.lines.size() < most_lines; ++i) {
        const auto from = at.find(traffic.links[i].from);
        const auto to = at.find(traffic.links[i].to);
        if (from == at.end() || to == at.end()) {
            continue;
        }
        const double dx = to->second.x - from->second.x;
        const double dy = to->second.y - from->second.y;
        const double length = std::max(std::hypot(dx, dy), 1.0);
        const double shift_x = -dy / length * aside;
        const double shift_y = dx / length * aside;
        drawing.lines.push_back({from->second.x + shift_x,
                                 from->second.y + shift_y + 8 * dy / length,
                                 to->second.x + shift_x,
                                 to->second.y + shift_y - 8 * dy / length,
                                 {i}});
    }
    drawing.thick = aside + 1;
    return drawing;
}

void draw_layers(const Drawing& drawing, Svg& svg) {
    for (const PlotPoint& router : drawing.routers) {
        svg.circle(router.x, router.y, 4, "tile");
    }
    svg.text(4, 14, "root", "t small muted");
    svg.text(4, drawing.height - 4, "tiles", "t small muted");
}

// ---- levels ----

/// Digits of how busy lines are, on one scale for the run and all windows.
class LevelScale {
public:
    explicit LevelScale(const TrafficReport& traffic) : traffic_(traffic) {
        for (const LinkTraffic& link : traffic.links) {
            most_ = std::max(most_, link.busy);
        }
        for (const TrafficWindow& window : traffic.windows) {
            for (const LinkInWindow& link : window.links) {
                most_ = std::max(most_, busy(window, link));
            }
        }
        most_ = round_up(most_);
    }
    [[nodiscard]] double most() const { return most_; }
    [[nodiscard]] char digit(double busy) const {
        return busy > 0 ? static_cast<char>('0' + std::clamp(static_cast<int>(std::ceil(9 * busy / most_)), 1, 9))
                        : '0';
    }
    [[nodiscard]] double busy(const TrafficWindow& window, const LinkInWindow& link) const {
        const LinkTraffic& carrier = traffic_.links[link.link];
        const double ns = static_cast<double>(link.flits) * carrier.interval * traffic_.cycle_ns;
        return window.time_ns > 0 ? ns / std::max(traffic_.planes, 1) / window.time_ns : 0;
    }
    [[nodiscard]] std::string run(const Drawing& drawing) const {
        std::string digits;
        for (const Line& line : drawing.lines) {
            double most = 0;
            for (const std::uint32_t link : line.links) {
                most = std::max(most, traffic_.links[link].busy);
            }
            digits += digit(most);
        }
        return digits;
    }
    /// `line_of`: by link, its line, or none.
    [[nodiscard]] std::string window(const TrafficWindow& window, const std::vector<std::uint32_t>& line_of,
                                     std::size_t lines) const {
        std::string digits(lines, '0');
        for (const LinkInWindow& link : window.links) {
            if (const std::uint32_t line = line_of[link.link]; line != router::no_link) {
                digits[line] = std::max(digits[line], digit(busy(window, link)));
            }
        }
        return digits;
    }

private:
    const TrafficReport& traffic_;
    double most_ = 0;
};

std::string line_tooltip(const Report& report, const Line& line) {
    const TrafficReport& traffic = *report.traffic;
    std::uint32_t busiest = line.links[0];
    for (const std::uint32_t link : line.links) {
        busiest = traffic.links[link].busy > traffic.links[busiest].busy ? link : busiest;
    }
    const LinkTraffic& link = traffic.links[busiest];
    return fmt::format("{}{}: {} flits, busy {} of the time, at most {} flits waited at its end{}",
                       line.links.size() > 1 ? "busiest of several, " : "", link_name(report, busiest, Script::unicode),
                       grouped(link.flits), percent(link.busy, Script::unicode, 2), grouped(link.peak),
                       link.between_chips ? "; between chips" : "");
}

void draw_legend(const LevelScale& scale, double y, Svg& svg) {
    svg.text(left, y + 4, "busy, share of the time", "t small muted");
    double x = left + 168;
    for (int level = 0; level <= 9; ++level) {
        svg.line(x, y, x + 26, y, fmt::format("fl f{}", level));
        if (level % 3 == 0) {
            const double part = scale.most() * level / 9;
            svg.text(x + 13, y + 20, level == 0 ? "unused" : fmt::format("{:.3g} %", 100 * part), "t tiny muted",
                     Anchor::middle);
        }
        x += 34;
    }
}

}  // namespace

LinkMap link_map(const Report& report) {
    const bool drawable = report.mesh.columns > 0 && report.mesh.rows > 0;
    if (!report.traffic || report.traffic->links.empty() || !drawable) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    const bool tree = is_tree(traffic);
    const Drawing drawing = tree ? tree_drawing(report) : board_drawing(report);
    if (drawing.lines.empty()) {
        return {};
    }
    const LevelScale scale(traffic);
    LinkMap map;
    map.block = drawing.block;
    map.levels.push_back(scale.run(drawing));
    map.labels.emplace_back("whole run");
    std::vector<std::uint32_t> line_of(traffic.links.size(), router::no_link);
    for (std::uint32_t i = 0; i < drawing.lines.size(); ++i) {
        for (const std::uint32_t link : drawing.lines[i].links) {
            line_of[link] = i;
        }
    }
    for (const TrafficWindow& window : traffic.windows) {
        map.levels.push_back(scale.window(window, line_of, drawing.lines.size()));
        map.labels.push_back(fmt::format(
            "steps {} to {}, {} a step", grouped(window.first_step), grouped(window.first_step + window.steps - 1),
            time(window.time_ns / static_cast<double>(std::max<std::uint64_t>(window.steps, 1)), Script::unicode)));
    }
    Svg svg(std::max(drawing.width, 560.0), drawing.height + 40,
            "Links of the spike network by how busy they were in the run; the busiest are in the table below",
            drawing.width > 720);
    if (tree) {
        draw_layers(drawing, svg);
    } else {
        const Board board = board_of(report, drawing.block);
        draw_numbers(board, drawing.block, svg);
        draw_tiles(report, board, drawing.block, svg);
        draw_borders(report, board, drawing.block, svg);
    }
    svg.begin_group("links", fmt::format("--thick:{}px", coordinate(drawing.thick)));
    for (std::size_t i = 0; i < drawing.lines.size(); ++i) {
        const Line& line = drawing.lines[i];
        svg.line(line.x1, line.y1, line.x2, line.y2, fmt::format("fl f{}", map.levels[0][i]),
                 i < most_tooltips ? line_tooltip(report, line) : std::string());
    }
    svg.end_group();
    draw_legend(scale, drawing.height + 8, svg);
    map.svg = svg.finish();
    return map;
}

}  // namespace spikeloom::runtime
