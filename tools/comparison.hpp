// One network and one stimulus, learned several times: in float, with learning on registers of the chip's and of other
// widths (neurons still in float), and on the whole chip. What differs between the first and the second is what
// learning's arithmetic loses; between the second and the last, what the neurons' arithmetic adds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"
#include "core/rules/arithmetic.hpp"
#include "runtime/stimulus.hpp"
#include "runtime/workbench/window.hpp"

namespace spikeloom::tools {

struct ComparisonOptions {
    std::uint64_t steps = 0;
    int trials = 3;  ///< of every run that rounds stochastically, each with its own random numbers
    std::uint64_t seed = 0;
    std::vector<int> weight_widths{4, 6, 15};  ///< bits without the sign, beside the chip's own
    std::vector<int> trace_widths{5, 12};      ///< likewise
    bool whole_chip = true;
    runtime::FloatScale scale = runtime::FloatScale::written;                 ///< what float takes products for
    std::function<void(double fraction, const std::string& run)> progress{};  ///< may be empty
    int snapshots = 20;  ///< at which weights are compared, the last at the end
};

/// A synapse and its final weight in both runs (of the first trial), in the network's units.
struct DepartedSynapse {
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    double real = 0;
    double weight = 0;
};

/// One projection of one run against float. Differences are shares of the projection's weight_max.
struct ComparedProjection {
    double rms = 0;  ///< of the final weights' difference to float, mean over trials
    /// The same with float's spikes in place of the run's own: what arithmetic does without feedback. NaN for the chip.
    double rms_same_spikes = 0;
    double bias = 0;                    ///< mean difference to float
    double between = 0;                 ///< rms difference of the first two trials' final weights; 0 for one trial
    double correlation = 0;             ///< of final weights with float's; NaN where one of them doesn't vary
    double at_bound = 0;                ///< share of final weights at an end of their range
    double mean_weight = 0;             ///< network's units
    std::vector<double> rms_over_time;  ///< at each snapshot, mean over trials
    std::vector<DepartedSynapse> most_departed;  ///< at most 3, by size of the difference
};

struct ComparedRun {
    std::string name;             ///< "float", "weights of 4 bits", "loihi1"
    std::string what;             ///< one line
    bool own_widths = false;      ///< learning on the chip's registers, neurons in float
    bool other_widths = false;    ///< the same on other registers
    bool wider = false;           ///< other widths, and none narrower than the chip's
    bool stopped_traces = false;  ///< float, but traces stop where the chip's do
    std::vector<ComparedProjection> projections;
    std::vector<double> spikes;  ///< by population, mean over trials
    /// First step (from 0) whose spikes are not those of float, over trials the earliest; absent: none is.
    std::optional<std::uint64_t> departs;
};

/// What is compared of one projection.
struct ProjectionInfo {
    std::string name;
    std::string rule;      ///< "dw = ..."
    std::string division;  ///< what the engine divides, a sentence; empty: nothing
    std::size_t synapses = 0;
    double weight_max = 0;
    double highest_trace = 0;  ///< that float comes to
    double trace_most = 0;     ///< where the chip's traces stop
    /// What a unit of the compiled chip's register stands for, against float's weight_max / 255; 0: not compiled.
    double chip_unit = 0;
};

struct Comparison {
    std::string network;
    std::string chip;
    std::uint64_t steps = 0;
    double step_s = 1e-3;
    int trials = 1;
    std::vector<std::string> populations;
    std::vector<ProjectionInfo> projections;
    std::vector<std::uint64_t> snapshot_steps;  ///< steps done at each snapshot
    std::vector<ComparedRun> runs;              ///< float first, then the chip's widths, others, the whole chip
    std::string chip_failure;  ///< why the whole chip is not among them; empty: it is, or wasn't asked for
};

/// A stand-in for the compiled image by which stimuli are opened: input ports and step length.
[[nodiscard]] chip::Image ports_of(const compiler::Network& network);
/// A small network for a rule by itself: 60 inputs, 15 of which fire in volleys, onto 4 leaky neurons, all to all.
[[nodiscard]] compiler::Network rule_network(const rules::Rule& rule, compiler::Learning::Sign sign);
/// Background and volleys for it; if `rewarded`, a reward ten steps after every second volley.
[[nodiscard]] std::unique_ptr<runtime::Stimulus> rule_stimulus(std::uint64_t steps, std::uint64_t seed, bool rewarded);

/// Errors: nothing learns, the reference can't follow it, the stimulus fits no port.
[[nodiscard]] Result<Comparison> compare(const compiler::Network& network, const chip::ChipSpec& chip,
                                         runtime::Stimulus& stimulus, const ComparisonOptions& options);

[[nodiscard]] std::vector<std::string> findings(const Comparison& comparison);
[[nodiscard]] std::string comparison_text(const Comparison& comparison);
[[nodiscard]] std::string comparison_json(const Comparison& comparison);
[[nodiscard]] std::string comparison_svg(const Comparison& comparison);

}  // namespace spikeloom::tools
