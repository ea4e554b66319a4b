#include "core/ppu/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/files/bytes.hpp"
#include "core/files/strict_text.hpp"
#include "core/ppu/experiment.pb.h"

namespace spikeloom::ppu {

namespace {

using proto::PpuExperimentProto;

constexpr std::uint64_t most_bytes = 1U << 20;
constexpr double most_duration_s = 1000;
constexpr double rounding = 1e-9;  // of a number of periods that should be whole

class Reader {
public:
    Reader(const PpuExperimentProto& message, const files::TextPositions& positions, Diagnostics& findings)
        : message_(message), positions_(positions), findings_(findings) {}

    Experiment read() {
        experiment_.name = message_.name();
        experiment_.title = message_.title();
        experiment_.source = message_.source();
        experiment_.rule = message_.rule();
        experiment_.chip = message_.chip();
        experiment_.neurons = static_cast<std::uint32_t>(within("neurons", message_.neurons(), 1, columns));
        experiment_.duration_s = 1e-3 * within("duration_ms", message_.duration_ms(), 1e-3, 1e3 * most_duration_s);
        experiment_.snapshot_s =
            message_.snapshot_ms() == 0 ? 0 : 1e-3 * within("snapshot_ms", message_.snapshot_ms(), 0.01, 1e6);
        read_neuron();
        read_correlation();
        for (int i = 0; i < message_.input_size(); ++i) {
            read_input(i);
        }
        if (experiment_.rows() > static_cast<std::uint32_t>(most_rows)) {
            say("input", fmt::format("{} rows", experiment_.rows()), fmt::format("at most {} together", most_rows));
        }
        for (int i = 0; i < message_.task_size(); ++i) {
            read_task(i);
        }
        for (const auto& parameter : message_.parameter()) {
            experiment_.parameters.push_back({.name = parameter.name(), .value = parameter.value()});
        }
        return std::move(experiment_);
    }

private:
    void say(const std::string& field, std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back(
            {Severity::error, positions_.where(field), std::move(found), std::move(allowed), std::move(help)});
    }
    /// The value, or the least where it is out of range, which is said.
    double within(const std::string& field, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            say(field, fmt::format("{:g}", value), fmt::format("{:g} to {:g}", least, most));
            return least;
        }
        return value;
    }

    void read_neuron() {
        const auto& neuron = message_.neuron();
        experiment_.neuron.tau_mem = 1e-6 * within("neuron.tau_mem_us", neuron.tau_mem_us(), 0.1, 2000);
        experiment_.neuron.tau_syn = 1e-6 * within("neuron.tau_syn_us", neuron.tau_syn_us(), 0.1, 100);
        experiment_.neuron.refractory = 1e-6 * within("neuron.refractory_us", neuron.refractory_us(), 0.1, 127);
        experiment_.weight_unit = within("neuron.weight_unit", neuron.weight_unit(), 1e-6, 1e3);
    }

    void read_correlation() {
        const auto& correlation = message_.correlation();
        experiment_.correlation_tau_s = 1e-6 * correlation.tau_us();
        experiment_.correlation_amplitude = correlation.amplitude();
        experiment_.correlation_baseline = correlation.baseline();
        experiment_.baseline_spread = correlation.baseline_spread();
        experiment_.amplitude_spread = correlation.amplitude_spread();
        experiment_.adjacent_pairs = correlation.adjacent();
    }

    void read_input(int index) {
        const auto& message = message_.input(index);
        const std::string path = fmt::format("input[{}]", index);
        ExperimentInput input{.name = message.name(), .first_row = experiment_.rows()};
        if (find_input(message.name()) != nullptr) {
            say(path + ".name", fmt::format("a second input '{}'", message.name()), "names that differ");
        }
        input.rows = static_cast<std::uint32_t>(within(path + ".rows", message.rows(), 1, most_rows));
        input.inhibitory = message.inhibitory();
        if (message.has_weight() == message.has_weight_most()) {
            say(path, "first weights that are not clear", "weight, or weight_most (and weight_least)");
        }
        const double most = message.has_weight() ? message.weight() : message.weight_most();
        const double least = message.has_weight() ? message.weight() : message.weight_least();
        const std::string field = path + (message.has_weight() ? ".weight" : ".weight_most");
        input.weight_most = static_cast<std::uint8_t>(within(field, most, 0, 63));
        input.weight_least = static_cast<std::uint8_t>(
            message.has_weight() ? input.weight_most : within(path + ".weight_least", least, 0, input.weight_most));
        read_stimuli(message, path, input);
        experiment_.inputs.push_back(std::move(input));
    }

    void read_stimuli(const PpuExperimentProto::InputProto& message, const std::string& path, ExperimentInput& input) {
        for (int i = 0; i < message.regular_size(); ++i) {
            const auto& regular = message.regular(i);
            const std::string at = fmt::format("{}.regular[{}]", path, i);
            input.regular.push_back({.from_s = 1e-6 * within(at + ".from_us", regular.from_us(), 0, 1e9),
                                     .step_s = 1e-6 * within(at + ".step_us", regular.step_us(), 0, 1e6),
                                     .every_s = 1e-6 * within(at + ".every_us", regular.every_us(), 0.1, 1e9)});
        }
        for (int i = 0; i < message.poisson_size(); ++i) {
            input.poisson_hz.push_back(
                1e3 * within(fmt::format("{}.poisson[{}].rate_khz", path, i), message.poisson(i).rate_khz(), 0, 1e4));
        }
        for (int i = 0; i < message.sweep_size(); ++i) {
            read_sweep(message.sweep(i), fmt::format("{}.sweep[{}]", path, i), input);
        }
    }

    void read_sweep(const PpuExperimentProto::SweepProto& message, const std::string& at, ExperimentInput& input) {
        SweepSpikes sweep{.turn_s = 1e-3 * within(at + ".turn_ms", message.turn_ms(), 1e-3, 1e6)};
        sweep.from_s = 1e-3 * within(at + ".from_ms", message.from_ms(), 0, 1e3 * sweep.turn_s);
        sweep.length_s = 1e-3 * within(at + ".length_ms", message.length_ms(), 0, 1e3 * (sweep.turn_s - sweep.from_s));
        sweep.interval_s = 1e-6 * within(at + ".interval_us", message.interval_us(), 0.1, 1e9);
        for (int i = 0; i < message.share_size(); ++i) {
            sweep.share.push_back(within(fmt::format("{}.share[{}]", at, i), message.share(i), 1e-3, 1));
        }
        input.sweeps.push_back(std::move(sweep));
    }

    void read_task(int index) {
        const auto& message = message_.task(index);
        const std::string path = fmt::format("task[{}]", index);
        ExperimentTask task{.kernel = message.kernel(), .rows = {}};
        for (int i = 0; i < message.input_size(); ++i) {
            const ExperimentInput* input = find_input(message.input(i));
            if (input == nullptr) {
                std::vector<std::string> known;
                for (const ExperimentInput& one : experiment_.inputs) {
                    known.push_back(one.name);
                }
                const std::string near = files::nearest_name(message.input(i), known);
                say(fmt::format("{}.input[{}]", path, i), fmt::format("there is no input '{}'", message.input(i)),
                    fmt::format("{}", fmt::join(known, ", ")),
                    near.empty() ? "" : fmt::format("did you mean '{}'?", near));
                continue;
            }
            for (std::uint32_t row = 0; row < input->rows && task.rows.size() < most_rows; ++row) {
                task.rows.push_back(static_cast<std::uint16_t>(input->first_row + row));
            }
        }
        task.start_s = 1e-3 * within(path + ".start_ms", message.start_ms(), 0, 1e6);
        task.period_s = 1e-3 * within(path + ".period_ms", message.period_ms(), 1e-3, 1e6);
        const double fitting =
            std::max(0.0, std::ceil((experiment_.duration_s - task.start_s) / task.period_s - rounding));
        task.count = static_cast<std::uint32_t>(std::min(fitting, 1e9));
        if (message.count() != 0) {
            task.count = std::min(task.count, message.count());
        }
        experiment_.tasks.push_back(std::move(task));
    }

    [[nodiscard]] const ExperimentInput* find_input(const std::string& name) const {
        const auto found = std::ranges::find(experiment_.inputs, name, &ExperimentInput::name);
        return found == experiment_.inputs.end() ? nullptr : &*found;
    }

    const PpuExperimentProto& message_;
    const files::TextPositions& positions_;
    Diagnostics& findings_;
    Experiment experiment_;
};

}  // namespace

std::uint32_t Experiment::rows() const {
    return inputs.empty() ? 0 : inputs.back().first_row + inputs.back().rows;
}

Result<Experiment> parse_experiment(const std::string& text, const std::string& origin) {
    PpuExperimentProto message;
    files::StrictText parsed = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(parsed.findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    Experiment experiment = Reader(message, parsed.positions, findings).read();
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    return experiment;
}

Result<Experiment> read_experiment(const std::string& path) {
    const auto bytes = files::read_bytes(path, most_bytes);
    if (!bytes) {
        return fail(bytes.error());
    }
    return parse_experiment(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), path);
}

Diagnostics check_experiment(const Experiment& experiment, const Program& program, const std::string& origin) {
    Diagnostics findings;
    const auto missing = [&](const std::string& what, const std::string& name, const std::vector<std::string>& known) {
        const std::string near = files::nearest_name(name, known);
        findings.push_back({Severity::error, origin, fmt::format("the rule has no {} '{}'", what, name),
                            fmt::format("{}", fmt::join(known, ", ")),
                            near.empty() ? "" : fmt::format("did you mean '{}'?", near)});
    };
    std::vector<std::string> kernels;
    for (const Kernel& kernel : program.kernels) {
        kernels.push_back(kernel.name);
    }
    std::vector<std::string> parameters;
    for (const Variable& variable : program.variables) {
        if (variable.storage == Storage::parameter) {
            parameters.push_back(variable.name);
        }
    }
    for (const ExperimentTask& task : experiment.tasks) {
        if (program.find_kernel(task.kernel) < 0) {
            missing("kernel", task.kernel, kernels);
        }
    }
    for (const ExperimentParameter& parameter : experiment.parameters) {
        if (program.find_variable(parameter.name, Storage::parameter) < 0) {
            missing("parameter", parameter.name, parameters);
        }
    }
    return findings;
}

}  // namespace spikeloom::ppu
