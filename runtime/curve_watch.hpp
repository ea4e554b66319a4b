// The accuracy curve of a session under evaluation (accuracy_curve.hpp): a sink that is told the end of every sample.
#pragma once

#include "runtime/accuracy_curve.hpp"
#include "runtime/session.hpp"

namespace spikeloom::runtime {

class CurveWatch : public Sink {
public:
    /// `session` outlives it; the decision is settled.
    CurveWatch(const Session& session, PopulationId output, Decision decision);

    Result<void> on_step(const StepView& view) override;
    void end_sample(std::int32_t label) { collector_.end_sample(label); }
    [[nodiscard]] AccuracyCurve curve() const { return collector_.curve(); }

private:
    const Session* session_;
    PopulationId output_;
    std::uint32_t size_;
    bool by_voltage_;
    CurveCollector collector_;
};

}  // namespace spikeloom::runtime
