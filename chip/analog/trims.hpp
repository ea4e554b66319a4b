// Analog parameters are held in cells of 10 bits. What a circuit makes of a cell is a line with an offset and a slope
// of its own, drawn for the instance; calibration finds the cells. Potentials are proportional to their cell,
// conductances (1 / tau) and synaptic strength too. At the cell that suits an average circuit, a circuit deviates
// exactly as the chip description's uncalibrated spread draws it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/analog/mismatch.hpp"

namespace spikeloom::chip::analog {

/// Parameters that have a cell, in the order of MismatchOf, whose first six they are.
inline constexpr std::array<MismatchOf, 6> trimmed{MismatchOf::threshold, MismatchOf::leak,    MismatchOf::reset,
                                                   MismatchOf::tau_mem,   MismatchOf::tau_syn, MismatchOf::weight};
/// Cells of a circuit, by MismatchOf.
using Trims = std::array<std::uint16_t, trimmed.size()>;
[[nodiscard]] constexpr std::size_t cell_of(MismatchOf of) {
    return static_cast<std::size_t>(of);
}

/// Spread of the curves' slopes, relative. Guessed: no source; of the order of the offsets' spread.
inline constexpr double slope_sigma = 0.05;
/// Share of a cell's range at which an average circuit has the wanted time constant or strength. Guessed: coarse
/// switches (conductances times or by 8) put every target well inside the range.
inline constexpr double usual_cell = 0.4;

/// What circuits are calibrated to. Potentials in LSB of the CADC.
struct CalibrationTarget {
    double leak_lsb = 80;
    double reset_lsb = 70;
    double threshold_lsb = 125;
    double tau_mem_s = 10e-6;
    double tau_syn_s = 10e-6;
    friend auto operator<=>(const CalibrationTarget&, const CalibrationTarget&) = default;
};

/// The curves of an instance.
class CellCurves {
public:
    /// `spread`: uncalibrated.
    CellCurves(const AnalogSpec& chip, const Spread& spread, std::uint64_t seed, std::uint32_t instance);

    [[nodiscard]] std::uint16_t most() const { return most_; }
    /// Cells that suit an average circuit.
    [[nodiscard]] Trims usual(const CalibrationTarget& target) const;
    /// Threshold, leak or reset at a cell, LSB of the CADC.
    [[nodiscard]] double potential_lsb(MismatchOf of, std::uint32_t circuit, std::uint16_t cell) const;
    /// Time constant or synaptic strength at a cell, as a factor of what an average circuit has at its usual cell. Time
    /// constants fall as their cell rises.
    [[nodiscard]] double factor(MismatchOf of, std::uint32_t circuit, std::uint16_t cell) const;
    /// How a circuit with these cells deviates from the target.
    [[nodiscard]] Deviations deviations(std::uint32_t circuit, const Trims& trims,
                                        const CalibrationTarget& target) const;

private:
    struct Curve {
        double offset = 0;  ///< relative, as drawn for the uncalibrated circuit
        double slope = 1;
    };
    [[nodiscard]] const Curve& curve(MismatchOf of, std::uint32_t circuit) const {
        return curves_[circuit * trimmed.size() + cell_of(of)];
    }

    AnalogRanges ranges_;
    double lsb_per_cell_;
    std::uint16_t most_;
    std::uint16_t usual_;
    std::vector<Curve> curves_;
    std::vector<double> refractory_;
};

}  // namespace spikeloom::chip::analog
