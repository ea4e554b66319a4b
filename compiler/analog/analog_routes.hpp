// What every synapse of a run listens to, found from the image alone by following each spike as the chip would: label,
// crossbar node, PADI bus, driver, synapse (BRAINSCALES2_TTFS facts 3). Used by what must not trust the passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chip/image/analog_image.hpp"

namespace spikeloom::compiler::analog {

/// A spike that arrives on a PADI bus.
struct BusArrival {
    std::uint32_t source = 0;  ///< of the network: channels, then neurons; then background sources of the chip
    std::uint8_t row_select = 0;
    std::uint8_t label = 0;
};

class RunRoutes {
public:
    /// Indices of the run lie within the chip.
    RunRoutes(const chip::AnalogImage& image, const chip::AnalogRun& run);

    /// Sources whose spikes reach a synapse of this label in the driver's rows; one that arrives twice is there twice.
    [[nodiscard]] std::vector<std::uint32_t> heard(int hemisphere, int driver, int label) const;
    /// Neuron of the network that a circuit is part of; -1: none.
    [[nodiscard]] std::int64_t neuron_at(int hemisphere, int column) const;
    /// Row mode of a row; disabled where no driver is set.
    [[nodiscard]] chip::RowMode row_mode(int hemisphere, int row) const;
    /// Host sources (by place in run.host_sources) that no node lets in.
    [[nodiscard]] const std::vector<std::size_t>& dropped() const { return dropped_; }
    [[nodiscard]] std::span<const BusArrival> arrivals(int hemisphere, int bus) const;

private:
    struct LabelSource {
        std::uint8_t label = 0;
        std::uint32_t source = 0;
        friend auto operator<=>(const LabelSource&, const LabelSource&) = default;
    };
    [[nodiscard]] bool deliver(const chip::AnalogRun& run, int input, unsigned label, std::uint32_t source);

    const chip::AnalogSpec& chip_;
    std::vector<std::vector<BusArrival>> arrivals_;    ///< [hemisphere][bus]
    std::vector<std::vector<LabelSource>> listeners_;  ///< [hemisphere][driver]: by label, what passes
    std::vector<chip::RowMode> rows_;                  ///< [hemisphere][row]
    std::vector<std::int64_t> neurons_;                ///< [hemisphere][column]
    std::vector<std::size_t> dropped_;
};

}  // namespace spikeloom::compiler::analog
