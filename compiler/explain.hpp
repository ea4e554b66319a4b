// Why a network takes so many cores of a chip, or none: which limit decides, what each population needs of each limit,
// and what a change would bring. Every figure of a change was obtained by making the change and mapping the network
// anew (map_network: quantise and partition), none is an estimate. Boards are enlarged for it, so that a mapping onto
// more cores than there are is a figure too. How many trials are made, and how hard they search, follows from the
// number of synapses, not from a clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/bounds.hpp"
#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/partition.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// One change, tried.
struct MappingTrial {
    enum class Kind : std::uint8_t {
        as_is,
        tiling,    ///< cores filled along another order of the neurons
        parts,     ///< sums made in parts by helpers
        together,  ///< populations side by side on cores, or on cores of their own
        fewer_bits,
        pruned,
        effort,
        reset,
        merged_decays,  ///< near time constants made equal
        longer_step,
        without_limit,  ///< if the chip did not have that limit
        shared_lists,   ///< if axons could share lists, or could not
        other_chip,
    };
    Kind kind = Kind::as_is;
    std::string change;  ///< "weights of 6 bits"
    std::string how{};   ///< the option that does it, "--weight-bits 6"; empty: it takes another network or chip
    bool maps = false;   ///< every neuron fits a core; how many cores there are is another question
    bool fits = false;   ///< and there are enough
    std::uint32_t cores = 0;
    std::uint32_t cores_there = 0;
    std::uint64_t messages = 0;  ///< if every node spikes once
    double weight_error = 0;     ///< rms over all weights, of each projection's rms weight
    std::string refusal{};       ///< the first reason where it doesn't map
    std::optional<Limit> lifted{};

    /// Of a chip that there is not.
    [[nodiscard]] bool hypothetical() const { return kind == Kind::without_limit || kind == Kind::shared_lists; }
};

/// A limit over the cores of the mapping as it is.
struct LimitUse {
    Limit limit = Limit::compartments;
    std::int64_t need = 0;         ///< summed over cores; of limits that can't be summed the most on a core
    std::int64_t room = 0;         ///< of one core
    double mean_share = 0;         ///< need over room, mean over cores
    double most_share = 0;         ///< of the core with most
    std::uint32_t stopped = 0;     ///< cores that could not take another neuron for it
    std::int64_t least_cores = 0;  ///< bound; 0: this limit gives none
};

/// What one population needs, by itself.
struct PopulationNeed {
    std::string name;
    std::uint64_t neurons = 0;
    std::uint32_t cores = 0;    ///< that hold neurons of it; 0: it is not mapped
    std::uint64_t sources = 0;  ///< distinct: input axons on one core, if it fitted one
    std::uint64_t synapses = 0;
    double words = 0;                   ///< of synaptic memory: weights, delays and tags alone
    std::uint64_t most_sources = 0;     ///< of one neuron
    std::optional<Limit> stopped_by{};  ///< what ended most of its cores
};

/// What single neurons need beyond what a core has.
struct Excess {
    std::string population;
    Limit limit = Limit::compartments;
    std::uint64_t neurons = 0;  ///< that need more than there is
    std::uint64_t of = 0;       ///< neurons of the population
    std::int64_t need = 0;      ///< of the one that needs most
    std::int64_t room = 0;
};

struct Explanation {
    MappingTrial as_is;
    Diagnostics refusal;  ///< as compile() tells it; empty: the network fits
    std::string order;    ///< of the neurons, that was best
    std::vector<Attempt> attempts;
    std::vector<LimitUse> limits;
    MappingBounds bounds;
    std::vector<PopulationNeed> populations;
    std::vector<Excess> excesses;  ///< where single neurons fit no core
    /// What the trials' cores are compared with: as_is, or that at the trials' effort.
    MappingTrial baseline;
    int effort = 0;  ///< of the trials; what was asked, or 0 for large networks
    /// First what makes it fit, then what keeps most of the weights, by cores.
    std::vector<MappingTrial> trials;
    std::vector<std::string> left_out;  ///< changes that were not tried, lest it take too long
    /// The limit without which the fewest cores are needed; nothing: no single limit decides.
    std::optional<Limit> decisive;
    /// Where the network maps onto no number of cores: the limits that must all be lifted for it to.
    std::vector<Limit> needed;
    bool interrupted = false;  ///< not all trials were made
};

struct ExplainOptions {
    CompileOptions compile{};  ///< seed, effort, threads, weight_bits, approximate_reset, stop, progress
    /// 0: a few trials; 1: as many, and as hard, as take about a minute (explain_trials.hpp); 2: all, as hard as
    /// `compile` asks, and harder.
    int depth = 1;
    std::vector<chip::ChipSpec> others{};  ///< chips to try instead
};

/// Errors: the network is not sound. A network that doesn't fit is explained, not refused.
[[nodiscard]] Result<Explanation> explain(const Network& network, const chip::ChipSpec& chip,
                                          const ExplainOptions& options);

}  // namespace spikeloom::compiler
