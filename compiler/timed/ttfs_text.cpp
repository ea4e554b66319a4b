#include "compiler/timed/ttfs_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include "compiler/timed/ttfs_neuron.hpp"
#include "core/files/bytes.hpp"
#include "core/files/npy.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::compiler {
namespace {

constexpr int max_layers = 1000;
constexpr int max_biases = 1000;
constexpr std::size_t max_name = 200;

using ttfs::field_of;
using ttfs::merge;
using ttfs::model_of;
using ttfs::Units;
using ttfs::units_of;

class Reader {
public:
    Reader(const proto::TtfsProto& file, const files::TextPositions& positions, std::string directory,
           const TtfsTextLimits& limits)
        : file_(file), positions_(positions), directory_(std::move(directory)), limits_(limits) {}

    void read() {
        head();
        inputs();
        if (file_.layer_size() == 0 && !positions_.contains("layer[0]")) {
            say("", "a network without a layer", "at least one 'layer'");
        }
        if (file_.layer_size() > max_layers) {
            say(element("layer", max_layers), fmt::format("{} layers", file_.layer_size()),
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
    Diagnostics findings;

private:
    void say(const std::string& path, std::string found, std::string allowed = {}, std::string help = {}) {
        findings.push_back(
            {Severity::error, positions_.where(path), std::move(found), std::move(allowed), std::move(help)});
    }
    static std::string element(const std::string& field, int index) { return fmt::format("{}[{}]", field, index); }

    bool require(bool good, const std::string& path, double value, const char* allowed) {
        if (!good) {
            say(path, fmt::format("'{}' = {}", path, value), allowed);
        }
        return good;
    }
    bool positive(const std::string& path, double value) {
        return require(value > 0 && std::isfinite(value), path, value, "more than 0, finite");
    }
    bool finite(const std::string& path, double value) {
        return require(std::isfinite(value), path, value, "a finite number");
    }

    void name(const std::string& path, const std::string& text) {
        const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
        if (text.empty() || text.size() > max_name || !printable || text.find('/') != std::string::npos) {
            say(path, "the name is empty, too long, or has characters that a name can't have",
                fmt::format("1 to {} printable ASCII characters without '/' and spaces", max_name));
        }
        if (!names_.emplace(text, path).second) {
            say(path, fmt::format("the name '{}' is taken", text), "a name of its own for the input and each layer",
                fmt::format("the first is at {}", positions_.where(names_[text])));
        }
    }

    /// Notes `count` more neurons or channels; false, with a finding, where there are too many.
    bool spend_neurons(const std::string& path, std::uint64_t count) {
        if (count == 0 || count > limits_.neurons - neurons_) {
            say(path, count == 0 ? "a size of 0" : fmt::format("{} more neurons and channels", count),
                fmt::format("at least 1, and {} in all", limits_.neurons));
            return false;
        }
        neurons_ += count;
        return true;
    }

    void head() {
        network.name = file_.name();
        if (file_.has_name() && file_.name().empty()) {
            say("name", "an empty name");
        }
        unit_ = file_.time_unit_s();
        if (file_.has_time_unit_s()) {
            require(unit_ >= 1e-12 && unit_ <= 1e3, "time_unit_s", unit_, "1e-12..1e3 s");
        }
    }

    void inputs() {
        if (!file_.has_input()) {
            return;
        }
        const proto::TtfsInputProto& block = file_.input();
        name("input.name", block.name());
        if (block.repeat() == 0) {
            say("input.repeat", "a repeat of 0", "at least 1");
            return;
        }
        if (!block.has_size() || !spend_neurons("input.size", std::uint64_t{block.size()} * block.repeat())) {
            return;
        }
        const Shape shape = block.repeat() == 1 ? Shape{block.size()} : Shape{block.repeat(), block.size()};
        network.inputs.push_back({block.name(), shape, {}});
        sources_ = std::size_t{block.size()} * block.repeat();
    }

    // -- neurons

    /// The numbers that a block gives, each checked where it stands.
    void check_block(const std::string& path, const proto::TtfsNeuronProto& block) {
        const std::pair<const char*, std::optional<double>> above_zero[] = {
            {"tau_mem", block.has_tau_mem() ? std::optional(block.tau_mem()) : std::nullopt},
            {"tau_syn", block.has_tau_syn() ? std::optional(block.tau_syn()) : std::nullopt},
            {"g_leak", block.has_g_leak() ? std::optional(block.g_leak()) : std::nullopt},
            {"tau_syn_inhibitory",
             block.has_tau_syn_inhibitory() ? std::optional(block.tau_syn_inhibitory()) : std::nullopt},
            {"exponential.slope", block.has_exponential() && block.exponential().has_slope()
                                      ? std::optional(block.exponential().slope())
                                      : std::nullopt},
            {"adaptation.tau_w", block.has_adaptation() && block.adaptation().has_tau_w()
                                     ? std::optional(block.adaptation().tau_w())
                                     : std::nullopt}};
        for (const auto& [field, value] : above_zero) {
            if (value) {
                positive(path + "." + field, *value);
            }
        }
        if (block.has_leak()) {
            finite(path + ".leak", block.leak());
        }
        if (block.has_reset()) {
            finite(path + ".reset", block.reset());
        }
        if (block.has_refractory()) {
            require(block.refractory() >= 0 && std::isfinite(block.refractory()), path + ".refractory",
                    block.refractory(), "0 or more");
            if (block.has_one_spike() && block.one_spike()) {
                say(path + ".refractory", "a refractory time of neurons that spike once", "one_spike: false");
            }
        }
        if (block.has_exponential()) {
            finite(path + ".exponential.threshold", block.exponential().threshold());
        }
        if (block.has_adaptation()) {
            finite(path + ".adaptation.a", block.adaptation().a());
            finite(path + ".adaptation.b", block.adaptation().b());
        }
        if (block.has_conductance()) {
            finite(path + ".conductance.e_excitatory", block.conductance().e_excitatory());
            finite(path + ".conductance.e_inhibitory", block.conductance().e_inhibitory());
        }
    }

    void neurons(const std::string& path, const proto::TtfsLayerProto& block, TimedPopulation& population) {
        proto::TtfsNeuronProto merged = file_.neuron();
        if (block.has_neuron()) {
            check_block(path + ".neuron", block.neuron());
            merge(merged, block.neuron());
        }
        std::vector<Units> units(block.per_neuron_size() == 0 ? 1 : block.size(), units_of(merged));
        for (int i = 0; i < block.per_neuron_size(); ++i) {
            const proto::TtfsPerNeuronProto& entry = block.per_neuron(i);
            const std::string field = element(path + ".per_neuron", i) + ".file";
            for (int earlier = 0; earlier < i; ++earlier) {
                if (block.per_neuron(earlier).parameter() == entry.parameter()) {
                    say(element(path + ".per_neuron", i) + ".parameter", "a parameter that has its file", "once");
                }
            }
            const auto array =
                entry.has_file() ? load(field, entry.file(), {{block.size()}, {block.size(), 1}}, "one a neuron", true)
                                 : std::nullopt;
            for (std::size_t n = 0; array && n < array->values.size(); ++n) {
                field_of(units[n], entry.parameter()) = array->values[n];
            }
        }
        population.neurons.reserve(units.size());
        for (const Units& one : units) {
            population.neurons.push_back(model_of(one, merged, unit_));
        }
        population.adaptive = merged.has_exponential() || merged.has_adaptation() || merged.has_conductance() ||
                              merged.has_tau_syn_inhibitory();
    }

    // -- arrays

    struct Loaded {
        std::vector<std::size_t> shape;
        std::vector<double> values;  ///< C order
    };
    /// Nothing after a finding. `shapes` are those that the array may have.
    std::optional<Loaded> load(const std::string& field, const std::string& file,
                               const std::vector<std::vector<std::size_t>>& shapes, const std::string& meaning,
                               bool infinite_allowed = false) {
        if (!limits_.files) {
            return Loaded{shapes[0], std::vector<double>(*files::element_count(shapes[0]), 1.0)};
        }
        const std::string path = (std::filesystem::path(directory_) / file).string();
        std::error_code error;
        if (!std::filesystem::is_regular_file(path, error)) {
            say(field, fmt::format("there is no file '{}'", path), "a .npy file",
                "paths are relative to the network's file");
            return std::nullopt;
        }
        const Result<files::Array> array = files::read_npy(path);
        if (!array) {
            findings.insert(findings.end(), array.error().begin(), array.error().end());
            return std::nullopt;
        }
        if (std::find(shapes.begin(), shapes.end(), array->shape) == shapes.end()) {
            std::string allowed;
            for (const auto& shape : shapes) {
                allowed += (allowed.empty() ? "" : " or ") + files::shape_text(shape);
            }
            std::vector<std::size_t> turned = array->shape;
            std::reverse(turned.begin(), turned.end());
            const bool is_turned = turned.size() == 2 && turned == shapes[0];
            say(field, fmt::format("'{}' has the shape {}", path, files::shape_text(array->shape)),
                fmt::format("{} ({})", allowed, meaning),
                is_turned ? "save the transpose: rows are sources, columns are neurons" : "");
            return std::nullopt;
        }
        Loaded loaded{array->shape, array->reals()};
        const std::vector<double>& values = loaded.values;
        const auto bad = std::find_if_not(values.begin(), values.end(), [infinite_allowed](double value) {
            return std::isfinite(value) || (infinite_allowed && value == never);
        });
        if (bad != values.end()) {
            say(field, fmt::format("'{}' holds {} at element {}", path, *bad, bad - values.begin()), "finite numbers");
            return std::nullopt;
        }
        return loaded;
    }

    // -- layers

    void layer(int i) {
        const proto::TtfsLayerProto& block = file_.layer(i);
        const std::string path = element("layer", i);
        if (block.has_name()) {
            name(path + ".name", block.name());
        }
        for (int b = 0; b < block.bias_times_size(); ++b) {
            const double time = block.bias_times(b);
            require(time >= 0 && std::isfinite(time), element(path + ".bias_times", b), time, "0 or more");
        }
        positive(path + ".weights_per_unit", block.weights_per_unit());
        if (i == 0 && file_.has_neuron()) {
            check_block("neuron", file_.neuron());
        }
        const std::size_t sources = std::exchange(sources_, block.size());
        const std::uint64_t rows = sources + static_cast<std::uint64_t>(block.bias_times_size());
        if (!block.has_size() || !block.has_name() || !block.has_weights() ||
            !spend_neurons(path + ".size", block.size()) || sources == 0) {
            return;
        }
        if (block.bias_times_size() > max_biases || rows * block.size() > limits_.synapses - synapses_) {
            say(path, fmt::format("{} x {} synapses", rows, block.size()),
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
        auto loaded = load(path + ".weights", block.weights(), {{rows, size}},
                           biases == 0 ? "sources x neurons" : fmt::format("sources and {} biases x neurons", biases));
        std::optional<Loaded> loaded_delays = Loaded{};
        if (block.has_delays() && limits_.files) {
            loaded_delays = load(path + ".delays", block.delays(),
                                 {{rows, size}, {sources, size}, {rows, 1}, {sources, 1}, {rows}, {sources}},
                                 "one a synapse, or one a source");
        }
        if (!loaded || !loaded_delays) {
            return;
        }
        std::vector<double>& weights = loaded->values;
        std::vector<double>& delays = loaded_delays->values;
        const auto negative = std::find_if(delays.begin(), delays.end(), [](double d) { return d < 0; });
        if (negative != delays.end()) {
            say(path + ".delays", fmt::format("a delay of {}", *negative), "0 or more");
            return;
        }
        for (double& weight : weights) {
            weight /= block.weights_per_unit();
        }
        for (double& delay : delays) {
            delay *= unit_;
        }
        const std::size_t width = delays.empty() ? 0 : loaded_delays->shape.size() == 2 ? loaded_delays->shape[1] : 1;
        delays.resize(rows * width, 0.0);  // biases whose rows were left out
        const bool whole = !network.inputs.empty() && network.populations.size() == static_cast<std::size_t>(i) + 1;
        if (!findings.empty() || !whole) {
            return;  // what an earlier layer or the input lacks was said
        }
        if (i == 0 && file_.input().interleaved()) {
            uninterleave(weights, size);
            uninterleave(delays, width);
        }
        project(i, sources, weights, delays, width);
    }

    /// Rows of the input's copies from numpy.repeat's order to numpy.tile's.
    void uninterleave(std::vector<double>& values, std::size_t width) const {
        const std::vector<double> before = values;
        const std::size_t channels = file_.input().size();
        const std::size_t copies = file_.input().repeat();
        for (std::size_t channel = 0; width != 0 && channel < channels; ++channel) {
            for (std::size_t copy = 0; copy < copies; ++copy) {
                const auto from = static_cast<std::ptrdiff_t>((channel * copies + copy) * width);
                std::copy_n(before.begin() + from, width,
                            values.begin() + static_cast<std::ptrdiff_t>((copy * channels + channel) * width));
            }
        }
    }

    void project(int i, std::size_t sources, const std::vector<double>& weights, const std::vector<double>& delays,
                 std::size_t width) {
        const proto::TtfsLayerProto& block = file_.layer(i);
        const std::size_t size = block.size();
        const auto target = static_cast<std::uint32_t>(network.populations.size() - 1);
        const auto add = [&](std::string projection_name, Source source, const std::vector<std::size_t>& rows) {
            TimedProjection projection;
            projection.name = std::move(projection_name);
            projection.source = source;
            projection.target = PopulationId(target);
            std::vector<double> some_weights;
            std::vector<double> some_delays;
            for (const std::size_t row : rows) {
                const auto slice = [row](const std::vector<double>& from, std::size_t row_width,
                                         std::vector<double>& to) {
                    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(row * row_width);
                    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(row_width));
                };
                slice(weights, size, some_weights);
                slice(delays, width, some_delays);
            }
            set_dense(projection, rows.size(), size, std::move(some_weights), some_delays);
            network.projections.push_back(std::move(projection));
        };
        std::vector<std::size_t> rows(sources);
        for (std::size_t row = 0; row < sources; ++row) {
            rows[row] = row;
        }
        const Source before =
            target == 0 ? Source{Source::Kind::input, 0} : Source{Source::Kind::population, target - 1};
        add(fmt::format("{}_{}", network.source_name(before), block.name()), before, rows);
        std::map<double, std::vector<std::size_t>> by_time;
        for (int b = 0; b < block.bias_times_size(); ++b) {
            by_time[block.bias_times(b)].push_back(sources + static_cast<std::size_t>(b));
        }
        int number = 0;
        for (const auto& [time, bias_rows] : by_time) {
            std::string bias = fmt::format("{}.bias", block.name());
            bias += ++number == 1 ? "" : std::to_string(number);
            const auto index = static_cast<std::uint32_t>(network.inputs.size());
            network.inputs.push_back({bias, {static_cast<std::uint32_t>(bias_rows.size())}, {time * unit_}});
            add(fmt::format("{}_{}", bias, block.name()), {Source::Kind::input, index}, bias_rows);
        }
    }

    void coding() {
        const proto::TtfsCodingProto& block = file_.coding();
        const bool times =
            require(block.early() >= 0 && std::isfinite(block.early()), "coding.early", block.early(), "0 or more") &&
            require(block.late() >= block.early() && std::isfinite(block.late()), "coding.late", block.late(),
                    "from early on");
        finite("coding.silent_below", block.silent_below());
        if (times) {
            require(block.window() > block.late() && std::isfinite(block.window()), "coding.window", block.window(),
                    "more than late: a sample ends after its last input");
        }
        network.coding = chip::TtfsCoding{.time_unit_s = unit_,
                                          .earliest_s = block.early() * unit_,
                                          .latest_s = block.late() * unit_,
                                          .inverted = block.inverted(),
                                          .silent_below = block.silent_below(),
                                          .window_s = block.window() * unit_};
    }

    const proto::TtfsProto& file_;
    const files::TextPositions& positions_;
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
    findings.insert(findings.end(), reader.findings.begin(), reader.findings.end());
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
