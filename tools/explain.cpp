// spikeloom explain: why a network takes so many cores of a chip, or none, and what would change that.

#include "compiler/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/explain_analog.hpp"
#include "tools/interrupt.hpp"
#include "tools/mapping_options.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"
#include "tools/outline.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

std::string percent(double share) {
    return fmt::format("{:.0f} %", 100 * share);
}

/// To three digits, so that a figure's text does not hang on the last bit of a sum.
double rounded(double value) {
    return value == 0 ? 0 : std::stod(fmt::format("{:.3g}", value));
}

std::string_view name_of(compiler::Limit limit) {
    return compiler::limit_info(limit).name;
}

json::object describe(const compiler::MappingTrial& trial, const compiler::MappingTrial& baseline) {
    json::object row{{"change", trial.change}};
    row["cores"] = trial.maps ? json::value(trial.cores) : json::value(nullptr);
    row["of"] = trial.cores_there;
    row["fits"] = trial.fits;
    row["cores_saved"] =
        trial.maps && baseline.maps
            ? json::value(static_cast<std::int64_t>(baseline.cores) - static_cast<std::int64_t>(trial.cores))
            : json::value(nullptr);
    row["messages"] = trial.maps ? json::value(trial.messages) : json::value(nullptr);
    row["weight_error_percent"] = trial.maps ? json::value(rounded(100 * trial.weight_error)) : json::value(nullptr);
    row["option"] = trial.how.empty() ? "-" : trial.how;
    return row;
}

std::string verdict(const compiler::Explanation& explained, const std::string& chip) {
    const compiler::MappingTrial& as_is = explained.as_is;
    if (!as_is.maps) {
        return fmt::format("does not fit {}: {}", chip, as_is.refusal);
    }
    const compiler::CoreBound& bound = explained.bounds.decisive();
    return fmt::format("{} {}: {} of {} cores, at least {} ({})", as_is.fits ? "fits" : "does not fit", chip,
                       as_is.cores, as_is.cores_there, bound.cores, name_of(bound.limit));
}

std::string decision(const compiler::Explanation& explained) {
    if (!explained.needed.empty()) {
        std::string names;
        for (const compiler::Limit limit : explained.needed) {
            const compiler::Excess* worst = nullptr;
            for (const compiler::Excess& excess : explained.excesses) {
                if (excess.limit == limit && (worst == nullptr || excess.need > worst->need)) {
                    worst = &excess;
                }
            }
            names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(limit));
            names += worst != nullptr ? fmt::format(" ({} of {})", worst->need, worst->room) : "";
        }
        return fmt::format("single neurons need more than a core has: {}", names);
    }
    if (!explained.decisive) {
        return explained.as_is.cores == 1 ? "nothing: one core is the least"
                                          : "no limit by itself: lifting any one saves no core";
    }
    for (const compiler::MappingTrial& trial : explained.trials) {
        if (trial.lifted == explained.decisive) {
            return fmt::format("{}: without that limit {} core{} would do", name_of(*explained.decisive), trial.cores,
                               trial.cores == 1 ? "" : "s");
        }
    }
    return std::string(name_of(*explained.decisive));
}

json::array limit_rows(const compiler::Explanation& explained) {
    json::array rows;
    for (const compiler::LimitUse& use : explained.limits) {
        rows.push_back({{"limit", name_of(use.limit)},
                        {"need_of_all_cores", use.need},
                        {"room_of_a_core", use.room},
                        {"mean_use", percent(use.mean_share)},
                        {"fullest_core", percent(use.most_share)},
                        {"cores_it_ended", use.stopped},
                        {"least_cores", use.least_cores == 0 ? json::value(nullptr) : json::value(use.least_cores)}});
    }
    return rows;
}

json::array population_rows(const compiler::Explanation& explained, const chip::ChipSpec& chip) {
    const auto share = [](double need, std::int64_t room) {
        return room > 0 ? rounded(need / static_cast<double>(room)) : 0;
    };
    // What axons share depends on who shares a core: that need is known of a mapping only.
    const char* memory = chip.synapses.shared_lists ? "unshared_memory_in_cores" : "memory_in_cores";
    json::array rows;
    for (const compiler::PopulationNeed& need : explained.populations) {
        rows.push_back({{"population", need.name},
                        {"neurons", need.neurons},
                        {"on_cores", need.cores},
                        {"ended_by", need.stopped_by ? json::value(name_of(*need.stopped_by)) : json::value(nullptr)},
                        {"compartments_in_cores", share(static_cast<double>(need.neurons), chip.limits.compartments)},
                        {"sources", need.sources},
                        {"axons_in_cores", share(static_cast<double>(need.sources), chip.limits.input_axons)},
                        {"most_sources_of_a_neuron", need.most_sources},
                        {"synapses", need.synapses},
                        {memory, share(need.words, chip.synapses.words)}});
    }
    return rows;
}

/// Whether the trial is worth being told of first.
bool helps(const compiler::MappingTrial& trial, const compiler::MappingTrial& baseline) {
    return trial.maps && (!baseline.maps || trial.cores < baseline.cores || (trial.fits && !baseline.fits));
}

std::string sentence(const compiler::MappingTrial& trial) {
    return trial.maps ? fmt::format("{}: {} core{}{}", trial.change, trial.cores, trial.cores == 1 ? "" : "s",
                                    trial.fits ? "" : fmt::format(" of {}", trial.cores_there))
                      : fmt::format("{}: {}", trial.change, trial.refusal);
}

json::array excess_rows(const compiler::Explanation& explained) {
    json::array rows;
    for (const compiler::Excess& excess : explained.excesses) {
        rows.push_back({{"population", excess.population},
                        {"limit", name_of(excess.limit)},
                        {"neurons", excess.neurons},
                        {"of", excess.of},
                        {"most_needed", excess.need},
                        {"room_of_a_core", excess.room},
                        {"times", rounded(static_cast<double>(excess.need) /
                                          static_cast<double>(std::max<std::int64_t>(excess.room, 1)))}});
    }
    return rows;
}

/// What the chip lacks of cores, where that is all.
std::string cores_needed(const compiler::Explanation& explained, const chip::ChipSpec& chip) {
    const int chips = chip.mesh.chip_columns * chip.mesh.chip_rows;
    const int each = chip.mesh.cores() / std::max(chips, 1);
    return fmt::format("{} cores, {} more than there are: {} chips of {} cores, not {}", explained.as_is.cores,
                       explained.as_is.cores - explained.as_is.cores_there,
                       (static_cast<int>(explained.as_is.cores) + each - 1) / std::max(each, 1), each, chips);
}

json::object describe(const compiler::Explanation& explained, const compiler::Network& network,
                      const chip::ChipSpec& chip, int effort) {
    json::object all{{"network", network.name}, {"chip", chip.name}, {"verdict", verdict(explained, chip.name)}};
    all["decides"] = decision(explained);
    json::array needs;
    for (const Diagnostic& finding : explained.refusal) {
        needs.emplace_back(to_text(finding));
    }
    if (explained.as_is.maps && !explained.as_is.fits) {
        all["needs"] = cores_needed(explained, chip);
    }
    if (!explained.excesses.empty()) {
        all["neurons_that_fit_no_core"] = excess_rows(explained);
    }
    if (!needs.empty()) {
        all["what_a_refusal_needs"] = std::move(needs);
    }
    if (explained.as_is.maps) {
        all["order"] = explained.order;
        all["messages"] = explained.as_is.messages;
        all["messages_at_least"] = explained.bounds.messages.least;
        all["weight_error_percent"] = rounded(100 * explained.as_is.weight_error);
        json::array orders;
        for (const compiler::Attempt& attempt : explained.attempts) {
            orders.push_back({{"order", attempt.order},
                              {"cores", attempt.cores},
                              {"given_up", attempt.gave_up},
                              {"messages", attempt.gave_up ? json::value(nullptr) : json::value(attempt.messages)}});
        }
        all["limits"] = limit_rows(explained);
        all["orders_tried"] = std::move(orders);
    }
    all["populations"] = population_rows(explained, chip);
    json::array better;
    json::array supposed;
    json::array useless;
    for (const compiler::MappingTrial& trial : explained.trials) {
        json::object row = describe(trial, explained.baseline);
        if (!helps(trial, explained.baseline)) {
            useless.emplace_back(sentence(trial));
        } else if (trial.hypothetical()) {
            row.erase("option");
            row.erase("weight_error_percent");
            supposed.push_back(std::move(row));
        } else {
            better.push_back(std::move(row));
        }
    }
    if (explained.effort < effort) {
        all["trials"] = fmt::format("{} at effort {}, to be quick: compared with {}", explained.trials.size(),
                                    explained.effort, sentence(explained.baseline));
    } else {
        all["trials"] = fmt::format("{} at effort {}", explained.trials.size(), explained.effort);
    }
    all["what_helps"] = std::move(better);
    all["with_a_limit_lifted"] = std::move(supposed);
    all["what_does_not_help"] = std::move(useless);
    if (!explained.left_out.empty()) {
        all["not_tried"] = json::value_from(explained.left_out);
    }
    if (explained.interrupted) {
        all["interrupted"] = true;
    }
    return all;
}

/// What the text says in sentences, as figures for programs.
void add_figures(json::object& all, const compiler::Explanation& explained) {
    const compiler::MappingTrial& as_is = explained.as_is;
    all["fits"] = as_is.fits;
    all["cores"] = as_is.maps ? json::value(as_is.cores) : json::value(nullptr);
    all["chip_cores"] = as_is.cores_there;
    all["cores_at_least"] = as_is.maps ? json::value(explained.bounds.decisive().cores) : json::value(nullptr);
    json::array trials;
    for (const compiler::MappingTrial& trial : explained.trials) {
        json::object row = describe(trial, explained.baseline);
        row["hypothetical"] = trial.hypothetical();
        row["refusal"] = trial.maps ? json::value(nullptr) : json::value(trial.refusal);
        trials.push_back(std::move(row));
    }
    all["all_trials"] = std::move(trials);
}

/// Bundled chips with steps; analog ones and unreadable descriptions are no alternatives.
std::vector<chip::ChipSpec> other_chips() {
    std::vector<chip::ChipSpec> chips;
    for (const BundledChip& bundled : bundled_chips()) {
        auto chip = read_any_chip(bundled.path);
        if (!chip) {
            continue;
        }
        if (auto* stepped = std::get_if<chip::ChipSpec>(&*chip)) {
            chips.push_back(std::move(*stepped));
        }
    }
    return chips;
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    line.add()("chip,c", word("CHIP")->required(), "a bundled chip, or the path of a description")(
        "weight-bits", boost::program_options::value<int>()->value_name("BITS"), "widest weight, 1 to 8 (default 8)")(
        "depth", boost::program_options::value<int>()->default_value(1)->value_name("0..2"),
        "0: a few trials, 1: as many as take about a minute, 2: all, and searches that are harder than --effort")(
        "no-other-chips", flag(), "leave out the other bundled chips")(
        "time-scale", boost::program_options::value<double>()->value_name("X"),
        "analog chips: all times of the network are multiplied by this")("json", flag(), "print JSON");
    add_mapping_options(line);
    add_nir_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const int depth = line.value<int>("depth");
    if (depth < 0 || depth > 2) {
        throw UsageError("--depth: allowed are 0 to 2");
    }
    const auto failed = [](const Diagnostics& findings) {
        print(findings);
        return ExitStatus::failed;
    };
    const auto any = open_any_chip(line.value<std::string>("chip"));
    if (!any) {
        return failed(any.error());
    }
    if (const auto* analog = std::get_if<chip::AnalogSpec>(&*any)) {
        return explain_on_analog(line, *analog);
    }
    if (line.has("time-scale")) {
        throw UsageError("--time-scale is for analog chips");
    }
    const chip::ChipSpec& chip = std::get<chip::ChipSpec>(*any);
    compiler::ExplainOptions options{.compile = mapping_options(line), .depth = depth};
    const auto loaded = load_network(line.operand(), line);
    if (!loaded) {
        return failed(loaded.error());
    }
    if (!line.flag("no-other-chips")) {
        options.others = other_chips();
    }
    const InterruptGuard interrupt;
    const auto explained = [&] {
        ProgressBar bar("explain");
        options.compile.progress = [&bar](double fraction, const std::string& phase) { bar.update(fraction, phase); };
        return compiler::explain(loaded->network, chip, options);
    }();
    if (!explained) {
        return failed(explained.error());
    }
    json::object described = describe(*explained, loaded->network, chip, options.compile.effort);
    if (line.flag("json")) {
        add_figures(described, *explained);
    }
    fmt::print("{}", line.flag("json") ? json::serialize(described) + "\n" : outline(described));
    return explained->interrupted ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

const Subcommand explain_subcommand{
    .name = "explain",
    .summary = "which limit of a chip decides how many cores a network takes, and what would change that",
    .synopsis = "NET --chip CHIP [options]",
    .text =
        "Maps the network onto the chip (and onto a larger board of it, if it does not fit), and again with one thing\n"
        "changed at a time: a limit lifted, lists of synapses shared by axons or not, another chip, weights pruned, "
        "two\n"
        "populations side by side or one alone, fewer weight bits, cores filled along other orders (pictures by "
        "channel,\n"
        "by pixel, in smaller tiles), longer steps; and, where neurons fit no core, only as many of their strongest\n"
        "sources as a core takes in. Every figure is that of a mapping that was made. The changes are listed by what "
        "they\n"
        "bring; the weight error is that of all weights together (root mean square), pruning included. A network that\n"
        "does not fit is explained, with what it needs and the room; the exit status is 0 then, too. Ctrl-C ends the\n"
        "trials. They take about a minute at most: networks of more than 100,000 synapses are tried at effort 0 (and\n"
        "compared with themselves at effort 0), those of tens of millions with the first changes only; --depth 2 "
        "makes\n"
        "all, at the effort asked for. On an analog chip it is runs that are counted (how often the chip is loaded for "
        "one\n"
        "inference), and changed are a neuron's inputs, weights, delays and the scale of times.",
    .example =
        "  spikeloom explain net.nir --chip loihi1\n"
        "  spikeloom explain net.nir --chip loihi1 --weight-bits 6 --json\n"
        "  spikeloom explain net.nir --chip brainscales2 --time-scale 0.001",
    .run = run,
};

}  // namespace spikeloom::tools
