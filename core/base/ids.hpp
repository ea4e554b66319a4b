// The identifiers of the machine, each a type of its own, so that a core number can't be passed where a
// compartment number is meant. An id is a plain integer underneath: explicit to make, explicit to read.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace spikeloom {

template <class Tag, class Representation>
class Id {
public:
    using representation = Representation;

    constexpr Id() = default;
    constexpr explicit Id(Representation value) : value_(value) {}

    [[nodiscard]] constexpr Representation value() const { return value_; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;

private:
    Representation value_ = 0;
};

/// A neuron core, numbered 0.. over the used cores of an Image (the place on the mesh is data of the core).
using CoreId = Id<struct CoreTag, std::uint32_t>;
/// A compartment (the neuron circuit) within its core.
using CompartmentId = Id<struct CompartmentTag, std::uint32_t>;
/// An input axon within its core: the address that a spike message carries.
using AxonId = Id<struct AxonTag, std::uint32_t>;
/// A population, numbered in the order of the Network.
using PopulationId = Id<struct PopulationTag, std::uint32_t>;
/// A neuron within its population (C order of the population's shape).
using NeuronId = Id<struct NeuronTag, std::uint32_t>;
/// An algorithmic time step; the first step of a run is 0.
using Step = Id<struct StepTag, std::uint64_t>;

}  // namespace spikeloom

template <class Tag, class Representation>
struct std::hash<spikeloom::Id<Tag, Representation>> {
    std::size_t operator()(spikeloom::Id<Tag, Representation> id) const noexcept {
        return std::hash<Representation>{}(id.value());
    }
};
