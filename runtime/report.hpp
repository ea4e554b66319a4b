// The report of a recorded run: read from the HDF5 file, kept as a value, printed as text, JSON, or one
// self-contained HTML page with inline SVG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/cost.hpp"
#include "chip/spec/chip_spec.hpp"
#include "core/base/counters.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

/// Energy and time of the run under one cost table.
struct PricedRun {
    std::string table;
    std::string title;
    std::vector<chip::ItemEnergy> items;
    chip::Estimate dynamic_pj;
    chip::StaticEnergy static_pj;
    double time_ns = 0;  ///< sum of step times
    double step_time_mean_ns = 0;
    double step_time_max_ns = 0;
    double energy_per_sample_pj = 0;  ///< dynamic; 0 without samples
    double latency_per_sample_ns = 0;
    std::vector<double> core_energy_pj;  ///< dynamic, one a core
};

struct PopulationActivity {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::uint64_t neurons = 0;
    std::uint64_t spikes = 0;
    bool output = false;
};

struct CoreOccupancy {
    std::uint32_t place = 0;  ///< physical core
    std::uint64_t compartments = 0, input_axons = 0, output_axons = 0, synapse_words = 0;
    Counters counters;
};

struct RasterSpike {
    double time_ms = 0;
    std::uint32_t neuron = 0;  ///< over all populations, in order
};

/// NeuroBench's algorithm figures (ECOSYSTEM facts 4).
struct NeuroBench {
    double footprint_bytes = 0;
    double connection_sparsity = 0;
    double activation_sparsity = 0;
    double effective_macs = 0;  ///< a sample
    double effective_acs = 0;
    double dense_operations = 0;
    double membrane_updates = 0;
};

struct Report {
    std::string network, chip, program, recorded_at;
    std::vector<std::pair<std::string, std::string>> provenance;
    std::vector<std::string> rules;
    std::uint64_t steps = 0;
    double step_s = 0;
    bool interrupted = false;
    chip::Mesh mesh;
    chip::CoreLimits limits;
    std::int64_t synapse_words = 0;  ///< limit a core
    std::vector<PopulationActivity> populations;
    std::vector<CoreOccupancy> cores;
    Counters totals;
    std::vector<PricedRun> priced;
    // labelled runs
    std::uint64_t samples = 0, correct = 0, silent = 0;
    std::vector<std::vector<std::uint64_t>> confusion;  ///< [label][predicted]
    double mean_first_spike_step = -1;
    NeuroBench neurobench;
    std::string gap_json;             ///< the quantisation gap, if it was measured
    std::string losses_json;          ///< per projection, from the image
    std::vector<RasterSpike> raster;  ///< an excerpt from the start
};

[[nodiscard]] Result<Report> read_report(const std::string& recording_path);
[[nodiscard]] std::string report_text(const Report& report);
[[nodiscard]] std::string report_json(const Report& report);
[[nodiscard]] std::string report_html(const Report& report);

}  // namespace spikeloom::runtime
