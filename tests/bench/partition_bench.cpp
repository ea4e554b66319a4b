// spikeloom_partition_bench [EFFORTS] [SEEDS] [NET ...]
// Copies of our partitions beside every row of mapping/partition_ref.csv, for each number of neurons a core and of
// cores there. EFFORTS are digits ("01" by default; "0123" takes minutes), SEEDS how many of each effort (3).
// Ours are seconds of processor time on one thread, the table's are wall seconds on another machine under load.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/partition/hmetis.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "core/files/bytes.hpp"
#include "core/files/gzip.hpp"
#include "support/reference_data.hpp"

namespace {

using namespace spikeloom;

struct Row {
    std::string net;
    std::uint64_t capacity = 0;
    std::uint32_t parts = 0;
    std::string method;
    double wall_s = 0;
    std::uint64_t copies = 0;
};

/// The fields of a line that a bench needs; nothing for the header.
std::optional<Row> row_of(std::string_view line) {
    std::vector<std::string_view> fields;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(','), line.size());
        fields.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    // net, neurons, C, k, method, seed, wall_s, copies, ...
    if (fields.size() < 8) {
        return std::nullopt;
    }
    Row row{.net = std::string(fields[0]), .method = std::string(fields[4])};
    const auto number = [](std::string_view field, auto& value) {
        return std::from_chars(field.data(), field.data() + field.size(), value).ec == std::errc();
    };
    if (!number(fields[2], row.capacity) || !number(fields[3], row.parts) || !number(fields[6], row.wall_s) ||
        !number(fields[7], row.copies)) {
        return std::nullopt;
    }
    return row;
}

std::vector<Row> read_rows(const std::string& path) {
    std::vector<Row> rows;
    const auto bytes = files::read_bytes(path);
    std::string_view text = bytes ? std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : "";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto row = row_of(text.substr(0, end))) {
            rows.push_back(std::move(*row));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return rows;
}

/// Runs of one method: each one's copies and seconds.
struct Runs {
    std::vector<std::uint64_t> copies{};
    double seconds = 0;

    void print(const std::string& name, std::uint64_t best, std::string_view remark) const {
        const auto [least, most] = std::ranges::minmax(copies);
        const auto runs = static_cast<double>(copies.size());
        const double mean = std::accumulate(copies.begin(), copies.end(), 0.0) / runs;
        fmt::print("  {:<18} {:>9.0f} {:>8} .. {:<8} {:>6.3f} {:>9.2f} s  {}\n", name, mean, least, most,
                   static_cast<double>(least) / static_cast<double>(best), seconds / runs, remark);
    }
};

struct Case {
    std::string net;
    std::uint64_t capacity = 0;
    std::uint32_t parts = 0;
    friend auto operator<=>(const Case&, const Case&) = default;
};

/// False if a part passes the capacity.
bool measure(const compiler::Hypergraph& graph, const Case& c, int effort, int seeds, std::uint64_t best) {
    Runs runs;
    std::uint64_t largest = 0;
    std::size_t most_used = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        const std::clock_t started = std::clock();
        const auto part_of = partition_hypergraph(
            graph,
            {.parts = c.parts, .capacity = c.capacity, .effort = effort, .seed = static_cast<std::uint64_t>(seed)});
        runs.seconds += static_cast<double>(std::clock() - started) / static_cast<double>(CLOCKS_PER_SEC);
        runs.copies.push_back(copies(graph, part_of));
        std::map<std::uint32_t, std::uint64_t> load;
        for (std::uint32_t v = 0; v < graph.vertices; ++v) {
            largest = std::max(largest, load[part_of.at(v)] += graph.weight_of(v));
        }
        most_used = std::max(most_used, load.size());
    }
    runs.print(fmt::format("effort {}", effort), best, fmt::format("{} parts used, largest {}", most_used, largest));
    return largest <= c.capacity && most_used <= c.parts;
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> arguments(words + 1, words + count);
    const std::string efforts = !arguments.empty() ? arguments[0] : "01";
    const int seeds = arguments.size() > 1 ? std::max(std::atoi(arguments[1].c_str()), 1) : 3;
    const auto table = test::reference_data("mapping/partition_ref.csv");
    if (!table || efforts.find_first_not_of("0123") != std::string::npos) {
        return 1;
    }
    std::map<Case, std::map<std::string, Runs>> cases;
    for (const Row& row : read_rows(*table)) {
        Runs& runs = cases[{row.net, row.capacity, row.parts}][row.method];
        runs.copies.push_back(row.copies);
        runs.seconds += row.wall_s;
    }
    bool good = !cases.empty();
    for (const auto& [c, methods] : cases) {
        if (arguments.size() > 2 && std::find(arguments.begin() + 2, arguments.end(), c.net) == arguments.end()) {
            continue;
        }
        const auto path = test::reference_data("mapping/hypergraphs/" + c.net + ".hgr.gz");
        const auto bytes = path ? files::read_maybe_gzip(*path) : files::read_maybe_gzip(c.net);
        const auto graph = bytes ? compiler::read_hmetis(*bytes, c.net) : fail(bytes.error());
        if (!graph) {
            return 1;
        }
        std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
        for (const auto& [method, runs] : methods) {
            best = std::min(best, std::ranges::min(runs.copies));
        }
        fmt::print("{}: {} vertices, {} pins, {} a part, {} parts: mean, least .. most copies, least / best, seconds\n",
                   c.net, graph->vertices, graph->pins.size(), c.capacity, c.parts);
        for (const auto& [method, runs] : methods) {
            runs.print(method, best, "");
        }
        for (const char effort : efforts) {
            good = measure(*graph, c, effort - '0', seeds, best) && good;
        }
    }
    return good ? 0 : 1;
}
