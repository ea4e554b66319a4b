#include "chip/analog/ppu_experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "chip/analog/plastic_image.hpp"
#include "core/base/random.hpp"

namespace spikeloom::chip::analog {

namespace {

constexpr std::uint8_t hemisphere = 0;

PlasticLayout layout_of(const ppu::Experiment& experiment, std::uint64_t seed) {
    PlasticLayout layout{.inputs = {},
                         .neurons = experiment.neurons,
                         .neuron = experiment.neuron,
                         .weight_unit = experiment.weight_unit,
                         .hemisphere = hemisphere};
    for (std::size_t i = 0; i < experiment.inputs.size(); ++i) {
        layout.inputs.push_back({.name = experiment.inputs[i].name,
                                 .rows = experiment.inputs[i].rows,
                                 .inhibitory = experiment.inputs[i].inhibitory,
                                 .weights = ppu::first_weights(experiment, i, seed)});
    }
    return layout;
}

PlasticOptions plastic_options(const ppu::Experiment& experiment, const ppu::Program& program,
                               const ExperimentOptions& options) {
    PlasticOptions plastic;
    for (const ppu::ExperimentTask& task : experiment.tasks) {
        plastic.tasks.push_back({.kernel = program.find_kernel(task.kernel),
                                 .hemisphere = hemisphere,
                                 .rows = task.rows,
                                 .timer = {.start_s = task.start_s, .period_s = task.period_s, .count = task.count}});
    }
    plastic.correlation = {
        .tau_causal_s = experiment.correlation_tau_s,
        .tau_acausal_s = experiment.correlation_tau_s,
        .amplitude_causal = experiment.correlation_amplitude,
        .amplitude_acausal = experiment.correlation_amplitude,
        .baseline = experiment.correlation_baseline,
        .baseline_spread = experiment.baseline_spread,
        .amplitude_spread = experiment.amplitude_spread,
        .pairing = experiment.adjacent_pairs ? CorrelationPairing::adjacent : CorrelationPairing::nearest,
        .seed = options.instance.seed,
        .instance = options.instance.instance};
    const RandomKey key{.seed = options.seed, .purpose = RandomPurpose::ppu};
    plastic.random_seed = static_cast<std::uint8_t>(1 + random_below(key, 255));
    plastic.random_discarded = 234 + static_cast<int>(options.seed % 1000);
    return plastic;
}

/// How long spikes are sent ahead of the chip's time: a kernel that runs late must not find them in its past.
double lead_of(const ppu::Experiment& experiment, const ppu::Program& program, const AnalogSpec& chip) {
    double longest = 1e-3;
    for (const ppu::ExperimentTask& task : experiment.tasks) {
        const ppu::Kernel& kernel = program.kernels[static_cast<std::size_t>(program.find_kernel(task.kernel))];
        const auto cycles = ppu::analyse(program, kernel, static_cast<int>(task.rows.size())).all.cycles();
        longest = std::max(longest, static_cast<double>(cycles) / chip.plasticity.clock_hz);
    }
    return 2 * longest;
}

class Running {
public:
    Running(const ppu::Experiment& experiment, PlasticChip& chip, ExperimentRun& result,
            const ExperimentOptions& options)
        : experiment_(experiment), chip_(chip), result_(result), options_(options) {
        result_.spikes.assign(std::size_t{10} * experiment.neurons, 0);
    }

    Result<void> run(double lead) {
        double sent = 0;
        double next_snapshot = experiment_.snapshot_s;
        note_weights();
        for (double now = 0; now < experiment_.duration_s;) {
            const double to = std::min(now + lead, experiment_.duration_s);
            send(sent, to + lead);
            sent = to + lead;
            if (auto advanced = chip_.advance(to); !advanced) {
                return advanced;
            }
            count_spikes();
            now = to;
            if (experiment_.snapshot_s > 0 && now >= next_snapshot && now < experiment_.duration_s) {
                note_weights();
                next_snapshot +=
                    experiment_.snapshot_s * std::ceil((now - next_snapshot) / experiment_.snapshot_s + 1e-9);
            }
            result_.duration_s = now;
            if (options_.progress && !options_.progress(now / experiment_.duration_s)) {
                break;
            }
        }
        note_weights();
        return {};
    }

private:
    void send(double begin, double end) {
        std::vector<core::analog::InputSpike> inputs;
        for (const ppu::RowSpike& spike : ppu::spikes_of(experiment_, options_.seed, begin, end)) {
            inputs.push_back({.time = spike.time, .input = spike.row});
        }
        chip_.add(inputs);
    }

    void count_spikes() {
        for (const core::analog::Spike& spike : chip_.spikes()) {
            const double tenth = std::min(9.0, std::floor(10 * spike.time / experiment_.duration_s));
            ++result_.spikes[static_cast<std::size_t>(tenth) * experiment_.neurons + spike.neuron];
        }
        chip_.clear_spikes();
    }

    void note_weights() {
        WeightSnapshot snapshot{.time_s = chip_.time(), .weights = {}};
        for (std::uint32_t row = 0; row < experiment_.rows(); ++row) {
            const ppu::Bytes weights = chip_.weights(hemisphere, static_cast<std::uint16_t>(row));
            snapshot.weights.insert(snapshot.weights.end(), weights.begin(), weights.begin() + experiment_.neurons);
        }
        result_.snapshots.push_back(std::move(snapshot));
    }

    const ppu::Experiment& experiment_;
    PlasticChip& chip_;
    ExperimentRun& result_;
    const ExperimentOptions& options_;
};

}  // namespace

Result<ExperimentRun> run_experiment(const ppu::Experiment& experiment, const ppu::Program& program,
                                     const AnalogSpec& chip, const ExperimentOptions& options) {
    if (Diagnostics findings = ppu::check_experiment(experiment, program, experiment.name); has_error(findings)) {
        return fail(std::move(findings));
    }
    const auto image = plastic_image(chip, layout_of(experiment, options.seed));
    if (!image) {
        return fail(image.error());
    }
    InstanceOptions instance = options.instance;
    instance.frozen_weights = false;
    const auto loaded = AnalogChip::load(*image, instance);
    if (!loaded) {
        return fail(loaded.error());
    }
    auto plastic = PlasticChip::make(*loaded, program, plastic_options(experiment, program, options));
    if (!plastic) {
        return fail(plastic.error());
    }
    for (const ppu::ExperimentParameter& parameter : experiment.parameters) {
        const bool known = plastic->processor(hemisphere).set_parameter(parameter.name, parameter.value);
        SPIKELOOM_ASSERT(known, parameter.name);
    }
    ExperimentRun result;
    for (const ppu::Variable& variable : program.variables) {
        if (variable.storage == ppu::Storage::record) {
            result.record_names.push_back(variable.name);
        }
    }
    if (auto ran = Running(experiment, *plastic, result, options).run(lead_of(experiment, program, chip)); !ran) {
        return fail(ran.error());
    }
    result.executions.assign(plastic->executions().begin(), plastic->executions().end());
    result.records.assign(plastic->records().begin(), plastic->records().end());
    result.instructions = plastic->instructions();
    const core::analog::EngineCounts& counts = plastic->counts();
    result.counts = {.input_spikes = counts.input_spikes,
                     .spikes = counts.spikes,
                     .synaptic_events = counts.synaptic_events,
                     .duration_s = result.duration_s};
    return result;
}

}  // namespace spikeloom::chip::analog
