#include "compiler/timed/ttfs_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "compiler/timed/ttfs_array.hpp"
#include "compiler/timed/ttfs_findings.hpp"
#include "compiler/timed/ttfs_layer.hpp"
#include "compiler/timed/ttfs_neuron.hpp"
#include "core/files/bytes.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::compiler {
namespace {

constexpr int max_layers = 1000;
constexpr int max_biases = 1000;
constexpr std::size_t max_name = 200;

using ttfs::element;
using ttfs::LoadedArray;
using ttfs::WantedArray;

class Reader {
public:
    Reader(const proto::TtfsProto& file, const files::TextPositions& positions, std::string directory,
           const TtfsTextLimits& limits)
        : findings(positions), file_(file), directory_(std::move(directory)), limits_(limits) {}

    void read() {
        head();
        inputs();
        if (file_.layer_size() == 0 && !findings.positions().contains("layer[0]")) {
            findings.say("", "a network without a layer", "at least one 'layer'");
        }
        if (file_.layer_size() > max_layers) {
            findings.say(element("layer", max_layers), fmt::format("{} layers", file_.layer_size()),
                         fmt::format("at most {}", max_layers));
            return;
        }
        for (int i = 0; i < file_.layer_size(); ++i) {
            layer(i);
        }
        if (!network.populations.empty()) {
            network.outputs = {PopulationId(static_cast<std::uint32_t>(network.populations.size() - 1))};
        }
        if (file_.has_coding()) {
            coding();
        }
    }

    TimedNetwork network;
    ttfs::Findings findings;

private:
    void name(const std::string& path, const std::string& text) {
        const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
        if (text.empty() || text.size() > max_name || !printable || text.find('/') != std::string::npos) {
            findings.say(path, "the name is empty, too long, or has characters that a name can't have",
                         fmt::format("1 to {} printable ASCII characters without '/' and spaces", max_name));
        }
        if (!names_.emplace(text, path).second) {
            findings.say(path, fmt::format("the name '{}' is taken", text),
                         "a name of its own for the input and each layer",
                         fmt::format("the first is at {}", findings.positions().where(names_[text])));
        }
    }

    /// Notes `count` more neurons or channels; false, with a finding, where there are too many.
    bool spend_neurons(const std::string& path, std::uint64_t count) {
        if (count == 0 || count > limits_.neurons - neurons_) {
            findings.say(path, count == 0 ? "a size of 0" : fmt::format("{} more neurons and channels", count),
                         fmt::format("at least 1, and {} in all", limits_.neurons));
            return false;
        }
        neurons_ += count;
        return true;
    }

    void head() {
        network.name = file_.name();
        if (file_.has_name() && file_.name().empty()) {
            findings.say("name", "an empty name");
        }
        unit_ = file_.time_unit_s();
        if (file_.has_time_unit_s()) {
            findings.require(unit_ >= 1e-12 && unit_ <= 1e3, "time_unit_s", unit_, "1e-12..1e3 s");
        }
    }

    void inputs() {
        if (!file_.has_input()) {
            return;
        }
        const proto::TtfsInputProto& block = file_.input();
        name("input.name", block.name());
        if (block.repeat() == 0) {
            findings.say("input.repeat", "a repeat of 0", "at least 1");
            return;
        }
        if (!block.has_size() || !spend_neurons("input.size", std::uint64_t{block.size()} * block.repeat())) {
            return;
        }
        const Shape shape = block.repeat() == 1 ? Shape{block.size()} : Shape{block.repeat(), block.size()};
        network.inputs.push_back({block.name(), shape, {}});
        sources_ = std::size_t{block.size()} * block.repeat();
    }

    void neurons(const std::string& path, const proto::TtfsLayerProto& block, TimedPopulation& population) {
        proto::TtfsNeuronProto merged = file_.neuron();
        if (block.has_neuron()) {
            ttfs::check(findings, path + ".neuron", block.neuron());
            ttfs::merge(merged, block.neuron());
        }
        std::vector<ttfs::Units> units(block.per_neuron_size() == 0 ? 1 : block.size(), ttfs::units_of(merged));
        for (int i = 0; i < block.per_neuron_size(); ++i) {
            const proto::TtfsPerNeuronProto& entry = block.per_neuron(i);
            const std::string field = element(path + ".per_neuron", i) + ".file";
            for (int earlier = 0; earlier < i; ++earlier) {
                if (block.per_neuron(earlier).parameter() == entry.parameter()) {
                    findings.say(element(path + ".per_neuron", i) + ".parameter", "a parameter that has its file",
                                 "once");
                }
            }
            const auto array = entry.has_file() ? load(field, entry.file(),
                                                       {{{block.size()}, {block.size(), 1}}, "one a neuron", true})
                                                : std::nullopt;
            for (std::size_t n = 0; array && n < array->values.size(); ++n) {
                ttfs::field_of(units[n], entry.parameter()) = array->values[n];
            }
        }
        population.neurons.reserve(units.size());
        for (const ttfs::Units& one : units) {
            population.neurons.push_back(ttfs::model_of(one, merged, unit_));
        }
        population.adaptive = merged.has_exponential() || merged.has_adaptation() || merged.has_conductance() ||
                              merged.has_tau_syn_inhibitory();
    }

    /// Nothing after a finding.
    std::optional<LoadedArray> load(const std::string& field, const std::string& file, const WantedArray& wanted) {
        return limits_.files
                   ? ttfs::load_array(findings, field, (std::filesystem::path(directory_) / file).string(), wanted)
                   : ttfs::unread_array(wanted);
    }

    void layer(int i) {
        const proto::TtfsLayerProto& block = file_.layer(i);
        const std::string path = element("layer", i);
        if (block.has_name()) {
            name(path + ".name", block.name());
        }
        for (int b = 0; b < block.bias_times_size(); ++b) {
            const double time = block.bias_times(b);
            findings.require(time >= 0 && std::isfinite(time), element(path + ".bias_times", b), time, "0 or more");
        }
        findings.positive(path + ".weights_per_unit", block.weights_per_unit());
        if (i == 0 && file_.has_neuron()) {
            ttfs::check(findings, "neuron", file_.neuron());
        }
        const std::size_t sources = std::exchange(sources_, block.size());
        const std::uint64_t rows = sources + static_cast<std::uint64_t>(block.bias_times_size());
        if (!block.has_size() || !block.has_name() || !block.has_weights() ||
            !spend_neurons(path + ".size", block.size()) || sources == 0) {
            return;
        }
        if (block.bias_times_size() > max_biases || rows * block.size() > limits_.synapses - synapses_) {
            findings.say(path, fmt::format("{} x {} synapses", rows, block.size()),
                         fmt::format("{} in all, {} bias times", limits_.synapses, max_biases));
            return;
        }
        synapses_ += rows * block.size();
        TimedPopulation population{.name = block.name(), .shape = {block.size()}, .neurons = {}};
        neurons(path, block, population);
        network.populations.push_back(std::move(population));
        synapses(i, sources);
    }

    void synapses(int i, std::size_t sources) {
        const proto::TtfsLayerProto& block = file_.layer(i);
        const std::string path = element("layer", i);
        const std::size_t size = block.size();
        const std::size_t biases = static_cast<std::size_t>(block.bias_times_size());
        const std::size_t rows = sources + biases;
        auto weights =
            load(path + ".weights", block.weights(),
                 {{{rows, size}},
                  biases == 0 ? "sources x neurons" : fmt::format("sources and {} biases x neurons", biases)});
        std::optional<LoadedArray> delays = LoadedArray{};
        if (block.has_delays() && limits_.files) {
            delays = load(path + ".delays", block.delays(),
                          {{{rows, size}, {sources, size}, {rows, 1}, {sources, 1}, {rows}, {sources}},
                           "one a synapse, or one a source"});
        }
        if (!weights || !delays) {
            return;
        }
        const auto negative =
            std::find_if(delays->values.begin(), delays->values.end(), [](double d) { return d < 0; });
        if (negative != delays->values.end()) {
            findings.say(path + ".delays", fmt::format("a delay of {}", *negative), "0 or more");
            return;
        }
        const bool whole = !network.inputs.empty() && network.populations.size() == static_cast<std::size_t>(i) + 1;
        if (!findings.all().empty() || !whole) {
            return;  // what an earlier layer or the input lacks was said
        }
        const std::size_t width = delays->shape.empty() ? 0 : delays->shape.size() == 2 ? delays->shape[1] : 1;
        ttfs::LayerRows held{.sources = sources,
                             .neurons = size,
                             .weights = std::move(weights->values),
                             .delays = std::move(delays->values),
                             .delay_width = width};
        for (double& weight : held.weights) {
            weight /= block.weights_per_unit();
        }
        for (double& delay : held.delays) {
            delay *= unit_;
        }
        held.delays.resize(rows * width, 0.0);  // biases whose rows were left out
        if (i == 0 && file_.input().interleaved()) {
            uninterleave(held, file_.input());
        }
        project(network, block, held, unit_);
    }

    void coding() {
        const proto::TtfsCodingProto& block = file_.coding();
        const bool times = findings.require(block.early() >= 0 && std::isfinite(block.early()), "coding.early",
                                            block.early(), "0 or more") &&
                           findings.require(block.late() >= block.early() && std::isfinite(block.late()), "coding.late",
                                            block.late(), "from early on");
        findings.finite("coding.silent_below", block.silent_below());
        if (times) {
            findings.require(block.window() > block.late() && std::isfinite(block.window()), "coding.window",
                             block.window(), "more than late: a sample ends after its last input");
        }
        network.coding = chip::TtfsCoding{.time_unit_s = unit_,
                                          .earliest_s = block.early() * unit_,
                                          .latest_s = block.late() * unit_,
                                          .inverted = block.inverted(),
                                          .silent_below = block.silent_below(),
                                          .window_s = block.window() * unit_};
    }

    const proto::TtfsProto& file_;
    std::string directory_;
    const TtfsTextLimits& limits_;
    double unit_ = 1;
    std::size_t sources_ = 0;  ///< of the layer to come
    std::uint64_t neurons_ = 0;
    std::uint64_t synapses_ = 0;
    std::map<std::string, std::string> names_;
};

}  // namespace

Result<TimedNetwork> parse_ttfs_text(const std::string& text, const std::string& origin, const std::string& directory,
                                     const TtfsTextLimits& limits) {
    proto::TtfsProto file;
    files::StrictText parsed = files::parse_strict_text(text, origin, file);
    Reader reader(file, parsed.positions, directory, limits);
    reader.read();
    Diagnostics findings = std::move(parsed.findings);
    findings.insert(findings.end(), reader.findings.all().begin(), reader.findings.all().end());
    if (findings.empty()) {
        findings = check_timed_network(reader.network);
        for (Diagnostic& finding : findings) {
            finding.where = origin + ": " + finding.where;
        }
    }
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    return std::move(reader.network);
}

Result<TimedNetwork> read_ttfs_text(const std::string& path) {
    constexpr std::uint64_t max_bytes = std::uint64_t{16} << 20;
    const auto bytes = files::read_bytes(path, max_bytes);
    if (!bytes) {
        return fail(bytes.error());
    }
    const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return parse_ttfs_text(text, path, std::filesystem::path(path).parent_path().string());
}

}  // namespace spikeloom::compiler
