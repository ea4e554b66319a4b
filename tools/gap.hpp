// The quantisation gap of a labelled run: the float network that the image carries, beside the chip, sample by sample.
#pragma once

#include <functional>
#include <string>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "tools/evaluation.hpp"

namespace spikeloom::tools {

/// The gap as the JSON that the report reads under /extra/gap. Fails where the image carries no network.
[[nodiscard]] Result<std::string> measure_gap(const EvaluationPlan& plan, const chip::Image& image,
                                              const std::function<bool()>& stop,
                                              const std::function<void(double, const std::string&)>& progress);

}  // namespace spikeloom::tools
