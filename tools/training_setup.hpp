// What a training needs besides its loop: the network as layers, compiled once for a chip, and a forward pass that puts
// each batch's weights into the image and the image onto the chip instance.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/spec/analog_spec.hpp"
#include "compiler/timed/layer_chain.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_set.hpp"
#include "runtime/analog/training.hpp"

namespace spikeloom::tools {

struct TrainingSetupOptions {
    chip::analog::InstanceOptions instance;
    /// The largest |weight| of each layer, at the start, times this is the largest register; ideal chips: no meaning.
    double headroom = 1;
    int threads = 1;
};

class TrainingSetup {
public:
    /// Compiles. Errors: no coding, not a chain of layers, does not fit the chip.
    [[nodiscard]] static Result<TrainingSetup> create(compiler::TimedNetwork network, const chip::AnalogSpec& chip,
                                                      const TrainingSetupOptions& options);

    /// With the network's weights; most_missing is the caller's to set.
    [[nodiscard]] const std::vector<runtime::TtfsLayer>& layers() const { return layers_; }
    [[nodiscard]] std::shared_ptr<runtime::TtfsForward> forward() const;
    /// The set's samples as spike times of the input channels, in the network's time unit.
    [[nodiscard]] Result<runtime::TimedSamples> samples(const runtime::TimedSet& set) const;
    /// The network with these weights, one vector a layer, and the image of it.
    [[nodiscard]] compiler::TimedNetwork network(const std::vector<std::vector<double>>& weights) const;
    [[nodiscard]] Result<chip::AnalogImage> image(const std::vector<std::vector<double>>& weights) const;
    [[nodiscard]] const Diagnostics& remarks() const { return remarks_; }

private:
    TrainingSetup() = default;

    compiler::TimedNetwork network_;
    compiler::LayerChain chain_;
    chip::AnalogImage image_;
    TrainingSetupOptions options_;
    std::vector<runtime::TtfsLayer> layers_;
    std::uint32_t first_channel_ = 0;
    Diagnostics remarks_;
};

}  // namespace spikeloom::tools
