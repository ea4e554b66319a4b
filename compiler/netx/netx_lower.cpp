// From layers to populations and projections. netx knows no graph: every layer takes the spikes of the one before.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "compiler/netx/netx_neuron.hpp"
#include "compiler/netx/netx_notes.hpp"
#include "compiler/netx/netx_reader.hpp"
#include "compiler/netx/netx_shapes.hpp"
#include "compiler/netx/netx_weights.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::string_view layer_types = "input, flatten, dense, dense_rec, recurrent, conv, pool";

/// All but the weights.
ConvolutionWeights convolution_of(const NetxKernel& kernel, const Shape& source,
                                  const std::array<std::uint32_t, 3>& output) {
    ConvolutionWeights convolution;
    convolution.source = {source[0], source[1], source[2]};
    convolution.input = convolution.source;
    convolution.output = output;
    convolution.kernel_size = kernel.size;
    convolution.stride = kernel.stride;
    convolution.padding = kernel.padding;
    convolution.dilation = kernel.dilation;
    convolution.groups = kernel.groups;
    return convolution;
}

class Lowerer {
public:
    Lowerer(const NetxFile& file, const NetxOptions& options) : file_(file), options_(options), notes_(file.origin) {
        notes_.remarks = file.remarks;
    }

    Result<NetxImport> run() {
        network_.name = std::filesystem::path(file_.origin).stem().string();
        read_simulation();
        for (const NetxLayer& layer : file_.layers) {
            lower(layer);
            if (!notes_.findings.empty()) {
                return fail(std::move(notes_.findings));  // what follows would be wrong for want of a shape
            }
        }
        if (network_.populations.empty()) {
            notes_.complain("/layer", "there are no neurons", "at least one layer of neurons");
            return fail(std::move(notes_.findings));
        }
        network_.outputs.push_back({network_.populations.back().name, last_population()});
        if (Diagnostics findings = check_network(network_); has_error(findings)) {
            for (Diagnostic& finding : findings) {
                finding.where = file_.origin + ": " + finding.where;
            }
            return fail(std::move(findings));
        }
        return NetxImport{std::move(network_), std::move(notes_.resolutions), std::move(notes_.remarks)};
    }

private:
    void read_simulation() {
        const NetxArray* step = file_.simulation.find("Ts");
        if (step != nullptr && step->values.size() == 1 && step->values[0] > 0 && step->values[0] <= 1e6) {
            network_.step_s = step->values[0] * 1e-3;
            notes_.settle("step", fmt::format("{} s", network_.step_s), "simulation/Ts counts milliseconds");
        } else {
            notes_.settle("step", "0.001 s", "the file says nothing that could be a step: simulation/Ts, milliseconds");
        }
    }

    void lower(const NetxLayer& layer) {
        if (layer.type == "input") {
            lower_input(layer);
        } else if (layer.type == "flatten") {
            tell_unread(layer, {"shape"});
            flat_ = true;
        } else if (layer.type == "dense" || layer.type == "dense_rec" || layer.type == "recurrent") {
            lower_dense(layer);
        } else if (layer.type == "conv") {
            lower_convolution(layer);
        } else if (layer.type == "pool") {
            lower_pool(layer);
        } else if (layer.type == "average" || layer.type == "concat") {
            notes_.complain(layer.group.path + "/type",
                            fmt::format("layers of type '{}': the file says too little of what it joins, and netx "
                                        "does not read them either",
                                        layer.type),
                            std::string(layer_types), "read out the layer before it, and average there");
        } else {
            notes_.complain(layer.group.path + "/type", fmt::format("layers of type '{}'", layer.type),
                            std::string(layer_types));
        }
    }

    void tell_unread(const NetxLayer& layer, std::initializer_list<std::string_view> read) {
        static constexpr std::array<std::string_view, 2> training{"batch", "time"};
        const auto tell = [&](const std::string& name) {
            if (std::ranges::find(read, name) == read.end()) {
                const bool known = std::ranges::find(training, name) != training.end();
                notes_.warn(layer.group.path + "/" + name,
                            known ? "a field of training: it is ignored"
                                  : fmt::format("unknown field '{}': it is ignored", name));
            }
        };
        for (const auto& [name, array] : layer.group.arrays) {
            tell(name);
        }
        for (const auto& [name, text] : layer.group.texts) {
            tell(name);
        }
    }

    [[nodiscard]] PopulationId last_population() const {
        return PopulationId(static_cast<std::uint32_t>(network_.populations.size() - 1));
    }

    /// The port, of the shape that --netx-input-shape or the file says, or else of `wanted`.
    void open_port(Shape wanted, const std::string& reason, bool graded = false) {
        if (options_.input_shape) {
            wanted = *options_.input_shape;
            notes_.settle("input shape", fmt::format("({})", fmt::join(wanted, ", ")), "as the option says",
                          "--netx-input-shape");
        } else {
            notes_.settle("input shape", fmt::format("({})", fmt::join(wanted, ", ")), reason, "--netx-input-shape");
        }
        network_.inputs.push_back({.name = "input", .shape = wanted, .graded = graded});
        source_ = Source{Source::Kind::input, 0};
        shape_ = std::move(wanted);
    }

    void lower_input(const NetxLayer& layer) {
        tell_unread(layer, {"shape", "weight", "bias"});
        if (!network_.populations.empty() || !network_.inputs.empty()) {
            if (layer.neuron || !network_.populations.empty()) {
                notes_.complain(layer.group.path, "an input layer behind other layers", "input layers come first");
            }
            return;  // older files open with several, which say the same
        }
        const auto shape = netx_shape(layer, notes_);
        if (!shape) {
            return;
        }
        const bool on_chip = layer.neuron && options_.input == NetxInput::neurons;
        open_port(*shape, fmt::format("{}/shape, as netx reads it", layer.group.path), on_chip);
        if (!layer.neuron) {
            return;
        }
        tell_transform(layer);
        if (!on_chip) {
            notes_.settle("input neurons", "outside the chip", "the port brings their spikes", "--netx-input");
            return;
        }
        add_input_neurons(layer);
    }

    /// What netx's users do with a pixel before it becomes a bias.
    void tell_transform(const NetxLayer& layer) {
        const auto number = [&](const char* name, double otherwise) {
            const NetxArray* array = layer.group.find(name);
            return array == nullptr || array->values.empty() ? otherwise : std::trunc(array->values.front());
        };
        const double weight = number("weight", 64);
        const double bias = number("bias", 0);
        notes_.settle("input values",
                      fmt::format("a pixel x in 0..1 is the value 2 * {0} * x - {0} + {1}", weight, bias),
                      "so netx's encoders read weight and bias of the input layer; cut towards zero");
    }

    void add_input_neurons(const NetxLayer& layer) {
        auto neuron = netx_neuron(layer, true, notes_);
        if (!neuron) {
            return;
        }
        const bool leaky = neuron->fixed.model == NeuronModel::leaky;
        if (leaky) {
            // netx writes the bias of v, and nothing else arrives: a current that lives one step is the same.
            neuron->fixed.current_decay = 4096;
            notes_.settle("input neurons", "on the chip, their biases as graded spikes",
                          "a spike's value times 2^6 is added to v in its step, as netx's bias is", "--netx-input");
        }
        add_population(layer, std::move(*neuron), shape_, {});
        // Delta neurons count in 2^12 of a value, and shift what arrives by 6 of them.
        add_projection(layer, OneToOneWeights{{leaky ? 1.0F : 64.0F}}, 0);
        step_to_last();
    }

    void add_population(const NetxLayer& layer, NetxNeuron neuron, Shape shape, std::vector<std::int32_t> biases) {
        Population population;
        population.name = fmt::format("{}{}", layer.type, layer.number);
        population.shape = std::move(shape);
        population.kind = neuron.spikes ? NeuronKind::current_based : NeuronKind::current_based_integrator;
        population.refractory_steps = neuron.refractory_steps;
        neuron.fixed.biases = std::move(biases);
        population.fixed = std::move(neuron.fixed);
        network_.populations.push_back(std::move(population));
    }

    /// From the layer before to the newest population.
    void add_projection(const NetxLayer& layer, Weights weights, int delay_steps) {
        Projection projection;
        projection.name = fmt::format("{}{}.weight", layer.type, layer.number);
        projection.source = source_;
        projection.target = last_population();
        projection.weights = std::move(weights);
        projection.delay_steps = delay_steps;
        network_.projections.push_back(std::move(projection));
    }

    void step_to_last() {
        source_ = Source{Source::Kind::population, last_population().value()};
        shape_ = network_.populations.back().shape;
        flat_ = false;
    }

    void lower_dense(const NetxLayer& layer);
    void add_recurrence(const NetxLayer& layer, std::vector<float> weights, const std::vector<std::uint8_t>& delays,
                        std::size_t sources);
    void lower_convolution(const NetxLayer& layer);
    void lower_pool(const NetxLayer& layer);
    [[nodiscard]] bool open_image(const NetxLayer& layer, std::uint32_t channels);

    const NetxFile& file_;
    const NetxOptions& options_;
    NetxNotes notes_;
    Network network_;
    Source source_;
    Shape shape_;  ///< of the source: (channels, height, width), or (neurons)
    bool flat_ = false;
};

void Lowerer::lower_dense(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "inFeatures", "outFeatures", "weight", "weight/real", "weight/imag", "weight_rec",
                        "recWeight", "bias", "delay"});
    if (layer.group.find("weight/real") != nullptr) {
        notes_.complain(layer.group.path + "/weight", "complex weights, for resonate-and-fire neurons", "real weights");
        return;
    }
    const auto neuron = netx_neuron(layer, false, notes_);
    const auto sizes = netx_dense_sizes(layer, notes_);
    if (!neuron || !sizes) {
        return;
    }
    if (network_.inputs.empty()) {
        open_port({sizes->sources}, fmt::format("layer {} has as many inputs", layer.number));
    }
    if (element_count(shape_) != sizes->sources) {
        notes_.complain(
            layer.group.path + "/weight", fmt::format("weights for {} inputs", sizes->sources),
            fmt::format("{}, as the layer before has neurons: ({})", element_count(shape_), fmt::join(shape_, ", ")));
        return;
    }
    if (shape_.size() == 3) {
        notes_.settle("flatten",
                      fmt::format("({}) in this order before layer {}", fmt::join(shape_, ", "), layer.number),
                      flat_ ? "netx turns its (x, y, channel) round before it flattens"
                            : "there is no flatten layer, and only so do the weights fit");
    }
    const std::uint64_t count = std::uint64_t{sizes->targets} * sizes->sources;
    auto weights = netx_weights(layer.group, "weight", count, notes_);
    const char* recurrent_name = layer.type == "recurrent" ? "recWeight" : "weight_rec";
    std::optional<std::vector<float>> recurrent;
    if (layer.type != "dense") {
        const bool other = layer.group.find(recurrent_name) == nullptr;
        recurrent =
            netx_weights(layer.group, other ? (layer.type == "recurrent" ? "weight_rec" : "recWeight") : recurrent_name,
                         std::uint64_t{sizes->targets} * sizes->targets, notes_);
    }
    const auto delays = netx_delays(layer, sizes->targets, sizes->sources, notes_);
    auto biases = netx_biases(layer, {sizes->targets}, neuron->bias_shift, notes_);
    if (!weights || (layer.type != "dense" && !recurrent) || !delays || !biases) {
        return;
    }
    clip_netx_weights(recurrent ? std::vector{&*weights, &*recurrent} : std::vector{&*weights}, layer, notes_);
    add_population(layer, *neuron, {sizes->targets}, std::move(*biases));
    int delay_steps = 0;
    Weights held = netx_dense(std::move(*weights), *delays, sizes->targets, sizes->sources, delay_steps);
    add_projection(layer, std::move(held), delay_steps);
    if (recurrent) {
        add_recurrence(layer, std::move(*recurrent), *delays, sizes->sources);
    }
    step_to_last();
}

/// netx gives both matrices the same delays; where these are one a source, or one a synapse, they say nothing of a
/// matrix of other size.
void Lowerer::add_recurrence(const NetxLayer& layer, std::vector<float> weights,
                             const std::vector<std::uint8_t>& delays, std::size_t sources) {
    const std::size_t size = network_.populations.back().size();
    std::vector<std::uint8_t> own;
    const NetxArray* given = layer.group.find("delay");
    if (given != nullptr && (given->values.size() == 1 || given->values.size() == size || sources == size)) {
        for (std::size_t target = 0; target < size; ++target) {
            for (std::size_t source = 0; source < size; ++source) {
                own.push_back(delays[target * sources + (sources == size ? source : 0)]);
            }
        }
    } else if (given != nullptr) {
        notes_.warn(layer.group.path + "/delay",
                    "the recurrent weights have no delays: there is none for each of them");
    }
    int delay_steps = 0;
    Weights held = netx_dense(std::move(weights), own, size, size, delay_steps);
    const Source before = source_;
    source_ = Source{Source::Kind::population, last_population().value()};
    add_projection(layer, std::move(held), delay_steps);
    source_ = before;
    network_.projections.back().name = fmt::format("{}{}.recurrent", layer.type, layer.number);
    network_.projections.back().recurrent = true;
}

/// Whether the source is an image of so many channels; a port is opened, or turned, to be one.
bool Lowerer::open_image(const NetxLayer& layer, std::uint32_t channels) {
    if (network_.inputs.empty()) {
        if (!options_.input_shape) {
            notes_.complain(layer.group.path, "nothing says how high and wide the input is",
                            "an input layer with a shape", "give it: --netx-input-shape CHANNELS,HEIGHT,WIDTH");
            return false;
        }
        open_port({}, "");
    }
    if (shape_.size() == 2 && channels == 1) {
        shape_.insert(shape_.begin(), 1);
    } else if (shape_.size() == 1 && shape_[0] == channels) {
        shape_.insert(shape_.end(), 2, 1);
    }
    const bool at_port = source_.kind == Source::Kind::input;
    if (at_port && shape_.size() == 3 && shape_[0] != channels && shape_[2] == channels && !options_.input_shape) {
        std::ranges::reverse(shape_);
        network_.inputs[0].shape = shape_;
        notes_.settle(
            "input shape", fmt::format("({})", fmt::join(shape_, ", ")),
            fmt::format("read backwards, as (x, y, channels): layer {} takes {} channels", layer.number, channels),
            "--netx-input-shape");
    }
    if (shape_.size() != 3 || shape_[0] != channels) {
        notes_.complain(layer.group.path, fmt::format("weights for {} channels", channels),
                        fmt::format("as the layer before has: ({})", fmt::join(shape_, ", ")));
        return false;
    }
    return true;
}

void Lowerer::lower_convolution(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "inChannels", "outChannels", "kernelSize", "stride", "padding", "dilation", "groups",
                        "weight", "weight/real", "weight/imag", "bias", "delay"});
    const auto neuron = netx_neuron(layer, false, notes_);
    auto kernel = netx_kernel(layer, notes_);
    if (!neuron || !kernel || !open_image(layer, kernel->in_channels)) {
        return;
    }
    const auto output = netx_output(*kernel, shape_, layer, notes_);
    auto weights = netx_weights(layer.group, "weight", kernel->weights(), notes_);
    if (!output || !weights) {
        return;
    }
    const Shape shape(output->begin(), output->end());
    auto biases = netx_biases(layer, shape, neuron->bias_shift, notes_);
    const auto delays = netx_delays(layer, 1, 1, notes_);
    if (!biases || !delays) {
        return;
    }
    ConvolutionWeights convolution = convolution_of(*kernel, shape_, *output);
    convolution.kernel = std::move(*weights);
    add_population(layer, *neuron, shape, std::move(*biases));
    add_projection(layer, std::move(convolution), delays->empty() ? 0 : delays->front());
    step_to_last();
}

/// SLAYER's pooling block: every channel by itself, one weight for all taps of the window.
void Lowerer::lower_pool(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "kernelSize", "stride", "padding", "dilation", "weight", "delay"});
    const auto neuron = netx_neuron(layer, false, notes_);
    if (shape_.size() != 3) {
        notes_.complain(layer.group.path, fmt::format("pooling of ({})", fmt::join(shape_, ", ")),
                        "an image: channels, height, width");
        return;
    }
    auto kernel = netx_pool_kernel(layer, shape_[0], notes_);
    if (!neuron || !kernel) {
        return;
    }
    const auto output = netx_output(*kernel, shape_, layer, notes_);
    const auto delays = netx_delays(layer, 1, 1, notes_);
    const NetxArray* given = layer.group.find("weight");
    const std::size_t taps = std::size_t{kernel->size[0]} * kernel->size[1];
    const std::uint64_t count = given != nullptr && given->values.size() == taps ? taps : 1;
    const auto weights = netx_weights(layer.group, "weight", count, notes_);
    if (!output || !delays || !weights) {
        return;
    }
    ConvolutionWeights convolution = convolution_of(*kernel, shape_, *output);
    for (std::uint32_t channel = 0; channel < shape_[0]; ++channel) {
        for (std::size_t tap = 0; tap < taps; ++tap) {
            convolution.kernel.push_back((*weights)[count == taps ? tap : 0]);
        }
    }
    notes_.settle("pool",
                  fmt::format("layer {} sums windows of every channel, times {}", layer.number,
                              count == taps ? "a weight a tap" : fmt::format("{}", weights->front())),
                  "so does SLAYER's block; netx does not read it");
    add_population(layer, *neuron, Shape(output->begin(), output->end()), {});
    add_projection(layer, std::move(convolution), delays->empty() ? 0 : delays->front());
    step_to_last();
}

}  // namespace

Result<NetxImport> import_netx(const NetxFile& file, const NetxOptions& options) {
    return Lowerer(file, options).run();
}

}  // namespace spikeloom::compiler
