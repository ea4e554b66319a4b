#include "compiler/nir/linear_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t most_synapses = 1U << 26;    ///< of a product that is multiplied out
constexpr std::uint64_t most_products = 1ULL << 33;  ///< multiplications on the way there
constexpr std::uint64_t most_dense = 1U << 27;       ///< elements of a dense product

const OneToOneWeights* factors_of(const LinearMap& map) {
    return std::get_if<OneToOneWeights>(&map.weights);
}

float scaled(float weight, double factor) {
    return static_cast<float>(weight * factor);
}

bool is_only_pooling(const ConvolutionWeights& convolution) {
    return convolution.pooling && convolution.kernel_size == std::array<std::uint32_t, 2>{1, 1} &&
           convolution.stride == std::array<std::uint32_t, 2>{1, 1} &&
           convolution.padding == std::array<std::uint32_t, 2>{0, 0} && convolution.groups == convolution.input[0] &&
           convolution.input == convolution.output &&
           std::all_of(convolution.kernel.begin(), convolution.kernel.end(), [](float tap) { return tap == 1.0F; });
}

/// Everything times one factor.
void scale_all(Weights& weights, double factor) {
    if (factor == 1.0) {
        return;
    }
    if (auto* convolution = std::get_if<ConvolutionWeights>(&weights)) {
        if (is_only_pooling(*convolution)) {
            convolution->pooling->scale *= factor;
        } else {
            std::ranges::for_each(convolution->kernel, [&](float& tap) { tap = scaled(tap, factor); });
        }
        return;
    }
    std::visit(
        [&](auto& held) {
            if constexpr (requires { held.weights; }) {
                std::ranges::for_each(held.weights, [&](float& weight) { weight = scaled(weight, factor); });
            }
        },
        weights);
}

/// One factor a channel, if the factors are constant over the area of each.
std::optional<std::vector<float>> by_channel(const std::vector<float>& factors,
                                             const std::array<std::uint32_t, 3>& shape) {
    const std::size_t area = std::size_t{shape[1]} * shape[2];
    std::vector<float> channels;
    for (std::size_t start = 0; start < factors.size(); start += area) {
        const auto begin = factors.begin() + static_cast<std::ptrdiff_t>(start);
        if (std::any_of(begin, begin + static_cast<std::ptrdiff_t>(area), [&](float one) { return one != *begin; })) {
            return std::nullopt;
        }
        channels.push_back(*begin);
    }
    return channels;
}

/// Factors on the outputs (after) or inputs (before) of a matrix or convolution; false: no compact form.
bool scale_outputs(LinearMap& map, const std::vector<float>& factors) {
    if (auto* dense = std::get_if<DenseWeights>(&map.weights)) {
        for (std::size_t index = 0; index < dense->weights.size(); ++index) {
            dense->weights[index] = scaled(dense->weights[index], factors[index / map.sources]);
        }
        return true;
    }
    if (auto* convolution = std::get_if<ConvolutionWeights>(&map.weights)) {
        const auto channels = by_channel(factors, convolution->output);
        if (!channels) {
            return false;
        }
        const std::size_t taps = convolution->kernel.size() / convolution->output[0];
        for (std::size_t index = 0; index < convolution->kernel.size(); ++index) {
            convolution->kernel[index] = scaled(convolution->kernel[index], (*channels)[index / taps]);
        }
        return true;
    }
    return false;
}

bool scale_inputs(LinearMap& map, const std::vector<float>& factors) {
    if (auto* dense = std::get_if<DenseWeights>(&map.weights)) {
        for (std::size_t index = 0; index < dense->weights.size(); ++index) {
            dense->weights[index] = scaled(dense->weights[index], factors[index % map.sources]);
        }
        return true;
    }
    auto* convolution = std::get_if<ConvolutionWeights>(&map.weights);
    const auto channels = convolution != nullptr ? by_channel(factors, convolution->source) : std::nullopt;
    if (!channels) {
        return false;
    }
    const std::size_t area = std::size_t{convolution->kernel_size[0]} * convolution->kernel_size[1];
    const std::size_t inputs = convolution->input[0] / convolution->groups;
    const std::size_t outputs = convolution->output[0] / convolution->groups;
    for (std::size_t index = 0; index < convolution->kernel.size(); ++index) {
        const std::size_t group = index / area / inputs / outputs;
        convolution->kernel[index] =
            scaled(convolution->kernel[index], (*channels)[group * inputs + index / area % inputs]);
    }
    return true;
}

/// The product where it has a compact form. Uses up its arguments only if it does.
std::optional<LinearMap> chain_compactly(LinearMap& first, LinearMap& second) {
    const auto* before = factors_of(first);
    const auto* after = factors_of(second);
    if (before != nullptr && before->weights.size() == 1) {
        scale_all(second.weights, before->weights[0]);
        return std::move(second);
    }
    if (after != nullptr && after->weights.size() == 1) {
        scale_all(first.weights, after->weights[0]);
        return std::move(first);
    }
    if (before != nullptr && after != nullptr) {
        LinearMap product = std::move(first);
        auto& weights = std::get<OneToOneWeights>(product.weights).weights;
        std::ranges::transform(weights, after->weights, weights.begin(), std::multiplies<>());
        return product;
    }
    if (before != nullptr && scale_inputs(second, before->weights)) {
        return std::move(second);
    }
    if (after != nullptr && scale_outputs(first, after->weights)) {
        return std::move(first);
    }
    const auto* pooling = std::get_if<ConvolutionWeights>(&first.weights);
    auto* convolution = std::get_if<ConvolutionWeights>(&second.weights);
    if (pooling != nullptr && convolution != nullptr && is_only_pooling(*pooling) && !convolution->pooling &&
        pooling->output == convolution->input) {
        convolution->pooling = pooling->pooling;
        convolution->source = pooling->source;
        second.sources = first.sources;
        return std::move(second);
    }
    return std::nullopt;
}

/// All synapses by source, delays of the map included; nothing if there are too many.
std::optional<SparseWeights> expand(const LinearMap& map, std::vector<std::uint16_t>& delays) {
    SparseWeights sparse;
    sparse.row_begin.push_back(0);
    std::vector<Connection> row;
    for (std::uint32_t source = 0; source < map.sources; ++source) {
        row.clear();
        append_synapses(map.weights, map.sources, map.targets, source, 0, row);
        for (const Connection& connection : row) {
            sparse.targets.push_back(connection.target);
            sparse.weights.push_back(connection.weight);
            delays.push_back(connection.delay_steps);
        }
        sparse.row_begin.push_back(sparse.targets.size());
        if (sparse.targets.size() > most_synapses) {
            return std::nullopt;
        }
    }
    return sparse;
}

/// Sums of the weights to one target and delay, taken in double.
class Accumulator {
public:
    Accumulator(std::size_t targets, bool delays) : plain_(delays ? 0 : targets, 0.0), seen_(plain_.size(), false) {}

    void add(std::uint32_t target, int delay, double weight) {
        if (plain_.empty()) {
            delayed_[{target, delay}] += weight;
            return;
        }
        if (!seen_[target]) {
            seen_[target] = true;
            touched_.push_back(target);
        }
        plain_[target] += weight;
    }

    /// Appends the row, ascending by target and delay, and starts over.
    void finish(SparseWeights& sparse, std::vector<int>& delays) {
        const auto append = [&](std::uint32_t target, int delay, double sum) {
            if (const auto weight = static_cast<float>(sum); weight != 0) {
                sparse.targets.push_back(target);
                sparse.weights.push_back(weight);
                delays.push_back(delay);
            }
        };
        std::ranges::sort(touched_);
        for (const std::uint32_t target : touched_) {
            append(target, 0, std::exchange(plain_[target], 0.0));
            seen_[target] = false;
        }
        for (const auto& [key, sum] : delayed_) {
            append(key.first, key.second, sum);
        }
        touched_.clear();
        delayed_.clear();
        sparse.row_begin.push_back(sparse.targets.size());
    }

private:
    std::vector<double> plain_;
    std::vector<bool> seen_;
    std::vector<std::uint32_t> touched_;
    std::map<std::pair<std::uint32_t, int>, double> delayed_;
};

bool has_own_delays(const LinearMap& map) {
    const auto* sparse = std::get_if<SparseWeights>(&map.weights);
    return sparse != nullptr && !sparse->delays.empty();
}

/// A matrix that is mostly full is smaller dense.
void make_dense_if_full(LinearMap& map) {
    const auto& sparse = std::get<SparseWeights>(map.weights);
    const std::uint64_t elements = std::uint64_t{map.sources} * map.targets;
    if (sparse.targets.size() <= elements / 2 || elements > most_dense) {
        return;
    }
    DenseWeights dense{std::vector<float>(elements, 0.0F)};
    for (std::size_t source = 0; source < map.sources; ++source) {
        for (auto index = sparse.row_begin[source]; index < sparse.row_begin[source + 1]; ++index) {
            dense.weights[sparse.targets[index] * map.sources + source] = sparse.weights[index];
        }
    }
    map.weights = std::move(dense);
}

/// Multiplies out row by row.
tl::expected<LinearMap, std::string> multiply(const LinearMap& first, const LinearMap& second) {
    std::vector<std::uint16_t> second_delays;
    const auto after = expand(second, second_delays);
    const std::string too_many = fmt::format("multiplied out it has more than {} synapses", most_synapses);
    if (!after) {
        return tl::unexpected(too_many);
    }
    LinearMap product{
        .sources = first.sources, .targets = second.targets, .weights = SparseWeights{}, .delay_steps = 0};
    auto& sparse = std::get<SparseWeights>(product.weights);
    sparse.row_begin.push_back(0);
    std::vector<int> delays;
    std::vector<Connection> row;
    Accumulator sums(second.targets, has_own_delays(first) || has_own_delays(second));
    std::uint64_t products = 0;
    for (std::uint32_t source = 0; source < first.sources; ++source) {
        row.clear();
        append_synapses(first.weights, first.sources, first.targets, source, 0, row);
        for (const Connection& way : row) {
            for (auto index = after->row_begin[way.target]; index < after->row_begin[way.target + 1]; ++index) {
                sums.add(after->targets[index], way.delay_steps + second_delays[index],
                         static_cast<double>(way.weight) * after->weights[index]);
            }
            products += after->row_begin[way.target + 1] - after->row_begin[way.target];
        }
        sums.finish(sparse, delays);
        if (sparse.targets.size() > most_synapses || products > most_products) {
            return tl::unexpected(too_many);
        }
    }
    const auto [least, most] = delays.empty() ? std::ranges::minmax_result<int>{0, 0} : std::ranges::minmax(delays);
    if (most - least > std::numeric_limits<std::uint8_t>::max()) {
        return tl::unexpected(fmt::format("its delays differ by {} steps; 255 is the most", most - least));
    }
    product.delay_steps = least;
    if (least == most) {
        make_dense_if_full(product);
        return product;
    }
    for (const int delay : delays) {
        sparse.delays.push_back(static_cast<std::uint8_t>(delay - least));
    }
    return product;
}

}  // namespace

LinearMap identity_map(std::size_t size) {
    return scale_map(size, {1.0F});
}

LinearMap scale_map(std::size_t size, std::vector<float> factors) {
    const bool same = std::ranges::all_of(factors, [&](float factor) { return factor == factors[0]; });
    if (same) {
        factors.resize(1);
    }
    return {.sources = size, .targets = size, .weights = OneToOneWeights{std::move(factors)}, .delay_steps = 0};
}

std::optional<LinearMap> delay_map(std::size_t size, const std::vector<int>& steps) {
    const auto [least, most] = std::ranges::minmax(steps);
    LinearMap map = identity_map(size);
    map.delay_steps = least;
    if (least == most) {
        return map;
    }
    if (most - least > std::numeric_limits<std::uint8_t>::max()) {
        return std::nullopt;
    }
    SparseWeights sparse;
    sparse.row_begin.push_back(0);
    for (std::uint32_t index = 0; index < size; ++index) {
        sparse.targets.push_back(index);
        sparse.weights.push_back(1.0F);
        sparse.delays.push_back(static_cast<std::uint8_t>(steps[index] - least));
        sparse.row_begin.push_back(index + 1);
    }
    map.weights = std::move(sparse);
    return map;
}

LinearMap pooling_map(const std::array<std::uint32_t, 3>& source, const std::array<std::uint32_t, 3>& output,
                      const Pooling& pooling) {
    ConvolutionWeights convolution;
    convolution.source = source;
    convolution.input = output;
    convolution.output = output;
    convolution.groups = output[0];
    convolution.kernel.assign(output[0], 1.0F);
    convolution.pooling = pooling;
    return {.sources = std::size_t{source[0]} * source[1] * source[2],
            .targets = std::size_t{output[0]} * output[1] * output[2],
            .weights = std::move(convolution),
            .delay_steps = 0};
}

tl::expected<LinearMap, std::string> chain(LinearMap first, LinearMap second) {
    SPIKELOOM_ASSERT(first.targets == second.sources, fmt::format("{} into {}", first.targets, second.sources));
    const std::size_t sources = first.sources;
    const std::size_t targets = second.targets;
    const int delay = first.delay_steps + second.delay_steps;
    if (auto compact = chain_compactly(first, second)) {
        compact->sources = sources;
        compact->targets = targets;
        compact->delay_steps = delay;
        return std::move(*compact);
    }
    auto product = multiply(first, second);
    if (product) {
        product->delay_steps += delay;
    }
    return product;
}

std::vector<double> apply_map(const LinearMap& map, std::span<const double> values) {
    std::vector<double> result(map.targets, 0.0);
    std::vector<Connection> row;
    for (std::uint32_t source = 0; source < map.sources; ++source) {
        if (values[source] == 0) {
            continue;
        }
        row.clear();
        append_synapses(map.weights, map.sources, map.targets, source, 0, row);
        for (const Connection& connection : row) {
            result[connection.target] += connection.weight * values[source];
        }
    }
    return result;
}

}  // namespace spikeloom::compiler
