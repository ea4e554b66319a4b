// What makes one copy of an analog chip differ from the next, and one trial from the next. Every deviation is a
// standard normal number, a pure function of (seed, instance, parameter, circuit or synapse), times the standard
// deviation of the chip description or of an override. Potentials deviate by shares of threshold - leak, everything
// else by shares of itself.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "chip/analog/analog_chip.hpp"
#include "core/base/analog_neuron.hpp"

namespace spikeloom::chip::analog {

/// Standard deviations by MismatchOf.
struct Spread {
    std::array<double, mismatch_kinds.size()> fixed{};
    std::array<double, mismatch_kinds.size()> trial{};
    [[nodiscard]] double fixed_of(MismatchOf of) const { return fixed[static_cast<std::size_t>(of)]; }
    [[nodiscard]] double trial_of(MismatchOf of) const { return trial[static_cast<std::size_t>(of)]; }
    friend bool operator==(const Spread&, const Spread&) = default;
};

/// What the options ask for of what the description gives. An override's figures count whatever else is switched on.
[[nodiscard]] Spread spread_of(const AnalogSpec& chip, const InstanceOptions& options);

/// The same before calibration, all of the description's mismatch (or the overrides').
[[nodiscard]] Spread uncalibrated_spread(const AnalogSpec& chip, const InstanceOptions& options);

/// Relative deviations of a circuit's parameters.
struct Deviations {
    double threshold = 0;
    double leak = 0;
    double reset = 0;
    double tau_mem = 0;
    double tau_syn = 0;
    double weight = 0;
    double refractory = 0;
    friend bool operator==(const Deviations&, const Deviations&) = default;
};

/// Standard normal. `draw` tells several numbers of one place apart (0: the deviation itself).
[[nodiscard]] double mismatch_normal(std::uint64_t seed, std::uint32_t instance, MismatchOf of, std::uint32_t index,
                                     std::uint32_t draw = 0);
/// Standard normal of a trial's noise.
[[nodiscard]] double trial_normal(std::uint64_t seed, std::uint32_t instance, std::uint64_t trial, MismatchOf of,
                                  std::uint32_t index);

/// Standard normal of a reading on the calibration bench. Measurement 0 is what stays the same in all: offsets.
[[nodiscard]] double bench_normal(std::uint64_t seed, std::uint32_t instance, std::uint32_t measurement,
                                  std::uint32_t circuit, std::uint32_t reading);
/// Standard normal of one converter sample.
[[nodiscard]] double readout_normal(std::uint64_t seed, std::uint32_t instance, std::uint64_t trial,
                                    std::uint32_t neuron, std::uint64_t sample);

/// Of circuit (on ideal chips: neuron) `index`.
[[nodiscard]] Deviations deviations_of(const Spread& spread, std::uint64_t seed, std::uint32_t instance,
                                       std::uint32_t index);
/// Of circuits that are joined to one neuron: one membrane, so the mean of what acts on it; the comparator, the reset
/// and the refractory counter are the first one's. The mean of `weight` is of no use where rows know their column.
[[nodiscard]] Deviations joined(std::span<const Deviations> circuits);

/// A factor 1 + deviation, kept positive: at least 1/20.
[[nodiscard]] double positive_factor(double deviation);

/// The neuron with the deviations. A potential's share is of threshold - leak (of 1 for a readout without a threshold);
/// the reset is kept below the threshold by a hundredth of that. `weight` is not applied.
[[nodiscard]] Lif deviating(const Lif& target, const Deviations& deviations);

}  // namespace spikeloom::chip::analog
