// AnalogChip: an AnalogImage on one instance of the chip. Loading follows every spike through the chip's own routes
// (label, crossbar, driver, synapse) to flat nets for core/analog, and applies what this copy of the chip does to them:
// fixed-pattern mismatch, the residue of calibration, and, trial by trial, noise.
//
//     auto chip = AnalogChip::load(image, {.instance = 7, .mismatch = true}).value();
//     AnalogTrial trial(chip);                        // one a thread
//     trial.run(inputs, {.window_s = 48e-6, .trial = sample});
//     trial.spikes(); trial.counts();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chip/analog/readout.hpp"
#include "chip/image/analog_image.hpp"
#include "core/analog/engine.hpp"
#include "core/analog/stepped.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip::analog {

/// A standard deviation that replaces the chip description's.
struct MismatchOverride {
    MismatchOf of = MismatchOf::threshold;
    double sigma = 0;  ///< of the fixed pattern, as the description counts it
    double trial_sigma = 0;
    friend bool operator==(const MismatchOverride&, const MismatchOverride&) = default;
};

enum class CalibrationState : std::uint8_t { none, expected, measured };

struct Calibration;  // calibration.hpp

struct InstanceOptions {
    std::uint64_t seed = 0;
    std::uint32_t instance = 0;  ///< which copy of the chip: "chip 7"
    bool mismatch = false;       ///< the description's, all of it
    /// none: uncalibrated; expected: drawn with the calibrated spread; measured: uncalibrated draws, trimmed by
    /// calibrate() on the emulated chip.
    CalibrationState calibration = CalibrationState::expected;
    /// The trims of a measured calibration (read_calibration); null: calibrate() runs at load. Refused where they are
    /// of another instance, or for other targets than the image's neurons.
    std::shared_ptr<const Calibration> trims{};
    std::vector<MismatchOverride> overrides{};  ///< also without `mismatch`, and on ideal chips; measured: before trims
    bool noise = false;                         ///< trial-to-trial noise
    bool time_stamps =
        true;  ///< input and output spikes on the links' grid, lanes one spike an interval (not on ideal chips)
    bool frozen_weights = true;  ///< false: keep sensors for plasticity
};

/// What a trial did; priced by analog_cost.hpp.
struct AnalogCounts {
    std::uint64_t input_spikes = 0;  ///< sent by the host
    std::uint64_t spikes = 0;        ///< of neurons
    std::uint64_t synaptic_events = 0;
    std::uint64_t output_spikes = 0;      ///< that left the chip
    std::uint64_t crossbar_drops = 0;     ///< that no node passed on
    std::uint64_t late_inputs = 0;        ///< delayed on a lane that was busy
    std::uint64_t background_spikes = 0;  ///< of the chip's own background sources
    double duration_s = 0;                ///< chip time, all runs
    friend bool operator==(const AnalogCounts&, const AnalogCounts&) = default;
};

struct TrialOptions {
    double window_s = 0;      ///< length of the trial; finite
    std::uint64_t trial = 0;  ///< key of its noise
    /// Population whose first spike ends the trial (the last run's; earlier runs go to the end).
    std::optional<std::uint32_t> stop_at_first{};
};

/// An array with more circuits is refused: its tables would not fit ordinary memory.
inline constexpr int most_circuits = 1 << 20;

class AnalogChip {
public:
    /// Refuses what check_analog_image refuses.
    [[nodiscard]] static Result<AnalogChip> load(const AnalogImage& image, const InstanceOptions& options);
    /// The same instance with the weights of `image`, which differs from image() in nothing else: routes, mismatch and
    /// calibration stay, so that this costs a fraction of load().
    [[nodiscard]] Result<AnalogChip> with_weights(const AnalogImage& image) const;
    [[nodiscard]] const AnalogImage& image() const;
    [[nodiscard]] const InstanceOptions& options() const;
    /// The flat net of a run (one on ideal chips), as this instance has it: sources are the run's host sources or
    /// channels, then the labels of its background sources (routes.hpp), then its neurons.
    [[nodiscard]] std::span<const core::analog::Net> nets() const;

    struct Tables;
    [[nodiscard]] const Tables& tables() const { return *tables_; }

private:
    explicit AnalogChip(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
    std::shared_ptr<const Tables> tables_;
};

/// Runs trials on a chip, one after the other, each from rest. Not shared between threads.
class AnalogTrial {
public:
    explicit AnalogTrial(const AnalogChip& chip);
    ~AnalogTrial();
    AnalogTrial(AnalogTrial&&) noexcept;
    AnalogTrial& operator=(AnalogTrial&&) noexcept;

    /// `inputs`: times in s and channels of the image (constant times are added here); any order.
    void run(std::span<const core::analog::InputSpike> inputs, const TrialOptions& options);
    /// Trials to come run in steps (core/analog/stepped.hpp), and not from event to event; what lies after the last
    /// step does not happen. Refuses what check_stepped refuses, plastic weights, and probes, before or after.
    [[nodiscard]] Result<void> step(const core::analog::SteppedOptions& options);
    /// Of the network's neurons (numbered over all populations), in order of time; as time-stamped by the chip. Also
    /// spikes that no lane carries out of the chip: an emulator sees them.
    [[nodiscard]] std::span<const core::analog::Spike> spikes() const;
    [[nodiscard]] const AnalogCounts& counts() const;
    /// Drop counters of the last run's crossbar inputs, 16 bits that saturate. Empty on ideal chips.
    [[nodiscard]] std::span<const std::uint16_t> drop_counters() const;

    /// Membranes to sample in the trials to come (none: stop sampling). Refuses what check_probes refuses.
    [[nodiscard]] Result<void> record(std::span<const MembraneProbe> probes);
    /// One a probe, of the last trial.
    [[nodiscard]] std::span<const MembraneTrace> traces() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::chip::analog
