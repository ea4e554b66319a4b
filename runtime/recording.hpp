// The recording of a run: HDF5, written in chunks while the run goes on, so memory doesn't grow with its length.
// /spikes/<population> is SONATA as libsonata, bmtk and NEST read it; probes are SONATA reports; what is ours stands
// in groups of its own (/counters, /cores, /energy, /traffic, /eval, /learning, /provenance). It is written beside the
// final name and renamed when it is closed: nothing half-written stands under the final name. Times, energies and
// counts are summed as the steps come, so that samples and tables need no second reading.
//
// Memory: a dataset that grows (two a population and a cost table, one a probe, one for counters) keeps one chunk of at
// most 256 KiB, or one row, in waiting; sums are one Counters a core. Nothing else grows with the run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/session.hpp"

namespace spikeloom::runtime {

struct RecordingOptions {
    std::string path;                    ///< final name
    bool force = false;                  ///< replace an existing file
    std::vector<std::string> options{};  ///< "key=value", for /provenance
    std::string stimulus{};              ///< file or specification
    std::string stimulus_sha256{};
    std::uint64_t seed = 0;
    int threads = 1;
    bool spikes = true;
    bool learning = true;              ///< false: the run was frozen; for /provenance
    std::uint64_t planned_steps = 0;   ///< for the period of /learning's rows
    std::uint64_t learning_every = 0;  ///< steps from row to row of /learning; 0: some 250 rows in the planned steps
    std::uint64_t snapshot_every = 0;  ///< steps; 0: all weights at the start and the end only
    bool core_steps = false;           ///< every core's counters in every step, under /traffic/core_steps
};

/// How samples enter the chip, for what can be said of throughput.
struct SampleSchedule {
    std::uint32_t input_steps = 0;  ///< of a sample: those in which input may come
    bool feed_forward = false;      ///< no population reaches itself: samples may follow one another like waves
};

/// What one labelled sample gave.
struct SampleOutcome {
    std::int32_t label = 0;
    std::int32_t predicted = -1;  ///< -1: the outputs were silent or tied without a rule
    std::uint32_t steps = 0;
    std::int32_t first_spike_step = -1;        ///< of the winning output, -1 if none
    std::vector<std::uint32_t> output_spikes;  ///< one a class
    std::vector<double> output_values{};  ///< registers, one a class, where voltages decide: the last or the largest
};

class Recorder : public Sink {
public:
    /// The session's probes must stand; it and its image stay where they are until close(). Errors: the name is taken
    /// and `force` is not set, the folder is missing or not writable.
    [[nodiscard]] static Result<std::unique_ptr<Recorder>> create(const RecordingOptions& options,
                                                                  const Session& session);
    /// Without close() before, the unfinished file is removed.
    ~Recorder() override;
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Fails when the disk does; nothing then remains of the file.
    Result<void> on_step(const StepView& view) override;
    Result<void> on_timing(const TimingView& view) override;
    /// Before the first sample.
    void describe_samples(const SampleSchedule& schedule);
    /// The steps since the last sample (or the start) were this sample.
    Result<void> add_sample(const SampleOutcome& outcome);
    /// Extra figures for the report (the quantisation gap), as JSON text under /extra/<name>.
    Result<void> add_document(const std::string& name, const std::string& json);
    /// Totals, energy under every cost table, rename to the final name. Without it, nothing appears there.
    Result<void> close(bool interrupted);

private:
    class State;
    explicit Recorder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The name of a population within the file: '/' would nest groups, "" and "." are no names. Unique over the image.
[[nodiscard]] std::vector<std::string> recorded_names(const chip::Image& image);

}  // namespace spikeloom::runtime
