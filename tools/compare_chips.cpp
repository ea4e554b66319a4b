// spikeloom compare-chips: one time-to-first-spike network on several chips, with steps and without, in one table.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <variant>

#include "chip/analog/analog_cost.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "compiler/compile.hpp"
#include "runtime/analog/monte_carlo.hpp"
#include "runtime/analog/stepped_ttfs.hpp"
#include "tools/analog_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"
#include "tools/timed_data.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
namespace json = boost::json;

constexpr double pj_per_uj = 1e6;

/// One chip under one cost table. Energies in pJ, an inference; unpriced where the chip has no table.
struct Row {
    std::string chip;
    std::string time;  ///< "continuous", "steps of 0.1 us"
    double accuracy = 0;
    std::uint64_t samples = 0;
    std::uint64_t silent = 0;
    double decision_s = never;  ///< the network's time
    double spikes = 0;
    std::string table;  ///< empty: not priced
    chip::Estimate energy_pj{};
    chip::Estimate decision_energy_pj{};  ///< up to the first label spike
    double latency_s = 0;                 ///< the chip's own time, a whole sample
    double decision_latency_s = 0;
    std::string source;  ///< of the figure that dominates, with its trust
};

struct Comparison {
    std::vector<Row> rows;
    std::vector<std::string> remarks;
    bool interrupted = false;
};

struct Setting {
    const compiler::TimedNetwork& network;
    const runtime::TimedSet& set;
    chip::TtfsCoding coding;
    double step_s = 0;
    int threads = 1;
    std::uint64_t limit = 0;
    std::uint64_t seed = 0;
    chip::analog::InstanceOptions instance;
};

chip::Estimate scaled(const chip::Estimate& estimate, double factor) {
    return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

std::string source_text(const chip::Quantity& quantity) {
    return fmt::format("{} ({})", quantity.source, chip::name_of(quantity.trust));
}

/// The analog image; its inputs serve the stepped chips too.
Result<compiler::AnalogCompileResult> compile_timed(const Setting& setting, const chip::AnalogSpec& chip) {
    return compiler::compile_analog(setting.network, chip, {.seed = setting.seed});
}

chip::AnalogSpec equations_only() {
    chip::AnalogSpec spec;
    spec.name = "equations";
    spec.title = "only the equations";
    spec.description = "only the equations";
    spec.ideal = true;
    return spec;
}

Result<void> add_analog(const Setting& setting, const chip::AnalogSpec& chip, Comparison& comparison) {
    const auto compiled = compile_timed(setting, chip);
    if (!compiled) {
        return fail(compiled.error());
    }
    runtime::TimedEvaluationOptions options;
    options.encoder.coding = setting.coding;
    options.limit = setting.limit;
    options.threads = setting.threads;
    options.stop = InterruptGuard::requested;
    const auto whole = runtime::evaluate_instances(compiled->image, setting.instance, 1, setting.set, options);
    options.stop_at_first_spike = true;
    const auto stopped = whole ? runtime::evaluate_instances(compiled->image, setting.instance, 1, setting.set, options)
                               : tl::unexpected(whole.error());
    if (!stopped) {
        return fail(stopped.error());
    }
    comparison.interrupted = comparison.interrupted || whole->interrupted || stopped->interrupted;
    const runtime::InstanceScore& score = whole->scores.front();
    const auto samples = std::max<double>(1, static_cast<double>(score.samples));
    Row row{.chip = chip.name,
            .time = "continuous",
            .accuracy = score.accuracy(),
            .samples = score.samples,
            .silent = score.silent,
            .decision_s = score.decision_s,
            .spikes = score.spikes,
            .table = {},
            .latency_s = whole->first.counts.duration_s / samples,
            .decision_latency_s = stopped->first.counts.duration_s / samples,
            .source = {}};
    for (const chip::AnalogCostTable& table : chip.costs) {
        row.table = table.name;
        row.energy_pj = scaled(chip::analog::price(whole->first.counts, table).total_pj, 1 / samples);
        row.decision_energy_pj = scaled(chip::analog::price(stopped->first.counts, table).total_pj, 1 / samples);
        row.source = "power of the chip: " + source_text(table.chip_power_mw);
        comparison.rows.push_back(row);
    }
    if (chip.costs.empty()) {
        comparison.rows.push_back(row);
    }
    for (const Diagnostic& remark : compiled->remarks) {
        comparison.remarks.push_back(chip.name + ": " + to_text(remark));
    }
    comparison.remarks.push_back(
        chip.name + ": " +
        (chip.ideal ? "the equations alone, no chip: neither energy nor a latency of its own"
                    : "its neurons run in the network's time; energy is the chip's power over the sample (it flows "
                      "whether neurons spike or not); FPGA and host are left out"));
    return {};
}

Result<void> add_stepped(const Setting& setting, const chip::ChipSpec& chip, Comparison& comparison) {
    const auto stepped =
        compiler::to_stepped(setting.network, setting.step_s, static_cast<int>(chip.neuron.refractory.most));
    if (!stepped) {
        return fail(stepped.error());
    }
    const auto compiled =
        compiler::compile(stepped->network, chip, {.seed = setting.seed, .embed_network = false, .progress = {}});
    const auto timed = compile_timed(setting, equations_only());
    if (!compiled || !timed) {
        return fail(compiled ? timed.error() : compiled.error());
    }
    runtime::SteppedTtfsOptions options{
        .encoder = {.coding = setting.coding}, .limit = setting.limit, .threads = setting.threads};
    ProgressBar bar(chip.name);
    options.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
        bar.update(static_cast<double>(done) / static_cast<double>(samples), fmt::format("sample {}", done));
    };
    options.stop = InterruptGuard::requested;
    const auto result = runtime::run_stepped_ttfs(compiled->image, timed->image, setting.set, options);
    if (!result) {
        return fail(result.error());
    }
    comparison.interrupted = comparison.interrupted || result->interrupted;
    const auto samples = std::max<double>(1, static_cast<double>(result->samples));
    for (std::size_t t = 0; t < chip.costs.size(); ++t) {
        const chip::CostTable& table = chip.costs[t];
        const runtime::SteppedPrice& price = result->prices[t];
        const auto energy = [&](const Counters& counters, double time_ns) {
            chip::Estimate sum = chip::total(chip::dynamic_energy(counters, table));
            sum += chip::static_energy(table, static_cast<int>(result->cores), time_ns).cores_pj;
            return scaled(sum, 1 / samples);
        };
        comparison.rows.push_back(
            {.chip = chip.name,
             .time = fmt::format("{} steps of {:.3g} us", result->steps, setting.step_s * 1e6),
             .accuracy = static_cast<double>(result->correct) / samples,
             .samples = result->samples,
             .silent = result->silent,
             .decision_s = result->mean_decision_s,
             .spikes = static_cast<double>(result->counters[Counter::spikes]) / samples,
             .table = table.name,
             .energy_pj = energy(result->counters, price.time_ns),
             .decision_energy_pj = energy(result->decision_counters, price.decision_time_ns),
             .latency_s = price.time_ns * 1e-9 / samples,
             .decision_latency_s = price.decision_time_ns * 1e-9 / samples,
             .source = "neuron update: " + source_text(table.event(chip::CostItem::update_active).energy_pj)});
    }
    for (const Diagnostics& remarks : {stepped->remarks, compiled->remarks}) {
        for (const Diagnostic& remark : remarks) {
            comparison.remarks.push_back(chip.name + ": " + to_text(remark));
        }
    }
    comparison.remarks.push_back(fmt::format(
        "{}: energy is what events cost plus the leakage of the {} cores in use over the chip's time (the rest of the "
        "chip and its processors are left out); a step takes as long as its slowest core and the barrier, so that "
        "latency is not the network's time",
        chip.name, result->cores));
    return {};
}

std::string microseconds(double seconds) {
    return seconds == never ? "-" : fmt::format("{:.4g}", seconds * 1e6);
}

std::string energy_range(const Row& row, const chip::Estimate& energy) {
    return row.table.empty() ? "-"
                             : fmt::format("{:.3g} ({:.3g}..{:.3g})", energy.value / pj_per_uj, energy.low / pj_per_uj,
                                           energy.high / pj_per_uj);
}

std::string table_text(const Comparison& comparison, double time_unit_s) {
    std::vector<std::vector<std::string>> cells{{"chip", "time", "cost table", "accuracy %", "silent", "decision us",
                                                 "tau", "spikes", "energy uJ", "to decision uJ", "latency us",
                                                 "to decision us"}};
    for (const Row& row : comparison.rows) {
        cells.push_back({row.chip, row.time, row.table.empty() ? "-" : row.table,
                         fmt::format("{:.2f}", 100 * row.accuracy), std::to_string(row.silent),
                         microseconds(row.decision_s),
                         row.decision_s == never ? "-" : fmt::format("{:.3f}", row.decision_s / time_unit_s),
                         fmt::format("{:.1f}", row.spikes), energy_range(row, row.energy_pj),
                         energy_range(row, row.decision_energy_pj), microseconds(row.latency_s),
                         microseconds(row.decision_latency_s)});
    }
    std::vector<std::size_t> widths(cells[0].size());
    for (const auto& line : cells) {
        for (std::size_t c = 0; c < line.size(); ++c) {
            widths[c] = std::max(widths[c], line[c].size());
        }
    }
    std::string text;
    for (const auto& line : cells) {
        std::string shown;
        for (std::size_t c = 0; c < line.size(); ++c) {
            shown += c < 3 ? fmt::format("{:<{}}  ", line[c], widths[c]) : fmt::format("{:>{}}  ", line[c], widths[c]);
        }
        text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
    }
    text +=
        "Energy, spikes and latency are those of one inference; decision is in the network's time, latency in the "
        "chip's own.\nSources:\n";
    for (const Row& row : comparison.rows) {
        if (!row.table.empty()) {
            text += fmt::format("  {} {}: {}\n", row.chip, row.table, row.source);
        }
    }
    text += "Remarks:\n";
    for (const std::string& remark : comparison.remarks) {
        text += "  " + remark + "\n";
    }
    return text;
}

json::value finite_or_null(double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::object row_json(const Row& row) {
    const auto energy = [&row](const chip::Estimate& pj) -> json::value {
        if (row.table.empty()) {
            return nullptr;
        }
        return json::object{
            {"value_uj", pj.value / pj_per_uj}, {"low_uj", pj.low / pj_per_uj}, {"high_uj", pj.high / pj_per_uj}};
    };
    return {{"chip", row.chip},
            {"time", row.time},
            {"cost_table", row.table.empty() ? json::value(nullptr) : json::value(row.table)},
            {"samples", row.samples},
            {"accuracy", row.accuracy},
            {"silent", row.silent},
            {"mean_decision_s", finite_or_null(row.decision_s)},
            {"spikes_per_inference", row.spikes},
            {"energy_per_inference", energy(row.energy_pj)},
            {"energy_to_decision", energy(row.decision_energy_pj)},
            {"latency_s", row.latency_s},
            {"latency_to_decision_s", row.decision_latency_s},
            {"source", row.source}};
}

Result<Setting> setting_of(const compiler::TimedNetwork& network, const runtime::TimedSet& set,
                           const CommandLine& line) {
    if (!network.coding) {
        return fail(Diagnostic{.where = network.name,
                               .found = "the network says nothing of its coding",
                               .allowed = "a TTFS text with a block 'coding', or NIR with its metadata"});
    }
    const double unit = network.coding->time_unit_s;
    Setting setting{.network = network,
                    .set = set,
                    .coding = *network.coding,
                    .step_s = line.value<double>("step") * unit,
                    .threads = thread_count(line),
                    .limit = line.value<std::uint64_t>("limit"),
                    .seed = line.value<std::uint64_t>("seed"),
                    .instance = instance_options(line)};
    if (line.has("window")) {
        setting.coding.window_s = line.value<double>("window") * unit;
    }
    if (!(setting.step_s > 0 && std::isfinite(setting.step_s))) {
        throw UsageError("--step: more than 0 time units");
    }
    return setting;
}

Result<Comparison> compare(const Setting& setting, const std::vector<std::string>& chips) {
    const InterruptGuard interrupt;
    Comparison comparison;
    for (const std::string& name : chips) {
        const auto chip = open_any_chip(name);
        if (!chip) {
            return fail(chip.error());
        }
        const auto* analog = std::get_if<chip::AnalogSpec>(&*chip);
        auto added = analog != nullptr ? add_analog(setting, *analog, comparison)
                                       : add_stepped(setting, std::get<chip::ChipSpec>(*chip), comparison);
        if (!added) {
            for (Diagnostic& finding : added.error()) {
                finding.where = fmt::format("chip '{}', {}", name, finding.where);
            }
            return fail(std::move(added.error()));
        }
    }
    return comparison;
}

void add_options(CommandLine& line) {
    line.add()("data,d", word("SET")->required(),
               "as of eval on an analog image: .npz, .npy, idx, yin-yang:SAMPLES:SEED")(
        "labels", word("FILE")->default_value(""), "labels in a file of their own")(
        "data-holds", word("WHAT"), "values, times (time units) or seconds")(
        "chip", po::value<std::vector<std::string>>()->value_name("CHIP")->composing(),
        "a chip; may be given more than once (default: loihi1 and brainscales2)")(
        "step", po::value<double>()->default_value(0.02, "0.02")->value_name("T"),
        "length of a step on chips with steps, in time units")("window", po::value<double>()->value_name("T"),
                                                               "length of a sample in time units")(
        "limit,l", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "samples at most (0: all)")(
        "json", flag(), "print JSON");
    add_instance_options(line);
    add_nir_options(line);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto failed = [](const Diagnostics& findings) {
        print(findings);
        return ExitStatus::failed;
    };
    const auto loaded = load_timed_network(line.operand(), line);
    if (!loaded) {
        return failed(loaded.error());
    }
    const auto set =
        open_timed_set(line.value<std::string>("data"), line.value<std::string>("labels"), data_holds(line));
    if (!set) {
        return failed(set.error());
    }
    const auto setting = setting_of(loaded->network, *set, line);
    if (!setting) {
        return failed(setting.error());
    }
    const auto chips = line.has("chip") ? line.value<std::vector<std::string>>("chip")
                                        : std::vector<std::string>{"loihi1", "brainscales2"};
    const auto comparison = compare(*setting, chips);
    if (!comparison) {
        return failed(comparison.error());
    }
    if (line.flag("json")) {
        json::array rows;
        for (const Row& row : comparison->rows) {
            rows.push_back(row_json(row));
        }
        fmt::print("{}\n", json::serialize(json::object{
                               {"network", loaded->network.name},
                               {"set", set->name},
                               {"time_unit_s", setting->coding.time_unit_s},
                               {"window_s", setting->coding.window_s},
                               {"rows", std::move(rows)},
                               {"remarks", json::array(comparison->remarks.begin(), comparison->remarks.end())},
                               {"interrupted", comparison->interrupted}}));
    } else {
        fmt::print("{}, {}, window {:.4g} us\n{}", loaded->network.name, set->name, setting->coding.window_s * 1e6,
                   table_text(*comparison, setting->coding.time_unit_s));
    }
    return comparison->interrupted ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

const Subcommand compare_chips_subcommand{
    .name = "compare-chips",
    .summary = "a time-to-first-spike network on several chips, in steps and in continuous time: one table",
    .synopsis = "NET --data SET [--chip CHIP ...] [options]",
    .text =
        "Compiles the network for every chip, runs the same samples, and prints accuracy, decision time, spikes,\n"
        "energy and latency side by side: whole samples, and what it takes to the first label spike. On chips with\n"
        "steps the network is brought into steps of --step time units, and neurons that spike once are refractory for\n"
        "as long as the chip can.",
    .example = "  spikeloom compare-chips yin_yang.textproto -d set.npz --chip loihi1 --chip brainscales2 --step 0.02",
    .run = run,
};

}  // namespace spikeloom::tools
