#include "compiler/partition/windows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <span>
#include <tuple>
#include <utility>

#include "compiler/partition/draws.hpp"
#include "compiler/partition/grouped_nets.hpp"
#include "compiler/partition/multilevel.hpp"
#include "compiler/partition/side_by_side.hpp"
#include "compiler/partition/sub_hypergraphs.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();
/// Streams of draws that no other search of a portfolio uses.
constexpr std::uint32_t window_streams = 0x4000'0000U;
constexpr std::uint32_t order_streams = 0x8000'0000U;

/// The parts that each net reaches, of nets that tell parts apart: they reach two at least, and not very many.
Rows<std::uint32_t> parts_of_nets(const Hypergraph& graph, const std::vector<std::uint32_t>& part_of,
                                  std::vector<double>& tie) {
    constexpr std::size_t most_reached = 48;
    Rows<std::uint32_t> rows;
    std::vector<std::uint32_t> parts;
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        parts.clear();
        for (const std::uint32_t pin : graph.net(n)) {
            parts.push_back(part_of[pin]);
        }
        std::ranges::sort(parts);
        parts.erase(std::ranges::unique(parts).begin(), parts.end());
        if (parts.size() < 2 || parts.size() > most_reached) {
            continue;
        }
        rows.items.insert(rows.items.end(), parts.begin(), parts.end());
        rows.close_row();
        tie.push_back(static_cast<double>(graph.weight_of_net(n)) / static_cast<double>(parts.size() - 1));
    }
    return rows;
}

Rows<std::uint32_t> nets_of_parts(const Rows<std::uint32_t>& parts_of, std::uint32_t parts) {
    Rows<std::uint32_t> rows;
    rows.begin.assign(parts + std::size_t{1}, 0);
    for (const std::uint32_t part : parts_of.items) {
        ++rows.begin[part + std::size_t{1}];
    }
    for (std::uint32_t part = 0; part < parts; ++part) {
        rows.begin[part + std::size_t{1}] += rows.begin[part];
    }
    rows.items.resize(parts_of.items.size());
    std::vector<std::uint64_t> next(rows.begin.begin(), rows.begin.end() - 1);
    for (std::uint32_t n = 0; n < parts_of.size(); ++n) {
        for (const std::uint32_t part : parts_of[n]) {
            rows.items[next[part]++] = n;
        }
    }
    return rows;
}

/// A window: its part of the hypergraph, numbered anew.
struct Window {
    SubHypergraph sub;
    std::vector<std::uint32_t> parts;    ///< their numbers in the whole
    std::vector<std::uint32_t> part_of;  ///< of the window's vertices, among the window's parts
};

std::vector<Window> cut_out(const Hypergraph& graph, const std::vector<std::uint32_t>& part_of,
                            std::vector<std::vector<std::uint32_t>> parts_of_windows, std::uint32_t parts) {
    std::vector<std::uint32_t> window_of(parts, nowhere);
    std::vector<std::uint32_t> local_part(parts, 0);
    for (std::uint32_t w = 0; w < parts_of_windows.size(); ++w) {
        for (std::uint32_t i = 0; i < parts_of_windows[w].size(); ++i) {
            window_of[parts_of_windows[w][i]] = w;
            local_part[parts_of_windows[w][i]] = i;
        }
    }
    std::vector<std::uint32_t> block_of(graph.vertices);
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        block_of[v] = window_of[part_of[v]];
    }
    std::vector<SubHypergraph> subs =
        cut_into_blocks(graph, block_of, static_cast<std::uint32_t>(parts_of_windows.size()));
    std::vector<Window> windows(subs.size());
    for (std::size_t w = 0; w < subs.size(); ++w) {
        windows[w] = {.sub = std::move(subs[w]), .parts = std::move(parts_of_windows[w]), .part_of = {}};
        for (const std::uint32_t v : windows[w].sub.vertices) {
            windows[w].part_of.push_back(local_part[part_of[v]]);
        }
    }
    return windows;
}

void search(Window& window, const MultilevelOptions& options, bool anew) {
    if (window.parts.size() < 2 || window.sub.graph.nets() == 0) {
        return;
    }
    const GroupedNets nets = group_nets(window.sub.graph);
    std::uint64_t least = copies(window.sub.graph, window.part_of);
    const auto consider = [&](std::vector<std::uint32_t> part_of) {
        if (part_of.empty()) {
            return;
        }
        if (const std::uint64_t cost = copies(window.sub.graph, part_of); cost < least) {
            least = cost;
            window.part_of = std::move(part_of);
        }
    };
    if (anew) {
        consider(multilevel(nets, options));
    }
    if (options.stop == nullptr || !*options.stop || !(*options.stop)()) {
        consider(combine(nets, window.part_of, window.part_of, options));
    }
}

}  // namespace

std::vector<std::vector<std::uint32_t>> choose_windows(const Hypergraph& graph,
                                                       const std::vector<std::uint32_t>& part_of,
                                                       const WindowOptions& options, std::uint32_t size, int round) {
    std::vector<double> tie;
    const Rows<std::uint32_t> parts_of = parts_of_nets(graph, part_of, tie);
    const Rows<std::uint32_t> nets_of = nets_of_parts(parts_of, options.parts);
    Draws draws(options.seed, order_streams + static_cast<std::uint32_t>(round));
    const std::vector<std::uint32_t> seeds = draws.permutation(options.parts);

    std::vector<bool> taken(options.parts, false);
    std::vector<double> score(options.parts, 0);
    std::vector<std::uint32_t> scored;
    std::vector<std::vector<std::uint32_t>> windows;
    std::size_t next_seed = 0;
    for (std::uint32_t left = options.parts; left > 0;) {
        std::vector<std::uint32_t>& window = windows.emplace_back();
        std::priority_queue<std::pair<double, std::uint32_t>> nearest;
        while (window.size() < size && left > 0) {
            std::uint32_t part = nowhere;
            for (; part == nowhere && !nearest.empty(); nearest.pop()) {
                if (!taken[nearest.top().second]) {
                    part = nearest.top().second;
                }
            }
            while (part == nowhere) {
                part = taken[seeds[next_seed]] ? nowhere : seeds[next_seed];
                ++next_seed;
            }
            taken[part] = true;
            --left;
            window.push_back(part);
            for (const std::uint32_t n : nets_of[part]) {
                for (const std::uint32_t other : parts_of[n]) {
                    if (!taken[other]) {
                        scored.push_back(other);
                        score[other] += tie[n];
                    }
                }
            }
            std::ranges::sort(scored);
            scored.erase(std::ranges::unique(scored).begin(), scored.end());
            for (const std::uint32_t other : scored) {
                nearest.emplace(score[other], other);
            }
            scored.clear();
        }
        for (; !nearest.empty(); nearest.pop()) {
            score[nearest.top().second] = 0;
        }
        std::ranges::sort(window);
    }
    return windows;
}

std::vector<std::uint32_t> refine_in_windows(const Hypergraph& graph, std::vector<std::uint32_t> part_of,
                                             const WindowOptions& options) {
    // A window of p parts holds p loads of vertices and about as many groups, on p columns.
    const double load = std::max(1.0, static_cast<double>(graph.vertices) / options.parts);
    const double widest = std::sqrt(static_cast<double>(options.table_room) / (2 * load));
    const auto size = static_cast<std::uint32_t>(std::clamp<double>(widest, 2, options.parts));
    for (int round = 0; round < options.rounds; ++round) {
        std::vector<Window> windows =
            cut_out(graph, part_of, choose_windows(graph, part_of, options, size, round), options.parts);
        side_by_side(windows.size(), options.threads, [&](std::size_t w) {
            if (options.stop != nullptr && *options.stop && (*options.stop)()) {
                return;
            }
            const auto stream = window_streams + static_cast<std::uint32_t>(round) * 0x0100'0000U;
            search(windows[w],
                   {.parts = static_cast<std::uint32_t>(windows[w].parts.size()),
                    .capacity = std::vector(windows[w].parts.size(), options.capacity),
                    .seed = options.seed,
                    .stream = stream + static_cast<std::uint32_t>(w),
                    .proposals = options.proposals,
                    .work = options.work * windows[w].sub.graph.vertices,
                    .stop = options.stop},
                   round == 0 && options.anew);
        });
        for (const Window& window : windows) {
            for (std::uint32_t v = 0; v < window.sub.vertices.size(); ++v) {
                part_of[window.sub.vertices[v]] = window.parts[window.part_of[v]];
            }
        }
    }
    return part_of;
}

}  // namespace spikeloom::compiler
