// The results of `spikeloom noc` as text, JSON and picture.
#pragma once

#include <string>
#include <vector>

#include "tools/noc_setup.hpp"

namespace spikeloom::tools {

struct NocBatch {
    router::BatchResult result;
    bool pairs = false;  ///< list them
};
[[nodiscard]] std::string batch_text(const NocSetup& setup, const NocBatch& batch);
[[nodiscard]] std::string batch_json(const NocSetup& setup, const NocBatch& batch);

struct NocSweep {
    router::LoadOptions options;
    std::vector<router::LoadPoint> points;         ///< ascending by rate
    std::optional<router::Saturation> saturation;  ///< its points are the ones above
};
[[nodiscard]] std::string sweep_text(const NocSetup& setup, const NocSweep& sweep);
[[nodiscard]] std::string sweep_json(const NocSetup& setup, const NocSweep& sweep);
/// Latency over load.
[[nodiscard]] std::string sweep_svg(const NocSetup& setup, const NocSweep& sweep);

}  // namespace spikeloom::tools
