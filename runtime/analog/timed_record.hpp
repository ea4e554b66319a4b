// What an evaluation on an analog chip gave, as one value: made by eval, kept in an HDF5 file, read again by report,
// printed as text, JSON or an HTML page. The printers are pure functions of it; energy is priced from the counts under
// every cost table of the chip that is kept with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/analog/analog_cost.hpp"
#include "chip/image/analog_image.hpp"
#include "runtime/analog/monte_carlo.hpp"
#include "runtime/analog/timed_evaluation.hpp"

namespace spikeloom::runtime {

struct TimedPopulationRecord {
    std::string name;
    std::uint64_t neurons = 0;
    std::uint64_t spikes = 0;  ///< of all samples
    friend bool operator==(const TimedPopulationRecord&, const TimedPopulationRecord&) = default;
};

struct TimedRecord {
    std::string network;
    chip::AnalogSpec chip;
    std::string set;
    std::string instance;  ///< in words: "chip 7, threshold sigma 5 %"
    std::vector<std::string> options;
    std::string program;
    std::string started_at;
    std::string image_file;
    std::string image_sha256;
    std::string set_sha256;
    std::string network_file;
    std::string network_sha256;
    std::uint64_t seed = 0;
    std::int32_t threads = 1;
    bool interrupted = false;

    double time_unit_s = 1;
    double window_s = 0;
    std::vector<TimedPopulationRecord> populations;
    std::uint32_t output = 0;  ///< population that answers

    std::uint64_t first_sample = 0;
    std::vector<std::int32_t> labels;                 ///< S
    std::vector<std::int32_t> answers;                ///< S; -1: silent
    std::vector<double> decisions_s;                  ///< S; `never`: none
    std::vector<double> first_spikes;                 ///< s, S x output neurons
    std::vector<double> durations_s;                  ///< S; chip time
    chip::analog::AnalogCounts counts;                ///< of all samples
    std::optional<chip::analog::AnalogCounts> whole;  ///< stopped at the first label spike: the same samples, not so
    std::uint64_t changed_answers = 0;                ///< by stopping

    std::vector<InstanceScore> scores;  ///< Monte-Carlo; empty: one chip
    double required_accuracy = 0;       ///< of the yield; 0: none asked for

    std::vector<core::analog::Spike> raster;  ///< of the first samples, times from their own starts
    std::vector<std::uint64_t> raster_begin;  ///< one more than samples in it

    [[nodiscard]] std::uint64_t samples() const { return labels.size(); }
    [[nodiscard]] std::uint64_t correct() const;
    [[nodiscard]] std::uint64_t silent() const;
    [[nodiscard]] std::size_t outputs() const;
    [[nodiscard]] std::uint64_t missing() const;   ///< output neurons without a spike, over all samples
    [[nodiscard]] double mean_decision_s() const;  ///< `never` where no sample has an answer
    friend bool operator==(const TimedRecord&, const TimedRecord&) = default;
};

/// Takes what the evaluation and its image say; who ran it, and where files lay, the caller adds.
[[nodiscard]] TimedRecord make_record(const chip::AnalogImage& image, const chip::TtfsCoding& coding,
                                      std::uint32_t output, const TimedEvaluation& evaluation);

/// The HDF5 file (RECORDING.md), whole or not at all. `spikes`: of every sample, or none.
[[nodiscard]] Result<void> write_record(const TimedRecord& record,
                                        const std::vector<std::vector<core::analog::Spike>>& spikes,
                                        const chip::AnalogImage& image, const std::string& path, bool force);
[[nodiscard]] Result<TimedRecord> read_record(const std::string& path);

[[nodiscard]] std::string record_text(const TimedRecord& record);
[[nodiscard]] std::string record_json(const TimedRecord& record);
/// One self-contained page with inline pictures.
[[nodiscard]] std::string record_html(const TimedRecord& record);

}  // namespace spikeloom::runtime
