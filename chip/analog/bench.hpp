// The bench on which an emulated chip is calibrated: every circuit of an uncalibrated instance, with any cells,
// measured as a lab measures it. The chip runs in the engine; what comes back are converter codes with noise and
// spikes, never the parameters themselves.
//
// Guessed, for lack of published figures: the CADC's noise (readout.hpp) and its offset a column, the MADC's noise, how
// often a lab repeats a reading.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/analog/trims.hpp"
#include "core/analog/engine.hpp"

namespace spikeloom::chip::analog {

/// Spread of the CADC columns' offsets after the converter's own calibration, LSB. Guessed.
inline constexpr double cadc_offset_lsb = 0.5;
/// Standard deviation of one MADC sample, LSB of the CADC. Guessed: half a CADC LSB, two of its own.
inline constexpr double madc_noise_lsb = 0.5;
/// Readings that one CADC measurement averages. Guessed.
inline constexpr int cadc_readings = 16;
/// Trials of which a threshold measurement takes the share with a spike. Guessed.
inline constexpr int threshold_trials = 15;
/// Samples of a membrane in one fit; the window is divided into as many, on the MADC's grid.
inline constexpr int fit_samples = 64;

class Bench {
public:
    Bench(const AnalogSpec& chip, const InstanceOptions& options, const CalibrationTarget& target);

    [[nodiscard]] const CellCurves& curves() const { return curves_; }
    [[nodiscard]] const CalibrationTarget& target() const { return target_; }

    // One number a circuit. Every call is a measurement of its own, with new noise.

    /// Mean CADC code of the membranes at rest: the leak, LSB.
    [[nodiscard]] std::vector<double> resting_lsb(const std::vector<Trims>& trims);
    /// Mean CADC code of membranes that are held at reset: the leak is put far above the threshold, and the refractory
    /// time outlasts the reading.
    [[nodiscard]] std::vector<double> reset_lsb(const std::vector<Trims>& trims);
    /// Share of trials in which the circuit spikes with no input: of half of them, leak and threshold are equal.
    [[nodiscard]] std::vector<double> spiking_share(const std::vector<Trims>& trims);
    /// Decay of the membrane after a large, short input (synaptic time constant at the short end of its range), s.
    [[nodiscard]] std::vector<double> membrane_decay_s(const std::vector<Trims>& trims);
    /// Decay of the synaptic current, seen through a membrane at the short end of its range, s.
    [[nodiscard]] std::vector<double> synaptic_decay_s(const std::vector<Trims>& trims);
    /// Height of a postsynaptic potential over the resting membrane, LSB.
    [[nodiscard]] std::vector<double> psp_height_lsb(const std::vector<Trims>& trims);

    // What the same evaluation gives for an average circuit exactly on target, without noise.
    [[nodiscard]] double ideal_membrane_decay_s() const;
    [[nodiscard]] double ideal_synaptic_decay_s() const;
    [[nodiscard]] double ideal_psp_height_lsb() const;

    /// How many measurements were made.
    [[nodiscard]] std::uint32_t measurements() const { return measurement_; }

private:
    enum class Stimulus : std::uint8_t { membrane, synapse, both };
    [[nodiscard]] core::analog::Net net(const std::vector<Trims>& trims) const;
    [[nodiscard]] double noise(std::uint32_t circuit, std::uint32_t reading) const;
    [[nodiscard]] std::vector<double> read_cadc(const core::analog::Engine& engine) const;
    void stimulate(core::analog::Net& net, Stimulus stimulus, bool average) const;
    [[nodiscard]] core::analog::Net average_net() const;
    /// Evaluates every neuron of the net after the stimulus; noise 0 for the ideal.
    [[nodiscard]] std::vector<double> evaluate(const core::analog::Net& net, Stimulus stimulus, double noise_lsb) const;

    AnalogSpec chip_;
    InstanceOptions options_;
    CalibrationTarget target_;
    double threshold_trial_lsb_;  ///< trial-to-trial noise of the threshold
    CellCurves curves_;
    std::uint32_t circuits_;
    std::uint32_t measurement_ = 0;
};

}  // namespace spikeloom::chip::analog
