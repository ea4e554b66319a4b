// An ANN to a spiking Network whose firing rates are its values: an integrate-and-fire neuron a rectified unit, with
// threshold 1, weights times the range of the source over that of the target (calibrate.hpp), and the bias as a
// constant current. Reset by subtraction keeps what exceeds the threshold, so that rates are exact but for less than a
// spike (Rueckauer et al. 2017); reset to zero loses it. A bias shift of half a threshold over an inference halves
// that last error in the mean (Deng and Gu 2021, "Optimal conversion of conventional artificial neural networks to
// spiking neural networks").
#pragma once

#include "compiler/convert/calibrate.hpp"
#include "compiler/network.hpp"

namespace spikeloom::compiler {

struct ConversionOptions {
    ResetRule reset = ResetRule::subtract_threshold;
    bool bias_shift = true;
    std::uint32_t steps = 64;  ///< with input, that an inference shall last
    /// Steps after them without input, for the spikes under way on a chip: biases, which never pause, are spread over
    /// these too, so that the ratio of bias and input over the whole inference stays.
    std::uint32_t drain = 0;
    double step_s = 1e-3;
    /// The output layer is an integrator, whose membrane is the answer; else it spikes as all others do.
    bool integrating_output = true;
};

struct Conversion {
    Network network;
    Diagnostics remarks;
};

/// Inputs are spikes at rates of 0 to 1 a step, standing for values of 0 to 1.
[[nodiscard]] Conversion convert_ann(const Ann& ann, const Calibration& calibration, const ConversionOptions& options);

}  // namespace spikeloom::compiler
