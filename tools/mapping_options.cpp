#include "tools/mapping_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

#include "runtime/spike_rates.hpp"
#include "tools/interrupt.hpp"
#include "tools/override_words.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

constexpr int most_effort = 3;
constexpr int most_threads = 1024;
constexpr int most_weight_bits = 8;

using Words = std::vector<std::string>;

/// Channels of an input, which recordings don't list one by one, each take the mean.
compiler::SpikeRates as_rates(const runtime::RecordedRates& recorded, const compiler::Network& network) {
    compiler::SpikeRates rates;
    rates.populations = recorded.populations;
    std::size_t channels = 0;
    for (const compiler::InputPort& input : network.inputs) {
        channels += input.size();
    }
    const double mean = channels > 0 ? recorded.input_spikes_a_step / static_cast<double>(channels) : 0;
    for (const compiler::InputPort& input : network.inputs) {
        rates.inputs.emplace_back(input.size(), static_cast<float>(mean));
    }
    return rates;
}

compiler::DecayMerging decay_merging(const std::string& text) {
    constexpr double most_percent = 1000;
    const bool percent = text.ends_with('%');
    const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
    compiler::DecayMerging merging;
    std::uint32_t pairs = 0;
    double share = 0;
    const char* const end = digits.data() + digits.size();
    if (percent) {
        const auto read = std::from_chars(digits.data(), end, share);
        merging.tolerance = read.ec == std::errc() && read.ptr == end && share <= most_percent ? share / 100 : 0;
    } else {
        const auto read = std::from_chars(digits.data(), end, pairs);
        merging.most_pairs = read.ec == std::errc() && read.ptr == end ? pairs : 0;
    }
    if (!merging.on()) {
        throw UsageError(
            fmt::format("--merge-decays: '{}'; allowed are a number of pairs of decays from 1 on (32) and "
                        "a change of time constants from above 0 to {:.0f} % (5%)",
                        text, most_percent));
    }
    return merging;
}

}  // namespace

void add_override_options(CommandLine& line) {
    const auto many = [](const char* placeholder) { return po::value<Words>()->value_name(placeholder)->composing(); };
    line.add()("pin", many("POP=CORES"), "this population on these places of the mesh only: hidden=0-3,7")(
        "forbid-core", many("CORES"), "places of the mesh that stay empty: 5,9-12")(
        "keep-together", many("POP,POP"), "every core that holds one of these populations holds its share of each")(
        "fan-in-parts", many("POP=PARTS"),
        "make the sums of this population in so many parts by helper neurons, a step later: saves cores where many "
        "sources reach few neurons a core (chips with graded spikes)")(
        "rates", word("RECORDING"),
        "spikes weigh as often as in this recording of the network (default: every neuron spikes once)");
}

bool any_override(const CommandLine& line) {
    return line.has("pin") || line.has("forbid-core") || line.has("keep-together") || line.has("fan-in-parts") ||
           line.has("rates");
}

Result<void> take_overrides(const CommandLine& line, const compiler::Network& network,
                            compiler::CompileOptions& options) {
    for (const std::string& text : line.optional<Words>("pin").value_or(Words{})) {
        options.overrides.pins.push_back(parse_pin(text));
    }
    for (const std::string& text : line.optional<Words>("forbid-core").value_or(Words{})) {
        const std::vector<std::uint32_t> cores = parse_core_list("forbid-core", text);
        options.overrides.forbidden_cores.insert(options.overrides.forbidden_cores.end(), cores.begin(), cores.end());
    }
    for (const std::string& text : line.optional<Words>("keep-together").value_or(Words{})) {
        options.overrides.together.push_back(parse_together(text));
    }
    for (const std::string& text : line.optional<Words>("fan-in-parts").value_or(Words{})) {
        if (!options.split_fan_in) {
            throw UsageError("--fan-in-parts and --split-fan-in never contradict each other");
        }
        options.overrides.fan_in_parts.push_back(parse_fan_in_parts(text));
    }
    if (!line.has("rates")) {
        return {};
    }
    std::vector<runtime::RatedPopulation> populations;
    for (const compiler::Population& population : network.populations) {
        populations.push_back(
            {.name = population.name, .size = population.size(), .spikes = compiler::spikes(population.kind)});
    }
    const auto recorded = runtime::read_spike_rates(line.value<std::string>("rates"), populations);
    if (!recorded) {
        return fail(recorded.error());
    }
    options.rates = as_rates(*recorded, network);
    return {};
}

void add_mapping_options(CommandLine& line) {
    line.add()("merge-decays", word("N|P%"),
               "neurons whose time constants are near get common ones, where a core has few pairs of decay registers: "
               "32: at most 32 pairs a population; 5%: as few as change no time constant by more than 5 % (default: "
               "every neuron keeps its own)")(
        "approximate-reset", flag(),
        "accept reset to zero where the network subtracts the threshold and that is impossible, or costs compartments")(
        "approximate-weights", flag(), "round whole-numbered weights (netx) that no synapse format holds exactly")(
        "split-fan-in", word("exact|never")->default_value("exact"),
        "make the sum of a neuron with more sources than a core takes in by helper neurons, a step later, where that "
        "is "
        "exact (chips with graded spikes)")("seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"),
                                            "of partition and placement")(
        "effort", po::value<int>()->default_value(1)->value_name("0..3"),
        "of the search for a mapping: 0 one linear pass, 1 seconds, 2 tens of seconds, 3 minutes; Ctrl-C takes the "
        "best so far")("threads", po::value<int>()->default_value(1)->value_name("N"),
                       "the mapping is the same for any number");
}

compiler::CompileOptions mapping_options(const CommandLine& line) {
    compiler::CompileOptions options;
    if (line.has("merge-decays")) {
        options.merge_decays = decay_merging(line.value<std::string>("merge-decays"));
    }
    options.seed = line.value<std::uint64_t>("seed");
    options.effort = line.value<int>("effort");
    options.threads = line.value<int>("threads");
    options.approximate_reset = line.flag("approximate-reset");
    options.approximate_weights = line.flag("approximate-weights");
    const auto split = line.value<std::string>("split-fan-in");
    if (split != "exact" && split != "never") {
        throw UsageError(fmt::format("--split-fan-in: '{}'; allowed are exact and never", split));
    }
    options.split_fan_in = split == "exact";
    options.weight_bits = line.optional<int>("weight-bits").value_or(most_weight_bits);
    options.stop = InterruptGuard::requested;
    if (options.effort < 0 || options.effort > most_effort) {
        throw UsageError("--effort: allowed are 0 to 3");
    }
    if (options.threads < 1 || options.threads > most_threads) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    if (options.weight_bits < 1 || options.weight_bits > most_weight_bits) {
        throw UsageError("--weight-bits: allowed are 1 to 8");
    }
    return options;
}

}  // namespace spikeloom::tools
