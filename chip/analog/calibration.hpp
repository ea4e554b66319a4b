// Calibration: which cells make the circuits of an emulated chip behave as wanted. Every parameter is found by binary
// search on its cell, for all circuits at once, from what the bench measures; the order is that of a lab, each
// parameter with those before it in place:
//   threshold: the leak is first put where the threshold shall be; then the cell at which half of the trials spike;
//   reset, leak: from CADC readings;  tau_mem, tau_syn: from decays;  weight: from the height of a potential.
// What is left (residuals) comes from converter noise and offsets, the steps of the cells, and trial-to-trial noise.
#pragma once

#include <string>
#include <vector>

#include "chip/analog/trims.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip::analog {

struct Calibration {
    std::string chip;  ///< AnalogSpec::name
    std::uint64_t seed = 0;
    std::uint32_t instance = 0;
    CalibrationTarget target;
    std::vector<Trims> circuits;     ///< hemisphere * columns + column
    std::uint32_t measurements = 0;  ///< that it took
    friend bool operator==(const Calibration&, const Calibration&) = default;
};

/// The target of an image's neuron: its potentials laid on the chip's (leak_lsb, threshold_lsb), its time constants.
[[nodiscard]] CalibrationTarget target_of(const AnalogRanges& ranges, const Lif& lif);
/// The chip description's usual target.
[[nodiscard]] CalibrationTarget usual_target(const AnalogRanges& ranges);

/// Calibrates the instance that `options` name, from its uncalibrated spread (or the overrides'). A pure function.
[[nodiscard]] Calibration calibrate(const AnalogSpec& chip, const InstanceOptions& options,
                                    const CalibrationTarget& target);

/// What a parameter's circuits deviate before and after. Relative; of potentials, to threshold - leak.
struct Residual {
    MismatchOf of = MismatchOf::threshold;
    double before = 0;  ///< standard deviation with every cell as an average circuit needs it
    double after = 0;   ///< standard deviation with the trims
    double bias = 0;    ///< mean deviation with the trims
    int at_limit = 0;   ///< circuits whose cell is at an end of its range
    [[nodiscard]] double ratio() const { return before > 0 ? after / before : 0; }
};
/// One a trimmed parameter, from the circuits' true parameters, which only an emulator knows.
[[nodiscard]] std::vector<Residual> residuals(const AnalogSpec& chip, const InstanceOptions& options,
                                              const Calibration& calibration);
/// Largest ratio of after to before that calix' own hardware tests accept (test_neuron_distribution.py, facts section
/// 3); 0 where none is known (weight).
[[nodiscard]] double accepted_ratio(MismatchOf of);

/// Why the calibration can't be used for the instance and target: another chip, another instance, other targets.
[[nodiscard]] Diagnostics check_calibration(const Calibration& calibration, const AnalogSpec& chip,
                                            const InstanceOptions& options, const CalibrationTarget& target);

// The file: Protobuf text (calibration.proto), read strictly.
[[nodiscard]] std::string print_calibration(const Calibration& calibration);
[[nodiscard]] Result<Calibration> parse_calibration(const std::string& text, const std::string& origin);
[[nodiscard]] Result<Calibration> read_calibration(const std::string& path);

}  // namespace spikeloom::chip::analog
