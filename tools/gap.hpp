// The quantisation gap of a labelled run: the float network that the image carries, beside the chip, sample by sample.
#pragma once

#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/reference/gap.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/session.hpp"

namespace spikeloom::tools {

/// Watches an evaluation as a sink, and runs the float networks on every finished sample.
class GapWatch : public runtime::Sink {
public:
    /// `image`, `set` and `options` outlive the watch. Fails where the image carries no network.
    [[nodiscard]] static Result<GapWatch> create(const chip::Image& image, const runtime::LabelledSet& set,
                                                 const runtime::EvaluationOptions& options);

    Result<void> on_step(const runtime::StepView& view) override;
    /// After a sample: compares, and makes ready for the next one.
    void sample_done(std::uint64_t sample, const runtime::SampleOutcome& outcome);

    [[nodiscard]] compiler::GapReport report() const { return measurement_.report(); }

private:
    GapWatch(const runtime::LabelledSet& set, const runtime::EvaluationOptions& options, PopulationId output,
             std::size_t populations, std::uint32_t outputs, runtime::Decision decision,
             compiler::GapMeasurement measurement);

    /// Every input port's values, [step][port][channel].
    [[nodiscard]] std::vector<std::vector<std::vector<float>>> inputs(std::uint64_t sample) const;
    [[nodiscard]] int decide(const compiler::FloatRun& run) const;

    const runtime::LabelledSet* set_;
    const runtime::EvaluationOptions* options_;
    PopulationId output_;
    std::uint32_t outputs_;  ///< neurons of the output population
    runtime::Decision decision_;
    compiler::GapMeasurement measurement_;
    compiler::SpikeTrains trains_;  ///< of the sample in work
    std::uint32_t step_ = 0;        ///< of the sample in work
};

}  // namespace spikeloom::tools
