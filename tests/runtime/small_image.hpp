// Images made by hand for the runtime's tests: a Loihi 1 whose network is a chain of layers, no compiler needed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::test {

struct SmallImageOptions {
    std::uint32_t channels = 4;
    std::vector<std::uint32_t> layers{3, 2};  ///< "layer0", "layer1", ...; the last is the output
    std::uint32_t cores_per_layer = 1;        ///< neurons are dealt out in equal runs, the last run first
    std::int32_t threshold = 1;               ///< mantissa (times 2^6)
    std::int32_t voltage_decay = 4096 - 1;
    bool output_spikes = true;
    /// Weight mantissa of a synapse from source s (of the layer before, or the port) to neuron n of layer l.
    std::function<int(std::uint32_t l, std::uint32_t s, std::uint32_t n)> weight =
        [](std::uint32_t, std::uint32_t s, std::uint32_t n) { return s == n ? 64 : 0; };
};

/// One port "input", the layers, all-to-all by `weight` (zero: no synapse), one step of 1 ms.
[[nodiscard]] chip::Image small_image(const SmallImageOptions& options = {});

/// The same with plastic synapses from "input" to layer0, as projection "in_e": x1 and y1 of impulse 40 and tau 10
/// steps, an epoch of 2 steps, tags, and a reward that nobody gives.
[[nodiscard]] chip::Image plastic_image(const SmallImageOptions& options = {},
                                        const std::string& dw = "2^-4*x1*y0 - 2^-4*y1*x0");

}  // namespace spikeloom::test
