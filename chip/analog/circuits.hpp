// What the circuits of an instance deviate by, as its calibration left them. Trims depend on what a circuit is
// calibrated to, so that measured calibration has a set of circuits for every target that an image's neurons have.
#pragma once

#include <vector>

#include "chip/analog/calibration.hpp"
#include "chip/analog/mismatch.hpp"

namespace spikeloom::chip::analog {

/// More different targets than this in one image are refused where calibrate() has to run for each.
inline constexpr std::size_t most_targets = 64;

class Circuits {
public:
    /// Errors: the given trims don't fit instance or targets; too many targets.
    [[nodiscard]] static Result<Circuits> make(const AnalogImage& image, const InstanceOptions& options,
                                               const Spread& spread);
    /// All circuits of the array, those of the run's neurons as calibrated for them.
    [[nodiscard]] std::vector<Deviations> of(const AnalogImage& image, const AnalogRun& run) const;

private:
    std::vector<CalibrationTarget> targets_;         ///< ascending; empty: one set for all
    std::vector<std::vector<Deviations>> circuits_;  ///< by target
};

}  // namespace spikeloom::chip::analog
