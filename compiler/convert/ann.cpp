#include "compiler/convert/ann.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace spikeloom::compiler {
namespace {

// --- the forward pass -----------------------------------------------------------------------------------------------

/// Where an output place of a window lies on its input: `first` + k * dilation, k = 0 .. taps - 1, some outside.
struct WindowAxis {
    std::int64_t first = 0;
    std::int64_t dilation = 1;
    std::int64_t taps = 1;
    std::int64_t extent = 1;

    [[nodiscard]] bool inside(std::int64_t tap) const {
        const std::int64_t place = first + tap * dilation;
        return place >= 0 && place < extent;
    }
    [[nodiscard]] std::size_t place(std::int64_t tap) const { return static_cast<std::size_t>(first + tap * dilation); }
};

WindowAxis kernel_axis(const ConvolutionWeights& weights, std::size_t axis, std::uint32_t place) {
    return {.first = static_cast<std::int64_t>(std::uint64_t{place} * weights.stride[axis]) - weights.padding[axis],
            .dilation = weights.dilation[axis],
            .taps = weights.kernel_size[axis],
            .extent = weights.input[axis + 1]};
}

WindowAxis pooling_axis(const ConvolutionWeights& weights, std::size_t axis, std::uint32_t place) {
    const Pooling& pooling = *weights.pooling;
    return {.first = static_cast<std::int64_t>(std::uint64_t{place} * pooling.stride[axis]) - pooling.padding[axis],
            .dilation = 1,
            .taps = pooling.kernel[axis],
            .extent = weights.source[axis + 1]};
}

/// Calls visit(row, column) for every place of the window that lies on the map.
template <class Visit>
void for_each_place(const WindowAxis& rows, const WindowAxis& columns, const Visit& visit) {
    for (std::int64_t i = 0; i < rows.taps; ++i) {
        for (std::int64_t j = 0; rows.inside(i) && j < columns.taps; ++j) {
            if (columns.inside(j)) {
                visit(i, j);
            }
        }
    }
}

std::vector<float> pooled(const ConvolutionWeights& weights, std::span<const float> source) {
    const auto& [channels, height, width] = weights.input;
    std::vector<float> out;
    out.reserve(std::size_t{channels} * height * width);
    for (std::size_t channel = 0; channel < channels; ++channel) {
        for (std::uint32_t row = 0; row < height; ++row) {
            for (std::uint32_t column = 0; column < width; ++column) {
                const WindowAxis rows = pooling_axis(weights, 0, row);
                const WindowAxis columns = pooling_axis(weights, 1, column);
                float sum = 0;
                for_each_place(rows, columns, [&](std::int64_t i, std::int64_t j) {
                    sum += source[(channel * weights.source[1] + rows.place(i)) * weights.source[2] + columns.place(j)];
                });
                out.push_back(sum * static_cast<float>(weights.pooling->scale));
            }
        }
    }
    return out;
}

void add(const DenseWeights& dense, std::span<const float> source, std::span<float> out) {
    for (std::size_t target = 0; target < out.size(); ++target) {
        const float* row = dense.weights.data() + target * source.size();
        float sum = 0;
        for (std::size_t i = 0; i < source.size(); ++i) {
            sum += row[i] * source[i];
        }
        out[target] += sum;
    }
}

void add(const SparseWeights& sparse, std::span<const float> source, std::span<float> out) {
    for (std::size_t i = 0; i < source.size(); ++i) {
        for (auto synapse = sparse.row_begin[i]; synapse < sparse.row_begin[i + 1]; ++synapse) {
            out[sparse.targets[synapse]] += sparse.weights[synapse] * source[i];
        }
    }
}

void add(const OneToOneWeights& pairs, std::span<const float> source, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += pairs.weights[pairs.weights.size() == 1 ? 0 : i] * source[i];
    }
}

void add(const ConvolutionWeights& weights, std::span<const float> source, std::span<float> out) {
    const std::vector<float> own = weights.pooling ? pooled(weights, source) : std::vector<float>();
    const std::span<const float> input = weights.pooling ? std::span<const float>(own) : source;
    const std::size_t in_group = weights.input[0] / weights.groups;
    const std::size_t out_group = weights.output[0] / weights.groups;
    const std::size_t area = std::size_t{weights.kernel_size[0]} * weights.kernel_size[1];
    std::size_t at = 0;
    for (std::size_t channel = 0; channel < weights.output[0]; ++channel) {
        for (std::uint32_t row = 0; row < weights.output[1]; ++row) {
            for (std::uint32_t column = 0; column < weights.output[2]; ++column, ++at) {
                const WindowAxis rows = kernel_axis(weights, 0, row);
                const WindowAxis columns = kernel_axis(weights, 1, column);
                float sum = 0;
                for (std::size_t k = 0; k < in_group; ++k) {
                    const std::size_t plane = (channel / out_group * in_group + k) * weights.input[1];
                    const float* kernel = weights.kernel.data() + (channel * in_group + k) * area;
                    for_each_place(rows, columns, [&](std::int64_t i, std::int64_t j) {
                        sum += kernel[static_cast<std::size_t>(i * columns.taps + j)] *
                               input[(plane + rows.place(i)) * weights.input[2] + columns.place(j)];
                    });
                }
                out[at] += sum;
            }
        }
    }
}

// --- operations -----------------------------------------------------------------------------------------------------

/// Sum over the output places of an axis of the taps that lie on the map.
template <class AxisOf>
std::uint64_t taps_inside(std::uint32_t places, const AxisOf& axis_of) {
    std::uint64_t inside = 0;
    for (std::uint32_t place = 0; place < places; ++place) {
        const WindowAxis axis = axis_of(place);
        for (std::int64_t tap = 0; tap < axis.taps; ++tap) {
            inside += axis.inside(tap) ? 1 : 0;
        }
    }
    return inside;
}

void count(const ConvolutionWeights& weights, AnnOperations& operations) {
    std::uint64_t taps = 1;
    std::uint64_t pooling = weights.pooling ? weights.input[0] : 0;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        taps *= taps_inside(weights.output[axis + 1],
                            [&](std::uint32_t place) { return kernel_axis(weights, axis, place); });
        if (weights.pooling) {
            pooling *= taps_inside(weights.input[axis + 1],
                                   [&](std::uint32_t place) { return pooling_axis(weights, axis, place); });
        }
    }
    operations.multiply_accumulates += taps * weights.output[0] * (weights.input[0] / weights.groups);
    operations.pooling_additions += pooling;
}

// --- from a network -------------------------------------------------------------------------------------------------

class Reader {
public:
    explicit Reader(const Network& network) : network_(network) {}

    Result<Ann> run() {
        check();
        order_layers();
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        Ann ann;
        ann.name = network_.name;
        ann.input_name = network_.inputs[0].name;
        ann.input = network_.inputs[0].shape;
        ann.output = place_[network_.outputs[0].population.value()] - 1;
        ann.output_name = network_.outputs[0].name;
        for (const std::size_t index : order_) {
            ann.layers.push_back(layer(index));
            for (const AnnConnection& connection : ann.layers.back().inputs) {
                ann.operations += operations_of(connection.weights, ann.layers.back().size());
            }
        }
        return ann;
    }

private:
    void complain(std::string where, std::string found, std::string allowed, std::string help = "") {
        findings_.push_back({.where = std::move(where),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    void check() {
        if (network_.inputs.size() != 1 || network_.outputs.size() != 1) {
            complain(fmt::format("network '{}'", network_.name),
                     fmt::format("{} inputs and {} outputs", network_.inputs.size(), network_.outputs.size()),
                     "one input and one output");
        }
        for (const Population& population : network_.populations) {
            if (population.kind != NeuronKind::integrate_fire && population.kind != NeuronKind::integrator) {
                complain(fmt::format("population '{}'", population.name),
                         "neurons with a leak or a synaptic current, which no rectified linear unit becomes",
                         "IF (read as ReLU), or no neurons at all",
                         "a network that spikes already needs no conversion: spikeloom compile");
            }
        }
        for (const Projection& projection : network_.projections) {
            const auto* sparse = std::get_if<SparseWeights>(&projection.weights);
            if (projection.delay_steps != 0 || projection.learning || (sparse != nullptr && !sparse->delays.empty())) {
                complain(fmt::format("projection '{}'", projection.name), "delays or plastic weights",
                         "weights alone: a rectified linear unit has no time");
            }
        }
    }

    /// Populations after all that lead to them.
    void order_layers() {
        const std::size_t count = network_.populations.size();
        place_.assign(count, 0);
        for (bool found = true; found;) {
            found = false;
            for (std::size_t index = 0; index < count; ++index) {
                if (place_[index] == 0 && is_ready(index)) {
                    order_.push_back(index);
                    place_[index] = order_.size();
                    found = true;
                }
            }
        }
        if (order_.size() < count) {
            complain(fmt::format("network '{}'", network_.name), "a cycle: some layers wait for themselves",
                     "a feed-forward network");
        }
    }

    [[nodiscard]] bool is_ready(std::size_t index) const {
        return std::ranges::all_of(network_.projections, [&](const Projection& projection) {
            return projection.target.value() != index || projection.source.kind == Source::Kind::input ||
                   place_[projection.source.index] != 0;
        });
    }

    [[nodiscard]] AnnLayer layer(std::size_t index) const {
        const Population& population = network_.populations[index];
        AnnLayer layer{
            .name = population.name, .shape = population.shape, .rectified = spikes(population.kind), .inputs = {}};
        for (const Projection& projection : network_.projections) {
            if (projection.target.value() != index) {
                continue;
            }
            const bool from_input = projection.source.kind == Source::Kind::input;
            layer.inputs.push_back({.name = projection.name,
                                    .from = from_input ? 0 : place_[projection.source.index],
                                    .weights = projection.weights,
                                    .bias = projection.bias});
        }
        return layer;
    }

    const Network& network_;
    std::vector<std::size_t> order_;  ///< populations, layer by layer
    std::vector<std::size_t> place_;  ///< layer of each population plus 1; 0: not ordered yet
    Diagnostics findings_;
};

}  // namespace

Result<Ann> ann_of(const Network& network) {
    return Reader(network).run();
}

std::vector<std::vector<float>> run_ann(const Ann& ann, std::span<const float> input) {
    std::vector<std::vector<float>> values;
    values.reserve(ann.layers.size());
    for (const AnnLayer& layer : ann.layers) {
        std::vector<float> sums(layer.size(), 0.0F);
        for (const AnnConnection& connection : layer.inputs) {
            const std::span<const float> source =
                connection.from == 0 ? input : std::span<const float>(values[connection.from - 1]);
            std::visit([&](const auto& weights) { add(weights, source, sums); }, connection.weights);
            for (std::size_t i = 0; i < sums.size(); ++i) {
                sums[i] += static_cast<float>(connection.bias[i]);
            }
        }
        if (layer.rectified) {
            std::ranges::for_each(sums, [](float& sum) { sum = std::max(sum, 0.0F); });
        }
        values.push_back(std::move(sums));
    }
    return values;
}

std::int32_t ann_answer(std::span<const float> output) {
    return static_cast<std::int32_t>(std::ranges::max_element(output) - output.begin());
}

AnnOperations operations_of(const Weights& weights, std::size_t targets) {
    AnnOperations operations;
    if (const auto* dense = std::get_if<DenseWeights>(&weights)) {
        operations.multiply_accumulates = dense->weights.size();
    } else if (const auto* sparse = std::get_if<SparseWeights>(&weights)) {
        operations.multiply_accumulates = sparse->weights.size();
    } else if (const auto* convolution = std::get_if<ConvolutionWeights>(&weights)) {
        count(*convolution, operations);
    } else {
        operations.multiply_accumulates = targets;
    }
    return operations;
}

}  // namespace spikeloom::compiler
