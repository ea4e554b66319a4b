// Which kernel a processor runs next: of those that are due the one with the earliest deadline, the first task where
// deadlines agree. Internal to chip/analog.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "chip/analog/ppu.hpp"

namespace spikeloom::chip::analog {

class EarliestDeadline {
public:
    EarliestDeadline(std::span<const PlasticTask> tasks, std::uint8_t hemisphere);

    /// The run that begins next on a processor that is free from `free_s` on; none: all timers have run out. Without
    /// its end, which finish() sets.
    [[nodiscard]] std::optional<Execution> next(double free_s) const;
    /// Takes what next() gave off the list.
    void begin(const Execution& execution) { ++done_[execution.task]; }

private:
    std::span<const PlasticTask> tasks_;
    std::uint8_t hemisphere_;
    std::vector<std::uint32_t> done_;
};

}  // namespace spikeloom::chip::analog
