// AnalogImage: what is programmed into one or several analog chips (or into one, several times), and the symbol table
// back to the network. The compiler writes it, the emulator (chip/analog) executes it through the chip's own routes. An
// ideal chip has no runs: its image holds the synapses themselves.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/analog_spec.hpp"
#include "core/base/analog_neuron.hpp"

namespace spikeloom::chip {

/// Neurons are numbered over all populations in order; input channels over all inputs.
struct AnalogPopulation {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::uint32_t first_neuron = 0;
    std::uint32_t count = 0;
    friend bool operator==(const AnalogPopulation&, const AnalogPopulation&) = default;
};
struct AnalogInput {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::uint32_t first_channel = 0;
    std::uint32_t count = 0;
    /// s; spikes of every channel in every sample (a bias); empty: the data drive it.
    std::vector<double> constant_times;
    friend bool operator==(const AnalogInput&, const AnalogInput&) = default;
};

/// How values become spike times and spike times an answer (first spike of the output population).
struct TtfsCoding {
    double time_unit_s = 1;  ///< what the authors' unit of time (tau) is in seconds, for reports
    double earliest_s = 0;   ///< value 0 (or 1, if inverted)
    double latest_s = 0;
    bool inverted = false;    ///< large values early: t = earliest + (1 - v)(latest - earliest)
    double silent_below = 0;  ///< values v <= silent_below give no spike (negative: all spike)
    double window_s = 0;      ///< length of a sample
    friend bool operator==(const TtfsCoding&, const TtfsCoding&) = default;
};

/// What a neuron is to be set to, in the network's unit of potential; calibration aims at it. A threshold of `never` is
/// a readout, a refractory time of `never` one spike a sample.
struct NeuronTarget {
    AdEx model;              ///< of a Lif only model.lif counts
    bool adaptive = false;   ///< whether the rest of the model does: AdEx, conductances, two synaptic time constants
    double weight_unit = 1;  ///< what one LSB of a weight adds to I (ideal chips: 1, weights are real)
    friend bool operator==(const NeuronTarget&, const NeuronTarget&) = default;
};

/// A circuit of the array: column of a hemisphere.
struct Circuit {
    std::uint8_t hemisphere = 0;
    std::uint16_t column = 0;
    friend auto operator<=>(const Circuit&, const Circuit&) = default;
};
struct PlacedNeuron {
    std::uint32_t neuron = 0;       ///< of the network
    std::vector<Circuit> circuits;  ///< joined; the first one's comparator and address make the spike
    std::uint8_t address = 0;       ///< bits 0-7 of the spike's label; bits 8-10 are the event output
    friend bool operator==(const PlacedNeuron&, const PlacedNeuron&) = default;
};
enum class RowMode : std::uint8_t { disabled, excitatory, inhibitory };
struct DriverSetting {
    std::uint8_t hemisphere = 0;
    std::uint8_t driver = 0;
    /// Passes a label where (row select & mask) == (address & mask). On chips with fixed_driver_addresses the
    /// driver's number on its bus.
    std::uint8_t address = 0;
    std::uint8_t mask = 0;
    std::array<RowMode, 2> rows{};  ///< of rows 2 driver, 2 driver + 1
    friend bool operator==(const DriverSetting&, const DriverSetting&) = default;
};
struct SynapseCell {
    std::uint8_t hemisphere = 0;
    std::uint16_t row = 0;
    std::uint16_t column = 0;
    std::uint8_t weight = 0;
    std::uint8_t label = 0;  ///< bits 0-5 of the labels that it answers to
    friend bool operator==(const SynapseCell&, const SynapseCell&) = default;
};
struct CrossbarSetting {
    CrossbarNode node;
    std::uint16_t mask = 0;
    std::uint16_t target = 0;
    friend bool operator==(const CrossbarSetting&, const CrossbarSetting&) = default;
};
/// A spike that the host sends into a run: of an input channel, or of a neuron that an earlier run computed. One source
/// may have several (to reach labels on several drivers).
struct HostSource {
    bool is_neuron = false;
    std::uint32_t index = 0;  ///< channel, or neuron of the network
    std::uint8_t lane = 0;    ///< L2 lane
    std::uint16_t label = 0;  ///< 14 bits
    friend bool operator==(const HostSource&, const HostSource&) = default;
};

/// A background source of the chip, running through a trial: a spike at the end of every period, or, `random`, with
/// probability rate / (2^rate_bits - 1) there.
struct BackgroundSetting {
    std::uint8_t source = 0;
    bool random = false;
    std::uint32_t period = 1;  ///< cycles of the chip's background clock, >= 1
    std::uint16_t rate = 0;
    std::uint32_t seed = 1;
    std::uint16_t label = 0;  ///< 14 bits
    std::uint8_t mask = 0;    ///< low bits of the label that are drawn at random
    friend bool operator==(const BackgroundSetting&, const BackgroundSetting&) = default;
};

/// One configuration of one chip.
struct AnalogRun {
    std::vector<PlacedNeuron> neurons;
    std::vector<DriverSetting> drivers;
    std::vector<SynapseCell> cells;  ///< ascending by hemisphere, row, column
    std::vector<CrossbarSetting> crossbar;
    std::vector<HostSource> host_sources;
    std::vector<BackgroundSetting> background;  ///< ascending by source
    friend bool operator==(const AnalogRun&, const AnalogRun&) = default;
};

/// Synapses of an ideal chip: by source (channels, then neurons), as core/analog/net.hpp.
struct IdealSynapses {
    std::vector<std::uint64_t> row_begin;
    std::vector<std::uint32_t> targets;
    std::vector<double> weights;
    std::vector<double> delays;  ///< s; empty: none
    friend bool operator==(const IdealSynapses&, const IdealSynapses&) = default;
};

struct AnalogImage {
    AnalogSpec chip;
    std::string network_name;
    std::vector<AnalogInput> inputs;
    std::vector<AnalogPopulation> populations;
    std::vector<std::uint32_t> outputs;  ///< populations
    std::optional<TtfsCoding> coding;
    std::vector<NeuronTarget> neurons;
    std::vector<AnalogRun> runs;  ///< empty on ideal chips; in the order in which they run
    IdealSynapses synapses;       ///< ideal chips only
    std::string mapping_report;
    Provenance provenance;  ///< as of Image

    /// Of all inputs together; of all populations together.
    [[nodiscard]] std::uint32_t channels() const;
    [[nodiscard]] std::uint32_t neuron_count() const { return static_cast<std::uint32_t>(neurons.size()); }
    friend bool operator==(const AnalogImage&, const AnalogImage&) = default;
};

/// "SPIKELOOM-ANALOG\n", a version, length, message (analog_image.proto), CRC-32. Sizes are never trusted.
[[nodiscard]] Result<void> write_analog_image(const AnalogImage& image, const std::string& path);
[[nodiscard]] Result<AnalogImage> read_analog_image(const std::string& path);
[[nodiscard]] Result<std::string> serialise_analog_image(const AnalogImage& image);
[[nodiscard]] Result<AnalogImage> parse_analog_image(std::string_view bytes, const std::string& origin);
/// The gate before the emulator: indices, ranges of registers, nodes that exist, labels that fit. Empty: sound.
[[nodiscard]] Diagnostics check_analog_image(const AnalogImage& image);

}  // namespace spikeloom::chip
