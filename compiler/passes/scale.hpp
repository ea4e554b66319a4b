// Choice of voltage_per_unit, one a population: how many units of the voltage register one unit of the network's
// membrane becomes. All projections into the population share it; each has synapse formats of its own. As large as
// the registers allow (truncation and threshold rounding shrink with it), and within that octave where weights,
// threshold and bias together round least.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/exact_fit.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {

/// What the scale must know of one projection's weights, times the targets' gains (u per unit of voltage).
struct ProjectionSample {
    std::vector<float> contributions;  ///< a sample, the extremes included
    double least = 0;
    double most = 0;
    /// Of a plastic projection, and what the largest weight that it may learn contributes (the extremes hold it).
    const Learning* learning = nullptr;
    double reach = 0;
};

/// What can reach a neuron in one step if every source fires.
struct Drive {
    double positive = 0;
    double negative = 0;  ///< magnitude
};

struct DriveSurvey {
    std::vector<ProjectionSample> projections;  ///< one a projection
    std::vector<std::vector<Drive>> drives;     ///< [population][neuron]
};
[[nodiscard]] DriveSurvey survey_drive(const Network& network, const std::vector<PopulationModel>& models);

struct PopulationScale {
    double voltage_per_unit = 1;
    double simultaneous = 1;  ///< fraction of a neuron's sources that may fire in one step before registers overflow
};

/// Scales, and the formats of every projection.
struct Scaling {
    std::vector<PopulationScale> populations;
    std::vector<FormatPair> projections;
    /// Into populations whose registers are given: what holds the weights exactly. No formats: into others.
    std::vector<ExactFormats> exact;
};
[[nodiscard]] Scaling choose_scales(const Network& network, const std::vector<PopulationModel>& models,
                                    const DriveSurvey& survey, const chip::ChipSpec& chip, int weight_bits,
                                    SignSplit split);

/// The threshold's mantissa at a scale, how far off that is (of `threshold`, > 0), and a bias as the register nearest
/// to it.
[[nodiscard]] std::int64_t threshold_mantissa(double threshold, double voltage_per_unit,
                                              const chip::NeuronFormat& format);
[[nodiscard]] double threshold_error(double threshold, double voltage_per_unit, const chip::NeuronFormat& format);
[[nodiscard]] chip::BiasRegister bias_register(double bias, const chip::NeuronFormat& format);

}  // namespace spikeloom::compiler
