// A labelled set through an image: every sample from the same initial state, one decision each. The plan is checked
// once (channels, labels, outputs), then samples run one after the other on one time axis.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/ids.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"
#include "runtime/stimulus.hpp"
#include "tools/decision.hpp"

namespace spikeloom::tools {

struct EvaluationPlan {
    runtime::LabelledSet set;
    std::size_t samples = 0;  ///< the first so many of the set
    runtime::EncoderOptions encoder;
    Decision decision = Decision::count;
    PopulationId output;
};

/// Everything in which set, encoder and image do not go together. Empty: the plan can run.
[[nodiscard]] Diagnostics check_plan(const EvaluationPlan& plan, const chip::Image& image);

/// The output population: by name, or the only one that feeds an output of the network.
[[nodiscard]] Result<PopulationId> find_output(const chip::Image& image, const std::string& name);

/// Runs the samples; ends early, and without the sample in work, when `stop` returns true. Returns samples done.
[[nodiscard]] Result<std::size_t> evaluate(const EvaluationPlan& plan, runtime::Session& session,
                                           runtime::Recorder& recorder, const std::function<bool()>& stop,
                                           const std::function<void(std::size_t done)>& progress);

}  // namespace spikeloom::tools
