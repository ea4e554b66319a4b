#include "compiler/network.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// One way along one axis from a source coordinate to an output coordinate, through the kernel's `tap`.
struct Way {
    std::uint32_t output = 0;
    std::uint32_t tap = 0;
};

/// The coordinates of the pooled map whose windows hold `position`; first > last: none.
struct Span {
    std::int64_t first = 0;
    std::int64_t last = -1;
};

Span pooled_positions(const ConvolutionWeights& convolution, std::size_t axis, std::int64_t position) {
    if (!convolution.pooling) {
        return {position, position};
    }
    const Pooling& pooling = *convolution.pooling;
    const auto kernel = static_cast<std::int64_t>(pooling.kernel[axis]);
    const auto stride = static_cast<std::int64_t>(pooling.stride[axis]);
    const std::int64_t padded = position + pooling.padding[axis];
    const std::int64_t before = padded - kernel + 1;  // the first window that still reaches the position
    return {before <= 0 ? 0 : (before + stride - 1) / stride,
            std::min<std::int64_t>(padded / stride, std::int64_t{convolution.input[axis + 1]} - 1)};
}

/// All ways from a source coordinate to outputs along one axis (0: rows, 1: columns), ascending by output.
std::vector<Way> ways(const ConvolutionWeights& convolution, std::size_t axis, std::uint32_t position) {
    std::vector<Way> found;
    const Span pooled = pooled_positions(convolution, axis, position);
    for (std::int64_t at = pooled.first; at <= pooled.last; ++at) {
        for (std::uint32_t tap = 0; tap < convolution.kernel_size[axis]; ++tap) {
            const std::int64_t start = at + convolution.padding[axis] - std::int64_t{tap} * convolution.dilation[axis];
            if (start < 0 || start % convolution.stride[axis] != 0) {
                continue;
            }
            const std::int64_t output = start / convolution.stride[axis];
            if (output < convolution.output[axis + 1]) {
                found.push_back({static_cast<std::uint32_t>(output), tap});
            }
        }
    }
    std::ranges::sort(found, {}, [](const Way& way) { return std::pair(way.output, way.tap); });
    return found;
}

std::vector<Way>::const_iterator end_of_output(const std::vector<Way>& all, std::vector<Way>::const_iterator from) {
    return std::find_if(from, all.end(), [&](const Way& way) { return way.output != from->output; });
}

void append_convolution(const ConvolutionWeights& convolution, std::uint32_t source, std::uint16_t delay,
                        std::vector<Connection>& out) {
    const std::uint32_t area = convolution.source[1] * convolution.source[2];
    const std::uint32_t channel = source / area;
    const std::vector<Way> rows = ways(convolution, 0, source % area / convolution.source[2]);
    const std::vector<Way> columns = ways(convolution, 1, source % convolution.source[2]);
    const std::uint32_t inputs_per_group = convolution.input[0] / convolution.groups;
    const std::uint32_t outputs_per_group = convolution.output[0] / convolution.groups;
    const std::uint32_t group = channel / inputs_per_group;
    const std::size_t taps = std::size_t{convolution.kernel_size[0]} * convolution.kernel_size[1];
    const double scale = convolution.pooling ? convolution.pooling->scale : 1.0;

    for (std::uint32_t map = group * outputs_per_group; map < (group + 1) * outputs_per_group; ++map) {
        const float* kernel =
            convolution.kernel.data() + (std::size_t{map} * inputs_per_group + channel % inputs_per_group) * taps;
        for (auto row = rows.begin(); row != rows.end();) {
            const auto row_end = end_of_output(rows, row);
            for (auto column = columns.begin(); column != columns.end();) {
                const auto column_end = end_of_output(columns, column);
                double sum = 0;
                for (auto r = row; r != row_end; ++r) {
                    for (auto c = column; c != column_end; ++c) {
                        sum += kernel[std::size_t{r->tap} * convolution.kernel_size[1] + c->tap];
                    }
                }
                if (const auto weight = static_cast<float>(sum * scale); weight != 0) {
                    const std::uint32_t target =
                        (map * convolution.output[1] + row->output) * convolution.output[2] + column->output;
                    out.push_back({source, target, weight, delay});
                }
                column = column_end;
            }
            row = row_end;
        }
    }
}

void append_sparse(const SparseWeights& sparse, std::uint32_t source, int delay, Zeros zeros,
                   std::vector<Connection>& out) {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (std::uint64_t synapse = sparse.row_begin[source]; synapse < sparse.row_begin[source + 1]; ++synapse) {
        if (sparse.weights[synapse] != 0 || zeros == Zeros::kept) {
            const int own = sparse.delays.empty() ? 0 : sparse.delays[synapse];
            out.push_back(
                {source, sparse.targets[synapse], sparse.weights[synapse], static_cast<std::uint16_t>(delay + own)});
        }
    }
    std::sort(out.begin() + first, out.end(), [](const Connection& a, const Connection& b) {
        return std::tuple(a.target, a.delay_steps, a.weight) < std::tuple(b.target, b.delay_steps, b.weight);
    });
}

}  // namespace

std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    for (const std::uint32_t extent : shape) {
        count *= extent;
    }
    return count;
}

std::size_t Network::source_size(const Source& source) const {
    return source.kind == Source::Kind::input ? inputs[source.index].size() : populations[source.index].size();
}

const std::string& Network::source_name(const Source& source) const {
    return source.kind == Source::Kind::input ? inputs[source.index].name : populations[source.index].name;
}

void append_synapses(const Weights& weights, std::size_t sources, std::size_t targets, std::uint32_t source,
                     int delay_steps, std::vector<Connection>& out, Zeros zeros) {
    const bool keep = zeros == Zeros::kept;
    const auto delay = static_cast<std::uint16_t>(delay_steps);
    if (const auto* dense = std::get_if<DenseWeights>(&weights)) {
        for (std::size_t target = 0; target < targets; ++target) {
            if (const float weight = dense->weights[target * sources + source]; weight != 0 || keep) {
                out.push_back({source, static_cast<std::uint32_t>(target), weight, delay});
            }
        }
    } else if (const auto* sparse = std::get_if<SparseWeights>(&weights)) {
        append_sparse(*sparse, source, delay_steps, zeros, out);
    } else if (const auto* convolution = std::get_if<ConvolutionWeights>(&weights)) {
        append_convolution(*convolution, source, delay, out);
    } else {
        const auto& pairs = std::get<OneToOneWeights>(weights).weights;
        if (const float weight = pairs[pairs.size() == 1 ? 0 : source]; weight != 0 || keep) {
            out.push_back({source, source, weight, delay});
        }
    }
}

void append_connections(const Network& network, const Projection& projection, std::uint32_t source,
                        std::vector<Connection>& out) {
    append_synapses(projection.weights, network.source_size(projection.source),
                    network.populations[projection.target.value()].size(), source, projection.delay_steps, out,
                    projection.learning ? Zeros::kept : Zeros::left_out);
}

std::uint64_t connection_count(const Network& network, const Projection& projection) {
    const bool keep = projection.learning.has_value();
    const auto nonzero = [&](const std::vector<float>& weights) {
        return static_cast<std::uint64_t>(
            std::count_if(weights.begin(), weights.end(), [&](float weight) { return weight != 0 || keep; }));
    };
    if (const auto* dense = std::get_if<DenseWeights>(&projection.weights)) {
        return nonzero(dense->weights);
    }
    if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
        return nonzero(sparse->weights);
    }
    std::uint64_t count = 0;
    std::vector<Connection> some;
    for (std::size_t source = 0; source < network.source_size(projection.source); ++source) {
        some.clear();
        append_connections(network, projection, static_cast<std::uint32_t>(source), some);
        count += some.size();
    }
    return count;
}

}  // namespace spikeloom::compiler
