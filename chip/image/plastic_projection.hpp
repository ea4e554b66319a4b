// The synapses of one plastic projection of an image, in an order that the mapping does not change: ascending by
// source, target, format, then as the image lists them (cores, axons, entries, synapses). Chip::plastic_synapses has
// the same order; here each synapse also says where the image keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::chip {

struct PlasticPlace {
    std::uint32_t source = 0;  ///< neuron of the source population, or channel of the source port
    std::uint32_t target = 0;  ///< neuron of the target population
    CoreId core;
    std::uint32_t synapse = 0;  ///< in CoreImage::synapses
    friend bool operator==(const PlasticPlace&, const PlasticPlace&) = default;
};

/// A port or a population at an end of the projection; nameless without synapses.
struct PlasticEnd {
    std::string name;
    std::vector<std::uint32_t> shape;
};

struct PlasticProjection {
    std::uint32_t sources = 0;  ///< neurons of the source population (channels of the port); 0 without synapses
    std::uint32_t targets = 0;
    PlasticEnd source;
    PlasticEnd target;
    IntRange weights;  ///< what its synapses' formats hold, as stored
    std::vector<PlasticPlace> synapses;
};

/// `profile` is an index into the image's `learning`. The image is whole (check_image). An axon that several sources
/// share counts for the first of them: ports before populations, then by number.
[[nodiscard]] PlasticProjection plastic_projection(const Image& image, std::uint32_t profile);

}  // namespace spikeloom::chip
