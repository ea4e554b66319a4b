#include "tools/ppu_source.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <variant>

#include "core/ppu/parse.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

std::string_view name_of(ppu::Storage storage) {
    switch (storage) {
    case ppu::Storage::parameter:
        return "parameter";
    case ppu::Storage::state:
        return "state";
    case ppu::Storage::row_state:
        return "state of each row";
    case ppu::Storage::record:
        return "record";
    case ppu::Storage::local:
        return "local";
    }
    SPIKELOOM_ASSERT(false, std::to_string(static_cast<int>(storage)));
}

void describe(const ppu::Experiment& experiment, json::object& described) {
    described["experiment"] = experiment.name;
    described["title"] = experiment.title;
    described["source"] = experiment.source;
    described["chip"] = experiment.chip;
    described["neurons"] = experiment.neurons;
    described["rows"] = experiment.rows();
    described["duration_s"] = experiment.duration_s;
}

}  // namespace

boost::json::object describe(const PpuSource& source) {
    json::object described{{"kind", source.experiment ? "experiment with a plasticity rule of an embedded processor"
                                                      : "plasticity rule of an embedded processor"}};
    if (source.experiment) {
        describe(*source.experiment, described);
    }
    json::array kernels;
    for (const ppu::Kernel& kernel : source.program.kernels) {
        kernels.emplace_back(kernel.name);
    }
    json::array variables;
    for (const ppu::Variable& variable : source.program.variables) {
        if (variable.storage != ppu::Storage::local) {
            variables.push_back(json::object{{"variable", variable.name},
                                             {"storage", std::string(name_of(variable.storage))},
                                             {"type", std::string(ppu::name_of(variable.type))}});
        }
    }
    described["kernels"] = std::move(kernels);
    described["variables"] = std::move(variables);
    return described;
}

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
