// Before quantise, by choice: neurons of a population whose time constants are near get common ones. Trained networks
// have a time constant a neuron; a core holds few pairs of decay registers (limit "compartment profiles"), and every
// other pair asks for another core. What is merged are pairs of registers as quantise would write them: a neuron whose
// registers stay keeps its parameters to the last bit. Distances are of logarithms of the time constant that a register
// means, -1 / ln(1 - decay) steps; groups are found by group_line and group_plane. The network that comes out is
// mapped and verified like any other; the one that went in stays what the quantisation gap is measured against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Off unless one of both is set.
struct DecayMerging {
    std::uint32_t most_pairs = 0;  ///< pairs of decays a population, at most; 0: any number
    double tolerance = 0;          ///< the largest relative change of a time constant, with as few pairs as that takes

    [[nodiscard]] bool on() const { return most_pairs > 0 || tolerance > 0; }
    friend bool operator==(const DecayMerging&, const DecayMerging&) = default;
};

/// Relative changes of the time constants that the registers mean; of both, membrane and synapse, where both change.
struct DecayChange {
    double largest = 0;
    double mean = 0;  ///< over all neurons of the population, those unchanged included
};

/// What became of one population that had more pairs of decays than it has now.
struct MergedDecays {
    std::uint32_t population = 0;
    std::size_t neurons = 0;
    std::size_t changed = 0;  ///< neurons with other registers than before
    std::size_t pairs_before = 0;
    std::size_t pairs = 0;
    DecayChange membrane;
    DecayChange synapse;

    [[nodiscard]] double largest() const {
        return membrane.largest > synapse.largest ? membrane.largest : synapse.largest;
    }
};

struct DecaysMerged {
    Network network;
    std::vector<MergedDecays> populations;  ///< those that changed
};

/// Of a checked network. Populations whose registers are given, or that the chip can't express (quantise says why),
/// stay as they are.
[[nodiscard]] DecaysMerged merge_decays(const Network& network, const chip::ChipSpec& chip,
                                        const DecayMerging& merging);

/// "480 pairs of decay registers merged to 32, ...": one line, the population is not named.
[[nodiscard]] std::string summary(const MergedDecays& merged);

/// That `merged` is `network` but for time constants, and their changes are those told of. Shares no code with
/// merge_decays(). Empty: so it is.
[[nodiscard]] Diagnostics verify_merged(const Network& network, const DecaysMerged& merged, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
