#include "tools/explain_analog.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <string>

#include "compiler/analog/explain_analog.hpp"
#include "compiler/timed/scale_times.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"
#include "tools/network_source.hpp"
#include "tools/outline.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

std::string plural(std::uint32_t runs) {
    return fmt::format("{} run{}", runs, runs == 1 ? "" : "s");
}

std::string verdict(const compiler::AnalogExplanation& explained, const compiler::AnalogCompileOptions& options,
                    const std::string& chip) {
    const compiler::AnalogTrial& as_is = explained.as_is;
    if (!as_is.maps) {
        return fmt::format("does not fit {}: {}", chip, as_is.refusal);
    }
    return fmt::format("{} {}: {} of {} allowed, at least {} (neuron circuits)", as_is.fits ? "fits" : "does not fit",
                       chip, plural(as_is.runs), options.max_runs, explained.least_runs);
}

json::object describe(const compiler::AnalogExplanation& explained, const compiler::AnalogCompileOptions& options,
                      const compiler::TimedNetwork& network, const chip::AnalogSpec& chip) {
    json::object all{
        {"network", network.name}, {"chip", chip.name}, {"verdict", verdict(explained, options, chip.name)}};
    json::array needs;
    for (const Diagnostic& finding : explained.refusal) {
        needs.emplace_back(to_text(finding));
    }
    if (!needs.empty()) {
        all["what_a_refusal_needs"] = std::move(needs);
    }
    json::array uses;
    for (const compiler::AnalogUse& use : explained.uses) {
        uses.push_back({{"limit", use.what}, {"of_the_fullest_run", use.most}, {"room", use.room}});
    }
    if (!uses.empty()) {
        all["limits"] = std::move(uses);
    }
    json::array populations;
    for (const compiler::AnalogNeed& need : explained.populations) {
        populations.push_back({{"population", need.population},
                               {"neurons", need.neurons},
                               {"most_inputs_of_a_neuron", need.most_inputs},
                               {"circuits_for_it_at_least", need.circuits},
                               {"circuits_for_all_at_least", need.circuits_of_all}});
    }
    all["populations"] = std::move(populations);
    json::array better;
    json::array useless;
    for (const compiler::AnalogTrial& trial : explained.trials) {
        const bool helps = trial.maps && (!explained.as_is.maps || trial.runs < explained.as_is.runs);
        if (!helps) {
            useless.emplace_back(fmt::format("{}: {}", trial.change, trial.maps ? plural(trial.runs) : trial.refusal));
            continue;
        }
        better.push_back({{"change", trial.change},
                          {"runs", trial.runs},
                          {"fits", trial.fits},
                          {"weights_lost_percent", std::stod(fmt::format("{:.3g}", 100 * trial.weights_lost))},
                          {"option", trial.how.empty() ? "-" : trial.how}});
    }
    all["what_helps"] = std::move(better);
    all["what_does_not_help"] = std::move(useless);
    if (explained.interrupted) {
        all["interrupted"] = true;
    }
    return all;
}

}  // namespace

ExitStatus explain_on_analog(const CommandLine& line, const chip::AnalogSpec& chip) {
    if (line.flag("approximate-reset") || line.value<int>("effort") != 1 || line.value<int>("threads") != 1) {
        throw UsageError("--effort, --threads and --approximate-reset are for chips with steps");
    }
    if (chip.ideal) {
        print({{.where = fmt::format("chip '{}'", chip.name),
                .found = "has no limits that could decide anything",
                .allowed = "a chip with neuron circuits, or one with steps"}});
        return ExitStatus::failed;
    }
    const double scale = line.optional<double>("time-scale").value_or(1);
    if (!(scale > 0 && std::isfinite(scale))) {
        throw UsageError("--time-scale: a positive number");
    }
    compiler::AnalogCompileOptions options{.seed = line.value<std::uint64_t>("seed")};
    options.weight_bits = line.optional<int>("weight-bits").value_or(0);
    auto loaded = load_timed_network(line.operand(), line);
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    compiler::scale_times(loaded->network, scale);
    const InterruptGuard interrupt;
    const auto explained = compiler::explain_analog(loaded->network, chip, options, InterruptGuard::requested);
    if (!explained) {
        print(explained.error());
        return ExitStatus::failed;
    }
    const json::object described = describe(*explained, options, loaded->network, chip);
    fmt::print("{}", line.flag("json") ? json::serialize(described) + "\n" : outline(described));
    return explained->interrupted ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace spikeloom::tools
