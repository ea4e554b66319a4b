// A plasticity experiment as a value: inputs with their spikes, neurons, a rule and its timers (experiment.proto is the
// manual of its text). Spikes are a pure function of experiment, seed and time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/analog_neuron.hpp"
#include "core/base/diagnostics.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

struct RegularSpikes {
    double from_s = 0;
    double step_s = 0;
    double every_s = 1;
    friend bool operator==(const RegularSpikes&, const RegularSpikes&) = default;
};
struct SweepSpikes {
    double turn_s = 1;
    double from_s = 0;
    double length_s = 0;
    double interval_s = 1;
    std::vector<double> share{};
    friend bool operator==(const SweepSpikes&, const SweepSpikes&) = default;
};

struct ExperimentInput {
    std::string name;
    std::uint32_t rows = 1;
    bool inhibitory = false;
    std::uint8_t weight_least = 0;  ///< first weights: uniform between these
    std::uint8_t weight_most = 0;
    std::vector<RegularSpikes> regular{};
    std::vector<double> poisson_hz{};
    std::vector<SweepSpikes> sweeps{};
    std::uint32_t first_row = 0;
    friend bool operator==(const ExperimentInput&, const ExperimentInput&) = default;
};

struct ExperimentTask {
    std::string kernel;
    std::vector<std::uint16_t> rows{};
    double start_s = 0;
    double period_s = 1;
    std::uint32_t count = 0;  ///< within the duration
    friend bool operator==(const ExperimentTask&, const ExperimentTask&) = default;
};

struct ExperimentParameter {
    std::string name;
    double value = 0;
    friend bool operator==(const ExperimentParameter&, const ExperimentParameter&) = default;
};

struct Experiment {
    std::string name;
    std::string title;
    std::string source;
    std::string rule;  ///< as written: a path from the experiment's folder
    std::string chip;
    std::uint32_t neurons = 1;
    Lif neuron{};
    double weight_unit = 0.01;
    std::vector<ExperimentInput> inputs;
    double correlation_tau_s = 10e-6;
    double correlation_amplitude = 1;
    double correlation_baseline = 200;
    double baseline_spread = 0;
    double amplitude_spread = 0;
    bool adjacent_pairs = false;
    std::vector<ExperimentTask> tasks;
    std::vector<ExperimentParameter> parameters;
    double duration_s = 0;
    double snapshot_s = 0;  ///< 0: none between beginning and end

    [[nodiscard]] std::uint32_t rows() const;
    friend bool operator==(const Experiment&, const Experiment&) = default;
};

[[nodiscard]] Result<Experiment> parse_experiment(const std::string& text, const std::string& origin);
[[nodiscard]] Result<Experiment> read_experiment(const std::string& path);

/// What of an experiment doesn't fit its program: kernels, parameters. `origin` names the experiment in findings.
[[nodiscard]] Diagnostics check_experiment(const Experiment& experiment, const Program& program,
                                           const std::string& origin);

struct RowSpike {
    double time = 0;        ///< s
    std::uint32_t row = 0;  ///< over all inputs
    friend auto operator<=>(const RowSpike&, const RowSpike&) = default;
};
/// Spikes in [begin_s, end_s), in order of time.
[[nodiscard]] std::vector<RowSpike> spikes_of(const Experiment& experiment, std::uint64_t seed, double begin_s,
                                              double end_s);
/// First weights of an input, rows * neurons by row.
[[nodiscard]] std::vector<std::uint8_t> first_weights(const Experiment& experiment, std::size_t input,
                                                      std::uint64_t seed);

}  // namespace spikeloom::ppu
