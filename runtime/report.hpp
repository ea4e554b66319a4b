// The report of a recorded run: read from the HDF5 file, kept as a value, printed as text, JSON, or one
// self-contained HTML page with inline SVG. The value carries all that the pages show: reading does the file's
// part, the printers are pure functions of the value. Absent parts of a recording are absent parts of the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chip/cost.hpp"
#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "core/base/counters.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/accuracy_curve.hpp"
#include "runtime/traffic_report.hpp"

namespace spikeloom::runtime {

/// A quantity over samples or steps.
struct Spread {
    std::uint64_t count = 0;
    double least = 0;
    double mean = 0;
    double most = 0;
    double standard_error = 0;  ///< of the mean; 0 below two values
    friend bool operator==(const Spread&, const Spread&) = default;
};

/// counts[i] values lie in [first + i * width, first + (i + 1) * width); the last bin is closed.
struct Histogram {
    double first = 0;
    double width = 0;
    std::vector<std::uint64_t> counts;
    friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// Where the step times of a priced run come from.
enum class TimesFrom : std::uint8_t {
    recording,       ///< the recorder computed them under this table
    same_constants,  ///< recorded; the table's constants of time are those of the recorded one
    core_steps,      ///< computed again, without congestion, from the counters of every core and step
    another_table,   ///< recorded under another table: only a run tells what they would be
};

/// Dynamic energy at one place: a tile, or a chip, by its number on the board.
struct PlaceEnergy {
    std::uint32_t place = 0;
    chip::Estimate energy_pj;
    friend bool operator==(const PlaceEnergy&, const PlaceEnergy&) = default;
};

/// Dynamic energy of one population: what its compartments and their spikes spend, and what arrives at them. How
/// counters of a core that holds several populations are divided: runtime/report/README.md.
struct PopulationEnergy {
    std::string population;
    chip::Estimate updates_pj;   ///< of its compartments
    chip::Estimate spikes_pj;    ///< that they fired, and that the host reads from them
    chip::Estimate messages_pj;  ///< sent by them, and their hops
    chip::Estimate synapses_pj;  ///< messages and synaptic events that they received, inputs from the host
    chip::Estimate learning_pj;
    friend bool operator==(const PopulationEnergy&, const PopulationEnergy&) = default;
};

/// Energy and time of the run under one cost table.
struct PricedRun {
    std::string table;
    std::string title;
    std::vector<chip::ItemEnergy> items;
    chip::Estimate dynamic_pj;
    std::optional<chip::StaticEnergy> static_pj;  ///< over the run; needs the chip description
    double time_ns = 0;                           ///< sum of step times
    double step_time_mean_ns = 0;
    double step_time_max_ns = 0;
    double energy_per_sample_pj = 0;  ///< dynamic, mean; 0 without samples
    double latency_per_sample_ns = 0;
    std::vector<double> core_energy_pj;  ///< dynamic, one a core
    Spread sample_energy_pj;             ///< dynamic, over samples
    Spread sample_latency_ns;
    Histogram step_times_ns;
    std::vector<std::uint64_t> slowest_steps;  ///< one a core: steps in which it was the slowest
    // From the counters, under the table of the chip description (or the other one); empty if that can't be read.
    std::string condition;                       ///< of the table's constants; may be empty
    std::vector<chip::ConstantShare> constants;  ///< dynamic and static, largest part of the spread first
    std::vector<PlaceEnergy> tiles, chips;       ///< dynamic, those in use; hops belong to the sender
    std::vector<PopulationEnergy> populations;   ///< empty where the recording doesn't say which core holds what
    std::vector<double> link_energy_pj;          ///< hops, one a link of the recorded traffic; empty without
    std::vector<chip::CostItem> unpriced;        ///< counted in the run, but the table has no price for it
    // Of a run priced again (Report::repriced).
    TimesFrom times_from = TimesFrom::recording;
    std::size_t against = 0;  ///< index in Report::priced of the table that it is compared with
    std::string time_remark;  ///< one sentence on the times; empty for TimesFrom::recording
    friend bool operator==(const PricedRun&, const PricedRun&) = default;
};

struct PopulationActivity {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::uint64_t neurons = 0;
    std::uint64_t spikes = 0;
    bool output = false;
    bool spiking = true;  ///< false: an integrator, read by voltage
    bool values = false;  ///< its spikes carry values (where spikes were recorded)
    friend bool operator==(const PopulationActivity&, const PopulationActivity&) = default;
};

struct CoreOccupancy {
    std::uint32_t place = 0;  ///< physical core
    std::uint64_t compartments = 0, input_axons = 0, output_axons = 0, synapse_words = 0, synapses = 0;
    std::uint64_t longest_list = 0;  ///< words of an axon's longest synapse list
    std::uint64_t compartment_profiles = 0, threshold_profiles = 0, synapse_formats = 0;
    std::uint64_t learning_rules = 0, plastic_axons = 0;
    Counters counters;
    friend bool operator==(const CoreOccupancy&, const CoreOccupancy&) = default;
};

/// What a core's compartments of one population did.
struct PopulationOnCore {
    std::uint32_t core = 0;        ///< index in Report::cores
    std::uint32_t population = 0;  ///< index in Report::populations
    std::uint64_t neurons = 0;
    std::uint64_t spikes = 0;
    std::uint64_t messages = 0;  ///< sent
    friend bool operator==(const PopulationOnCore&, const PopulationOnCore&) = default;
};

struct RasterSpike {
    double time_ms = 0;
    std::uint32_t neuron = 0;  ///< over all populations, in order
    friend bool operator==(const RasterSpike&, const RasterSpike&) = default;
};

/// A labelled sample within the raster excerpt.
struct RasterSample {
    double start_ms = 0;
    std::int32_t label = 0;
    std::int32_t predicted = -1;
    friend bool operator==(const RasterSample&, const RasterSample&) = default;
};

/// NeuroBench's algorithm figures (ECOSYSTEM facts 4), taken on the chip; the boundaries are in
/// runtime/report/README.md.
struct NeuroBench {
    double footprint_bytes = 0;            ///< synaptic memory words in use
    double footprint_float_bytes = 0;      ///< float32 weights, zeros included
    double connection_sparsity = 0;        ///< zeros over weights, as on the chip
    double connection_sparsity_float = 0;  ///< the same of the float network
    double activation_sparsity = 0;
    double effective_macs = 0;  ///< a sample (a run without samples)
    double effective_acs = 0;
    double dense_operations = 0;
    double membrane_updates = 0;
    friend bool operator==(const NeuroBench&, const NeuroBench&) = default;
};

/// One population in the quantisation gap: spikes of the float reference and of the chip over the same samples.
struct LayerGap {
    std::string population;
    double float_spikes = 0;
    double chip_spikes = 0;
    double mismatched_spikes = -1;        ///< spikes that only one of them has; -1: not measured
    double rate_cosine = -1;              ///< of spike counts by neuron and sample; -1: not measured
    std::int64_t first_divergence = -1;   ///< step within the first sample that diverges, -1 if none
    std::int64_t first_sample = -1;       ///< that sample
    std::int64_t first_neuron = -1;       ///< the least neuron that diverges then
    std::int64_t diverging_samples = -1;  ///< -1: not measured
    friend bool operator==(const LayerGap&, const LayerGap&) = default;
};

/// The float network with one quantisation step switched on.
struct QuantisationStep {
    std::string name;          ///< "weights", "decays", "threshold", ...
    double accuracy = -1;      ///< 0..1, -1 if not measured
    double spike_change = -1;  ///< mismatched spikes over float spikes, -1 if not measured
    friend bool operator==(const QuantisationStep&, const QuantisationStep&) = default;
};

/// What quantisation and the chip's timing did, measured against the float reference (/extra/gap).
struct Gap {
    std::uint64_t samples = 0;
    double float_accuracy = -1;       ///< 0..1, -1 if not measured
    double chip_timed_accuracy = -1;  ///< float, but every message takes a step, as on the chip
    double chip_accuracy = -1;
    double agreement = -1;  ///< samples on which both predict the same
    std::vector<LayerGap> layers;
    std::vector<QuantisationStep> steps;
    std::string largest_step;  ///< the quantisation step that causes most; may be empty
    std::string timing;        ///< of the reference that layers and steps are compared with
    friend bool operator==(const Gap&, const Gap&) = default;
};

/// A probed quantity of a plastic projection over time: at most so many lines and moments, evenly chosen.
struct LearningSeries {
    std::string quantity;            ///< "w", "d", "t", "x1" .. "y3", "r1"
    std::uint64_t recorded = 0;      ///< synapses or neurons in the recording
    std::vector<std::string> lines;  ///< "3 to 7", "neuron 4", "reward"
    std::vector<double> time_ms;
    std::vector<std::vector<double>> values;  ///< by line and moment: registers, of d steps
    friend bool operator==(const LearningSeries&, const LearningSeries&) = default;
};

/// The weights of one target neuron's synapses, at the end, as a picture over its sources.
struct WeightField {
    std::uint32_t target = 0;
    std::vector<std::optional<std::int32_t>> weights;  ///< by source; none: no synapse
    friend bool operator==(const WeightField&, const WeightField&) = default;
};

/// What one plastic projection learned. Weights are registers; weight_per_unit makes them the network's.
struct ProjectionLearning {
    std::string name;
    std::string rule;    ///< "dw = ...", a line a variable
    std::string traces;  ///< "x1: impulse 16, tau 20 steps; ..."
    std::uint32_t epoch = 1;
    double weight_per_unit = 1;
    std::uint64_t synapses = 0;
    std::uint64_t changed = 0;  ///< weights that differ between the first and the last snapshot
    std::int32_t limit_least = 0, limit_most = 0;
    std::uint64_t at_least = 0, at_most = 0;  ///< weights at their limits at the end
    double mean_before = 0, mean_after = 0;
    Histogram before, after;      ///< of weights, in the same bins; empty without snapshots
    std::uint64_t snapshots = 0;  ///< in the recording
    std::vector<double> time_ms, weight_mean, share_at_limits;
    std::vector<LearningSeries> series;
    std::string source, target;              ///< port or population
    std::vector<std::uint32_t> field_shape;  ///< rows, columns of the sources; their product is a field's weights
    std::vector<WeightField> fields;         ///< of a few targets; none where there are too many sources to draw
    friend bool operator==(const ProjectionLearning&, const ProjectionLearning&) = default;
};

struct Report {
    std::string network, chip, program, recorded_at;
    std::vector<std::pair<std::string, std::string>> provenance;
    std::vector<std::string> rules;
    std::vector<std::string> options;
    std::uint64_t steps = 0;
    double step_s = 0;
    bool interrupted = false;
    chip::Mesh mesh;
    chip::SpikeNetwork spike_network;
    chip::CoreLimits limits;
    std::int64_t synapse_words = 0;   ///< limit a core
    std::int64_t words_per_axon = 0;  ///< limit of a list
    std::int64_t synapse_formats = 0;
    std::int64_t learning_rules = 0;
    std::int64_t plastic_axons = 0;
    bool every_limit_recorded = true;       ///< false: nothing is known of lists, profiles and formats
    bool learning_limits_recorded = false;  ///< learning rules and axons with traces are known
    int word_bits = 64;
    std::vector<chip::CostTable> cost_tables;  ///< of the chip description; empty if it can't be read
    std::vector<PopulationActivity> populations;
    bool spikes_recorded = true;
    std::vector<CoreOccupancy> cores;
    Counters totals;
    std::vector<PricedRun> priced;
    std::optional<TrafficReport> traffic;               ///< none: recorded without
    std::vector<PricedRun> repriced;                    ///< under the tables that the reader asked for
    std::vector<chip::CostTable> repriced_tables;       ///< one each
    std::vector<PopulationOnCore> population_on_cores;  ///< empty in older recordings
    // labelled runs
    std::uint64_t samples = 0, correct = 0, silent = 0;
    std::vector<std::vector<std::uint64_t>> confusion;  ///< [label][predicted]
    std::vector<std::uint64_t> silent_by_label;
    double mean_first_spike_step = -1;
    std::vector<double> accuracy_over_run;     ///< of equal parts of the samples, in order; empty for few samples
    std::vector<ProjectionLearning> learning;  ///< one a plastic projection
    bool learning_frozen = false;              ///< the run had learning off
    NeuroBench neurobench;
    std::string gap_json;     ///< the quantisation gap, if it was measured
    std::string curve_json;   ///< accuracy over steps and synaptic events, if it was recorded
    std::string losses_json;  ///< per projection, from the image
    std::optional<Gap> gap;
    std::optional<AccuracyCurves> curve;
    std::vector<chip::ProjectionLoss> losses;
    std::string mapping_report;
    std::vector<RasterSpike> raster;  ///< an excerpt from the start, at most raster_limit spikes
    double raster_end_ms = 0;         ///< every spike before this time is in the excerpt
    std::vector<RasterSample> raster_samples;
    std::vector<std::string> remarks;  ///< what in the recording was absent or did not agree, one sentence each

    friend bool operator==(const Report&, const Report&) = default;
};

/// What a reader wants to be priced again, beside the recorded tables.
struct Repricing {
    std::vector<chip::CostTable> tables;  ///< empty: those of the recording's chip
    std::vector<std::string> settings;    ///< changes to them (chip/spec/cost_settings.hpp)
};

/// Reads a recording. Foreign, truncated and self-contradictory files are refused with the HDF5 paths; parts that a
/// recording may lack are left out with a remark. Settings that name no constant are errors. Memory is bounded whatever
/// the sizes in the file.
[[nodiscard]] Result<Report> read_report(const std::string& recording_path, const Repricing& repricing = {});
/// Tables of at most 100 columns, the headline first.
[[nodiscard]] std::string report_text(const Report& report);
/// The schema is in runtime/report/README.md.
[[nodiscard]] std::string report_json(const Report& report);
/// One page without any outside reference, inline SVG, readable without scripts.
[[nodiscard]] std::string report_html(const Report& report);

}  // namespace spikeloom::runtime
