// spikeloom ppu run: a plasticity experiment on an emulated chip, and what it learned.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <numeric>

#include "chip/analog/analog_cost.hpp"
#include "chip/analog/ppu_experiment.hpp"
#include "core/files/bytes.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/partial_file.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/outline.hpp"
#include "tools/ppu_source.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;
namespace po = boost::program_options;
using chip::analog::ExperimentRun;

double rounded(double value) {
    return std::round(value * 1e6) / 1e6;
}

json::array task_rows(const PpuSource& source, const ExperimentRun& run) {
    json::array rows;
    for (std::size_t t = 0; t < source.experiment->tasks.size(); ++t) {
        const ppu::ExperimentTask& task = source.experiment->tasks[t];
        std::uint64_t runs = 0;
        std::uint64_t missed = 0;
        double longest = 0;
        for (const chip::analog::Execution& execution : run.executions) {
            if (execution.task == t) {
                ++runs;
                missed += execution.missed() ? 1 : 0;
                longest = std::max(longest, execution.end_s - execution.begin_s);
            }
        }
        rows.push_back(json::object{{"kernel", task.kernel},
                                    {"rows", task.rows.size()},
                                    {"runs", runs},
                                    {"period_us", rounded(task.period_s * 1e6)},
                                    {"longest_us", std::round(longest * 1e9) / 1e3},
                                    {"missed", missed}});
    }
    return rows;
}

/// Mean of a record over the runs of the kernels that write it, in a tenth of the duration. Records that several
/// kernels could write are read at the end of the one that ran last in the rule's text.
json::array record_rows(const PpuSource& source, const ExperimentRun& run) {
    json::array rows;
    const std::size_t records = run.record_names.size();
    const auto last_task = static_cast<std::uint32_t>(source.experiment->tasks.size() - 1);
    for (std::size_t r = 0; r < records; ++r) {
        std::array<double, 10> sum{};
        std::array<double, 10> count{};
        for (std::size_t i = 0; i < run.executions.size(); ++i) {
            if (run.executions[i].task == last_task) {
                const double tenth = std::min(9.0, std::floor(10 * run.executions[i].begin_s / run.duration_s));
                sum.at(static_cast<std::size_t>(tenth)) += run.records[i * records + r];
                count.at(static_cast<std::size_t>(tenth)) += 1;
            }
        }
        json::object row{{"record", run.record_names[r]}};
        for (std::size_t tenth = 0; tenth < sum.size(); tenth += 3) {
            row[fmt::format("tenth_{}", tenth + 1)] =
                count.at(tenth) == 0 ? 0 : rounded(sum.at(tenth) / count.at(tenth));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

json::array weight_rows(const ppu::Experiment& experiment, const ExperimentRun& run) {
    json::array rows;
    for (const ppu::ExperimentInput& input : experiment.inputs) {
        const auto mean = [&](const chip::analog::WeightSnapshot& snapshot) {
            const auto begin = snapshot.weights.begin() + std::ptrdiff_t{input.first_row} * experiment.neurons;
            const auto count = std::ptrdiff_t{input.rows} * experiment.neurons;
            return std::accumulate(begin, begin + count, 0.0) / static_cast<double>(count);
        };
        rows.push_back(json::object{{"input", input.name},
                                    {"rows", input.rows},
                                    {"mean_weight_first", rounded(mean(run.snapshots.front()))},
                                    {"mean_weight_last", rounded(mean(run.snapshots.back()))}});
    }
    return rows;
}

json::array rate_rows(const ppu::Experiment& experiment, const ExperimentRun& run) {
    json::array rows;
    const double tenth_s = experiment.duration_s / 10;
    for (std::size_t tenth = 0; tenth < 10; tenth += 3) {
        const auto begin = run.spikes.begin() + static_cast<std::ptrdiff_t>(tenth * experiment.neurons);
        const auto end = begin + experiment.neurons;
        const auto per_ms = [tenth_s](double count) { return rounded(count / tenth_s / 1e3); };
        rows.push_back(json::object{{"tenth", tenth + 1},
                                    {"mean", per_ms(std::accumulate(begin, end, 0.0) / experiment.neurons)},
                                    {"least", per_ms(static_cast<double>(*std::min_element(begin, end)))},
                                    {"most", per_ms(static_cast<double>(*std::max_element(begin, end)))}});
    }
    return rows;
}

json::array instruction_rows(const ExperimentRun& run) {
    json::array rows;
    for (const ppu::InstructionCost& cost : ppu::instruction_costs()) {
        if (run.instructions[cost.instruction] != 0) {
            rows.push_back(json::object{{"instruction", std::string(cost.name)},
                                        {"of", std::string(cost.unit)},
                                        {"count", run.instructions[cost.instruction]},
                                        {"cycles_each", cost.cycles},
                                        {"trust", std::string(name_of(cost.trust))}});
        }
    }
    return rows;
}

json::object energy_json(const chip::AnalogSpec& chip, const ExperimentRun& run) {
    if (chip.costs.empty()) {
        return {};
    }
    const chip::AnalogCostTable& table = chip.costs.front();
    const auto energy = chip::analog::price(run.counts, table, run.instructions.vector_instructions());
    const bool priced = std::ranges::any_of(table.events, [](const chip::AnalogEventCost& cost) {
        return cost.item == chip::AnalogCostItem::ppu_vector_instruction;
    });
    return {{"cost_table", table.name},
            {"chip_uj", rounded(energy.chip_pj.value * 1e-6)},
            {"total_uj", rounded(energy.total_pj.value * 1e-6)},
            {"vector_instructions", run.instructions.vector_instructions()},
            {"vector_instructions_priced", priced}};
}

json::object to_json(const PpuSource& source, const chip::AnalogSpec& chip, const ExperimentRun& run,
                     std::uint64_t seed) {
    const ppu::Experiment& experiment = *source.experiment;
    json::object figures{
        {"experiment", experiment.name},          {"title", experiment.title},      {"chip", chip.name}, {"seed", seed},
        {"chip_time_s", rounded(run.duration_s)}, {"tasks", task_rows(source, run)}};
    if (!run.record_names.empty() && !experiment.tasks.empty()) {
        figures["records_mean"] = record_rows(source, run);
    }
    figures["weights"] = weight_rows(experiment, run);
    figures["spikes_per_neuron_and_ms"] = rate_rows(experiment, run);
    figures["input_spikes"] = run.counts.input_spikes;
    figures["spikes"] = run.counts.spikes;
    figures["synaptic_events"] = run.counts.synaptic_events;
    figures["instructions"] = instruction_rows(run);
    figures["energy"] = energy_json(chip, run);
    return figures;
}

/// time_s,row,w0,w1,..: a line for each row of each snapshot.
Result<void> write_csv(const ppu::Experiment& experiment, const ExperimentRun& run, const std::string& path) {
    std::string text = "time_s,row";
    for (std::uint32_t n = 0; n < experiment.neurons; ++n) {
        text += fmt::format(",w{}", n);
    }
    text += '\n';
    for (const chip::analog::WeightSnapshot& snapshot : run.snapshots) {
        for (std::uint32_t row = 0; row < experiment.rows(); ++row) {
            text += fmt::format("{:.9g},{}", snapshot.time_s, row);
            for (std::uint32_t n = 0; n < experiment.neurons; ++n) {
                text += fmt::format(",{}", snapshot.weights[std::size_t{row} * experiment.neurons + n]);
            }
            text += '\n';
        }
    }
    return files::write_bytes(path, std::as_bytes(std::span(text)));
}

Result<void> write_hdf5(const ppu::Experiment& experiment, const ExperimentRun& run, const json::object& figures,
                        const std::string& path) {
    auto writer = files::Hdf5Writer::create(path);
    if (!writer) {
        return fail(std::move(writer.error()));
    }
    std::vector<double> times;
    std::vector<std::uint8_t> weights;
    for (const chip::analog::WeightSnapshot& snapshot : run.snapshots) {
        times.push_back(snapshot.time_s);
        weights.insert(weights.end(), snapshot.weights.begin(), snapshot.weights.end());
    }
    writer->array<double>("/weights/time_s", times);
    writer->array<std::uint8_t>("/weights/values", weights, {times.size(), experiment.rows(), experiment.neurons}, 1);
    std::vector<std::uint32_t> tasks;
    std::array<std::vector<double>, 4> moments;
    for (const chip::analog::Execution& execution : run.executions) {
        tasks.push_back(execution.task);
        moments[0].push_back(execution.release_s);
        moments[1].push_back(execution.begin_s);
        moments[2].push_back(execution.end_s);
        moments[3].push_back(execution.deadline_s);
    }
    writer->array<std::uint32_t>("/executions/task", tasks);
    constexpr std::array<const char*, 4> names{"release_s", "begin_s", "end_s", "deadline_s"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        writer->array<double>(fmt::format("/executions/{}", names.at(i)), moments.at(i));
    }
    for (std::size_t r = 0; r < run.record_names.size(); ++r) {
        std::vector<double> values;
        for (std::size_t i = r; i < run.records.size(); i += run.record_names.size()) {
            values.push_back(run.records[i]);
        }
        writer->array<double>("/records/" + run.record_names[r], values);
    }
    writer->array<std::uint64_t>("/spikes_by_tenth", run.spikes, {10, experiment.neurons});
    writer->text("/figures", json::serialize(figures));
    return writer->close();
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "learning_rate=0.1", over what the experiment says.
void set_parameters(const std::vector<std::string>& words, const ppu::Program& program, ppu::Experiment& experiment) {
    for (const std::string& word_ : words) {
        const std::size_t equals = word_.find('=');
        double value = 0;
        const char* begin = word_.data() + std::min(equals, word_.size() - 1) + 1;
        const char* end = word_.data() + word_.size();
        const auto read = std::from_chars(begin, end, value);
        if (equals == std::string::npos || read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) {
            throw UsageError(fmt::format("--set {}: expected NAME=NUMBER", word_));
        }
        const std::string name = word_.substr(0, equals);
        if (program.find_variable(name, ppu::Storage::parameter) < 0) {
            throw UsageError(fmt::format("--set {}: the rule has no parameter '{}'", word_, name));
        }
        experiment.parameters.push_back({.name = name, .value = value});
    }
}

void set_duration(const CommandLine& line, ppu::Experiment& experiment) {
    if (!line.has("duration-ms")) {
        return;
    }
    const double ms = line.value<double>("duration-ms");
    if (!(ms > 0 && ms * 1e-3 <= experiment.duration_s)) {
        throw UsageError(
            fmt::format("--duration-ms {}: above 0, at most the experiment's {:g}", ms, experiment.duration_s * 1e3));
    }
    experiment.duration_s = ms * 1e-3;
}

void add_options(CommandLine& line) {
    line.add()("seed", po::value<std::uint64_t>()->default_value(1)->value_name("N"),
               "of spikes, first weights and the processor's random numbers")(
        "set", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"), "a parameter of the rule; repeat")(
        "duration-ms", po::value<double>()->value_name("MS"), "a shorter run")(
        "mismatch", flag(), "on a copy of the chip with fixed-pattern mismatch, calibrated")(
        "instance", po::value<std::uint32_t>()->default_value(0)->value_name("N"), "which copy")(
        "output", word("FILE"), "weights over time, executions and records: .h5, or weights alone: .csv")(
        "force", flag(), "replace the output")("json", flag(), "print JSON");
}

Result<void> deliver(const CommandLine& line, const ppu::Experiment& experiment, const ExperimentRun& run,
                     const json::object& figures, std::optional<runtime::PartialFile>& file) {
    if (!file) {
        return {};
    }
    auto written = ends_with(line.value<std::string>("output"), ".csv")
                       ? write_csv(experiment, run, file->path())
                       : write_hdf5(experiment, run, figures, file->path());
    return written ? file->publish() : written;
}

Result<json::object> execute(const CommandLine& line, PpuSource& source) {
    const auto chip = open_ppu_chip(*source.experiment);
    if (!chip) {
        return fail(chip.error());
    }
    std::optional<runtime::PartialFile> file;
    if (line.has("output")) {
        auto made = runtime::PartialFile::create(line.value<std::string>("output"), line.flag("force"));
        if (!made) {
            return fail(std::move(made.error()));
        }
        file = std::move(*made);
    }
    const auto seed = line.value<std::uint64_t>("seed");
    ProgressBar bar(source.experiment->name);
    const auto ran = chip::analog::run_experiment(*source.experiment, source.program, *chip,
                                                  {.seed = seed,
                                                   .instance = {.seed = seed,
                                                                .instance = line.value<std::uint32_t>("instance"),
                                                                .mismatch = line.flag("mismatch")},
                                                   .progress = [&](double fraction) {
                                                       bar.update(fraction);
                                                       return true;
                                                   }});
    if (!ran) {
        return fail(ran.error());
    }
    json::object figures = to_json(source, *chip, *ran, seed);
    if (auto delivered = deliver(line, *source.experiment, *ran, figures, file); !delivered) {
        return fail(std::move(delivered.error()));
    }
    return figures;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("EXPERIMENT");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    if (line.has("output") && !ends_with(line.value<std::string>("output"), ".csv") &&
        !ends_with(line.value<std::string>("output"), ".h5")) {
        throw UsageError(fmt::format("--output {}: .h5 or .csv", line.value<std::string>("output")));
    }
    auto source = open_ppu(line.operand());
    if (!source) {
        print(source.error());
        return ExitStatus::failed;
    }
    if (!source->experiment) {
        print(Diagnostics{{.where = source->path,
                           .found = "a rule by itself",
                           .allowed = "an experiment, which says what spikes and when kernels run",
                           .help = "spikeloom ppu check says what it takes; core/ppu/experiment.proto, how to write an "
                                   "experiment"}});
        return ExitStatus::failed;
    }
    set_duration(line, *source->experiment);
    if (line.has("set")) {
        set_parameters(line.value<std::vector<std::string>>("set"), source->program, *source->experiment);
    }
    const auto figures = execute(line, *source);
    if (!figures) {
        print(figures.error());
        return ExitStatus::failed;
    }
    fmt::print("{}", line.flag("json") ? json::serialize(*figures) + "\n" : outline(*figures));
    return ExitStatus::done;
}

}  // namespace

const Subcommand ppu_run_subcommand{
    .name = "ppu run",
    .summary = "an experiment on an emulated chip: rewards, weights, rates, time and energy",
    .synopsis = "EXPERIMENT [--seed N] [--set NAME=VALUE] [--output FILE.h5|FILE.csv] [--json]",
    .text =
        "Places the experiment's inputs and neurons on the chip, lets its kernels run at their times between the\n"
        "neurons' spikes, and prints what came of it; means are of the first, fourth, seventh and last tenth of the\n"
        "duration. The result depends on the experiment and the seed alone.",
    .example =
        "  spikeloom ppu run homeostasis --output weights.csv\n"
        "  spikeloom ppu run pong --seed 2 --set learning_rate=0.05 --json",
    .run = run,
};

}  // namespace spikeloom::tools
