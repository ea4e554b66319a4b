#include "compiler/timed/timed_nir.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "compiler/nir/nir_graph.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "core/files/hdf5.hpp"
#include "core/files/isolated.hpp"

namespace spikeloom::compiler {
namespace {

const std::string root = "/node/metadata/ttfs";
constexpr std::array keys{"time_unit", "early", "late", "inverted", "silent_below", "window", "one_spike"};
constexpr std::uint64_t most_constant_times = 1000;
constexpr std::size_t most_channels = std::size_t{1} << 20;
constexpr std::size_t most_projections = 1000;
constexpr std::size_t most_synapses = std::size_t{1} << 27;
constexpr int most_links = 4;  ///< Linear and Delay nodes between two neurons

/// What the metadata say, times in time units but for the unit itself.
struct Metadata {
    std::map<std::string, double> values;
    std::map<std::string, std::vector<double>> constant_times;  ///< by input
};

// -- the child's side: "k KEY VALUE" and "c COUNT VALUES NAME" lines after a first line that is "none", "ttfs" or
// "bad WHAT".

std::string tell_metadata(const std::string& path) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file || !file->has(root)) {
        return "none\n";
    }
    std::string told = "ttfs\n";
    for (const char* key : keys) {
        const std::string place = root + "/" + key;
        if (!file->has(place)) {
            continue;
        }
        const auto value = file->read<double>(place, 1);
        if (!value || value->values.size() != 1) {
            return "bad " + place + "\n";
        }
        told += fmt::format("k {} {}\n", key, value->values[0]);
    }
    if (!file->has(root + "/constant_times")) {
        return told;
    }
    const auto inputs = file->members(root + "/constant_times");
    for (const files::Hdf5Member& input : inputs ? *inputs : std::vector<files::Hdf5Member>{}) {
        const std::string place = root + "/constant_times/" + input.name;
        const auto times = file->read<double>(place, most_constant_times);
        if (!times || input.name.find('\n') != std::string::npos) {
            return "bad " + place + "\n";
        }
        told += fmt::format("c {}", times->values.size());
        for (const double time : times->values) {
            told += fmt::format(" {}", time);
        }
        told += " " + input.name + "\n";
    }
    return told;
}

bool take_line(const std::string& line, Metadata& metadata) {
    std::istringstream words(line);
    std::string kind, name, number;
    words >> kind;
    if (kind == "k" && words >> name >> number) {
        metadata.values[name] = std::strtod(number.c_str(), nullptr);
        return true;
    }
    std::size_t count = 0;
    if (kind != "c" || !(words >> count) || count > most_constant_times) {
        return false;
    }
    std::vector<double> times(count);
    for (double& time : times) {
        words >> number;
        time = std::strtod(number.c_str(), nullptr);
    }
    words.get();
    std::getline(words, name);
    metadata.constant_times[name] = std::move(times);
    return !words.fail();
}

Result<std::optional<Metadata>> read_metadata(const std::string& path) {
    const auto told = files::run_isolated([&] { return tell_metadata(path); });
    if (!told || told->starts_with("none")) {
        return std::optional<Metadata>();  // corrupt files are the graph's reader's to tell
    }
    std::istringstream lines(*told);
    std::string line;
    std::getline(lines, line);
    if (line != "ttfs") {
        return fail({.where = fmt::format("{}:{}", path, line.starts_with("bad ") ? line.substr(4) : root),
                     .found = "no number, or more than one",
                     .allowed = "one number; constant_times: a list of times",
                     .help = {}});
    }
    Metadata metadata;
    while (std::getline(lines, line)) {
        if (!take_line(line, metadata)) {
            return fail(
                {.where = path + ":" + root, .found = "metadata that can't be read", .allowed = {}, .help = {}});
        }
    }
    return std::optional(std::move(metadata));
}

// -- the graph

class Lowering {
public:
    Lowering(const NirFile& file, const Metadata& metadata) : file_(file), metadata_(metadata) {}

    Diagnostics findings;
    TimedNetwork network;

    void run() {
        unit_ = value("time_unit", 0);
        if (!(unit_ > 0 && std::isfinite(unit_))) {
            say(file_.origin + ":" + root + "/time_unit", fmt::format("a time unit of {} s", unit_), "more than 0");
            return;
        }
        network.coding = chip::TtfsCoding{.time_unit_s = unit_,
                                          .earliest_s = value("early", 0.15) * unit_,
                                          .latest_s = value("late", 2.0) * unit_,
                                          .inverted = value("inverted", 0) != 0,
                                          .silent_below = value("silent_below", -1),
                                          .window_s = value("window", 30) * unit_};
        place_.assign(file_.root.nodes.size(), std::nullopt);
        for (std::size_t n = 0; n < file_.root.nodes.size(); ++n) {
            add_node(n);
        }
        for (const auto& [input, times] : metadata_.constant_times) {
            if (std::none_of(network.inputs.begin(), network.inputs.end(),
                             [&](const TimedInput& one) { return one.name == input; })) {
                say(file_.origin + ":" + root + "/constant_times/" + input, "no Input node has this name", {});
            }
        }
        if (!findings.empty()) {
            return;
        }
        for (std::size_t n = 0; n < file_.root.nodes.size(); ++n) {
            const NirType type = file_.root.nodes[n].type;
            if (type == NirType::current_based || type == NirType::output) {
                link(n, n, {}, 0);
            }
        }
    }

private:
    [[nodiscard]] double value(const char* key, double otherwise) const {
        const auto found = metadata_.values.find(key);
        return found == metadata_.values.end() ? otherwise : found->second;
    }
    void say(std::string where, std::string found, std::string allowed, std::string help = {}) {
        findings.push_back({.where = std::move(where),
                            .found = std::move(found),
                            .allowed = std::move(allowed),
                            .help = std::move(help)});
    }

    void add_node(std::size_t n) {
        const NirNode& node = file_.root.nodes[n];
        if (node.type == NirType::input) {
            add_input(n);
        } else if (node.type == NirType::current_based) {
            add_population(n);
        } else if (node.type != NirType::output && node.type != NirType::linear && node.type != NirType::delay) {
            say(file_.where(node), fmt::format("a node of type {}", nir_type_name(node.type)),
                "Input, Linear, Delay, CubaLIF, Output in a time-to-first-spike network",
                "a bias is an Input with metadata/ttfs/constant_times");
        }
    }

    void add_input(std::size_t n) {
        const NirNode& node = file_.root.nodes[n];
        TimedInput input{.name = node.name, .shape = {}, .constant_times = {}};
        for (const double extent : node.at("shape").values) {
            input.shape.push_back(extent <= most_channels ? static_cast<std::uint32_t>(extent) : 0);
        }
        if (input.shape.empty() || element_count(input.shape) > most_channels) {
            say(file_.where(node) + "/shape", "an input without channels, or with very many",
                fmt::format("1 to {} channels", most_channels));
            return;
        }
        const auto times = metadata_.constant_times.find(node.name);
        if (times != metadata_.constant_times.end()) {
            for (const double time : times->second) {
                input.constant_times.push_back(time * unit_);
            }
        }
        place_[n] = Source{Source::Kind::input, static_cast<std::uint32_t>(network.inputs.size())};
        network.inputs.push_back(std::move(input));
    }

    void add_population(std::size_t n) {
        const NirNode& node = file_.root.nodes[n];
        TimedPopulation population{.name = node.name, .shape = {}, .neurons = {}};
        const NirArray* largest = &node.at("tau_mem");
        for (const auto& [name, array] : node.parameters) {
            largest = array.values.size() > largest->values.size() ? &array : largest;
        }
        for (const std::uint64_t extent : largest->shape) {
            population.shape.push_back(static_cast<std::uint32_t>(extent));
        }
        if (population.shape.empty()) {
            population.shape = {1};
        }
        const std::size_t size = largest->values.size();
        const auto at = [&](const char* name, std::size_t i, double otherwise) {
            const NirArray* array = node.find(name);
            return array == nullptr ? otherwise : array->values[array->values.size() == 1 ? 0 : i];
        };
        for (const auto& [name, array] : node.parameters) {
            if (array.values.size() != 1 && array.values.size() != size) {
                say(file_.where(node) + "/" + name, fmt::format("{} values for {} neurons", array.values.size(), size),
                    "one, or one a neuron");
                return;
            }
        }
        const bool one_spike = value("one_spike", 1) != 0;
        for (std::size_t i = 0; i < size; ++i) {
            AdEx neuron;
            neuron.lif = {.tau_mem = at("tau_mem", i, 0),
                          .tau_syn = at("tau_syn", i, 0),
                          .resistance = at("r", i, 1),
                          .leak = at("v_leak", i, 0),
                          .threshold = at("v_threshold", i, 1),
                          .reset = at("v_reset", i, at("v_leak", i, 0)),
                          .refractory = one_spike ? never : 0};
            population.neurons.push_back(neuron);
        }
        if (std::all_of(population.neurons.begin(), population.neurons.end(),
                        [&](const AdEx& neuron) { return neuron == population.neurons.front(); })) {
            population.neurons.resize(1);
        }
        place_[n] = Source{Source::Kind::population, static_cast<std::uint32_t>(network.populations.size())};
        network.populations.push_back(std::move(population));
    }

    /// Follows the edges into `node` back to neurons and inputs; `links`: what was passed since `target`, nearest
    /// first.
    void link(std::size_t target, std::size_t node, const std::vector<std::size_t>& links, int depth) {
        for (const NirEdge& edge : file_.root.edges) {
            if (edge.to != node || !findings.empty()) {
                continue;
            }
            if (place_[edge.from]) {
                project(target, *place_[edge.from], links);
            } else if (depth < most_links && file_.root.nodes[edge.from].type != NirType::output) {
                std::vector<std::size_t> more = links;
                more.push_back(edge.from);
                link(target, edge.from, more, depth + 1);
            } else {
                say(file_.where(file_.root.nodes[edge.from]), "a chain of more than 4 nodes, or from an Output",
                    "one Linear and Delay nodes between neurons");
            }
        }
    }

    void project(std::size_t target, const Source& source, const std::vector<std::size_t>& links) {
        const NirNode& node = file_.root.nodes[target];
        if (node.type == NirType::output) {
            if (!links.empty() || source.kind != Source::Kind::population) {
                say(file_.where(node), "an output that is not of neurons", "an edge from a CubaLIF node");
                return;
            }
            network.outputs.emplace_back(source.index);
            return;
        }
        const std::size_t sources = network.source_size(source);
        const std::uint32_t population = place_[target]->index;
        const std::size_t targets = network.populations[population].size();
        const NirArray* weights = nullptr;
        synapses_ += sources * targets;
        if (network.projections.size() == most_projections || synapses_ > most_synapses) {
            say(file_.where(node), "too many ways between neurons",
                fmt::format("{} projections, {} synapses in all", most_projections, most_synapses));
            return;
        }
        std::vector<double> before(sources, 0.0);
        std::vector<double> after(targets, 0.0);
        std::string name = network.source_name(source);
        for (auto at = links.rbegin(); at != links.rend(); ++at) {  // from the source on
            const NirNode& passed = file_.root.nodes[*at];
            name += "+" + passed.name;
            const bool is_delay = passed.type == NirType::delay;
            if (is_delay && !add_delay(passed, weights == nullptr ? before : after)) {
                return;
            }
            if (!is_delay) {
                const NirArray& array = passed.at("weight");
                if (weights != nullptr || array.shape != std::vector<std::uint64_t>{targets, sources}) {
                    say(file_.where(passed),
                        weights != nullptr ? "a second Linear in a chain"
                                           : fmt::format("{} weights from {} sources to {} neurons",
                                                         array.values.size(), sources, targets),
                        fmt::format("one Linear with weights {} x {}", targets, sources));
                    return;
                }
                weights = &array;
            }
        }
        if (weights == nullptr) {
            say(file_.where(node), fmt::format("an edge from '{}' without a Linear", network.source_name(source)),
                "one Linear between neurons");
            return;
        }
        TimedProjection projection{.name = name,
                                   .source = source,
                                   .target = PopulationId(population),
                                   .row_begin = {},
                                   .targets = {},
                                   .weights = {},
                                   .delays = {}};
        const NirArray* gain = node.find("w_in");
        std::vector<double> values(sources * targets);
        std::vector<double> delays;
        bool delayed = false;
        for (std::size_t s = 0; s < sources; ++s) {
            for (std::size_t t = 0; t < targets; ++t) {
                const double w_in = gain == nullptr ? 1 : gain->values[gain->values.size() == 1 ? 0 : t];
                values[s * targets + t] = w_in * weights->values[t * sources + s];
                delays.push_back(before[s] + after[t]);
                delayed = delayed || delays.back() != 0;
            }
        }
        set_dense(projection, sources, targets, std::move(values), delayed ? delays : std::vector<double>{});
        network.projections.push_back(std::move(projection));
    }

    bool add_delay(const NirNode& node, std::vector<double>& delays) {
        const NirArray& array = node.at("delay");
        if (array.values.size() != 1 && array.values.size() != delays.size()) {
            say(file_.where(node), fmt::format("{} delays for {} signals", array.values.size(), delays.size()),
                "one, or one a signal");
            return false;
        }
        for (std::size_t i = 0; i < delays.size(); ++i) {
            delays[i] += array.values[array.values.size() == 1 ? 0 : i];
        }
        return true;
    }

    const NirFile& file_;
    const Metadata& metadata_;
    double unit_ = 0;
    std::size_t synapses_ = 0;
    std::vector<std::optional<Source>> place_;  ///< of nodes that are inputs or neurons
};

}  // namespace

Result<std::optional<TimedNetwork>> read_timed_nir(const std::string& path) {
    const auto metadata = read_metadata(path);
    if (!metadata) {
        return tl::unexpected(metadata.error());
    }
    if (!*metadata) {
        return std::optional<TimedNetwork>();
    }
    const auto file = read_nir_file(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    Lowering lowering(*file, **metadata);
    lowering.run();
    lowering.network.name = std::filesystem::path(path).stem().string();
    Diagnostics findings = std::move(lowering.findings);
    if (findings.empty()) {
        findings = check_timed_network(lowering.network);
        for (Diagnostic& finding : findings) {
            finding.where = path + ": " + finding.where;
        }
    }
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    return std::optional(std::move(lowering.network));
}

}  // namespace spikeloom::compiler
