// Plastic synapses on their way from the image into the shards' plastic sets: gathered for one source and shard, they
// become one row a profile. Neurons are named by their number in the network, so that what a synapse learns does not
// depend on where the compiler put it.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/tables.hpp"

namespace spikeloom::chip {

class PlasticBuilder {
public:
    /// Both outlive the builder.
    PlasticBuilder(const Image& image, Tables& tables, std::uint64_t seed);

    [[nodiscard]] bool active() const { return !image_.learning.empty(); }

    /// The next rows are those of this neuron of its population, or channel of its port.
    void begin_source(std::uint32_t number) { source_ = number; }
    [[nodiscard]] std::uint32_t neuron(std::uint32_t core, std::uint32_t compartment) const {
        return neuron_of_[core][compartment];
    }
    /// A synapse of the source at hand into the shard at hand; `profile` is an index into the image's `learning`.
    void add(std::uint32_t profile, const WeightFormat& format, const core::PlasticSynapseStart& synapse);
    /// Makes rows of what was added since the last call, appended to `rows` as SourceTable names them.
    void end_row(std::uint32_t shard, std::vector<SourceTable::Row>& rows);
    /// Names the targets of all sets, by block.
    void finish();

private:
    using SetKey = std::tuple<std::uint32_t, std::uint32_t, WeightFormat>;  ///< shard, profile, format

    [[nodiscard]] std::uint32_t set_with_room(const SetKey& key);
    [[nodiscard]] core::PlasticSetLayout layout(std::uint32_t profile, const WeightFormat& format) const;

    const Image& image_;
    Tables& tables_;
    std::uint64_t seed_;
    std::vector<std::vector<std::uint32_t>> neuron_of_;  ///< by core, compartment
    std::uint32_t source_ = 0;
    std::map<std::pair<std::uint32_t, WeightFormat>, std::vector<core::PlasticSynapseStart>> gathered_;
    std::map<SetKey, std::uint32_t> open_;  ///< sets that take further rows
};

}  // namespace spikeloom::chip
