// Load sweeps and random batches of BookSim 2 (booksim_ref.csv, booksim_batch_ref.csv) and the same on our models.
// Random numbers differ, so figures agree within the statistical error of both; BookSim's own is seen where it ran a
// point under three seeds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "router/load.hpp"

namespace spikeloom::test {

struct SweepRow {
    std::string router;   ///< "spec": one-cycle allocation; "nonspec": two
    std::string traffic;  ///< "uniform", "transpose", "allto27", "hotspot"
    int flits = 1;
    int buffer = 1;
    double offered = 0;   ///< flits per node and cycle
    bool stable = false;  ///< BookSim reached a steady state
    double latency = 0;   ///< mean packet latency in cycles, of stable rows
    double accepted = 0;  ///< flits per node and cycle
    int seed = 1;
};
[[nodiscard]] std::string to_text(const SweepRow& row);

/// Nothing where the reference data is missing.
[[nodiscard]] std::optional<std::vector<SweepRow>> read_sweeps();

/// Batches of random traffic (booksim_batch_ref.csv, deterministic=0): means over `batches`.
struct RandomBatchRow {
    SweepRow network;
    int packets = 1;  ///< of every node
    int batches = 1;
    double cycles_least = 0;  ///< to drain
    double cycles_mean = 0;
    double cycles_most = 0;
    double latency = 0;
};
[[nodiscard]] std::optional<std::vector<RandomBatchRow>> read_random_batches();
[[nodiscard]] router::BatchResult drain(const RandomBatchRow& row, router::Model model, std::uint64_t seed);

/// Offered load at which the row's network saturates, in flits per node and cycle: the least of what it accepts in the
/// unstable rows of the same network, and of what its most loaded link carries (for the traffics whose ways are fixed).
[[nodiscard]] double saturation_of(const SweepRow& row, const std::vector<SweepRow>& all);

[[nodiscard]] router::LoadPoint measure(const SweepRow& row, router::Model model, const router::LoadOptions& options,
                                        std::uint64_t seed);

}  // namespace spikeloom::test
