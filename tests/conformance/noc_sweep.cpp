#include "conformance/noc_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/reference_data.hpp"

namespace spikeloom::test {
namespace {

bool same_network(const SweepRow& a, const SweepRow& b) {
    return a.router == b.router && a.traffic == b.traffic && a.flits == b.flits && a.buffer == b.buffer;
}

double number(const std::string& field) {
    return field.empty() ? 0 : std::stod(field);
}

router::Traffic traffic_of(const std::string& name) {
    return router::parse_traffic(name == "allto27" ? "allto:27" : name == "hotspot" ? "hotspot:27=8" : name).value();
}

/// Fields of the lines behind comments and the header; nothing where the file is missing.
std::optional<std::vector<std::vector<std::string>>> read_fields(const std::string& name) {
    const auto path = reference_data(name);
    if (!path) {
        return std::nullopt;
    }
    std::ifstream file(*path);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#' || line.starts_with("router,")) {
            continue;
        }
        std::istringstream stream(line);
        std::vector<std::string>& fields = rows.emplace_back();
        for (std::string field; std::getline(stream, field, ',');) {
            fields.push_back(field);
        }
    }
    return rows;
}

router::Graph graph_of(const SweepRow& row) {
    router::NetworkParameters parameters;
    parameters.packet_flits = row.flits;
    parameters.buffer_flits = row.buffer;
    parameters.allocation = row.router == "spec" ? router::Allocation::one_cycle : router::Allocation::two_cycles;
    return router::Graph::build({.columns = 8, .rows = 8, .cores_per_tile = 1}, parameters).value();
}

}  // namespace

std::string to_text(const SweepRow& row) {
    return fmt::format("{} {} {} flit(s), buffer {}, offered {} (seed {})", row.router, row.traffic, row.flits,
                       row.buffer, row.offered, row.seed);
}

std::optional<std::vector<SweepRow>> read_sweeps() {
    const auto table = read_fields("noc/booksim_ref.csv");
    if (!table) {
        return std::nullopt;
    }
    std::vector<SweepRow> rows;
    for (const auto& fields : *table) {
        rows.push_back({.router = fields.at(0),
                        .traffic = fields.at(1),
                        .flits = std::stoi(fields.at(2)),
                        .buffer = std::stoi(fields.at(3)),
                        .offered = number(fields.at(4)),
                        .stable = fields.at(6) == "1",
                        .latency = number(fields.at(7)),
                        .accepted = number(fields.at(14)),
                        .seed = std::stoi(fields.at(5))});
    }
    return rows;
}

std::optional<std::vector<RandomBatchRow>> read_random_batches() {
    const auto table = read_fields("noc/booksim_batch_ref.csv");
    if (!table) {
        return std::nullopt;
    }
    std::vector<RandomBatchRow> rows;
    for (const auto& fields : *table) {
        if (fields.at(7) == "0") {
            RandomBatchRow row;
            row.network.router = fields.at(0);
            row.network.traffic = fields.at(1);
            row.network.flits = std::stoi(fields.at(2));
            row.network.buffer = std::stoi(fields.at(3));
            row.packets = std::stoi(fields.at(4));
            row.batches = std::stoi(fields.at(5));
            row.cycles_least = number(fields.at(8));
            row.cycles_mean = number(fields.at(9));
            row.cycles_most = number(fields.at(10));
            row.latency = number(fields.at(11));
            rows.push_back(row);
        }
    }
    return rows;
}

router::BatchResult drain(const RandomBatchRow& row, router::Model model, std::uint64_t seed) {
    const router::Graph graph = graph_of(row.network);
    const auto network = router::make_model(model, graph);
    const router::TrafficSource source(traffic_of(row.network.traffic), graph.mesh(), seed);
    return router::run_batch(graph, *network, source.batch(static_cast<std::uint32_t>(row.packets)));
}

double saturation_of(const SweepRow& row, const std::vector<SweepRow>& all) {
    const double link = std::min(1.0, row.buffer / 6.0);  // a credit loop of six cycles
    double least = row.traffic == "transpose" ? link / 7 : row.traffic == "allto27" ? link / 64 : 1.0;
    for (const SweepRow& other : all) {
        if (!other.stable && same_network(other, row)) {
            least = std::min(least, other.accepted);
        }
    }
    return least;
}

router::LoadPoint measure(const SweepRow& row, router::Model model, const router::LoadOptions& options,
                          std::uint64_t seed) {
    const router::Graph graph = graph_of(row);
    const auto network = router::make_model(model, graph);
    const router::TrafficSource source(traffic_of(row.traffic), graph.mesh(), seed);
    return router::run_load(graph, *network, source, row.offered, options);
}

}  // namespace spikeloom::test
