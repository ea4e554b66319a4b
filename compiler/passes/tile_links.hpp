// What tiles of a picture hear of the populations before it: a convolution's receptive fields, axis by axis, since a
// field is a product of a stretch of channels, of rows and of columns. So sums over tiles are products of sums over
// axes, and nothing has to be expanded to reckon with input axons, output axons and synaptic memory.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// How a picture is divided: into so many stretches of channels, rows and columns, each as even as it goes.
struct Division {
    std::uint32_t channels = 1;
    std::uint32_t rows = 1;
    std::uint32_t columns = 1;

    [[nodiscard]] std::uint64_t tiles() const { return std::uint64_t{channels} * rows * columns; }
    [[nodiscard]] std::uint32_t along(std::size_t axis) const {
        return axis == 0 ? channels : axis == 1 ? rows : columns;
    }
    friend bool operator==(const Division&, const Division&) = default;
};

/// Channels x height x width of a population; one row of neurons, if it is no picture.
[[nodiscard]] std::array<std::uint32_t, 3> picture_of(const Population& population);

/// Indices begin..end-1 of an axis.
struct Stretch {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    [[nodiscard]] std::uint32_t size() const { return end - begin; }
};
/// Stretch `i` of `parts` even ones.
[[nodiscard]] Stretch stretch(std::uint32_t extent, std::uint32_t parts, std::uint32_t i);

/// One axis of a projection: output o sees `reach` indices from o / block * stride - padding on, `dilation` apart,
/// of a source that may be pooled first.
struct AxisLink {
    struct Window {
        std::uint32_t stride = 1;
        std::uint32_t padding = 0;
        std::uint32_t taps = 1;
        std::uint32_t dilation = 1;
        std::uint32_t extent = 1;  ///< of what it looks at
    };
    std::uint32_t outputs = 1;
    std::uint32_t block = 1;
    bool repeats = true;  ///< weights are the same everywhere along it
    Window kernel{};
    Window pooling{};

    [[nodiscard]] std::uint32_t sources() const { return pooling.extent; }
    /// What a stretch of outputs sees of the source.
    [[nodiscard]] Stretch heard(Stretch outputs) const;
    /// What shared lists take if a core holds `outputs` along this axis.
    struct Taps {
        std::uint64_t lists = 0;     ///< that differ by more than a shift; at the stretch's ends they are cut short
        std::uint64_t synapses = 0;  ///< of all of them
        std::uint64_t longest = 0;   ///< of one that nothing cuts short: all, where lists are read in part
    };
    [[nodiscard]] Taps distinct_taps(Stretch outputs) const;
};

/// A projection as tiles see it.
struct PictureLink {
    Source source;
    std::uint32_t target = 0;
    bool local = false;   ///< a convolution, or one to one: what follows says who sees what; else all see all
    bool shared = false;  ///< weights repeat over the picture
    std::array<AxisLink, 3> axes{};
    std::uint64_t sources = 0;
    double fan_in = 0;  ///< synapses a target neuron, away from borders
    double run = 1;     ///< pixels of a list that lie side by side
};

[[nodiscard]] std::vector<PictureLink> picture_links(const Network& network);

}  // namespace spikeloom::compiler
