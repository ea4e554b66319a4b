#include "compiler/partition/top_down.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "compiler/partition/fill.hpp"
#include "compiler/partition/grouped_nets.hpp"
#include "compiler/partition/multilevel.hpp"
#include "compiler/partition/side_by_side.hpp"
#include "compiler/partition/sub_hypergraphs.hpp"

namespace spikeloom::compiler {
namespace {

/// Streams of draws that no other search of a portfolio uses.
constexpr std::uint32_t split_streams = 0x2000'0000U;

/// Vertices that share so many parts, from `first` on.
struct Block {
    SubHypergraph sub;
    std::uint32_t first = 0;
    std::uint32_t parts = 1;
};

class TopDown {
public:
    explicit TopDown(const TopDownOptions& options) : options_(options) {}

    /// The block onto smaller ones; nothing if its vertices were not packed.
    [[nodiscard]] std::optional<std::vector<Block>> split(const Block& block, std::uint32_t stream) const;
    [[nodiscard]] bool stopped() const { return options_.stop != nullptr && *options_.stop && (*options_.stop)(); }

private:
    [[nodiscard]] std::vector<std::uint32_t> shares(std::uint32_t parts) const;

    const TopDownOptions& options_;
};

/// Numbers of parts of the blocks that so many parts are split into: as equal, and as few levels of them, as may be.
std::vector<std::uint32_t> TopDown::shares(std::uint32_t parts) const {
    if (parts <= options_.most_at_once) {
        return std::vector<std::uint32_t>(parts, 1);
    }
    const double most = options_.most_at_once;
    const double levels = std::ceil(std::log(static_cast<double>(parts)) / std::log(most) - 1e-9);
    const double width = std::ceil(std::pow(static_cast<double>(parts), 1 / levels) - 1e-9);
    const auto blocks = static_cast<std::uint32_t>(std::clamp(width, 2.0, most));
    std::vector<std::uint32_t> shares(blocks, parts / blocks);
    for (std::uint32_t i = 0; i < parts % blocks; ++i) {
        ++shares[i];
    }
    return shares;
}

std::optional<std::vector<Block>> TopDown::split(const Block& block, std::uint32_t stream) const {
    const std::vector<std::uint32_t> share = shares(block.parts);
    const bool last = block.parts == share.size();
    MultilevelOptions search{.parts = static_cast<std::uint32_t>(share.size()),
                             .capacity = {},
                             .seed = options_.seed,
                             .stream = split_streams + stream,
                             .proposals = last ? options_.proposals : options_.early_proposals,
                             .slow_coarse = !last,
                             .work = options_.work * block.sub.graph.vertices,
                             .stop = options_.stop};
    for (const std::uint32_t parts : share) {
        search.capacity.push_back(parts * options_.capacity);
    }
    std::vector<std::uint32_t> part_of;
    if (block.sub.graph.vertices > 0) {
        part_of = multilevel(group_nets(block.sub.graph), search);
        if (part_of.empty() && last) {
            part_of = pack(block.sub.graph, {.parts = search.parts, .capacity = options_.capacity}).value_or(part_of);
        }
        if (part_of.empty()) {
            return std::nullopt;
        }
    }
    std::vector<SubHypergraph> subs = cut_into_blocks(block.sub.graph, part_of, search.parts);
    std::vector<Block> blocks;
    std::uint32_t first = block.first;
    for (std::size_t i = 0; i < subs.size(); ++i) {
        for (std::uint32_t& v : subs[i].vertices) {
            v = block.sub.vertices[v];
        }
        blocks.push_back({.sub = std::move(subs[i]), .first = first, .parts = share[i]});
        first += share[i];
    }
    return blocks;
}

}  // namespace

std::vector<std::uint32_t> partition_top_down(const Hypergraph& graph, const TopDownOptions& options) {
    const TopDown search(options);
    std::vector<std::uint32_t> part_of(graph.vertices, 0);
    std::vector<Block> pending;
    for (SubHypergraph& whole : cut_into_blocks(graph, part_of, 1)) {
        pending.push_back({.sub = std::move(whole), .first = 0, .parts = options.parts});
    }
    std::uint32_t stream = 0;
    while (!pending.empty()) {
        std::vector<std::optional<std::vector<Block>>> found(pending.size());
        side_by_side(pending.size(), options.threads, [&](std::size_t i) {
            if (!search.stopped()) {
                found[i] = search.split(pending[i], stream + static_cast<std::uint32_t>(i));
                pending[i] = {};
            }
        });
        stream += static_cast<std::uint32_t>(pending.size());
        pending.clear();
        for (auto& blocks : found) {
            if (!blocks) {
                return {};
            }
            for (Block& block : *blocks) {
                if (block.parts > 1) {
                    pending.push_back(std::move(block));
                    continue;
                }
                for (const std::uint32_t v : block.sub.vertices) {
                    part_of[v] = block.first;
                }
            }
        }
    }
    return part_of;
}

}  // namespace spikeloom::compiler
