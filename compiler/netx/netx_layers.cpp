// Layers with weights, and those that join: what each is as populations and projections.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "compiler/netx/netx_lowerer.hpp"
#include "compiler/netx/netx_weights.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_joined = 64;                  ///< layers of one concat
constexpr std::uint64_t most_joined_neurons = 1U << 24;  ///< as netx_shape allows a layer

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

/// Columns first .. first + count of a matrix [target][source].
template <class T>
std::vector<T> columns(const std::vector<T>& matrix, std::size_t sources, std::size_t first, std::size_t count) {
    std::vector<T> part;
    part.reserve(matrix.size() / sources * count);
    for (std::size_t row = 0; row + sources <= matrix.size(); row += sources) {
        const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(row + first);
        part.insert(part.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    }
    return part;
}

std::string part_name(const char* name, std::size_t parts, std::size_t part) {
    return parts == 1 ? std::string(name) : fmt::format("{}{}", name, part);
}

}  // namespace

void NetxLowerer::refuse_complex(const NetxLayer& layer) {
    notes_.complain(layer.group.path + "/weight", "complex weights, for resonate-and-fire neurons",
                    "real weights: the compiler places no neurons with two inputs yet",
                    "build the image itself, where such a neuron takes two compartments");
}

void NetxLowerer::lower_dense(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "inFeatures", "outFeatures", "weight", "weight/real", "weight/imag", "weight_rec",
                        "recWeight", "bias", "delay"});
    if (layer.group.find("weight/real") != nullptr || layer.group.find("weight/imag") != nullptr) {
        refuse_complex(layer);
        return;
    }
    const auto neuron = netx_neuron(layer, false, notes_);
    const auto sizes = netx_dense_sizes(layer, notes_);
    if (!neuron || !sizes) {
        return;
    }
    if (heard_.empty()) {
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
    std::optional<std::vector<float>> recurrent;
    if (layer.type != "dense") {
        const bool old = layer.type == "recurrent";
        const char* name = old ? "recWeight" : "weight_rec";
        const char* other = old ? "weight_rec" : "recWeight";
        recurrent = netx_weights(layer.group, layer.group.find(name) == nullptr ? other : name,
                                 std::uint64_t{sizes->targets} * sizes->targets, notes_);
    }
    const auto delays = netx_delays(layer, sizes->targets, sizes->sources, notes_);
    auto biases = netx_biases(layer, {sizes->targets}, neuron->bias_shift, notes_);
    if (!weights || (layer.type != "dense" && !recurrent) || !delays || !biases) {
        return;
    }
    fit_netx_weights(recurrent ? std::vector{&*weights, &*recurrent} : std::vector{&*weights}, layer, notes_);
    add_population(layer, *neuron, {sizes->targets}, std::move(*biases));
    add_dense(layer, *weights, *delays, sizes->sources);
    if (recurrent) {
        add_recurrence(layer, std::move(*recurrent), *delays, sizes->sources);
    }
    step_to_last();
}

/// Weights [target][source] into the newest population, a projection for each part of what is heard.
void NetxLowerer::add_dense(const NetxLayer& layer, const std::vector<float>& weights,
                            const std::vector<std::uint8_t>& delays, std::size_t sources) {
    const std::size_t targets = network_.populations.back().size();
    std::size_t first = 0;
    for (std::size_t part = 0; part < heard_.size(); ++part) {
        const NetxSegment& from = heard_[part];
        const std::size_t count = element_count(from.shape);
        int delay_steps = 0;
        const bool whole = count == sources;
        Weights held = netx_dense(whole ? weights : columns(weights, sources, first, count),
                                  whole ? delays : columns(delays, sources, first, count), targets, count, delay_steps);
        add_projection(layer, from, std::move(held), delay_steps, part_name("weight", heard_.size(), part));
        first += count;
    }
}

/// netx gives both matrices the same delays; where these are one a source, or one a synapse, they say nothing of a
/// matrix of other size.
void NetxLowerer::add_recurrence(const NetxLayer& layer, std::vector<float> weights,
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
    const NetxSegment itself{.source = {Source::Kind::population, last_population().value()}, .shape = {}, .later = {}};
    add_projection(layer, itself, std::move(held), delay_steps, "recurrent");
    network_.projections.back().recurrent = true;
}

/// Whether what is heard is an image of so many channels; a port is opened, or turned, to be one.
bool NetxLowerer::open_image(const NetxLayer& layer, std::uint32_t channels) {
    if (heard_.empty()) {
        if (!options_.input_shape) {
            notes_.complain(layer.group.path, "nothing says how high and wide the input is",
                            "an input layer with a shape", "give it: --netx-input-shape CHANNELS,HEIGHT,WIDTH");
            return false;
        }
        open_port({}, "");
    }
    if (heard_.size() == 1) {
        Shape& shape = heard_[0].shape;
        if (shape.size() == 2 && channels == 1) {
            shape.insert(shape.begin(), 1);
        } else if (shape.size() == 1 && shape[0] == channels) {
            shape.insert(shape.end(), 2, 1);
        }
        if (hears_port() && shape.size() == 3 && shape[0] != channels && shape[2] == channels &&
            !options_.input_shape) {
            std::ranges::reverse(shape);
            network_.inputs[0].shape = shape;
            notes_.settle(
                "input shape", fmt::format("({})", fmt::join(shape, ", ")),
                fmt::format("read backwards, as (x, y, channels): layer {} takes {} channels", layer.number, channels),
                "--netx-input-shape");
        }
        shape_ = shape;
    }
    if (shape_.size() != 3 || shape_[0] != channels) {
        notes_.complain(layer.group.path, fmt::format("weights for {} channels", channels),
                        fmt::format("as the layer before has: ({})", fmt::join(shape_, ", ")));
        return false;
    }
    return true;
}

void NetxLowerer::lower_convolution(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "inChannels", "outChannels", "kernelSize", "stride", "padding", "dilation", "groups",
                        "weight", "weight/real", "weight/imag", "bias", "delay"});
    if (layer.group.find("weight/real") != nullptr || layer.group.find("weight/imag") != nullptr) {
        refuse_complex(layer);
        return;
    }
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
    if (!biases) {
        return;
    }
    if (heard_.size() > 1 && kernel->groups > 1) {
        notes_.complain(layer.group.path + "/groups", "a grouped convolution of joined layers", "1 group");
        return;
    }
    if (const NetxArray* delay = layer.group.find("delay");
        delay != nullptr && std::ranges::any_of(delay->values, [](double value) { return value != 0; })) {
        notes_.warn(layer.group.path + "/delay", "netx gives convolutions no delays: they are ignored");
    }
    add_population(layer, *neuron, shape, std::move(*biases));
    const std::size_t taps = std::size_t{kernel->size[0]} * kernel->size[1];
    const std::size_t inputs = kernel->in_channels / kernel->groups * taps;
    std::size_t first = 0;
    for (std::size_t part = 0; part < heard_.size(); ++part) {
        ConvolutionWeights convolution = convolution_of(*kernel, heard_[part].shape, *output);
        const std::size_t count = heard_.size() == 1 ? inputs : heard_[part].shape[0] * taps;
        convolution.kernel = count == inputs ? std::move(*weights) : columns(*weights, inputs, first, count);
        add_projection(layer, heard_[part], std::move(convolution), 0, part_name("weight", heard_.size(), part));
        first += count;
    }
    step_to_last();
}

/// SLAYER's pooling block: every channel by itself, one weight for all taps of the window.
void NetxLowerer::lower_pool(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "kernelSize", "stride", "padding", "dilation", "weight", "delay"});
    const auto neuron = netx_neuron(layer, false, notes_);
    if (shape_.size() != 3 || heard_.size() != 1) {
        notes_.complain(
            layer.group.path,
            heard_.size() > 1 ? "pooling of joined layers" : fmt::format("pooling of ({})", fmt::join(shape_, ", ")),
            "the image of one layer: channels, height, width");
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
    add_projection(layer, heard_.front(), std::move(convolution), delays->empty() ? 0 : delays->front());
    step_to_last();
}

/// SLAYER's average block: consecutive neurons in equal groups, the mean of each. As neurons: the sum of what a group
/// sent in all steps, for a reader to divide.
void NetxLowerer::lower_average(const NetxLayer& layer) {
    tell_unread(layer, {"shape"});
    const auto shape = netx_shape(layer, notes_);
    if (!shape) {
        return;
    }
    const std::size_t outputs = element_count(*shape);
    const std::size_t inputs = heard_.empty() ? 0 : element_count(shape_);
    if (inputs == 0 || inputs % outputs != 0) {
        notes_.complain(layer.group.path + "/shape",
                        fmt::format("averages of {} groups of {} neurons", outputs, inputs),
                        "groups of equal size, of the layer before");
        return;
    }
    const std::size_t group = inputs / outputs;
    const bool values = std::ranges::any_of(heard_, [&](const NetxSegment& from) {
        return !from.later && (from.source.kind == Source::Kind::input
                                   ? network_.inputs[from.source.index].graded
                                   : sends_values(network_.populations[from.source.index].fixed->model));
    });
    NetxNeuron sum;
    sum.spikes = false;
    sum.fixed.threshold = netx_unreachable_threshold;
    if (values) {
        sum.fixed.model = NeuronModel::sigma_delta;
        sum.fixed.parameters.relu = false;
    }
    add_population(layer, sum, {static_cast<std::uint32_t>(outputs)}, {});
    std::size_t first = 0;
    for (std::size_t part = 0; part < heard_.size(); ++part) {
        SparseWeights ones;
        for (std::size_t source = 0; source < element_count(heard_[part].shape); ++source) {
            ones.row_begin.push_back(source);
            ones.targets.push_back(static_cast<std::uint32_t>((first + source) / group));
        }
        first += ones.targets.size();
        ones.row_begin.push_back(ones.targets.size());
        ones.weights.assign(ones.targets.size(), 1.0F);
        add_projection(layer, heard_[part], std::move(ones), 0, part_name("sum", heard_.size(), part));
    }
    notes_.settle("average",
                  fmt::format("v of layer {} sums what groups of {} neurons sent: the mean a step is v / ({} steps)",
                              layer.number, group, values ? group : 64 * group),
                  "so does SLAYER's block, up to the factor; netx does not read it");
    step_to_last();
    sums_only_ = true;
}

/// What a concat layer joins: the layer before it, then those of its list (lava-dl's README). Nothing after a finding.
bool NetxLowerer::concat_segments(const NetxLayer& layer, std::vector<NetxSegment>& segments) {
    const NetxArray* list = layer.group.find("layers");
    if (list == nullptr || list->values.empty() || heard_.empty()) {
        notes_.complain(layer.group.path,
                        heard_.empty() ? "a concat layer with nothing before it" : "'layers' is missing",
                        "a layer before it, and in 'layers' the numbers of others");
        return false;
    }
    for (const double value : list->values) {
        if (!(std::floor(value) == value && value >= 0 && value < static_cast<double>(file_.layers.size()))) {
            notes_.complain(layer.group.path + "/layers", fmt::format("layer {}", value),
                            fmt::format("whole numbers, 0 to {}", file_.layers.size() - 1));
            return false;
        }
        const auto number = static_cast<std::uint64_t>(value);
        if (const auto done = heard_behind_.find(number); done != heard_behind_.end() && !done->second.empty()) {
            segments.insert(segments.end(), done->second.begin(), done->second.end());
            continue;
        }
        if (number <= layer.number) {
            notes_.complain(layer.group.path + "/layers", fmt::format("layer {}, which sends nothing", number),
                            "layers with neurons, or the input");
            return false;
        }
        auto shape = netx_shape(file_.layers[number], notes_);
        if (!shape) {
            return false;
        }
        segments.push_back({.source = {}, .shape = std::move(*shape), .later = number});
    }
    return true;
}

void NetxLowerer::lower_concat(const NetxLayer& layer) {
    tell_unread(layer, {"shape", "layers"});
    std::vector<NetxSegment> segments = heard_;
    if (!concat_segments(layer, segments)) {
        return;
    }
    const Shape& head = segments.front().shape;
    const bool images = !flat_ && head.size() == 3 && std::ranges::all_of(segments, [&](const NetxSegment& one) {
        return one.shape.size() == 3 && one.shape[1] == head[1] && one.shape[2] == head[2];
    });
    std::uint64_t extent = 0;
    for (const NetxSegment& one : segments) {
        extent += images ? one.shape[0] : element_count(one.shape);
    }
    if (segments.size() > most_joined || extent > most_joined_neurons) {
        notes_.complain(layer.group.path + "/layers",
                        fmt::format("{} layers joined, {} neurons or channels", segments.size(), extent),
                        fmt::format("at most {} layers, {} neurons", most_joined, most_joined_neurons));
        return;
    }
    Shape joined{static_cast<std::uint32_t>(extent)};
    if (images) {
        joined.insert(joined.end(), {head[1], head[2]});
    }
    if (layer.group.find("shape") != nullptr) {
        const auto told = netx_shape(layer, notes_);
        if (!told) {
            return;
        }
        if (element_count(*told) != element_count(joined)) {
            notes_.complain(layer.group.path + "/shape", fmt::format("a shape of ({})", fmt::join(*told, ", ")),
                            fmt::format("({}), as the joined layers have", fmt::join(joined, ", ")));
            return;
        }
    }
    notes_.settle("concat",
                  fmt::format("layer {} joins {} layers by {}, the one before it first: ({})", layer.number,
                              segments.size(), images ? "channels" : "neurons", fmt::join(joined, ", ")),
                  "so lava-dl describes the field 'layers'; netx does not read it");
    heard_ = std::move(segments);
    shape_ = std::move(joined);
}

}  // namespace spikeloom::compiler
