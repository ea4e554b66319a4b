// Runs a plasticity experiment (core/ppu/experiment.hpp) on an emulated chip: places it, feeds its spikes, lets its
// kernels run, and keeps what came of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chip/analog/ppu.hpp"
#include "core/ppu/experiment.hpp"

namespace spikeloom::chip::analog {

struct WeightSnapshot {
    double time_s = 0;
    std::vector<std::uint8_t> weights;  ///< rows of all inputs * neurons, by row
    friend bool operator==(const WeightSnapshot&, const WeightSnapshot&) = default;
};

struct ExperimentRun {
    double duration_s = 0;
    std::vector<std::string> record_names;
    std::vector<Execution> executions;
    std::vector<double> records;  ///< executions * record_names
    std::vector<WeightSnapshot> snapshots;
    /// Spikes of each neuron in each tenth of the duration: 10 * neurons, by tenth.
    std::vector<std::uint64_t> spikes;
    ppu::Counts instructions;
    AnalogCounts counts;
    friend bool operator==(const ExperimentRun&, const ExperimentRun&) = default;
};

struct ExperimentOptions {
    std::uint64_t seed = 0;      ///< of spikes, first weights, generators, sensors
    InstanceOptions instance{};  ///< of the chip; frozen_weights and the seed don't count
    /// Told now and then how much of the duration is done; false ends the run there.
    std::function<bool(double fraction)> progress{};
};

[[nodiscard]] Result<ExperimentRun> run_experiment(const ppu::Experiment& experiment, const ppu::Program& program,
                                                   const AnalogSpec& chip, const ExperimentOptions& options);

}  // namespace spikeloom::chip::analog
