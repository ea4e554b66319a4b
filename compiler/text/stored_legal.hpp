// What a stored network tells of its legalisation (compiler/legalise), behind the network itself: which neurons of the
// image are copies of which of its own, and how many steps later its spikes come than the user's. The network has these
// steps as delays; nothing in it tells them from what the user wrote.
#pragma once

#include <cstdint>
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

struct StoredLegal {
    std::vector<NeuronCopies> copies;
    std::vector<int> added_steps;  ///< by population of the network; empty: none
    friend bool operator==(const StoredLegal&, const StoredLegal&) = default;
};

/// To be appended to what serialise_network() gives.
[[nodiscard]] std::string serialise_legal(const StoredLegal& legal);
/// Empty where nothing was legalised. Any bytes are safe, but the numbers are not checked against a network.
[[nodiscard]] Result<StoredLegal> deserialise_legal(const std::string& bytes, const std::string& origin);

}  // namespace spikeloom::compiler
