#include "tools/ppu_source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <variant>

#include "core/ppu/parse.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace fs = std::filesystem;

Result<PpuSource> open_ppu(const std::string& operand) {
    std::error_code error;
    PpuSource source{.path = operand, .program = {}, .experiment = {}};
    if (!fs::exists(operand, error) && operand.find_first_of("/.") == std::string::npos) {
        source.path = find_model(fmt::format("ppu/{}.textproto", operand));
        if (source.path.empty()) {
            return fail({Severity::error,
                         operand,
                         "there is no such file, and no bundled experiment of that name",
                         "a rule (.ppu), an experiment (.textproto), or homeostasis, stdp, pong",
                         {}});
        }
    }
    if (fs::path(source.path).extension() == ".ppu") {
        auto program = ppu::read_program(source.path);
        if (!program) {
            return fail(std::move(program.error()));
        }
        source.program = std::move(*program);
        return source;
    }
    auto experiment = ppu::read_experiment(source.path);
    if (!experiment) {
        return fail(std::move(experiment.error()));
    }
    auto program = ppu::read_program((fs::path(source.path).parent_path() / experiment->rule).string());
    if (!program) {
        return fail(std::move(program.error()));
    }
    if (Diagnostics findings = ppu::check_experiment(*experiment, *program, source.path); has_error(findings)) {
        return fail(std::move(findings));
    }
    source.program = std::move(*program);
    source.experiment = std::move(*experiment);
    return source;
}

Result<chip::AnalogSpec> open_ppu_chip(const ppu::Experiment& experiment) {
    auto any = open_any_chip(experiment.chip);
    if (!any) {
        return fail(std::move(any.error()));
    }
    if (auto* analog = std::get_if<chip::AnalogSpec>(&*any)) {
        return std::move(*analog);
    }
    return fail({Severity::error, experiment.chip, "a chip with steps", "an analog chip with plasticity processors",
                 "brainscales2"});
}

std::vector<chip::analog::PlasticTask> tasks_of(const PpuSource& source) {
    std::vector<chip::analog::PlasticTask> tasks;
    for (const ppu::ExperimentTask& task : source.experiment->tasks) {
        tasks.push_back({.kernel = source.program.find_kernel(task.kernel),
                         .hemisphere = 0,
                         .rows = task.rows,
                         .timer = {.start_s = task.start_s, .period_s = task.period_s, .count = task.count}});
    }
    return tasks;
}

}  // namespace spikeloom::tools
