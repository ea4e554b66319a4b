// The picture: layers from top to bottom, boxes beside each other; an edge to the next layer goes straight, a longer
// one passes all boxes on the right, one that closes a cycle on the left, each in a lane of its own as long as there is
// room for lanes.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "runtime/report/svg.hpp"
#include "tools/net_graph.hpp"

namespace spikeloom::tools {

namespace {

using runtime::coordinate;
using runtime::escaped;

constexpr double box_width = 250;
constexpr double box_height = 62;
constexpr double box_gap = 34;
constexpr double layer_gap = 56;
constexpr double margin = 24;
constexpr double head_height = 44;
constexpr double lane_width = 16;
constexpr std::size_t most_lanes = 14;
constexpr std::size_t most_letters = 32;

constexpr std::string_view style = R"(
svg { --paper:#fff; --ink:#191c21; --muted:#5a6270; --line:#7a8391; --input:#eef0f3; --spiking:#dcebf6; --silent:#dcf1e8;
  --back:#c04f00; --plastic:#8a3d78; font:13px system-ui,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",Arial,sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper:#14161a; --ink:#e9ebee; --muted:#a0a8b4; --line:#8b94a2;
  --input:#262a31; --spiking:#17344a; --silent:#143b2e; --back:#ff9c57; --plastic:#dd9fcb; } }
.paper { fill:var(--paper); } text { fill:var(--ink); } .m { fill:var(--muted); font-size:12px; } .h { font-size:17px; font-weight:600; }
.n { font-weight:600; font-size:14px; } .box { stroke:var(--line); stroke-width:1; } .out { stroke:var(--ink); stroke-width:2.5; }
.input { fill:var(--input); } .spiking { fill:var(--spiking); } .silent { fill:var(--silent); }
.e { fill:none; stroke:var(--line); stroke-width:1.5; } .back { stroke:var(--back); stroke-dasharray:6 3; }
.plastic { stroke:var(--plastic); stroke-width:2.5; } .tip { fill:var(--line); } .btip { fill:var(--back); }
.halo { paint-order:stroke; stroke:var(--paper); stroke-width:4px; stroke-linejoin:round; }
)";

std::string shortened(const std::string& text, std::size_t letters) {
    return text.size() <= letters ? text : text.substr(0, letters - 3) + "...";
}

struct Spot {
    double x = 0;  ///< of the box's left edge
    double y = 0;
    [[nodiscard]] double middle() const { return x + box_width / 2; }
    [[nodiscard]] double bottom() const { return y + box_height; }
    [[nodiscard]] double right() const { return x + box_width; }
};

class Drawing {
public:
    explicit Drawing(const NetGraph& graph) : graph_(graph), spots_(graph.nodes.size()) {}

    std::string draw() {
        place_boxes();
        for (const GraphEdge& edge : graph_.edges) {
            draw_edge(edge);
        }
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            draw_box(graph_.nodes[n], spots_[n]);
        }
        const std::string size = fmt::format("{} {}", coordinate(width_), coordinate(height_));
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {}\" width=\"{}\" height=\"{}\" "
            "role=\"img\" aria-label=\"{}\">\n<style>{}</style>\n"
            "<defs>{}{}</defs>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
            "<text class=\"h\" x=\"{}\" y=\"30\">{}</text>\n{}{}{}</svg>\n",
            size, coordinate(width_), coordinate(height_), escaped("graph of " + graph_.name), style, tip("tip"),
            tip("btip"), coordinate(margin), escaped(graph_.name), edges_, boxes_, labels_);
    }

private:
    static std::string tip(std::string_view name) {
        return fmt::format(
            "<marker id=\"{0}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
            "markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"{0}\" d=\"M0 0L8 4L0 8z\"/>"
            "</marker>",
            name);
    }

    [[nodiscard]] bool is_long(const GraphEdge& edge) const {
        return !edge.back && graph_.nodes[edge.to].layer > graph_.nodes[edge.from].layer + 1;
    }

    void place_boxes() {
        std::vector<std::vector<std::size_t>> layers(graph_.layers);
        std::size_t widest = 1;
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            layers[graph_.nodes[n].layer].push_back(n);
            widest = std::max(widest, layers[graph_.nodes[n].layer].size());
        }
        const auto lanes = [](std::size_t edges) {
            return static_cast<double>(std::min(edges, most_lanes)) * lane_width;
        };
        std::size_t long_edges = 0;
        std::size_t back_edges = 0;
        for (const GraphEdge& edge : graph_.edges) {
            long_edges += is_long(edge) ? 1 : 0;
            back_edges += edge.back ? 1 : 0;
        }
        constexpr double label_room = 170;
        left_ = margin + (back_edges > 0 ? lanes(back_edges) + label_room : 0);
        const double inner = static_cast<double>(widest) * (box_width + box_gap) - box_gap;
        right_ = left_ + inner;
        width_ = right_ + margin + label_room + (long_edges > 0 ? lanes(long_edges) : 0);
        double y = margin + head_height;
        for (const std::vector<std::size_t>& layer : layers) {
            // as near to the middle of what feeds them as their neighbours let them
            const double used = static_cast<double>(layer.size()) * (box_width + box_gap) - box_gap;
            double x = left_ + (inner - used) / 2;
            for (const std::size_t node : layer) {
                spots_[node] = {x, y};
                x += box_width + box_gap;
            }
            y += layer.empty() ? 0 : box_height + layer_gap;
        }
        height_ = y - layer_gap + margin;
    }

    void label(double x, double y, const GraphEdge& edge, std::string_view anchor) {
        labels_ += fmt::format("<text class=\"m halo\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", coordinate(x),
                               coordinate(y), anchor, escaped(shortened(edge.kind, most_letters)));
    }

    void draw_edge(const GraphEdge& edge) {
        const Spot& from = spots_[edge.from];
        const Spot& to = spots_[edge.to];
        std::string path;
        if (edge.back) {
            const double lane = left_ - lane_width * static_cast<double>(++back_ % most_lanes + 1);
            const double start = from.y + box_height * 0.65;
            const double end = to.y + box_height * 0.35;
            path = fmt::format("M{} {}C{} {} {} {} {} {}", coordinate(from.x), coordinate(start), coordinate(lane),
                               coordinate(start + 30), coordinate(lane), coordinate(end - 30), coordinate(to.x),
                               coordinate(end));
            label(lane - 4, (start + end) / 2 + 4, edge, "end");
        } else if (is_long(edge)) {
            const double lane = right_ + lane_width * static_cast<double>(++long_ % most_lanes + 1);
            const double start = from.y + box_height * 0.65;
            const double end = to.y + box_height * 0.35;
            constexpr double bend = 24;
            path = fmt::format("M{} {}C{} {} {} {} {} {}V{}C{} {} {} {} {} {}", coordinate(from.right()),
                               coordinate(start), coordinate(lane - bend), coordinate(start), coordinate(lane),
                               coordinate(start), coordinate(lane), coordinate(start + bend), coordinate(end - bend),
                               coordinate(lane), coordinate(end), coordinate(lane - bend), coordinate(end),
                               coordinate(to.right()), coordinate(end));
            label(lane + 6, (start + end) / 2 + 4, edge, "start");
        } else {
            const double middle = (from.bottom() + to.y) / 2;
            path = fmt::format("M{} {}C{} {} {} {} {} {}", coordinate(from.middle()), coordinate(from.bottom()),
                               coordinate(from.middle()), coordinate(middle), coordinate(to.middle()),
                               coordinate(middle), coordinate(to.middle()), coordinate(to.y));
            label((from.middle() + to.middle()) / 2 + 8, middle + 4, edge, "start");
        }
        edges_ +=
            fmt::format("<path class=\"e{}{}\" d=\"{}\" marker-end=\"url(#{})\"><title>{}</title></path>\n",
                        edge.back ? " back" : "", edge.plastic ? " plastic" : "", path, edge.back ? "btip" : "tip",
                        escaped(fmt::format("{}: {}, {} weights, {} synapses, delay {}{}", edge.name, edge.kind,
                                            edge.weights, edge.synapses, edge.delay, edge.plastic ? ", plastic" : "")));
    }

    void draw_box(const GraphNode& node, const Spot& spot) {
        boxes_ += fmt::format(
            "<g><title>{}</title><rect class=\"box {}{}\" x=\"{}\" y=\"{}\" width=\"{}\" "
            "height=\"{}\" rx=\"7\"/>",
            escaped(fmt::format("{}: {}", node.name, node.kind)),
            node.input    ? "input"
            : node.spikes ? "spiking"
                          : "silent",
            node.output ? " out" : "", coordinate(spot.x), coordinate(spot.y), coordinate(box_width),
            coordinate(box_height));
        const auto line = [&](std::string_view style_class, double y, const std::string& text) {
            boxes_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", style_class,
                                  coordinate(spot.middle()), coordinate(spot.y + y), escaped(text));
        };
        line("n", 20, shortened(node.name, 28) + (node.output ? " (output)" : ""));
        line("m", 37,
             node.size > 0 && node.shape != std::to_string(node.size) ? fmt::format("{} = {}", node.shape, node.size)
                                                                      : node.shape);
        line("m", 53, shortened(node.kind, 40));
        boxes_ += "</g>\n";
    }

    const NetGraph& graph_;
    std::vector<Spot> spots_;
    std::string edges_, boxes_, labels_;
    double left_ = 0, right_ = 0, width_ = 0, height_ = 0;
    std::size_t back_ = 0, long_ = 0;
};

}  // namespace

std::string graph_svg(const NetGraph& graph) {
    return Drawing(graph).draw();
}

}  // namespace spikeloom::tools
