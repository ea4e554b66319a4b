// Streams: a source of a run as it travels on one PADI bus. First every source gets its bus or buses (choose_buses),
// then every stream its row-select class and label (choose_classes). See route_spikes.hpp for what makes that right.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/analog/fabric.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/analog/place_circuits.hpp"

namespace spikeloom::compiler::analog {

/// Why a run has no routes.
struct Shortage {
    std::string limit;  ///< "drivers of PADI bus 2, hemisphere 0"
    std::int64_t need = 0;
    std::int64_t room = 0;
    /// Neurons of the run whose sources crowd on a bus: more circuits for them help. Empty: only fewer neurons would.
    std::vector<std::uint32_t> crowded;
};

/// A synapse that a stream feeds.
struct Use {
    std::uint32_t target = 0;  ///< of the run
    int hemisphere = 0;
    std::uint64_t synapse = 0;  ///< of the FanIn
};

struct Stream {
    std::uint32_t source = 0;  ///< of the network: channels, then neurons
    bool local = false;        ///< a neuron of this run: its bus is given, and it is heard in every hemisphere
    int output = 0;            ///< event output of a local source
    int bus = 0;
    std::vector<Use> uses;  ///< none: a neuron whose spikes nothing on the chip waits for
    int select = 0;         ///< the compared bits of its row select: its class
    int label = 0;

    [[nodiscard]] bool wanted_in(int hemisphere) const;
    [[nodiscard]] bool silent() const { return uses.empty(); }
};

/// Streams by bus, in the order of their sources. Only neurons of the run can crowd a bus.
[[nodiscard]] tl::expected<std::vector<std::vector<Stream>>, Shortage> choose_buses(const RunDemand& demand,
                                                                                    std::span<const Block> blocks,
                                                                                    const FanIn& fan_in,
                                                                                    const Fabric& fabric);

/// How the row selects of a bus are compared.
struct BusClasses {
    int mask = 0;  ///< of every driver on the bus: those with equal compared bits of their numbers are a class
    /// Silent neurons are told apart by the highest address bit, and no crossbar node lets them in. Otherwise they have
    /// labels of their own.
    bool silent_bit = true;
};

/// Sets select and label of the streams of one bus (of silent ones only if not silent_bit).
[[nodiscard]] tl::expected<BusClasses, Shortage> choose_classes(std::span<Stream> streams, int bus,
                                                                std::span<const Block> blocks, const Fabric& fabric);

/// Drivers of a bus (numbers on it) that hear a class.
[[nodiscard]] std::vector<int> drivers_of_class(int mask, int select, const Fabric& fabric);

}  // namespace spikeloom::compiler::analog
