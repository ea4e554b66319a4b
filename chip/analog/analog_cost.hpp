// Energy of analog trials: a pure function of counts and a cost table. The chip's power flows whether neurons spike or
// not, so it is taken for the whole duration; events come on top where a table prices them.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/cost.hpp"
#include "chip/spec/analog_spec.hpp"

namespace spikeloom::chip::analog {

struct AnalogItemEnergy {
    AnalogCostItem item = AnalogCostItem::spike;
    std::uint64_t count = 0;
    Estimate energy_pj;
    friend bool operator==(const AnalogItemEnergy&, const AnalogItemEnergy&) = default;
};

struct AnalogEnergy {
    Estimate chip_pj;                     ///< power * duration
    std::vector<AnalogItemEnergy> items;  ///< those that the table prices, in its order
    Estimate total_pj;
    friend bool operator==(const AnalogEnergy&, const AnalogEnergy&) = default;
};

/// Counts of one trial or the sum of several. `ppu_vector_instructions` are counted by the embedded processors.
[[nodiscard]] AnalogEnergy price(const AnalogCounts& counts, const AnalogCostTable& costs,
                                 std::uint64_t ppu_vector_instructions = 0);

/// Sums field by field.
AnalogCounts& operator+=(AnalogCounts& sum, const AnalogCounts& more);

}  // namespace spikeloom::chip::analog
