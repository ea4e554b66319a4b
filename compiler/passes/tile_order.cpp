#include "compiler/passes/tile_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

namespace spikeloom::compiler {
namespace {

std::uint32_t ceil_divide(std::uint32_t a, std::uint32_t b) {
    return (a + b - 1) / b;
}

/// Where stretch `i` of `parts` even ones begins.
std::uint32_t cut_at(std::uint32_t extent, std::uint32_t parts, std::uint32_t i) {
    return static_cast<std::uint32_t>(std::uint64_t{extent} * i / parts);
}

/// Pixels of the source that outputs first..last-1 see along one axis.
std::uint32_t seen_along(const ConvolutionWeights& c, std::size_t axis, std::uint32_t first, std::uint32_t last) {
    const auto clip = [](std::int64_t value, std::int64_t most) { return std::clamp<std::int64_t>(value, 0, most); };
    const std::int64_t reach = std::int64_t{c.kernel_size[axis] - 1} * c.dilation[axis];
    std::int64_t begin = std::int64_t{first} * c.stride[axis] - c.padding[axis];
    std::int64_t end = std::int64_t{last - 1} * c.stride[axis] - c.padding[axis] + reach + 1;
    begin = clip(begin, c.input[axis + 1]);
    end = clip(end, c.input[axis + 1]);
    if (c.pooling && end > begin) {
        begin = begin * c.pooling->stride[axis] - c.pooling->padding[axis];
        end = (end - 1) * c.pooling->stride[axis] - c.pooling->padding[axis] + c.pooling->kernel[axis];
        begin = clip(begin, c.source[axis + 1]);
        end = clip(end, c.source[axis + 1]);
    }
    return static_cast<std::uint32_t>(std::max<std::int64_t>(end - begin, 0));
}

/// Sum over the stretches of an axis.
std::uint64_t seen_by_all(const ConvolutionWeights& c, std::size_t axis, std::uint32_t extent, std::uint32_t parts) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < parts; ++i) {
        sum += seen_along(c, axis, cut_at(extent, parts, i), cut_at(extent, parts, i + 1));
    }
    return sum;
}

/// Channels of the source that stretches of output channels see, summed over them.
std::uint64_t channels_seen(const ConvolutionWeights& c, std::uint32_t parts) {
    const std::uint32_t per_group_out = std::max(c.output[0] / std::max(c.groups, 1U), 1U);
    const std::uint32_t per_group_in = std::max(c.input[0] / std::max(c.groups, 1U), 1U);
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < parts; ++i) {
        const std::uint32_t first = cut_at(c.output[0], parts, i) / per_group_out;
        const std::uint32_t last = (cut_at(c.output[0], parts, i + 1) - 1) / per_group_out;
        sum += std::uint64_t{last - first + 1} * per_group_in;
    }
    return sum;
}

/// Of the stretch that sees most.
std::uint64_t most_seen(const ConvolutionWeights& c, std::size_t axis, std::uint32_t extent, std::uint32_t parts) {
    std::uint32_t most = 0;
    for (std::uint32_t i = 0; i < parts; ++i) {
        most = std::max(most, seen_along(c, axis, cut_at(extent, parts, i), cut_at(extent, parts, i + 1)));
    }
    return most;
}

std::uint64_t most_channels_seen(const ConvolutionWeights& c, std::uint32_t parts) {
    const std::uint32_t per_group_out = std::max(c.output[0] / std::max(c.groups, 1U), 1U);
    const std::uint32_t per_group_in = std::max(c.input[0] / std::max(c.groups, 1U), 1U);
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < parts; ++i) {
        const std::uint32_t first = cut_at(c.output[0], parts, i) / per_group_out;
        const std::uint32_t last = (cut_at(c.output[0], parts, i + 1) - 1) / per_group_out;
        most = std::max(most, std::uint64_t{last - first + 1} * per_group_in);
    }
    return most;
}

void append_tiles(std::uint32_t first_node, const std::array<std::uint32_t, 3>& picture, const Division& division,
                  NeuronOrder& order) {
    const auto [channels, rows, columns] = picture;
    for (std::uint32_t tc = 0; tc < division.channels; ++tc) {
        for (std::uint32_t ty = 0; ty < division.rows; ++ty) {
            for (std::uint32_t tx = 0; tx < division.columns; ++tx) {
                for (std::uint32_t c = cut_at(channels, division.channels, tc);
                     c < cut_at(channels, division.channels, tc + 1); ++c) {
                    for (std::uint32_t y = cut_at(rows, division.rows, ty); y < cut_at(rows, division.rows, ty + 1);
                         ++y) {
                        for (std::uint32_t x = cut_at(columns, division.columns, tx);
                             x < cut_at(columns, division.columns, tx + 1); ++x) {
                            order.neuron_at.push_back(first_node + (c * rows + y) * columns + x);
                        }
                    }
                }
                order.cuts.push_back(static_cast<std::uint32_t>(order.neuron_at.size()));
            }
        }
    }
    order.cuts.pop_back();  // the last tile may share its core with the next population
}

}  // namespace

std::array<std::uint32_t, 3> picture_of(const Population& population) {
    const Shape& shape = population.shape;
    switch (shape.size()) {
    case 2:
        return {1, shape[0], shape[1]};
    case 3:
        return {shape[0], shape[1], shape[2]};
    default:
        return {1, 1, static_cast<std::uint32_t>(population.size())};
    }
}

std::uint64_t input_axons(const Network& network, std::uint32_t population, const Division& division) {
    std::uint64_t sum = 0;
    for (const Projection& projection : network.projections) {
        if (projection.target.value() != population) {
            continue;
        }
        const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights);
        if (convolution == nullptr) {
            sum += network.source_size(projection.source) * division.tiles();
            continue;
        }
        const ConvolutionWeights& c = *convolution;
        sum += channels_seen(c, division.channels) * seen_by_all(c, 0, c.output[1], division.rows) *
               seen_by_all(c, 1, c.output[2], division.columns);
    }
    return sum;
}

std::uint64_t most_input_axons(const Network& network, std::uint32_t population, const Division& division) {
    std::uint64_t sum = 0;
    for (const Projection& projection : network.projections) {
        if (projection.target.value() != population) {
            continue;
        }
        const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights);
        if (convolution == nullptr) {
            sum += network.source_size(projection.source);
            continue;
        }
        const ConvolutionWeights& c = *convolution;
        sum += most_channels_seen(c, division.channels) * most_seen(c, 0, c.output[1], division.rows) *
               most_seen(c, 1, c.output[2], division.columns);
    }
    return sum;
}

Division best_division(const Network& network, std::uint32_t population, const TileRoom& room) {
    const auto [channels, rows, columns] = picture_of(network.populations[population]);
    struct Choice {
        Division division;
        bool hears_little = false;
        std::uint64_t axons = 0;
        [[nodiscard]] auto rank() const { return std::tuple(!hears_little, division.tiles(), axons); }
    };
    std::optional<Choice> best;
    const auto consider = [&](const Division& division) {
        const Choice choice{.division = division,
                            .hears_little = most_input_axons(network, population, division) <= room.input_axons,
                            .axons = input_axons(network, population, division)};
        if (!best || choice.rank() < best->rank()) {
            best = choice;
        }
    };
    for (std::uint32_t c = 1; c <= channels; ++c) {
        for (std::uint32_t r = 1; r <= rows; ++r) {
            const std::uint64_t stretch = std::uint64_t{ceil_divide(channels, c)} * ceil_divide(rows, r);
            const std::uint64_t width = room.neurons / stretch;
            if (width == 0) {
                continue;
            }
            // Fewest columns for the neurons; and more, as long as they hear too much.
            const auto fewest = static_cast<std::uint32_t>(
                ceil_divide(columns, static_cast<std::uint32_t>(std::min<std::uint64_t>(width, columns))));
            for (std::uint32_t w = fewest; w <= columns; ++w) {
                const Division division{.channels = c, .rows = r, .columns = w};
                if (best && best->hears_little && division.tiles() > best->division.tiles()) {
                    break;
                }
                consider(division);
                if (best->hears_little) {
                    break;
                }
            }
        }
    }
    return best ? best->division : Division{.channels = channels, .rows = rows, .columns = columns};
}

bool has_pictures(const Network& network) {
    return std::ranges::any_of(network.populations, [](const Population& population) {
        const auto [channels, rows, columns] = picture_of(population);
        return columns > 1 && std::uint64_t{channels} * rows > 1;
    });
}

NeuronOrder tile_order(const Network& network, const MappedNetwork& mapped, const TileRoom& room) {
    NeuronOrder order{.name = fmt::format("tiles of up to {} neurons", room.neurons), .neuron_at = {}};
    order.neuron_at.reserve(mapped.neurons());
    for (std::uint32_t p = 0; p < network.populations.size(); ++p) {
        const std::array<std::uint32_t, 3> picture = picture_of(network.populations[p]);
        const bool divide =
            std::uint64_t{picture[0]} * picture[1] > 1 &&
            (network.populations[p].size() > room.neurons || most_input_axons(network, p, {}) > room.input_axons);
        append_tiles(mapped.population_first[p], picture, divide ? best_division(network, p, room) : Division{}, order);
    }
    return order;
}

}  // namespace spikeloom::compiler
