// Traffic from words and files, and what keeps it from a board.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>
#include <utility>

#include "router/synthetic.hpp"

namespace spikeloom::router {
namespace {

constexpr std::array<std::pair<std::string_view, Pattern>, 9> patterns{{{"uniform", Pattern::uniform},
                                                                        {"transpose", Pattern::transpose},
                                                                        {"bitcomp", Pattern::bit_complement},
                                                                        {"bitrev", Pattern::bit_reverse},
                                                                        {"shuffle", Pattern::shuffle},
                                                                        {"neighbor", Pattern::neighbor},
                                                                        {"tornado", Pattern::tornado},
                                                                        {"hotspot", Pattern::hotspot},
                                                                        {"allto", Pattern::all_to}}};
constexpr std::uint32_t most_weight = 1'000'000;
constexpr std::uint64_t most_cycle = 1'000'000'000;
constexpr std::size_t most_findings = 20;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && value <= most ? std::optional(value) : std::nullopt;
}

/// The part before the separator; takes it and the separator off `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

tl::unexpected<Diagnostics> not_a_traffic(std::string_view text, std::string allowed) {
    return fail({.where = fmt::format("traffic '{}'", text),
                 .found = "not a traffic pattern",
                 .allowed = std::move(allowed),
                 .help = "a list of packets is a file that ends in .csv"});
}

Result<std::vector<HotNode>> parse_hot_nodes(std::string_view whole, std::string_view rest) {
    std::vector<HotNode> hot;
    while (!rest.empty()) {
        std::string_view weight = next_part(rest, ',');
        const auto node = parse_number(next_part(weight, '='), 0xFFFFFFFE);
        const auto value = parse_number(weight, most_weight);
        if (!node || !value) {
            return not_a_traffic(whole, fmt::format("hotspot:NODE=WEIGHT,... with weights 0..{}", most_weight));
        }
        hot.push_back({.node = static_cast<std::uint32_t>(*node), .weight = static_cast<std::uint32_t>(*value)});
    }
    return hot;
}

class CsvReader {
public:
    explicit CsvReader(const std::string& origin) : origin_(origin) { traffic_.pattern = Pattern::listed; }

    Result<Traffic> read(std::string_view text) {
        for (std::size_t number = 1; !text.empty() && findings_.size() < most_findings; ++number) {
            std::string_view line = next_part(text, '\n');
            line = trimmed(line.substr(0, line.find('#')));
            if (!line.empty()) {
                packet(number, line);
            }
        }
        if (findings_.empty() && traffic_.list.empty()) {
            findings_.push_back(
                {.where = origin_, .found = "no packet", .allowed = "lines source,destination[,cycle]", .help = {}});
        }
        return findings_.empty() ? Result<Traffic>(std::move(traffic_)) : fail(std::move(findings_));
    }

private:
    void packet(std::size_t number, std::string_view line) {
        std::string_view rest = line;
        const std::string_view source = trimmed(next_part(rest, ','));
        const std::string_view destination = trimmed(next_part(rest, ','));
        const bool timed = !rest.empty();
        if (std::exchange(first_line_, false)) {
            if (source == "source" && destination == "destination") {
                return;
            }
        }
        const auto from = parse_number(source, 0xFFFFFFFE);
        const auto to = parse_number(destination, 0xFFFFFFFE);
        const auto cycle = timed ? parse_number(trimmed(rest), most_cycle) : std::optional<std::uint64_t>(0);
        if (!from || !to || !cycle) {
            wrong(number, fmt::format("'{}', not a packet", line.substr(0, 60)),
                  fmt::format("source,destination or source,destination,cycle with cycles 0..{}", most_cycle));
            return;
        }
        if (!traffic_.list.empty() && timed != traffic_.timed) {
            wrong(number, timed ? "a cycle, and none in the lines before" : "no cycle, and one in the lines before",
                  "all packets with a cycle, or none");
            return;
        }
        traffic_.timed = timed;
        traffic_.list.push_back({.source = static_cast<std::uint32_t>(*from),
                                 .destination = static_cast<std::uint32_t>(*to),
                                 .cycle = static_cast<Cycle>(*cycle)});
    }
    void wrong(std::size_t number, std::string found, std::string allowed) {
        findings_.push_back({.where = fmt::format("{}:{}", origin_, number),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = {}});
    }

    const std::string& origin_;
    Traffic traffic_;
    Diagnostics findings_;
    bool first_line_ = true;
};

/// A diagnostic for the first of `nodes` that is not on the board.
template <class Nodes>
void check_nodes(std::string_view where, const Nodes& nodes, std::uint32_t most, Diagnostics& findings) {
    for (const std::uint32_t node : nodes) {
        if (node >= most) {
            findings.push_back({.where = std::string(where),
                                .found = fmt::format("node {}", node),
                                .allowed = fmt::format("the board's nodes, 0..{}", most - 1),
                                .help = {}});
            return;
        }
    }
}

void check_sides(Pattern pattern, const Mesh& mesh, std::string_view where, Diagnostics& findings) {
    const bool bits =
        pattern == Pattern::bit_complement || pattern == Pattern::bit_reverse || pattern == Pattern::shuffle;
    const bool square = pattern == Pattern::transpose;
    const std::string board = fmt::format("a board of {} x {} tiles", mesh.board_columns(), mesh.board_rows());
    if (square && mesh.board_columns() != mesh.board_rows()) {
        findings.push_back({.where = std::string(where), .found = board, .allowed = "a square board", .help = {}});
    }
    if (bits && !std::has_single_bit(static_cast<std::uint32_t>(mesh.tiles()))) {
        findings.push_back(
            {.where = std::string(where), .found = board, .allowed = "a power of two of tiles", .help = {}});
    }
}

}  // namespace

std::string_view name_of(Pattern pattern) {
    for (const auto& [name, meaning] : patterns) {
        if (meaning == pattern) {
            return name;
        }
    }
    return "list";
}

Result<Traffic> parse_traffic(std::string_view text) {
    std::string_view rest = text;
    const std::string_view name = next_part(rest, ':');
    Traffic traffic;
    bool known = false;
    std::string allowed;
    for (const auto& [word, meaning] : patterns) {
        if (word == name) {
            traffic.pattern = meaning;
            known = true;
        }
        allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", word);
    }
    const bool has_part = name.size() < text.size();
    const bool wants_part = traffic.pattern == Pattern::all_to || traffic.pattern == Pattern::hotspot;
    if (!known || (has_part && !wants_part)) {
        return not_a_traffic(text, allowed + " (allto:NODE, hotspot:NODE=WEIGHT,...)");
    }
    if (traffic.pattern == Pattern::all_to) {
        const auto target = parse_number(rest, 0xFFFFFFFE);
        if (!target) {
            return not_a_traffic(text, "allto:NODE");
        }
        traffic.target = static_cast<std::uint32_t>(*target);
    }
    if (traffic.pattern == Pattern::hotspot) {
        auto hot = parse_hot_nodes(text, rest);
        if (!hot) {
            return fail(std::move(hot.error()));
        }
        if (hot->empty()) {
            return not_a_traffic(text, "hotspot:NODE=WEIGHT,...");
        }
        traffic.hot = std::move(*hot);
    }
    return traffic;
}

Result<Traffic> parse_traffic_csv(std::string_view text, const std::string& origin) {
    return CsvReader(origin).read(text);
}

std::string to_text(const Traffic& traffic) {
    std::string text(name_of(traffic.pattern));
    if (traffic.pattern == Pattern::all_to) {
        text += fmt::format(":{}", traffic.target);
    }
    for (const HotNode& hot : traffic.hot) {
        text += fmt::format("{}{}={}", &hot == traffic.hot.data() ? ":" : ",", hot.node, hot.weight);
    }
    if (traffic.pattern == Pattern::listed) {
        text += fmt::format(" of {} packets", traffic.list.size());
    }
    return text;
}

Diagnostics check_traffic(const Traffic& traffic, const Mesh& mesh) {
    Diagnostics findings;
    const std::string where = fmt::format("traffic '{}'", to_text(traffic));
    const auto nodes = static_cast<std::uint32_t>(mesh.cores());
    check_sides(traffic.pattern, mesh, where, findings);
    std::vector<std::uint32_t> named;
    if (traffic.pattern == Pattern::all_to) {
        named.push_back(traffic.target);
    }
    std::uint64_t weights = nodes;
    for (const HotNode& hot : traffic.hot) {
        named.push_back(hot.node);
        weights = weights + hot.weight - 1;
    }
    for (const ListedPacket& packet : traffic.list) {
        named.push_back(packet.source);
        named.push_back(packet.destination);
    }
    check_nodes(where, named, nodes, findings);
    if (weights == 0) {
        findings.push_back({.where = where, .found = "weights of 0 only", .allowed = {}, .help = {}});
    }
    return findings;
}

}  // namespace spikeloom::router
