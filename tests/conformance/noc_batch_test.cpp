// The flit model against BookSim 2, cycle for cycle: batches of deterministic traffic on an 8 x 8 mesh, drained from
// cycle 0. The reference says how many cycles a batch took, its mean latencies, and those of every pair.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "router/models.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::router {
namespace {

constexpr int side = 8;
constexpr std::uint32_t nodes = side * side;

/// The destination of a node's packets, both numbered row by row.
std::uint32_t destination(const std::string& traffic, std::uint32_t node) {
    const std::uint32_t x = node % side;
    const std::uint32_t y = node / side;
    if (traffic == "transpose") {
        return x * side + y;
    }
    if (traffic == "neighbor") {
        return (y + 1) % side * side + (x + 1) % side;
    }
    if (traffic == "tornado") {
        return (y + 3) % side * side + (x + 3) % side;
    }
    if (traffic == "bitcomp") {
        return nodes - 1 - node;
    }
    if (traffic == "shuffle") {
        return (node << 1U & (nodes - 1)) | node >> 5U;
    }
    if (traffic == "bitrev") {
        std::uint32_t reversed = 0;
        for (int bit = 0; bit < 6; ++bit) {
            reversed |= (node >> bit & 1U) << (5 - bit);
        }
        return reversed;
    }
    REQUIRE(traffic == "allto27");
    return 27;
}

/// Whether a figure is the one that was printed with six digits.
bool as_printed(double value, const std::string& printed) {
    return std::abs(value - std::stod(printed)) <= 5.0001e-6 * std::pow(10, std::ceil(std::log10(value)));
}

struct Batch {
    std::string router;
    std::string traffic;
    int flits = 1;
    int depth = 1;
    int packets = 1;
};

struct BatchResult {
    Cycle cycles = 0;
    double packet_latency = 0;
    double network_latency = 0;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::array<double, 3>> pairs;  ///< count and sums
};

std::uint32_t endpoint_of(const Mesh& mesh, std::uint32_t node) {
    return static_cast<std::uint32_t>(mesh.tile_at(static_cast<int>(node % side), static_cast<int>(node / side)));
}

BatchResult drain(const Batch& batch) {
    const Mesh mesh{.columns = side, .rows = side, .cores_per_tile = 1};
    NetworkParameters parameters;
    parameters.packet_flits = batch.flits;
    parameters.buffer_flits = batch.depth;
    parameters.allocation = batch.router == "spec" ? Allocation::one_cycle : Allocation::two_cycles;
    const Graph graph = Graph::build(mesh, parameters).value();

    std::vector<std::uint32_t> node_of(nodes);
    for (std::uint32_t node = 0; node < nodes; ++node) {
        node_of[endpoint_of(mesh, node)] = node;
    }
    Workload workload;
    for (std::uint32_t endpoint = 0; endpoint < nodes; ++endpoint) {
        workload.first.push_back(workload.messages.size());
        const std::uint32_t to = endpoint_of(mesh, destination(batch.traffic, node_of[endpoint]));
        for (int i = 0; i < batch.packets; ++i) {
            workload.messages.push_back({.destination = to, .service = 0, .work = i == 0 ? 0U : 1U});
        }
    }
    workload.first.push_back(workload.messages.size());
    Outcome outcome;
    make_flit_model(graph)->run(workload, true, outcome);

    BatchResult result{.cycles = outcome.last_arrival + 1, .packet_latency = 0, .network_latency = 0, .pairs = {}};
    for (const Passage& passage : outcome.passages) {
        const auto latency = static_cast<double>(passage.arrived - passage.made);
        const auto network = static_cast<double>(passage.arrived - passage.injected);
        result.packet_latency += latency / static_cast<double>(outcome.passages.size());
        result.network_latency += network / static_cast<double>(outcome.passages.size());
        auto& pair = result.pairs[{node_of[passage.source], node_of[passage.destination]}];
        pair[0] += 1;
        pair[1] += latency;
        pair[2] += network;
    }
    return result;
}

std::vector<std::vector<std::string>> rows(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::vector<std::string>> found;
    bool heading = true;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') {
            continue;
        }
        if (std::exchange(heading, false)) {
            continue;
        }
        std::vector<std::string>& row = found.emplace_back();
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) {
            row.push_back(field);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("deterministic batches drain in BookSim's cycles, with its mean latencies") {
    const auto path = test::reference_data("noc/booksim_batch_ref.csv");
    if (!path) {
        return;
    }
    int given = 0;
    int exact = 0;
    for (const auto& row : rows(*path)) {
        if (row.at(7) != "1") {
            continue;
        }
        const Batch batch{row[0], row[1], std::stoi(row[2]), std::stoi(row[3]), std::stoi(row[4])};
        const BatchResult result = drain(batch);
        const auto cycles = std::stoll(row.at(9));
        const bool equal = result.cycles == cycles && as_printed(result.packet_latency, row.at(11)) &&
                           as_printed(result.network_latency, row.at(12));
        ++given;
        exact += equal ? 1 : 0;
        if (!equal) {
            MESSAGE(fmt::format("{} {} flits {} depth {} packets {}: {} cycles ({}), latency {:.4f} ({}), {:.4f} ({})",
                                batch.router, batch.traffic, batch.flits, batch.depth, batch.packets, result.cycles,
                                cycles, result.packet_latency, row[11], result.network_latency, row[12]));
        }
        CHECK(std::abs(static_cast<double>(result.cycles - cycles)) <= 0.03 * static_cast<double>(cycles));
    }
    MESSAGE(fmt::format("{} of {} batches exact", exact, given));
    CHECK(given > 0);
    CHECK(exact == given);
}

TEST_CASE("every pair's latency is BookSim's") {
    const auto path = test::reference_data("noc/booksim_pairs_ref.csv");
    if (!path) {
        return;
    }
    std::map<std::string, BatchResult> results;
    int given = 0;
    int exact = 0;
    for (const auto& row : rows(*path)) {
        const Batch batch{"spec", row.at(0), std::stoi(row.at(1)), std::stoi(row.at(2)), std::stoi(row.at(3))};
        const std::string key = fmt::format("{} {} {} {}", row[0], row[1], row[2], row[3]);
        if (!results.contains(key)) {
            results[key] = drain(batch);
        }
        const auto from = static_cast<std::uint32_t>(std::stoul(row.at(4)));
        const auto to = static_cast<std::uint32_t>(std::stoul(row.at(5)));
        const auto& pair = results[key].pairs[{from, to}];
        const bool equal = pair[0] == std::stod(row.at(6)) && as_printed(pair[1] / pair[0], row.at(7)) &&
                           as_printed(pair[2] / pair[0], row.at(8));
        ++given;
        exact += equal ? 1 : 0;
    }
    MESSAGE(fmt::format("{} of {} pairs exact", exact, given));
    CHECK(given > 0);
    CHECK(exact == given);
}

}  // namespace spikeloom::router
