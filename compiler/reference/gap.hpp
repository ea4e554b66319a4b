// The quantisation gap: what becomes of a network's spikes and decisions between float and chip, and which part of
// the quantisation causes most of it. Four float runs stand beside the chip's on every sample: the network as its
// framework runs it (same_step), the network in the chip's timing (next_step), and variants of that with only one
// part as the chip has it (dequantise.hpp). GapMeasurement runs them; GapAccumulator only compares, and knows no
// network.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"
#include "compiler/reference/dequantise.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// A spike within a sample; steps are counted from the sample's start.
struct TrainSpike {
    std::uint32_t step = 0;
    std::uint32_t neuron = 0;
    friend auto operator<=>(const TrainSpike&, const TrainSpike&) = default;
};
/// The spikes of every population, in the network's order, each ascending.
using SpikeTrains = std::vector<std::vector<TrainSpike>>;

struct GapRun {
    SpikeTrains trains;
    int predicted = -1;  ///< class, -1: no decision
};

/// All that was run on one sample.
struct GapSample {
    int label = -1;                ///< -1: unlabelled
    GapRun chip;                   ///< the emulated chip
    GapRun reference;              ///< float, in the chip's timing
    std::optional<int> framework;  ///< what the float network predicts in its framework's timing
    std::vector<GapRun> variants;  ///< float in the chip's timing with one part quantised, in the order of their names
};

struct PopulationGap {
    std::string population;
    std::uint64_t float_spikes = 0;
    std::uint64_t chip_spikes = 0;
    std::uint64_t mismatched_spikes = 0;  ///< (step, neuron) at which only one of the two spikes
    std::uint64_t diverging_samples = 0;
    double rate_cosine = 1;          ///< of the spike counts a neuron and sample, float against chip
    std::int64_t first_sample = -1;  ///< the first sample that diverges, -1 if none, ...
    std::int64_t first_step = -1;    ///< ... the step in which it does, ...
    std::int64_t first_neuron = -1;  ///< ... and the least neuron that does then
    friend bool operator==(const PopulationGap&, const PopulationGap&) = default;
};

/// The float network in the chip's timing with one step of quantisation switched on.
struct StepGap {
    std::string name;
    double accuracy = -1;      ///< 0..1; -1 where it has no meaning
    double spike_change = -1;  ///< mismatched spikes over the float network's spikes; -1 where it has no meaning
    friend bool operator==(const StepGap&, const StepGap&) = default;
};

struct GapReport {
    std::uint64_t samples = 0;
    std::uint64_t labelled = 0;
    double float_accuracy = -1;       ///< in the framework's timing where that was run, else in the chip's
    double chip_timed_accuracy = -1;  ///< float, in the chip's timing
    double chip_accuracy = -1;
    double agreement = -1;  ///< samples on which float (chip's timing) and chip predict the same
    std::vector<PopulationGap> populations;
    std::vector<StepGap> steps;  ///< the variants; then "arithmetic" where "all" is among them: what is left
    std::string largest_step;    ///< the one that changes most spikes; empty when none does
    friend bool operator==(const GapReport&, const GapReport&) = default;
};

/// {"samples", "float_accuracy", "chip_accuracy", "agreement", "layers": [{"population", "float_spikes", ...}],
/// "steps": [{"name", "accuracy", "spike_change"}], "largest_step", "timing"}; what wasn't measured is left out.
[[nodiscard]] std::string to_json(const GapReport& report);
/// A table, and a sentence on the cause.
[[nodiscard]] std::string to_text(const GapReport& report);

/// Compares runs, sample by sample; memory doesn't grow with their number.
class GapAccumulator {
public:
    /// Name and size of every population; the names of the variants. A variant called "all" has all parts quantised:
    /// what still separates it from the chip is reported as "arithmetic" (integers that truncate, wrap and clip).
    GapAccumulator(std::vector<std::pair<std::string, std::uint32_t>> populations, std::vector<std::string> variants);

    void add_sample(const GapSample& sample);
    [[nodiscard]] GapReport report() const;

private:
    struct Sums {
        PopulationGap gap;
        std::uint32_t size = 0;
        double float_float = 0, chip_chip = 0, float_chip = 0;  ///< sums of products of spike counts
    };
    struct Variant {
        std::string name;
        std::uint64_t correct = 0;
        std::uint64_t mismatched = 0;
    };
    void compare(const GapSample& sample, std::size_t population);

    std::vector<Sums> populations_;
    std::vector<Variant> variants_;
    std::uint64_t samples_ = 0, labelled_ = 0, framework_runs_ = 0, float_spikes_ = 0, arithmetic_ = 0, agreeing_ = 0;
    std::uint64_t framework_correct_ = 0, reference_correct_ = 0, chip_correct_ = 0;
};

/// One float run: its spikes, and the membranes of the population that decides, [step][neuron].
struct FloatRun {
    SpikeTrains trains;
    std::vector<std::vector<double>> membranes;
};

/// Runs from the initial state; inputs[step][port][channel].
[[nodiscard]] FloatRun run_float(FloatInterpreter& interpreter, std::size_t populations, PopulationId readout,
                                 const std::vector<std::vector<std::vector<float>>>& inputs);

/// The float side of the gap, ready to run: the network and its variants "weights", "decays", "threshold", "all".
class GapMeasurement {
public:
    /// What a run predicts; must be the rule by which the chip's prediction is made.
    using Decide = std::function<int(const FloatRun&)>;

    /// Fails where the image isn't one of this network. `readout`: the population whose membranes `Decide` sees.
    [[nodiscard]] static Result<GapMeasurement> create(const Network& network, const chip::Image& image,
                                                       PopulationId readout);

    /// Runs the float networks on one sample, and compares them with what the chip did on it (trains by the
    /// network's populations, in any order of spikes).
    void add_sample(const std::vector<std::vector<std::vector<float>>>& inputs, int label, GapRun chip,
                    const Decide& decide);
    [[nodiscard]] GapReport report() const { return accumulator_.report(); }

private:
    /// `given`: the network before steps were added.
    GapMeasurement(const Network& network, const Network& given, const std::vector<Network>& variants,
                   PopulationId readout);

    std::size_t populations_;
    PopulationId readout_;
    FloatInterpreter framework_;
    FloatInterpreter reference_;
    std::vector<FloatInterpreter> variants_;
    GapAccumulator accumulator_;
};

}  // namespace spikeloom::compiler
