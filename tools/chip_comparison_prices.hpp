// What an inference costs, from the counts of a run: pure functions, for chips with steps and without.
#pragma once

#include <cstdint>

#include "chip/analog/analog_cost.hpp"
#include "chip/image/image.hpp"
#include "core/base/counters.hpp"
#include "tools/chip_comparison.hpp"

namespace spikeloom::tools {

/// The counts of all samples, and what drew power meanwhile.
struct CountedRun {
    const Counters& counters;
    chip::Usage usage;  ///< time of all samples
    double samples = 1;
    std::uint64_t steps = 0;  ///< of all samples
    int tiles = 1;            ///< in use
    int idle_cores = 0;       ///< on the chips in use
};
[[nodiscard]] InferencePrice price_of(const CountedRun& run, const chip::CostTable& costs);

/// The same of an analog chip.
[[nodiscard]] InferencePrice price_of(const chip::analog::AnalogCounts& counts, double samples,
                                      const chip::AnalogCostTable& costs);

/// Under all of its cost tables; where it has none, latency alone (an ideal chip has none of its own).
void take_prices(const chip::analog::AnalogCounts& counts, double samples, const chip::AnalogSpec& chip,
                 Inference& inference);

[[nodiscard]] chip::Estimate times(const chip::Estimate& estimate, double factor);

/// Cores and chips in use, over a time.
[[nodiscard]] chip::Usage usage_of(const chip::Image& image, double time_ns);
/// Cores of those chips that are not.
[[nodiscard]] int idle_cores_of(const chip::Image& image);

}  // namespace spikeloom::tools
