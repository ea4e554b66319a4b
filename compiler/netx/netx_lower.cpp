// The way through the file: which layers, what drives them, and what becomes of a layer's neurons. The layers with
// weights are in netx_layers.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "compiler/netx/netx_lowerer.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::string_view layer_types = "input, flatten, dense, dense_rec, recurrent, conv, pool, average, concat";

/// Channels that the layer's weights take in, 0 where it has none that say.
std::uint64_t channels_taken(const NetxLayer& layer) {
    const NetxArray* weight = layer.group.find("weight");
    if (layer.type != "conv" || weight == nullptr || weight->shape.size() < 4) {
        return 0;
    }
    const NetxArray* groups = layer.group.find("groups");
    const bool grouped = groups != nullptr && groups->values.size() == 1 && groups->values[0] >= 1 &&
                         groups->values[0] <= 65536 && weight->shape[1] <= 65536;
    return weight->shape[1] * (grouped ? static_cast<std::uint64_t>(groups->values[0]) : 1U);
}

NetxTransform transform_of(const NetxLayer& input) {
    const auto number = [&](const char* name, double otherwise) {
        const NetxArray* array = input.group.find(name);
        return array == nullptr || array->values.empty() ? otherwise : std::trunc(array->values.front());
    };
    return {.weight = number("weight", NetxTransform{}.weight),
            .bias = number("bias", NetxTransform{}.bias),
            .sigma_delta = input.neuron->text("type") == "SDNN"};
}

}  // namespace

std::optional<NetxTransform> netx_transform(const NetxFile& file) {
    if (file.layers.empty() || file.layers[0].type != "input" || !file.layers[0].neuron) {
        return std::nullopt;
    }
    return transform_of(file.layers[0]);
}

NetxLowerer::NetxLowerer(const NetxFile& file, const NetxOptions& options)
    : file_(file), options_(options), notes_(file.origin) {
    notes_.remarks = file.remarks;
}

Result<NetxImport> NetxLowerer::run() {
    network_.name = std::filesystem::path(file_.origin).stem().string();
    read_simulation();
    if (!choose_layers()) {
        return fail(notes_.refusal(file_.remarks));
    }
    for (std::uint64_t number = 0; number < end_layer_; ++number) {
        const NetxLayer& layer = file_.layers[number];
        if (number == first_layer_ && number > 0) {
            begin_here(layer);
        }
        if (notes_.findings.empty()) {
            lower(layer);
        }
        if (!notes_.findings.empty()) {
            return fail(notes_.refusal(file_.remarks));  // what follows would be wrong for want of a shape
        }
        heard_behind_[number] = heard_;
    }
    resolve_later_sources();
    if (network_.populations.empty() && notes_.findings.empty()) {
        notes_.complain("/layer", "there are no neurons", "at least one layer of neurons");
    }
    if (!notes_.findings.empty()) {
        return fail(notes_.refusal(file_.remarks));
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

void NetxLowerer::read_simulation() {
    const NetxArray* step = file_.simulation.find("Ts");
    if (step != nullptr && step->values.size() == 1 && step->values[0] > 0 && step->values[0] <= 1e6) {
        network_.step_s = step->values[0] * 1e-3;
        notes_.settle("step", fmt::format("{} s", network_.step_s), "simulation/Ts counts milliseconds");
    } else {
        notes_.settle("step", "0.001 s", "the file says nothing that could be a step: simulation/Ts, milliseconds");
    }
}

/// netx's num_layers and skip_layers, which count the file's layers, those without neurons too.
bool NetxLowerer::choose_layers() {
    const std::uint64_t layers = file_.layers.size();
    first_layer_ = options_.first_layer;
    end_layer_ = options_.end_layer ? *options_.end_layer : layers;
    if (end_layer_ > layers || first_layer_ >= end_layer_) {
        notes_.complain("/layer", fmt::format("layers {}:{} are asked for", first_layer_, end_layer_),
                        fmt::format("FIRST:END within 0:{}, the layer END not included", layers));
        return false;
    }
    if (first_layer_ > 0 || end_layer_ < layers) {
        notes_.settle("layers", fmt::format("{} up to {} of {}", first_layer_, end_layer_ - 1, layers),
                      "as the option says", "--netx-layers");
    }
    kept_resolutions_ = notes_.resolutions.size();
    return true;
}

/// Forgets the layers so far but for the shape of what they send, which now comes by a port.
void NetxLowerer::begin_here(const NetxLayer& layer) {
    if (network_.populations.empty()) {
        return;  // there was at most a port
    }
    const Population& last = network_.populations.back();
    const bool graded = last.fixed && sends_values(last.fixed->model);
    network_.populations.clear();
    network_.projections.clear();
    network_.inputs.clear();
    waiting_.clear();
    heard_behind_.clear();
    notes_.resolutions.resize(kept_resolutions_);
    notes_.remarks = file_.remarks;
    reset_layers_ = 0;
    input_on_chip_ = false;
    if (sums_only_) {
        notes_.complain(layer.group.path, "the layer before it sends nothing that a port could bring",
                        "a first layer behind one that spikes");
        return;
    }
    const bool flat = flat_;
    open_port(shape_, fmt::format("the port brings what the layers before layer {} would send", layer.number), graded);
    flat_ = flat;
}

void NetxLowerer::lower(const NetxLayer& layer) {
    const std::string& type = layer.type;
    if (sums_only_ && type != "flatten") {
        notes_.complain(layer.group.path, fmt::format("a layer behind layer {}, which only sums up", layer.number - 1),
                        "an average, or an output with sigma_output, as the last layer");
    } else if (type == "input") {
        lower_input(layer);
    } else if (type == "flatten") {
        tell_unread(layer, {"shape"});
        flat_ = true;
    } else if (type == "dense" || type == "dense_rec" || type == "recurrent") {
        lower_dense(layer);
    } else if (type == "conv") {
        lower_convolution(layer);
    } else if (type == "pool") {
        lower_pool(layer);
    } else if (type == "average") {
        lower_average(layer);
    } else if (type == "concat") {
        lower_concat(layer);
    } else if (type == "dense_comp") {
        refuse_complex(layer);
    } else {
        const bool named = type == "convT" || type == "unpool";
        notes_.complain(layer.group.path + "/type",
                        fmt::format("layers of type '{}'{}", shown_word(type),
                                    named ? ": netx names this type, and refuses it too" : ""),
                        std::string(layer_types));
    }
}

void NetxLowerer::tell_unread(const NetxLayer& layer, std::initializer_list<std::string_view> read) {
    static constexpr std::array<std::string_view, 2> training{"batch", "time"};
    const auto tell = [&](const std::string& name) {
        if (std::ranges::find(read, name) == read.end()) {
            const bool known = std::ranges::find(training, name) != training.end();
            notes_.warn(layer.group.path + "/" + name,
                        known ? "a field of training: it is ignored"
                              : fmt::format("unknown field '{}': it is ignored", shown_word(name)));
        }
    };
    for (const auto& [name, array] : layer.group.arrays) {
        tell(name);
    }
    for (const auto& [name, text] : layer.group.texts) {
        if (std::ranges::find(read, name) != read.end()) {
            notes_.complain(layer.group.path + "/" + name, fmt::format("the text '{}'", shown_word(text)), "numbers");
        }
        tell(name);
    }
}

/// The port, of the shape that --netx-input-shape or the file says, or else of `wanted`.
void NetxLowerer::open_port(Shape wanted, const std::string& reason, bool graded) {
    if (options_.input_shape) {
        wanted = *options_.input_shape;
    }
    notes_.settle("input shape", fmt::format("({})", fmt::join(wanted, ", ")),
                  options_.input_shape ? "as the option says" : reason, "--netx-input-shape");
    network_.inputs.push_back({.name = "input", .shape = wanted, .graded = graded});
    hear({.source = {Source::Kind::input, 0}, .shape = std::move(wanted)});
}

/// Whether only (x, y, channels) fits the convolution that comes next. (Of a shape that fits both ways, forwards.)
bool NetxLowerer::stands_backwards(const NetxLayer& layer, const Shape& shape) const {
    const std::uint64_t next = layer.number + 1;
    const std::uint64_t channels = next < file_.layers.size() ? channels_taken(file_.layers[next]) : 0;
    return shape.size() == 3 && channels != 0 && shape[0] != channels && shape[2] == channels && !options_.input_shape;
}

void NetxLowerer::lower_input(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "weight", "bias"});
    if (!network_.populations.empty() || !network_.inputs.empty()) {
        if (layer.neuron || !network_.populations.empty()) {
            notes_.complain(layer.group.path, "an input layer behind other layers", "input layers come first");
        }
        return;  // older files open with several, which say the same
    }
    auto shape = netx_shape(layer, notes_);
    if (!shape) {
        return;
    }
    const bool backwards = stands_backwards(layer, *shape);
    if (backwards) {
        std::ranges::reverse(*shape);
    }
    const bool on_chip = layer.neuron && options_.input == NetxInput::neurons;
    open_port(*shape,
              backwards ? fmt::format("{}/shape read backwards, as (x, y, channels): the next layer takes {} channels",
                                      layer.group.path, shape->front())
                        : fmt::format("{}/shape, as netx reads it", layer.group.path),
              on_chip);
    if (!layer.neuron) {
        return;
    }
    tell_transform(layer);
    if (on_chip) {
        add_input_neurons(layer);
    } else {
        notes_.settle("input neurons", "outside the chip", "the port brings their spikes", "--netx-input");
        ++reset_layers_;
        network_.inputs[0].graded = layer.neuron->text("type") == "SDNN";
    }
}

/// What netx's users do with a pixel before it becomes a bias.
void NetxLowerer::tell_transform(const NetxLayer& layer) {
    const auto [weight, bias, sigma_delta] = transform_of(layer);
    notes_.settle("input values", fmt::format("a pixel x in 0..1 is the value 2 * {0} * x - {0} + {1}", weight, bias),
                  "so netx's encoders read weight and bias of the input layer; cut towards zero");
}

void NetxLowerer::add_input_neurons(const NetxLayer& layer) {
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
    input_on_chip_ = true;
    add_population(layer, std::move(*neuron), shape_, {});
    // Delta neurons count in 2^12 of a value, and shift what arrives by 6 of them.
    add_projection(layer, heard_.front(), OneToOneWeights{{leaky ? 1.0F : 64.0F}}, 0);
    step_to_last();
}

void NetxLowerer::add_population(const NetxLayer& layer, NetxNeuron neuron, Shape shape,
                                 std::vector<std::int32_t> biases) {
    Population population;
    population.name = fmt::format("{}{}", layer.type, layer.number);
    population.shape = std::move(shape);
    population.kind = neuron.spikes ? NeuronKind::current_based : NeuronKind::current_based_integrator;
    population.refractory_steps = neuron.refractory_steps;
    if (neuron.fixed.model == NeuronModel::sigma_delta && !neuron.spikes && !biases.empty()) {
        notes_.warn(layer.group.path + "/bias",
                    fmt::format("netx gives a sum no bias: add bias * 2^{} to what is read", neuron.bias_shift));
        biases.clear();
    }
    neuron.fixed.biases = std::move(biases);
    set_reset(neuron.fixed);
    population.fixed = std::move(neuron.fixed);
    network_.populations.push_back(std::move(population));
}

/// netx resets its layers one step after another, from the input on, so that a sample's end passes through them. Its
/// steps count from 1. Where the first layer's neurons are not on the chip, they hear a step's input in that step, and
/// all of netx's steps come one earlier.
void NetxLowerer::set_reset(FixedNeuron& fixed) {
    const std::int64_t interval = options_.reset_interval;
    const auto layer = static_cast<std::int64_t>(reset_layers_++);
    if (interval <= 0) {
        return;
    }
    if (fixed.model != NeuronModel::leaky) {
        notes_.warn("/layer", "sigma-delta neurons have no reset in netx: --netx-reset leaves them alone");
        return;
    }
    fixed.parameters.reset_interval = static_cast<std::int32_t>(interval);
    fixed.parameters.reset_offset =
        static_cast<std::int32_t>((options_.reset_offset + layer + (input_on_chip_ ? 1 : 0)) % interval);
}

/// From one source of what is heard to the newest population.
void NetxLowerer::add_projection(const NetxLayer& layer, const NetxSegment& from, Weights weights, int delay_steps,
                                 std::string name) {
    Projection projection;
    projection.name = fmt::format("{}{}.{}", layer.type, layer.number, name);
    projection.source = from.source;
    projection.target = last_population();
    projection.weights = std::move(weights);
    projection.delay_steps = delay_steps;
    if (from.later) {
        projection.recurrent = true;
        waiting_.emplace_back(network_.projections.size(), *from.later);
    }
    network_.projections.push_back(std::move(projection));
}

void NetxLowerer::resolve_later_sources() {
    for (const auto& [projection, number] : waiting_) {
        const auto behind = heard_behind_.find(number);
        const bool neurons = behind != heard_behind_.end() && behind->second.size() == 1 && !behind->second[0].later &&
                             behind->second[0].source.kind == Source::Kind::population;
        if (!neurons) {
            notes_.complain("/layer", fmt::format("a concat layer names layer {}, which has no neurons", number),
                            "layers with neurons of their own");
            return;
        }
        network_.projections[projection].source = behind->second[0].source;
    }
}

void NetxLowerer::step_to_last() {
    const Population& last = network_.populations.back();
    hear({.source = {Source::Kind::population, last_population().value()}, .shape = last.shape});
    sums_only_ = last.fixed->model == NeuronModel::sigma_delta && !spikes(last.kind);
}

void NetxLowerer::hear(const NetxSegment& segment) {
    shape_ = segment.shape;
    flat_ = false;
    heard_.assign(1, segment);
}

Result<NetxImport> import_netx(const NetxFile& file, const NetxOptions& options) {
    return NetxLowerer(file, options).run();
}

}  // namespace spikeloom::compiler
