// How a labelled run decides: from the output population's spikes (or membranes) of one sample to a class.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chip/image/image.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"

namespace spikeloom::tools {

enum class Decision : std::uint8_t {
    count,    ///< most spikes; ties: the earliest first spike, then the lower class
    first,    ///< the earliest first spike; ties: most spikes, then the lower class
    voltage,  ///< the highest membrane after the last step; ties: the lower class
};

/// Spike counts and first spikes of the outputs over one sample.
struct OutputSpikes {
    std::vector<std::uint32_t> counts;
    std::vector<std::int32_t> first_steps;  ///< -1: none
    explicit OutputSpikes(std::size_t classes) : counts(classes), first_steps(classes, -1) {}
};

/// The class by count or first spike; -1 where no output spiked.
[[nodiscard]] std::int32_t decide(Decision decision, const OutputSpikes& outputs);

/// Watches the outputs of one population, sample by sample.
class OutputWatch : public runtime::Sink {
public:
    OutputWatch(PopulationId population, std::size_t classes) : population_(population), seen_(classes) {}
    Result<void> on_step(const runtime::StepView& view) override;

    /// What was seen since the last call, in steps from `first_step`.
    [[nodiscard]] OutputSpikes take();
    void begin(Step first_step) { begin_ = first_step; }

private:
    PopulationId population_;
    Step begin_;
    OutputSpikes seen_;
};

}  // namespace spikeloom::tools
