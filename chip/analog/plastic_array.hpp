// The synapse array of one running chip as its processors see it: weights, correlation sensors, spike counters and
// membranes, by hemisphere, row and column, brought to the time of each access. Internal to chip/analog: PlasticChip
// runs kernels on it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chip/analog/correlation.hpp"
#include "chip/analog/tables.hpp"
#include "core/analog/engine.hpp"
#include "core/ppu/machine.hpp"

namespace spikeloom::chip::analog {

class PlasticArray {
public:
    /// The chip must have one run and weights that are not frozen.
    PlasticArray(const AnalogChip& chip, const CorrelationParameters& correlation);

    /// Times in s and channels of the image; put on the links' grid, one spike a lane and interval, as AnalogTrial
    /// does.
    void add(std::span<const core::analog::InputSpike> spikes);
    /// Neurons and sensors up to and with what happens at `time`; nothing where that is past.
    void advance(double time);
    [[nodiscard]] double time() const { return engine_.time(); }

    [[nodiscard]] ppu::Bytes weights(std::uint8_t hemisphere, std::uint16_t row) const;
    void set_weights(std::uint8_t hemisphere, std::uint16_t row, const ppu::Bytes& values);
    [[nodiscard]] ppu::Bytes codes(CorrelationKind kind, std::uint8_t hemisphere, std::uint16_t row) const;
    void reset_correlation(std::uint8_t hemisphere, std::uint16_t row);
    /// Spikes since the last reset, 8 bits that saturate; of a joined neuron in all its columns.
    [[nodiscard]] ppu::Bytes rates(std::uint8_t hemisphere) const;
    void reset_rates(std::uint8_t hemisphere);
    /// Membranes of the neurons whose first circuit is in the hemisphere, to their reset potential.
    void reset_neurons(std::uint8_t hemisphere);
    /// CADC codes: leak and threshold of a neuron lie at the description's usual targets. 0 where no neuron is.
    [[nodiscard]] ppu::Bytes membranes(std::uint8_t hemisphere) const;

    /// Of the network's neurons, since clear_spikes(), as time-stamped by the chip.
    [[nodiscard]] std::span<const core::analog::Spike> spikes() const { return spikes_; }
    void clear_spikes() { spikes_.clear(); }
    [[nodiscard]] const core::analog::EngineCounts& counts() const { return engine_.counts(); }

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    [[nodiscard]] std::span<const std::uint32_t> cells_of(std::uint8_t hemisphere, std::uint16_t row) const;
    void index_cells();
    void index_synapses();
    void feed();
    void stamp(std::vector<core::analog::InputSpike>& spikes);

    AnalogChip chip_;  // keeps the tables
    const AnalogChip::Tables& tables_;
    const AnalogRun& run_;
    const RunTables& own_;
    std::vector<std::uint32_t> row_index_;              ///< by hemisphere * rows + row: into cell_at_, or none
    std::vector<std::uint32_t> cell_at_;                ///< by row index * columns + column: cell, or none
    std::vector<std::uint8_t> weight_;                  ///< by cell
    Lists cell_synapses_;                               ///< of the engine, by cell
    std::vector<double> per_lsb_;                       ///< by synapse
    std::vector<std::vector<std::uint32_t>> circuits_;  ///< by net neuron: hemisphere * columns + column
    std::vector<std::uint32_t> neuron_at_;              ///< by circuit: the net's neuron, or none
    CorrelationSensors sensors_;
    core::analog::Engine engine_;
    std::vector<std::uint8_t> rates_;  ///< by circuit
    std::vector<core::analog::InputSpike> pending_;
    std::size_t next_pending_ = 0;
    std::array<std::int64_t, 256> lane_free_{};  ///< by L2 lane: the first slot of the grid that is free
    std::vector<core::analog::Spike> spikes_;
};

}  // namespace spikeloom::chip::analog
