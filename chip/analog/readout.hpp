// Readout of membranes while a trial runs. The slow converter (CADC) samples all columns at once every period; the fast
// one (MADC) has two channels, one for an even and one for an odd column. A membrane at the network's leak reads
// leak_lsb, at its threshold threshold_lsb; the converter clips and rounds. Mismatch shows: the scale is that of the
// target, not of the circuit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip::analog {

/// Standard deviation of one CADC sample, LSB. Guessed: about one LSB is usual for a single-slope converter beside
/// switching logic; no source gives a figure for this chip.
inline constexpr double readout_noise_lsb = 1.0;

enum class ConverterKind : std::uint8_t { cadc, madc };
struct MembraneProbe {
    std::uint32_t neuron = 0;  ///< of the network
    ConverterKind converter = ConverterKind::cadc;
    friend auto operator<=>(const MembraneProbe&, const MembraneProbe&) = default;
};

/// Samples at 0, period_s, 2 period_s, ... of the run that computes the neuron.
struct MembraneTrace {
    MembraneProbe probe;
    double period_s = 0;
    std::vector<double> potentials;    ///< in the network's unit, as the membrane was
    std::vector<std::uint16_t> codes;  ///< as the converter gave it; empty on ideal chips, which have none
    friend bool operator==(const MembraneTrace&, const MembraneTrace&) = default;
};

/// Potential in LSB of the CADC. A neuron without a threshold is laid as if that were one above its leak.
[[nodiscard]] double lsb_of(const AnalogRanges& ranges, const Lif& target, double potential);
/// The converter's code. LSB are the CADC's; the MADC is taken to cover the same potentials with its own bits.
[[nodiscard]] std::uint16_t code_of(const AnalogSpec& chip, ConverterKind kind, double lsb);
[[nodiscard]] const Converter& converter_of(const AnalogSpec& chip, ConverterKind kind);

/// Neurons that don't exist, a probe given twice, more or other neurons than the MADC has channels for.
[[nodiscard]] Diagnostics check_probes(const AnalogImage& image, std::span<const MembraneProbe> probes);

}  // namespace spikeloom::chip::analog
