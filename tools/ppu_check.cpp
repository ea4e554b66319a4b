// spikeloom ppu check: a rule without running it: its instructions, the time of a row and a call, its deadlines.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "core/ppu/cost.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/outline.hpp"
#include "tools/ppu_source.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

constexpr double usual_clock_hz = 250e6;
/// Runs of a task that the schedule looks at: enough for its pattern, not for a day.
constexpr std::uint32_t most_scheduled = 10'000;

double microseconds(std::uint64_t cycles, double clock_hz) {
    return std::round(static_cast<double>(cycles) / clock_hz * 1e9) / 1e3;
}

json::array instruction_rows(const ppu::Counts& counts) {
    json::array rows;
    for (const ppu::InstructionCost& cost : ppu::instruction_costs()) {
        const std::uint64_t count = counts[cost.instruction];
        if (count != 0) {
            rows.push_back(json::object{{"instruction", std::string(cost.name)},
                                        {"of", std::string(cost.unit)},
                                        {"count", count},
                                        {"cycles_each", cost.cycles},
                                        {"cycles", count * static_cast<std::uint64_t>(cost.cycles)},
                                        {"trust", std::string(name_of(cost.trust))}});
        }
    }
    return rows;
}

json::object kernel_json(const ppu::Program& program, const ppu::Kernel& kernel, int rows, double clock_hz) {
    const ppu::KernelCost cost = ppu::analyse(program, kernel, rows);
    json::object row{{"kernel", kernel.name},
                     {"rows", rows},
                     {"row_us", microseconds(cost.row.cycles(), clock_hz)},
                     {"call_us", microseconds(cost.all.cycles(), clock_hz)},
                     {"vector_instructions", cost.all.vector_instructions()}};
    return row;
}

json::object memory_json(const ppu::Program& program, int rows) {
    return {{"own_bytes", program.own_bytes()},
            {"own_bytes_allowed", ppu::own_memory_bytes},
            {"external_bytes", program.external_bytes(rows)},
            {"external_bytes_allowed", ppu::external_memory_bytes}};
}

json::object check_rule(const PpuSource& source, int rows, std::optional<double> period_us) {
    json::array kernels;
    ppu::Counts all;
    for (const ppu::Kernel& kernel : source.program.kernels) {
        json::object row = kernel_json(source.program, kernel, rows, usual_clock_hz);
        if (period_us) {
            row["meets_period"] = row["call_us"].as_double() <= *period_us;
        }
        kernels.push_back(std::move(row));
        all += ppu::analyse(source.program, kernel, rows).all;
    }
    return {{"rule", source.path},
            {"kernels", kernels},
            {"memory", memory_json(source.program, rows)},
            {"instructions_of_one_call_of_each", instruction_rows(all)}};
}

/// Kernels with their timers, and how often a deadline is missed in the worst case of each.
json::object check_experiment_json(const PpuSource& source, double clock_hz, std::uint64_t& missed) {
    std::vector<chip::analog::PlasticTask> tasks = tasks_of(source);
    std::vector<double> durations;
    for (chip::analog::PlasticTask& task : tasks) {
        const ppu::Kernel& kernel = source.program.kernels[static_cast<std::size_t>(task.kernel)];
        const auto cycles = ppu::analyse(source.program, kernel, static_cast<int>(task.rows.size())).all.cycles();
        durations.push_back(static_cast<double>(cycles) / clock_hz);
        task.timer.count = std::min(task.timer.count, most_scheduled);
    }
    std::vector<std::uint64_t> late(tasks.size(), 0);
    for (const chip::analog::Execution& execution : chip::analog::schedule(tasks, durations, 0)) {
        late[execution.task] += execution.missed() ? 1 : 0;
        missed += execution.missed() ? 1 : 0;
    }
    json::array rows;
    double load = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const ppu::Kernel& kernel = source.program.kernels[static_cast<std::size_t>(tasks[i].kernel)];
        json::object row = kernel_json(source.program, kernel, static_cast<int>(tasks[i].rows.size()), clock_hz);
        row["period_us"] = std::round(tasks[i].timer.period_s * 1e9) / 1e3;
        row["runs"] = tasks[i].timer.count;
        row["missed"] = late[i];
        load += tasks[i].timer.count > 1 ? durations[i] / tasks[i].timer.period_s : 0;
        rows.push_back(row);
    }
    return {{"experiment", source.experiment->name},
            {"rule", source.experiment->rule},
            {"tasks", rows},
            {"processor_load_percent", std::round(load * 1e4) / 1e2},
            {"memory", memory_json(source.program, static_cast<int>(source.experiment->rows()))}};
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("FILE");
    line.add()("rows", boost::program_options::value<int>()->default_value(ppu::most_rows)->value_name("N"),
               "rows that a kernel runs on; an experiment says it itself")(
        "period-us", boost::program_options::value<double>()->value_name("US"),
        "say whether each kernel, alone, meets this period; an experiment has its own")("json", flag(), "print JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const int rows = line.value<int>("rows");
    if (rows < 1 || rows > ppu::most_rows) {
        throw UsageError(fmt::format("--rows {}: allowed are 1 to {}", rows, ppu::most_rows));
    }
    const auto source = open_ppu(line.operand());
    if (!source) {
        print(source.error());
        return ExitStatus::failed;
    }
    std::uint64_t missed = 0;
    json::object figures;
    if (source->experiment) {
        const auto chip = open_ppu_chip(*source->experiment);
        if (!chip) {
            print(chip.error());
            return ExitStatus::failed;
        }
        figures = check_experiment_json(*source, chip->plasticity.clock_hz, missed);
    } else {
        figures = check_rule(*source, rows, line.optional<double>("period-us"));
    }
    fmt::print("{}", line.flag("json") ? json::serialize(figures) + "\n" : outline(figures));
    if (missed != 0) {
        print(Diagnostics{{.severity = Severity::warning,
                           .where = source->path,
                           .found = fmt::format("{} deadlines are missed where every kernel takes its longest", missed),
                           .help = "longer periods, fewer rows, or cheaper kernels"}});
    }
    return ExitStatus::done;
}

}  // namespace

const Subcommand ppu_check_subcommand{
    .name = "ppu check",
    .summary = "types, instructions, time of a row and of a call, memory, deadlines",
    .synopsis = "FILE [--rows N] [--period-us US] [--json]",
    .text =
        "Reads a rule as strictly as the vector unit needs it, and says what it takes: instructions with the cycles "
        "of\n"
        "each and how far these are known, time of the dearest row and of a call in the worst case, memory. Of an\n"
        "experiment also whether its kernels meet their periods under earliest-deadline-first scheduling.",
    .example = "  spikeloom ppu check models/ppu/stdp.ppu --rows 128 --period-us 2000\n  spikeloom ppu check pong",
    .run = run,
};

}  // namespace spikeloom::tools
