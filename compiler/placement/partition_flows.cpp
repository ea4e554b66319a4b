#include "compiler/placement/partition_flows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/rules/lexer.hpp"

namespace spikeloom::compiler {
namespace {

bool numbered_by_source(const Hypergraph& graph) {
    for (std::uint32_t n = 0; n < graph.nets(); ++n) {
        const auto pins = graph.net(n);
        if (std::find(pins.begin(), pins.end(), n) == pins.end()) {
            return false;
        }
    }
    return true;
}

}  // namespace

CoreFlows flows_of_partition(const Hypergraph& graph, std::span<const std::uint32_t> part_of, std::uint32_t parts) {
    CoreFlows flows{.cores = parts, .flows = {}};
    const bool numbered = numbered_by_source(graph);
    std::vector<std::vector<std::uint32_t>> nets_from(parts);
    for (std::uint32_t n = 0; n < graph.nets(); ++n) {
        if (!graph.net(n).empty()) {
            nets_from[part_of[numbered ? n : graph.net(n).front()]].push_back(n);
        }
    }
    std::vector<std::uint32_t> seen_by(parts, 0);  // number of the last net, counted from 1
    std::vector<std::uint64_t> messages(parts, 0);
    std::vector<std::uint32_t> reached;
    constexpr std::uint64_t most = 2147483647;
    for (std::uint32_t from = 0; from < parts; ++from) {
        for (const std::uint32_t n : nets_from[from]) {
            for (const std::uint32_t pin : graph.net(n)) {
                const std::uint32_t to = part_of[pin];
                if (to == from || seen_by[to] == n + 1) {
                    continue;
                }
                seen_by[to] = n + 1;
                if (messages[to] == 0) {
                    reached.push_back(to);
                }
                messages[to] += graph.weight_of_net(n);
            }
        }
        std::sort(reached.begin(), reached.end());
        for (const std::uint32_t to : reached) {
            const auto count =
                static_cast<std::uint32_t>(std::min(std::exchange(messages[to], std::uint64_t{0}), most));
            if (count > 0) {
                flows.flows.push_back({.from = from, .to = to, .messages = count, .weight = count});
            }
        }
        reached.clear();
    }
    return flows;
}

Result<std::vector<std::uint32_t>> parse_parts(std::string_view text, const std::string& origin, std::uint32_t vertices,
                                               std::uint32_t parts) {
    std::vector<std::uint32_t> part_of;
    std::size_t line = 1;
    for (std::size_t begin = 0; begin < text.size() && part_of.size() <= vertices; ++line) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view word = text.substr(begin, end - begin);
        if (!word.empty() && word.back() == '\r') {
            word.remove_suffix(1);
        }
        std::uint32_t part = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), part);
        if (error != std::errc() || stop != word.data() + word.size() || part >= parts) {
            constexpr std::size_t most_shown = 24;
            return fail({.where = fmt::format("{}:{}", origin, line),
                         .found = fmt::format("'{}'", rules::shown(word.substr(0, most_shown))),
                         .allowed = fmt::format("the number of a part, 0 to {}", parts - 1),
                         .help = "a part for each place of the mesh; parts are counted from 0"});
        }
        part_of.push_back(part);
        begin = end + 1;
    }
    if (part_of.size() != vertices) {
        return fail({.where = origin,
                     .found = fmt::format("parts for {} vertices",
                                          part_of.size() > vertices ? "more" : fmt::format("{}", part_of.size())),
                     .allowed = fmt::format("one for each of the {} vertices", vertices)});
    }
    return part_of;
}

}  // namespace spikeloom::compiler
