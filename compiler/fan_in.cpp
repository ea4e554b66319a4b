#include "compiler/fan_in.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace spikeloom::compiler {
namespace {

/// A kernel's cell and the place of the (pooled) input that it reads for one output.
struct Place {
    std::uint32_t channel = 0;
    std::uint32_t row = 0;
    std::uint32_t column = 0;
    float weight = 0;
};

/// Tap by tap, so ascending by channel, row, column; padding and zero weights left out.
template <class Use>
void for_each_place(const ConvolutionWeights& c, std::uint32_t target, Use use) {
    const std::uint32_t area = c.output[1] * c.output[2];
    const std::uint32_t map = target / area;
    const std::int64_t top = std::int64_t{target % area / c.output[2]} * c.stride[0] - c.padding[0];
    const std::int64_t left = std::int64_t{target % c.output[2]} * c.stride[1] - c.padding[1];
    const std::uint32_t inputs_a_group = c.input[0] / c.groups;
    const std::uint32_t first_channel = map / (c.output[0] / c.groups) * inputs_a_group;
    const float* cell = c.kernel.data() + std::size_t{map} * inputs_a_group * c.kernel_size[0] * c.kernel_size[1];
    for (std::uint32_t in = 0; in < inputs_a_group; ++in) {
        for (std::uint32_t i = 0; i < c.kernel_size[0]; ++i) {
            const std::int64_t row = top + std::int64_t{i} * c.dilation[0];
            if (row < 0 || row >= c.input[1]) {
                cell += c.kernel_size[1];
                continue;
            }
            for (std::uint32_t j = 0; j < c.kernel_size[1]; ++j, ++cell) {
                const std::int64_t column = left + std::int64_t{j} * c.dilation[1];
                if (column >= 0 && column < c.input[2] && *cell != 0) {
                    use(Place{.channel = first_channel + in,
                              .row = static_cast<std::uint32_t>(row),
                              .column = static_cast<std::uint32_t>(column),
                              .weight = *cell});
                }
            }
        }
    }
}

/// Indices of the source that the window of a pooled index covers: begin..end-1.
struct Window {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

Window window(const ConvolutionWeights& c, std::size_t axis, std::uint32_t pooled) {
    const Pooling& pooling = *c.pooling;
    const std::int64_t start = std::int64_t{pooled} * pooling.stride[axis] - pooling.padding[axis];
    const auto clip = [&](std::int64_t value) {
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, c.source[axis + 1]));
    };
    return {.begin = clip(start), .end = clip(start + pooling.kernel[axis])};
}

}  // namespace

FanIn::FanIn(const Network& network, const Projection& projection)
    : projection_(&projection),
      sources_(network.source_size(projection.source)),
      delay_(static_cast<std::uint16_t>(projection.delay_steps)),
      keep_zeros_(projection.learning.has_value()) {
    if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
        index_sparse(*sparse, network.populations[projection.target.value()].size());
    }
}

void FanIn::index_sparse(const SparseWeights& sparse, std::size_t targets) {
    first_.assign(targets + 1, 0);
    for (const std::uint32_t target : sparse.targets) {
        ++first_[target + 1];
    }
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<std::uint64_t> next(first_.begin(), first_.end() - 1);
    source_.resize(sparse.targets.size());
    in_row_.resize(sparse.targets.size());
    for (std::uint32_t source = 0; source < sources_; ++source) {
        for (std::uint64_t i = sparse.row_begin[source]; i < sparse.row_begin[source + 1]; ++i) {
            const std::uint64_t at = next[sparse.targets[i]]++;
            source_[at] = source;
            in_row_[at] = static_cast<std::uint32_t>(i - sparse.row_begin[source]);
        }
    }
}

void FanIn::append_sparse(const SparseWeights& sparse, std::uint32_t target, std::vector<Connection>& out) const {
    const std::size_t first = out.size();
    bool parallel = false;
    for (std::uint64_t at = first_[target]; at < first_[target + 1]; ++at) {
        const std::uint64_t synapse = sparse.row_begin[source_[at]] + in_row_[at];
        if (sparse.weights[synapse] != 0 || keep_zeros_) {
            const int own = sparse.delays.empty() ? 0 : sparse.delays[synapse];
            parallel = parallel || (out.size() > first && out.back().source == source_[at]);
            out.push_back({source_[at], target, sparse.weights[synapse], static_cast<std::uint16_t>(delay_ + own)});
        }
    }
    if (parallel) {
        std::sort(
            out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), [](const Connection& a, const Connection& b) {
                return std::tuple(a.source, a.delay_steps, a.weight) < std::tuple(b.source, b.delay_steps, b.weight);
            });
    }
}

void FanIn::append_convolution(const ConvolutionWeights& c, std::uint32_t target, std::vector<Connection>& out) const {
    const std::uint32_t height = c.source[1];
    const std::uint32_t width = c.source[2];
    if (!c.pooling) {
        for_each_place(c, target, [&](const Place& place) {
            out.push_back({(place.channel * height + place.row) * width + place.column, target, place.weight, delay_});
        });
        return;
    }
    const std::size_t first = out.size();
    for_each_place(c, target, [&](const Place& place) {
        const Window rows = window(c, 0, place.row);
        const Window columns = window(c, 1, place.column);
        for (std::uint32_t row = rows.begin; row < rows.end; ++row) {
            for (std::uint32_t column = columns.begin; column < columns.end; ++column) {
                out.push_back({(place.channel * height + row) * width + column, target, place.weight, delay_});
            }
        }
    });
    // Windows overlap: what several taps weigh a source with is one synapse.
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(first);
    const auto by_source = [](const Connection& a, const Connection& b) { return a.source < b.source; };
    std::stable_sort(begin, out.end(), by_source);
    auto kept = begin;
    for (auto it = begin; it != out.end();) {
        double sum = 0;
        const Connection connection = *it;
        for (; it != out.end() && it->source == connection.source; ++it) {
            sum += it->weight;
        }
        if (const auto weight = static_cast<float>(sum * c.pooling->scale); weight != 0) {
            *kept = connection;
            kept->weight = weight;
            ++kept;
        }
    }
    out.erase(kept, out.end());
}

void FanIn::append(std::uint32_t target, std::vector<Connection>& out) const {
    const Weights& weights = projection_->weights;
    if (const auto* dense = std::get_if<DenseWeights>(&weights)) {
        const float* row = dense->weights.data() + std::size_t{target} * sources_;
        for (std::uint32_t source = 0; source < sources_; ++source) {
            if (row[source] != 0 || keep_zeros_) {
                out.push_back({source, target, row[source], delay_});
            }
        }
    } else if (const auto* sparse = std::get_if<SparseWeights>(&weights)) {
        append_sparse(*sparse, target, out);
    } else if (const auto* convolution = std::get_if<ConvolutionWeights>(&weights)) {
        append_convolution(*convolution, target, out);
    } else {
        const auto& pairs = std::get<OneToOneWeights>(weights).weights;
        if (const float weight = pairs[pairs.size() == 1 ? 0 : target]; weight != 0 || keep_zeros_) {
            out.push_back({target, target, weight, delay_});
        }
    }
}

}  // namespace spikeloom::compiler
