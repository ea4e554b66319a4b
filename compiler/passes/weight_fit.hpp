// How well real weights fit the chip's synapse formats. A weight is wanted as a contribution to u in units of 2^6
// ("t"); a format offers a lattice of them: multiples of 2^max(0, lsb + exponent) between its ends. All choices of
// exponent, sign mode and width come from the error that this lattice leaves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {

/// The contributions that a format can express, in units of 2^6: multiples of `step` in least..most.
struct WeightLattice {
    std::int32_t step = 1;
    std::int32_t least = 0;
    std::int32_t most = 0;
    int exponent = 0;

    explicit WeightLattice(const chip::WeightFormat& format);
    /// The nearest contribution that the lattice has.
    [[nodiscard]] std::int32_t nearest(double wanted) const;
    /// Whether it lies no further beyond the ends than rounding does.
    [[nodiscard]] bool reaches(double wanted) const {
        return least - 0.5 * step <= wanted && wanted <= most + 0.5 * step;
    }
    /// The mantissa that yields a contribution of the lattice.
    [[nodiscard]] std::int16_t mantissa(std::int32_t contribution) const;
};

/// The formats of one projection: one for weights above zero and one for those below; equal unless split.
struct FormatPair {
    chip::WeightFormat positive;
    chip::WeightFormat negative;

    [[nodiscard]] const chip::WeightFormat& of(double wanted) const { return wanted < 0 ? negative : positive; }
    friend bool operator==(const FormatPair&, const FormatPair&) = default;
};

struct FormatFit {
    FormatPair formats;
    double relative_error = 0;  ///< sum of squared errors over sum of squares
};

/// Whether mixed-sign projections may be split into an excitatory and an inhibitory format (one more bit each).
enum class SignSplit : std::uint8_t { never, always };

/// The formats that leave the least squared error for wanted contributions `samples * factor`. Weights of one bit are
/// always split.
[[nodiscard]] FormatFit fit_formats(std::span<const float> samples, double factor, int weight_bits,
                                    const chip::SynapseMemory& memory, SignSplit split);

/// The widest weight field not above `most`.
[[nodiscard]] int widest_weight(const chip::SynapseMemory& memory, int most);
/// The narrowest weight field that keeps mantissas whose lowest set bit is `trailing_zeros`.
[[nodiscard]] int narrowest_weight(const chip::SynapseMemory& memory, chip::SignMode mode, int trailing_zeros,
                                   int weight_bits);

}  // namespace spikeloom::compiler
