// What follows from the report's value: figures per inference (or per step, for a run without labels), how full each
// core is and which limit binds, and the sentences that stand over the pictures. Text and page take both from here,
// so they can't disagree.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "chip/cost.hpp"
#include "runtime/report.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

/// What totals are divided by: inferences of a labelled run, else steps. `count` is at least 1.
struct Per {
    std::string noun;    ///< "inference" or "step"
    std::string plural;  ///< "inferences" or "steps"
    double count = 1;
};
[[nodiscard]] Per per(const Report& report);

[[nodiscard]] chip::Estimate scaled(const chip::Estimate& estimate, double factor);
[[nodiscard]] chip::Estimate sum(const chip::StaticEnergy& energy);
[[nodiscard]] chip::Estimate total(const PopulationEnergy& energy);
[[nodiscard]] chip::Estimate dynamic_per(const Report& report, const PricedRun& run);
[[nodiscard]] chip::Estimate static_per(const Report& report, const PricedRun& run);
[[nodiscard]] double time_per(const Report& report, const PricedRun& run);  ///< ns
/// Correct over samples; 0 without samples.
[[nodiscard]] double accuracy(const Report& report);
/// A share and its 95 % Wilson interval; 0 without samples.
[[nodiscard]] chip::Estimate wilson_interval(std::uint64_t correct, std::uint64_t samples);
/// The same of the accuracy.
[[nodiscard]] chip::Estimate accuracy_interval(const Report& report);

enum class Limit : std::uint8_t {
    compartments,
    input_axons,
    output_axons,
    synapse_words,
    longest_list,
    compartment_profiles,
    threshold_profiles,
    synapse_formats,
    learning_rules,
    plastic_axons,
};
/// Those that the recording tells of: the first four, all of an image that learns, all but the last two of another.
[[nodiscard]] std::vector<Limit> recorded_limits(const Report& report);
[[nodiscard]] std::string name(Limit limit);
[[nodiscard]] std::string key(Limit limit);  ///< "input_axons", for JSON
/// "1,546 of 16,384 words (9 %)", plain ASCII.
[[nodiscard]] std::string use_text(const Report& report, const CoreOccupancy& core, Limit limit);
[[nodiscard]] std::uint64_t used(const CoreOccupancy& core, Limit limit);
[[nodiscard]] std::int64_t room(const Report& report, Limit limit);
/// Used over room; 0 if the room is not known.
[[nodiscard]] double utilisation(const Report& report, const CoreOccupancy& core, Limit limit);
/// The limit that the core is closest to.
[[nodiscard]] Limit binding(const Report& report, const CoreOccupancy& core);

[[nodiscard]] std::string name(chip::CostItem item);  ///< "active update"
[[nodiscard]] std::string name(chip::Trust trust);

/// Kinds of event, as the pictures group the cost items.
enum class Kind : std::uint8_t { synapses, updates, spikes, messages, hops, inputs, learning };
inline constexpr std::array<Kind, 7> all_kinds{Kind::synapses, Kind::updates, Kind::spikes,  Kind::messages,
                                               Kind::hops,     Kind::inputs,  Kind::learning};
[[nodiscard]] Kind kind(chip::CostItem item);
[[nodiscard]] std::string name(Kind kind);
[[nodiscard]] chip::Estimate energy_of(const PricedRun& run, Kind kind);  ///< pJ, of the run

/// What a quantisation step of the gap does: "rounding the weights"; other names as they are.
[[nodiscard]] std::string explained(const std::string& step);
/// "sample 3, step 17, neuron 5", "none".
[[nodiscard]] std::string first_divergence(const LayerGap& layer);
/// Accuracies from float to chip, each run with one more thing as the chip has it, and spikes that change.
struct Rung {
    std::string run;
    double accuracy = -1;      ///< -1: not measured
    double spike_change = -1;  ///< against the reference in the chip's timing; -1: not measured
};
[[nodiscard]] std::vector<Rung> ladder(const Gap& gap);

/// Sentences for titles, without a full stop. A part that is absent gives an empty sentence.
[[nodiscard]] std::string accuracy_finding(const Report& report, Script script);
[[nodiscard]] std::string energy_finding(const Report& report, Script script);
/// Which constant the range of energy and static energy comes from, for each table.
[[nodiscard]] std::string spread_finding(const Report& report);
[[nodiscard]] std::string inference_finding(const Report& report, Script script);
[[nodiscard]] std::string chip_finding(const Report& report, Script script);
[[nodiscard]] std::string utilisation_finding(const Report& report, Script script);
[[nodiscard]] std::string time_finding(const Report& report, Script script);
[[nodiscard]] std::string gap_finding(const Report& report, Script script);
[[nodiscard]] std::string curve_finding(const Report& report, Script script);
[[nodiscard]] std::string losses_finding(const Report& report, Script script);
[[nodiscard]] std::string confusion_finding(const Report& report);
[[nodiscard]] std::string raster_finding(const Report& report, Script script);

[[nodiscard]] std::string learning_finding(const Report& report, Script script);
/// "in_e" and the like: what it changed, in one sentence without a full stop.
[[nodiscard]] std::string learning_finding(const ProjectionLearning& learning, Script script);
/// What the learning engine did and what that costs under each table: whole sentences, none without an update.
[[nodiscard]] std::vector<std::string> learning_costs(const Report& report, Script script);
/// "12.0 % of the first 50 samples are right, 83.0 % of the last 50."; "" for few samples.
[[nodiscard]] std::string accuracy_progress(const Report& report, Script script);
/// Whole sentences on weights that stand still or pile up at their limits, and what may help.
[[nodiscard]] std::vector<std::string> learning_warnings(const Report& report, const ProjectionLearning& learning,
                                                         Script script);
/// "weight, register", "trace x1, register", "delay, steps".
[[nodiscard]] std::string quantity_name(const std::string& quantity);

struct Figure {
    std::string name;
    std::string value;
    std::string boundary;  ///< what is counted and what is not
};
/// The NeuroBench table: algorithm figures, then those of the system, each with its boundary.
[[nodiscard]] std::vector<Figure> neurobench_table(const Report& report, Script script);

}  // namespace spikeloom::runtime
