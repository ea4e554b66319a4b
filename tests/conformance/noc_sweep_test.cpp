// The flit model against BookSim 2 under steady loads, 8 x 8 mesh: mean packet latency below 90 % of saturation, and
// what is accepted beyond saturation. Of every network in the reference the heaviest checked row of both kinds, where
// errors are largest; spikeloom_noc_sweep (tests/bench) runs all rows.
//
// Statistical error: a row has 5,800 to 140,000 packets. Between seeds means differ by 0.2 to 0.7 % (standard
// deviation) up to 80 % of saturation, by 1.3 % close to 90 % with buffers of 1, where waits are long and correlated;
// BookSim's own three seeds differ as much. Seen with this seed: at most 1.9 % of latency (bound 3) and 1.3 % of
// accepted rate (2).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "conformance/noc_sweep.hpp"

namespace spikeloom::test {
namespace {

using Network = std::tuple<std::string, std::string, int, int, bool>;

/// By network and kind: the stable row of the highest load below 90 % of saturation, the unstable one of the lowest.
std::map<Network, SweepRow> chosen(const std::vector<SweepRow>& all) {
    std::map<Network, SweepRow> rows;
    for (const SweepRow& row : all) {
        if (row.seed != 1 || (row.stable && row.offered >= 0.9 * saturation_of(row, all))) {
            continue;
        }
        const auto [at, fresh] = rows.try_emplace({row.router, row.traffic, row.flits, row.buffer, row.stable}, row);
        if (!fresh && (row.stable ? row.offered > at->second.offered : row.offered < at->second.offered)) {
            at->second = row;
        }
    }
    return rows;
}

}  // namespace

TEST_CASE("mean latency and accepted rate under steady loads are BookSim's") {
    const auto all = read_sweeps();
    if (!all) {
        return;
    }
    const auto rows = chosen(*all);
    CHECK(rows.size() >= 30);
    for (const auto& [network, row] : rows) {
        // Few packets cross at low rates, and they cost little; at high ones thousands cross in a short time.
        router::LoadOptions options;
        if (row.stable && row.offered < 0.05) {
            options.measured = 18'000;
        } else if (row.offered >= 0.1) {
            options = {.warm_up = 3000, .measured = 4500};
        }
        const router::LoadPoint ours = measure(row, router::Model::flit, options, 1);
        CAPTURE(to_text(row));
        CHECK(ours.saturated != row.stable);
        if (row.stable) {
            CHECK(ours.latency.mean == doctest::Approx(row.latency).epsilon(0.03));
        } else {
            CHECK(ours.accepted == doctest::Approx(row.accepted).epsilon(0.02));
        }
    }
}

TEST_CASE("random batches drain as BookSim's do, on average") {
    const auto rows = read_random_batches();
    if (!rows) {
        return;
    }
    CHECK(!rows->empty());
    for (const RandomBatchRow& row : *rows) {
        const int seeds = std::max(8, 64 / row.packets);
        double cycles = 0;
        double latency = 0;
        for (int seed = 1; seed <= seeds; ++seed) {
            const auto batch = drain(row, router::Model::flit, static_cast<std::uint64_t>(seed));
            cycles += static_cast<double>(batch.cycles) / seeds;
            latency += batch.latency.mean / seeds;
        }
        // A batch's standard deviation from the range of 20 (3.7 of them), then that of the difference of two means.
        const double error = (row.cycles_most - row.cycles_least) / 3.7 * std::sqrt(1.0 / row.batches + 1.0 / seeds);
        CAPTURE(to_text(row.network));
        CAPTURE(row.packets);
        CHECK(std::abs(cycles - row.cycles_mean) < 4 * error);
        CHECK(latency == doctest::Approx(row.latency).epsilon(0.03));
    }
}

// BookSim's accepted rates beyond saturation under hotspot({{27,0..63},{7,1,..,1}}), one-flit packets (MAPPING_NOC,
// section 8, three digits).
TEST_CASE("a hot spot saturates the mesh where BookSim says") {
    for (const auto& [buffer, accepted] : {std::pair{2, 0.046}, std::pair{4, 0.092}}) {
        const SweepRow row{.router = "spec", .traffic = "hotspot", .buffer = buffer, .offered = 1.25 * accepted};
        const router::LoadPoint ours = measure(row, router::Model::flit, {}, 1);
        CAPTURE(buffer);
        CHECK(ours.saturated);
        CHECK(ours.accepted == doctest::Approx(accepted).epsilon(0.02));
    }
}

}  // namespace spikeloom::test
