// The verifier's look at registers: those of every neuron against its equations. Nothing here is shared with the
// passes.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// Where a neuron sits.
struct Seat {
    std::uint32_t core = 0;
    std::uint32_t compartment = 0;
};

/// Adds what is wrong with registers, by an image whose shapes are those of the network. `seats`: by population,
/// neuron. Returns, by population and neuron, how many units of the u register one unit of x is.
[[nodiscard]] std::vector<std::vector<double>> verify_registers(const chip::Image& image, const Network& network,
                                                                const std::vector<std::vector<Seat>>& seats,
                                                                Diagnostics& findings);

}  // namespace spikeloom::compiler
