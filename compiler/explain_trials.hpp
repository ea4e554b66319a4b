// Which changes explain() tries, the most telling first: limits lifted one by one, lists shared or not, other chips,
// fewer weight bits, weights pruned, populations side by side or apart, cores filled along other orders, and so on. A
// plan says what is changed; nothing is mapped here. How many are made and how hard they search follows from the number
// of synapses: measured, a mapping takes about 1 us a synapse at effort 0 and 15 us at effort 1, so that all together
// take about a minute at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/explain.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// The user's network, chip and options but for what is set.
struct TrialPlan {
    MappingTrial::Kind kind = MappingTrial::Kind::as_is;
    std::string change;
    std::string how{};
    std::optional<Limit> lifted{};
    std::function<Network(std::vector<double>& lost)> network{};  ///< `lost` as of pruned()
    std::optional<chip::ChipSpec> chip{};
    std::function<void(CompileOptions&)> options{};
    /// An order along which the mapping as it is is filled again; nothing: there is none.
    std::function<std::optional<NeuronOrder>(const Network&, const MappedNetwork&)> order{};
    bool strongest_sources = false;  ///< as many sources a neuron as fit
};

/// What is known before the first trial. All of it outlives the plans.
struct TrialGround {
    const Network& network;
    const chip::ChipSpec& chip;
    const ExplainOptions& options;
    const Explanation& known;  ///< as_is, limits, populations, needed
};

[[nodiscard]] std::vector<TrialPlan> plan_trials(const TrialGround& ground);

/// Effort of the trials of a network with so many synapses.
[[nodiscard]] int trial_effort(const ExplainOptions& options, std::uint64_t synapses);
/// How many trials are made of one, at most.
[[nodiscard]] std::size_t most_trials(const ExplainOptions& options, std::uint64_t synapses);

/// Whether a network takes the same cores of both: all is equal but names, board, routers and costs.
[[nodiscard]] bool same_core(const chip::ChipSpec& a, const chip::ChipSpec& b);

}  // namespace spikeloom::compiler
