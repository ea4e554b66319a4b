#include "tools/core_map_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "runtime/report/svg.hpp"

namespace spikeloom::tools {

namespace {

using runtime::coordinate;
using runtime::escaped;

constexpr double cell = 26;  ///< of a core
constexpr double tile_gap = 8;
constexpr double margin = 24;
constexpr double head_height = 40;
constexpr double legend_row = 22;

/// After Okabe and Ito (2008), then lighter ones of the same hues.
constexpr std::array<std::string_view, 12> colours{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
                                                   "#f0e442", "#7a7f87", "#7fb8d8", "#f2cf7f", "#7fceb9", "#e5bcd3"};

constexpr std::string_view style = R"(
svg { --paper:#fff; --ink:#191c21; --muted:#5a6270; --tile:#f5f6f8; --hair:#c5cbd3;
  font:13px system-ui,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",Arial,sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper:#14161a; --ink:#e9ebee; --muted:#a0a8b4; --tile:#1d2025; --hair:#454b55; } }
.paper { fill:var(--paper); } text { fill:var(--ink); } .h { font-size:17px; font-weight:600; } .m { fill:var(--muted); font-size:11px; }
.tile { fill:var(--tile); stroke:var(--hair); } .core { fill:var(--paper); stroke:var(--hair); }
)";

/// How many compartments of one population a core holds.
struct Share {
    std::size_t population = 0;
    std::uint32_t neurons = 0;
};

class CoreMap {
public:
    explicit CoreMap(const chip::Image& image) : image_(image), mesh_(image.chip.mesh), shares_(image.cores.size()) {
        for (std::size_t p = 0; p < image.populations.size(); ++p) {
            for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                std::vector<Share>& core = shares_[tile.core.value()];
                if (core.empty() || core.back().population != p) {
                    core.push_back({.population = p});
                }
                core.back().neurons += tile.count;
            }
        }
        int last_column = 0;
        int last_row = 0;
        first_column_ = mesh_.board_columns();
        first_row_ = mesh_.board_rows();
        for (const chip::CoreImage& core : image.cores) {
            const int place = static_cast<int>(core.place);
            first_column_ = std::min(first_column_, mesh_.column(place));
            first_row_ = std::min(first_row_, mesh_.row(place));
            last_column = std::max(last_column, mesh_.column(place));
            last_row = std::max(last_row, mesh_.row(place));
        }
        columns_ = std::max(last_column - first_column_ + 1, 0);
        rows_ = std::max(last_row - first_row_ + 1, 0);
        across_ = static_cast<int>(std::ceil(std::sqrt(mesh_.cores_per_tile)));
        down_ = (mesh_.cores_per_tile + across_ - 1) / across_;
    }

    std::string draw() {
        draw_tiles();
        for (std::size_t core = 0; core < image_.cores.size(); ++core) {
            draw_core(core);
        }
        const double board = margin + head_height + rows_ * (down_ * cell + tile_gap);
        const double height = draw_legend(board + 12);
        const double width = std::max(2 * margin + columns_ * (across_ * cell + tile_gap), 420.0);
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
            "height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n<style>{3}</style>\n"
            "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
            "<text class=\"h\" x=\"{4}\" y=\"32\">{2}</text>\n{5}</svg>\n",
            coordinate(width), coordinate(height),
            escaped(fmt::format("{} on {} cores of {}", image_.network_name, image_.cores.size(), image_.chip.name)),
            style, coordinate(margin), body_);
    }

private:
    struct Spot {
        double x = 0;
        double y = 0;
    };
    [[nodiscard]] Spot tile_spot(int place) const {
        return {margin + (mesh_.column(place) - first_column_) * (across_ * cell + tile_gap),
                margin + head_height + (mesh_.row(place) - first_row_) * (down_ * cell + tile_gap)};
    }

    /// Tiles in use; those between them stay blank, so that a large board makes no large picture of nothing.
    void draw_tiles() {
        std::vector<int> tiles;
        for (const chip::CoreImage& core : image_.cores) {
            tiles.push_back(mesh_.tile(static_cast<int>(core.place)));
        }
        std::ranges::sort(tiles);
        tiles.erase(std::unique(tiles.begin(), tiles.end()), tiles.end());
        for (const int tile : tiles) {
            const Spot spot = tile_spot(tile * mesh_.cores_per_tile);
            body_ += fmt::format("<rect class=\"tile\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>\n",
                                 coordinate(spot.x - 2), coordinate(spot.y - 2), coordinate(across_ * cell + 4),
                                 coordinate(down_ * cell + 4));
        }
    }

    void draw_core(std::size_t core) {
        const int place = static_cast<int>(image_.cores[core].place);
        const int slot = place % mesh_.cores_per_tile;
        Spot spot = tile_spot(place);
        const int column = slot % across_;
        const int row = slot / across_;
        spot.x += column * cell + 1;
        spot.y += row * cell + 1;
        constexpr double side = cell - 2;
        std::string holds;
        std::uint32_t neurons = 0;
        for (const Share& share : shares_[core]) {
            holds += fmt::format("\n{}: {}", image_.populations[share.population].name, share.neurons);
            neurons += share.neurons;
        }
        body_ += fmt::format("<g><title>{}</title><rect class=\"core\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                             escaped(fmt::format("core {} at place {}{}", core, place, holds)), coordinate(spot.x),
                             coordinate(spot.y), coordinate(side), coordinate(side));
        double x = spot.x;
        for (const Share& share : shares_[core]) {
            const double width = side * share.neurons / std::max(neurons, 1U);
            body_ += fmt::format("<rect fill=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                                 colours[share.population % colours.size()], coordinate(x), coordinate(spot.y),
                                 coordinate(width), coordinate(side));
            x += width;
        }
        body_ += "</g>\n";
    }

    /// Returns where the picture ends.
    double draw_legend(double y) {
        for (std::size_t p = 0; p < image_.populations.size(); ++p) {
            body_ += fmt::format(
                "<rect fill=\"{}\" x=\"{}\" y=\"{}\" width=\"14\" height=\"14\"/>"
                "<text x=\"{}\" y=\"{}\">{} ({} neurons)</text>\n",
                colours[p % colours.size()], coordinate(margin), coordinate(y), coordinate(margin + 22),
                coordinate(y + 12), escaped(image_.populations[p].name), image_.populations[p].size());
            y += legend_row;
        }
        return y + margin;
    }

    const chip::Image& image_;
    const chip::Mesh& mesh_;
    std::vector<std::vector<Share>> shares_;
    std::string body_;
    int first_column_ = 0, first_row_ = 0, columns_ = 0, rows_ = 0, across_ = 1, down_ = 1;
};

}  // namespace

std::string core_map_svg(const chip::Image& image) {
    return CoreMap(image).draw();
}

}  // namespace spikeloom::tools
