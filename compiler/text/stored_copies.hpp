// Which neurons of an image are copies of which of its network's: told in the bytes of the stored network, behind the
// network itself, which is the user's and has no copies.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/base/ids.hpp"

namespace spikeloom::compiler {

struct NeuronCopies {
    std::string name;                      ///< of the image's population of copies
    PopulationId population;               ///< of the network
    std::vector<std::uint32_t> stand_for;  ///< neuron of `population`, by copy
    friend bool operator==(const NeuronCopies&, const NeuronCopies&) = default;
};

/// To be appended to what serialise_network() gives.
[[nodiscard]] std::string serialise_copies(std::span<const NeuronCopies> copies);
/// What a stored network tells of copies; nothing where there are none. Any bytes are safe, but the numbers are not
/// checked against a network.
[[nodiscard]] Result<std::vector<NeuronCopies>> deserialise_copies(const std::string& bytes, const std::string& origin);

}  // namespace spikeloom::compiler
