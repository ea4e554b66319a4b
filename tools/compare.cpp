// spikeloom compare: one network on several chips in one table: whether it fits, what it takes, and, given a labelled
// set, how well and at what cost it answers.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/analog/compile_analog.hpp"
#include "compiler/compile.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/verify.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/recording.hpp"
#include "runtime/report.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/evaluation_options.hpp"
#include "tools/figures.hpp"
#include "tools/interrupt.hpp"
#include "tools/mapping_options.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"
#include "tools/outline.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

/// What one inference takes under the chip's first cost table.
struct InferenceCost {
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    chip::Estimate energy_pj{};  ///< dynamic
    std::optional<chip::Estimate> static_pj{};
    double latency_ns = 0;
    std::string table;
    std::string trust;  ///< of the constant whose spread is widest, and its source
};

struct Row {
    std::string chip;
    bool fits = false;
    std::string why;  ///< where it doesn't
    std::size_t cores = 0;
    int cores_there = 0;
    std::string binding;  ///< limit that is used most on any core
    double fullest = 0;   ///< that use
    double filled = 0;    ///< its mean over cores
    std::uint64_t messages = 0;
    std::uint64_t hops = 0;
    double weight_error = 0;
    std::optional<InferenceCost> inference{};
};

/// The limit of the fullest core, and how full it is on the mean of all.
void add_use(const chip::Image& image, Row& row) {
    const compiler::MeasuredCost cost = compiler::measure_cost(image);
    struct Use {
        compiler::Limit limit;
        std::int64_t compiler::MeasuredCore::* amount;
        std::int64_t room;
    };
    const chip::ChipSpec& chip = image.chip;
    using compiler::Limit;
    using compiler::MeasuredCore;
    const std::array uses{
        Use{Limit::compartments, &MeasuredCore::compartments, chip.limits.compartments},
        Use{Limit::input_axons, &MeasuredCore::input_axons, chip.limits.input_axons},
        Use{Limit::output_axons, &MeasuredCore::output_axons, chip.limits.output_axons},
        Use{Limit::synapse_words, &MeasuredCore::synapse_words, chip.synapses.words},
        Use{Limit::axon_words, &MeasuredCore::longest_axon_words, chip.synapses.words_per_axon},
        Use{Limit::compartment_profiles, &MeasuredCore::compartment_profiles, chip.limits.compartment_profiles},
        Use{Limit::threshold_profiles, &MeasuredCore::threshold_profiles, chip.limits.threshold_profiles},
        Use{Limit::synapse_formats, &MeasuredCore::synapse_formats, chip.synapses.synapse_formats},
    };
    row.messages = cost.messages;
    row.hops = cost.hops;
    for (const Use& use : uses) {
        double most = 0;
        double sum = 0;
        for (const MeasuredCore& core : cost.cores) {
            const double share =
                use.room > 0 ? static_cast<double>(core.*use.amount) / static_cast<double>(use.room) : 0.0;
            most = std::max(most, share);
            sum += share;
        }
        if (most > row.fullest) {
            row.fullest = most;
            row.filled = sum / static_cast<double>(cost.cores.size());
            row.binding = compiler::limit_info(use.limit).name;
        }
    }
}

double weight_error(const chip::Image& image) {
    double sum = 0;
    double count = 0;
    for (const chip::ProjectionLoss& loss : image.losses) {
        sum += static_cast<double>(loss.synapses) * loss.rms_error * loss.rms_error;
        count += static_cast<double>(loss.synapses);
    }
    return count > 0 ? std::sqrt(sum / count) : 0;
}

/// A folder for the recording of one evaluation, which goes with it.
class ScratchFolder {
public:
    ScratchFolder() : path_((std::filesystem::temp_directory_path() / "spikeloom-compare-XXXXXX").string()) {
        made_ = mkdtemp(path_.data()) != nullptr;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (made_) {
            std::filesystem::remove_all(path_, ignored);
        }
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
    bool made_ = false;
};

InferenceCost cost_of(const runtime::Report& report) {
    InferenceCost cost{.samples = report.samples, .correct = report.correct, .table = {}, .trust = {}};
    if (report.priced.empty() || report.samples == 0) {
        return cost;
    }
    const runtime::PricedRun& priced = report.priced.front();
    const auto samples = static_cast<double>(report.samples);
    const auto each = [samples](const chip::Estimate& whole) {
        return chip::Estimate{whole.value / samples, whole.low / samples, whole.high / samples};
    };
    cost.table = priced.table;
    cost.energy_pj = each(priced.dynamic_pj);
    if (priced.static_pj) {
        cost.static_pj = each(priced.static_pj->cores_pj);
    }
    cost.latency_ns = priced.time_ns / samples;
    if (!priced.constants.empty()) {
        const chip::ConstantShare& widest = priced.constants.front();
        cost.trust = fmt::format("{}: {}, {}", widest.constant, chip::name_of(widest.trust), widest.source);
    }
    return cost;
}

/// The set through the image, as eval runs it; nothing is kept but the figures.
Result<InferenceCost> infer(const chip::Image& image, const runtime::LabelledSet& set, const CommandLine& line) {
    const ScratchFolder folder;
    if (!folder.made()) {
        return fail({.where = "compare",
                     .found = "no folder for a recording can be made",
                     .allowed = "a writable folder for temporary files",
                     .help = "set TMPDIR"});
    }
    const int threads = line.value<int>("threads");
    auto session = runtime::Session::open(
        image, {.threads = threads, .seed = line.value<std::uint64_t>("seed"), .timing = runtime::TimingOptions{}});
    if (!session) {
        return fail(std::move(session.error()));
    }
    runtime::RecordingOptions recording;
    recording.path = folder.file("run.h5");
    recording.spikes = false;
    recording.threads = threads;
    auto recorder = runtime::Recorder::create(recording, *session);
    if (!recorder) {
        return fail(std::move(recorder.error()));
    }
    runtime::EvaluationCallbacks callbacks;
    callbacks.stop = InterruptGuard::requested;
    const auto evaluation = [&] {
        ProgressBar bar(image.chip.name);
        callbacks.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
            bar.update(static_cast<double>(done) / static_cast<double>(samples),
                       fmt::format("sample {} of {}", done, samples));
        };
        return runtime::evaluate(*session, set, labelled_set_options(line, image, set), recorder->get(), callbacks);
    }();
    if (!evaluation) {
        return fail(evaluation.error());
    }
    if (auto closed = (*recorder)->close(evaluation->interrupted); !closed) {
        return fail(std::move(closed.error()));
    }
    return runtime::read_report(recording.path).map(cost_of);
}

/// The first error in a few words.
std::string reason(const Diagnostics& findings) {
    const auto first = std::ranges::find(findings, Severity::error, &Diagnostic::severity);
    return first == findings.end() ? "no reason given" : fmt::format("{}: {}", first->where, first->found);
}

class Comparer {
public:
    Comparer(const LoadedNetwork& loaded, const runtime::LabelledSet* set, const CommandLine& line)
        : loaded_(loaded), set_(set), line_(line) {}

    [[nodiscard]] Result<Row> compare(const AnyChip& chip) {
        const auto* stepped = std::get_if<chip::ChipSpec>(&chip);
        return stepped != nullptr ? on_steps(*stepped) : on_analog(std::get<chip::AnalogSpec>(chip));
    }

private:
    /// A chip that the network does not fit is a row; a set that does not fit the network is an error.
    Result<Row> on_steps(const chip::ChipSpec& chip) {
        Row row{.chip = chip.name, .why = {}, .cores_there = chip.mesh.cores(), .binding = {}};
        compiler::CompileOptions options = mapping_options(line_);
        options.embed_network = false;
        if (auto taken = take_overrides(line_, loaded_.network, options); !taken) {
            return fail(std::move(taken.error()));
        }
        auto compiled = [&] {
            ProgressBar bar(chip.name);
            options.progress = [&bar](double fraction, const std::string& phase) { bar.update(fraction, phase); };
            return compiler::compile(loaded_.network, chip, options);
        }();
        if (!compiled) {
            row.why = reason(compiled.error());
            return row;
        }
        row.fits = true;
        row.cores = compiled->image.cores.size();
        row.weight_error = weight_error(compiled->image);
        add_use(compiled->image, row);
        if (set_ != nullptr) {
            auto inference = infer(compiled->image, *set_, line_);
            if (!inference) {
                return fail(std::move(inference.error()));
            }
            row.inference = std::move(*inference);
        }
        return row;
    }

    /// An analog chip runs networks in continuous time: few networks with steps can be read so.
    Result<Row> on_analog(const chip::AnalogSpec& chip) {
        Row row{.chip = chip.name, .why = {}, .binding = {}};
        const auto timed = load_timed_network(line_.operand(), line_);
        if (!timed) {
            row.why = "not this kind of net (continuous time): " + reason(timed.error());
            return row;
        }
        const auto compiled =
            compiler::compile_analog(timed->network, chip, {.seed = line_.value<std::uint64_t>("seed")});
        if (!compiled) {
            row.why = reason(compiled.error());
            return row;
        }
        row.fits = true;
        row.cores = std::max<std::size_t>(compiled->image.runs.size(), 1);
        row.cores_there = 1;
        row.binding = "runs of one chip";
        return row;
    }

    const LoadedNetwork& loaded_;
    const runtime::LabelledSet* set_;
    const CommandLine& line_;
};

std::string share_text(double share) {
    return fmt::format("{:.0f} %", 100 * share);
}

json::object row_json(const Row& row, bool with_set) {
    json::object described{{"chip", row.chip}, {"fits", row.fits}};
    const bool mapped = row.fits && row.fullest > 0;
    const auto if_mapped = [mapped](json::value value) { return mapped ? std::move(value) : json::value(nullptr); };
    described["cores"] =
        row.fits ? json::value(fmt::format("{} of {}", row.cores, row.cores_there)) : json::value(nullptr);
    described["fullest"] = if_mapped(json::value(fmt::format("{} {}", row.binding, share_text(row.fullest))));
    described["mean"] = if_mapped(json::value(share_text(row.filled)));
    described["messages"] = if_mapped(row.messages);
    described["hops"] = if_mapped(row.hops);
    described["weight_error"] = if_mapped(json::value(fmt::format("{:.3g} %", 100 * row.weight_error)));
    if (with_set) {
        const bool ran = row.inference && row.inference->samples > 0;
        const auto text = [ran](auto make) { return ran ? json::value(make()) : json::value(nullptr); };
        described["accuracy"] = text([&] {
            return fmt::format(
                "{:.2f} % ({} of {})",
                100.0 * static_cast<double>(row.inference->correct) / static_cast<double>(row.inference->samples),
                row.inference->correct, row.inference->samples);
        });
        const bool priced = ran && !row.inference->table.empty();
        const auto figure = [priced](auto make) { return priced ? json::value(make()) : json::value(nullptr); };
        described["energy"] = figure([&] { return energy_text(row.inference->energy_pj.value); });
        described["energy_range"] = figure([&] {
            return fmt::format("{} .. {}", energy_text(row.inference->energy_pj.low),
                               energy_text(row.inference->energy_pj.high));
        });
        described["static_in_cores"] = row.inference && row.inference->static_pj
                                           ? json::value(energy_text(row.inference->static_pj->value))
                                           : json::value(nullptr);
        described["latency"] = figure([&] { return time_text(row.inference->latency_ns); });
        described["costs"] = figure([&] { return row.inference->table; });
    }
    return described;
}

/// The table, and below it what would make it too wide: why not, and where the prices come from.
json::object describe(const std::vector<Row>& rows, const compiler::Network& network, bool with_set) {
    json::array table;
    json::array reasons;
    json::array prices;
    for (const Row& row : rows) {
        table.push_back(row_json(row, with_set));
        if (!row.fits) {
            reasons.emplace_back(fmt::format("{}: {}", row.chip, row.why));
        }
        if (row.inference && !row.inference->trust.empty()) {
            prices.emplace_back(fmt::format("{}: table {}; most of the range is {}", row.chip, row.inference->table,
                                            row.inference->trust));
        }
    }
    json::object described{{"network", network.name}, {"chips", std::move(table)}};
    if (!reasons.empty()) {
        described["does_not_fit"] = std::move(reasons);
    }
    if (!prices.empty()) {
        described["energy_an_inference_dynamic"] = std::move(prices);
    }
    return described;
}

std::vector<std::string> chip_names(const std::string& text) {
    std::vector<std::string> names;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        if (comma == from) {
            throw UsageError("--chips: names or paths, separated by commas");
        }
        names.push_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return names;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    line.add()("chips,c", word("CHIP,CHIP")->required(), "bundled chips or paths of descriptions")(
        "weight-bits", boost::program_options::value<int>()->value_name("BITS"), "widest weight, 1 to 8 (default 8)")(
        "json", flag(), "print JSON");
    add_mapping_options(line);
    add_override_options(line);
    add_labelled_set_options(line, DataOption::optional);
    add_nir_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    static_cast<void>(mapping_options(line));  // bad usage is told before any work
    const auto failed = [](const Diagnostics& findings) {
        print(findings);
        return ExitStatus::failed;
    };
    std::vector<AnyChip> chips;
    for (const std::string& name : chip_names(line.value<std::string>("chips"))) {
        auto chip = open_any_chip(name);
        if (!chip) {
            return failed(chip.error());
        }
        chips.push_back(std::move(*chip));
    }
    const auto loaded = load_network(line.operand(), line);
    if (!loaded) {
        return failed(loaded.error());
    }
    std::optional<runtime::LabelledSet> set;
    if (!line.has("data") && !line.value<std::string>("labels").empty()) {
        throw UsageError("--labels: they belong to --data, which is missing");
    }
    if (line.has("data")) {
        auto read = runtime::read_labelled_set(line.value<std::string>("data"), line.value<std::string>("labels"));
        if (!read) {
            return failed(read.error());
        }
        set = std::move(*read);
    }
    const InterruptGuard interrupt;
    Comparer comparer(*loaded, set ? &*set : nullptr, line);
    std::vector<Row> rows;
    for (const AnyChip& chip : chips) {
        auto row = comparer.compare(chip);
        if (!row) {
            return failed(row.error());
        }
        rows.push_back(std::move(*row));
        if (InterruptGuard::requested()) {
            break;
        }
    }
    const json::object described = describe(rows, loaded->network, set.has_value());
    fmt::print("{}", line.flag("json") ? json::serialize(described) + "\n" : outline(described));
    return InterruptGuard::requested() ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

const Subcommand compare_subcommand{
    .name = "compare",
    .summary = "a network on several chips: fits or why not, cores, traffic, accuracy, energy and latency",
    .synopsis = "NET --chips CHIP,CHIP,... [--data SET] [options]",
    .text =
        "Compiles the network for every chip and prints one table: whether it fits, cores, the limit that is used\n"
        "most on any core, messages and hops if every neuron spikes once, weight error. With a labelled set (--data "
        "and\n"
        "the options of eval) it runs, too: accuracy, and dynamic energy and latency an inference under the chip's "
        "first\n"
        "cost table, with the range of its constants and what most of that range rests on. Analog chips run networks\n"
        "in continuous time; for time-to-first-spike networks see spikeloom compare-chips, which runs them on both.",
    .example =
        "  spikeloom compare models/networks/yinyang/yinyang.nir --chips loihi1,loihi2,generic \\\n"
        "      --data models/networks/yinyang/yinyang_test.npz --limit 200",
    .run = run,
};

}  // namespace spikeloom::tools
