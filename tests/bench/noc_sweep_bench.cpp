// spikeloom_noc_sweep [free|queued|flit] [CYCLES] [SEEDS]
// All rows of BookSim's load sweeps beside ours: latency of the stable rows, accepted rate of the unstable ones. Rows
// beyond the bounds (3 % of latency below 90 % of saturation, 2 % of the accepted rate) are marked.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "conformance/noc_sweep.hpp"

namespace {

using namespace spikeloom;

/// Means over seeds.
struct Measured {
    double latency = 0;
    double accepted = 0;
    double latency_spread = 0;  ///< standard deviation between seeds
    int saturated = 0;
};

Measured measure(const test::SweepRow& row, router::Model model, const router::LoadOptions& options, int seeds) {
    Measured mean;
    double squares = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
        const auto point = test::measure(row, model, options, static_cast<std::uint64_t>(seed));
        mean.latency += point.latency.mean / seeds;
        squares += point.latency.mean * point.latency.mean / seeds;
        mean.accepted += point.accepted / seeds;
        mean.saturated += point.saturated ? 1 : 0;
    }
    mean.latency_spread = std::sqrt(std::max(0.0, squares - mean.latency * mean.latency));
    return mean;
}

}  // namespace

int main(int count, char** words) {
    const std::string_view name = count > 1 ? words[1] : "flit";
    const router::Model model = name == "free"     ? router::Model::free
                                : name == "queued" ? router::Model::queued
                                                   : router::Model::flit;
    router::LoadOptions options;
    options.measured = count > 2 ? std::atoll(words[2]) : options.measured;
    const int seeds = count > 3 ? std::atoi(words[3]) : 1;
    const auto rows = test::read_sweeps();
    if (!rows || seeds < 1 || options.measured < 1) {
        return 1;
    }
    int beyond = 0;
    int checked = 0;
    fmt::print("{:<8} {:<10} {:>5} {:>6} {:>7} | {:>9} {:>9} {:>7} | {:>8} {:>8} {:>7} |\n", "router", "traffic",
               "flits", "buffer", "offered", "BookSim", "ours", "error", "accepted", "ours", "error");
    for (const test::SweepRow& row : *rows) {
        const Measured ours = measure(row, model, options, seeds);
        const double load = row.offered / test::saturation_of(row, *rows);
        const double accepted_error = ours.accepted / row.accepted - 1;
        const double latency_error = row.stable ? ours.latency / row.latency - 1 : 0;
        const bool wrong =
            row.stable ? load < 0.9 && std::fabs(latency_error) > 0.03 : std::fabs(accepted_error) > 0.02;
        checked += !row.stable || load < 0.9 ? 1 : 0;
        beyond += wrong ? 1 : 0;
        const std::string latency =
            row.stable ? fmt::format("{:>9.2f} {:>9.2f} {:>+6.2f}%", row.latency, ours.latency, 100 * latency_error)
                       : fmt::format("{:>9} {:>9.1f} {:>7}", "-", ours.latency, "");
        fmt::print(
            "{:<8} {:<10} {:>5} {:>6} {:>7} | {} | {:>8.5f} {:>8.5f} {:>+6.2f}% | seed {}, {:>3.0f} % of saturation, "
            "deviation {:.2f}{}{}\n",
            row.router, row.traffic, row.flits, row.buffer, row.offered, latency, row.accepted, ours.accepted,
            100 * accepted_error, row.seed, 100 * load, ours.latency_spread,
            (ours.saturated * 2 > seeds) == row.stable ? ", flag differs" : "", wrong ? "  BEYOND" : "");
    }
    fmt::print("{} rows checked, {} beyond the bounds\n", checked, beyond);
    return 0;
}
