// AnalogSpec: a chip without a step, as data (schema: analog_spec.proto): an array of neuron circuits and synapses that
// integrate in continuous time, the digital network that carries their spikes, its converters, how much its copies
// differ, and what it costs. `ideal` chips have none of the limits: weights are real numbers, synapses may have delays.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::chip {

struct RealRange {
    double least = 0;
    double most = 0;
    [[nodiscard]] constexpr bool contains(double value) const { return least <= value && value <= most; }
    friend bool operator==(const RealRange&, const RealRange&) = default;
};

/// The synapse array and its drivers (BRAINSCALES2_TTFS facts 3). A hemisphere is a block of rows x columns synapses
/// over one row of neuron circuits, a circuit a column. Driver d feeds rows 2d and 2d + 1 and listens to PADI bus d %
/// buses.
struct AnalogArray {
    int hemispheres = 2;
    int columns = 256;            ///< a hemisphere: synapse columns, and neuron circuits
    int rows = 256;               ///< a hemisphere
    int weight_bits = 6;          ///< unsigned; the sign is the row's
    int label_bits = 6;           ///< a synapse listens to one label
    int drivers = 128;            ///< a hemisphere; each drives rows / drivers rows
    int padi_buses = 4;           ///< a hemisphere
    int row_select_bits = 5;      ///< a driver's address and compare mask
    int neuron_address_bits = 8;  ///< that a circuit's spike can be given
    int joined_circuits = 512;    ///< circuits that can form one neuron
    /// A driver's address is its number on its bus, and only its mask can be set.
    bool fixed_driver_addresses = false;
    /// Signed inputs of one circuit: two rows each.
    [[nodiscard]] constexpr int signed_inputs() const { return rows / 2; }
    [[nodiscard]] constexpr int circuits() const { return hemispheres * columns; }
    [[nodiscard]] constexpr int bus_of(int driver) const { return driver % padi_buses; }
    [[nodiscard]] constexpr int number_on_bus(int driver) const { return driver / padi_buses; }
    [[nodiscard]] constexpr int rows_per_driver() const { return rows / drivers; }
    /// Number of a hemisphere's bus among the crossbar's outputs.
    [[nodiscard]] constexpr int bus_output(int hemisphere, int bus) const { return hemisphere * padi_buses + bus; }
    friend bool operator==(const AnalogArray&, const AnalogArray&) = default;
};

/// What the crossbar connects. Inputs: neuron event outputs, then L2 lanes (from outside), then background sources.
/// Outputs: PADI buses (hemisphere 0's, then 1's), then L2 lanes (to the outside).
struct CrossbarNode {
    int input = 0;
    int output = 0;
    friend auto operator<=>(const CrossbarNode&, const CrossbarNode&) = default;
};
/// A background source sends a spike every period, or with probability rate / (2^rate_bits - 1) a period.
struct BackgroundFormat {
    double clock_hz = 125e6;  ///< in whose cycles the period counts
    int period_bits = 16;
    int rate_bits = 8;
    int random_label_bits = 8;  ///< lowest bits of the label, which can be drawn at random
    friend bool operator==(const BackgroundFormat&, const BackgroundFormat&) = default;
};
struct AnalogCrossbar {
    int neuron_outputs = 8;  ///< column c of either hemisphere leaves through output c / columns_per_output
    int columns_per_output = 32;
    int l2_lanes = 4;  ///< in, and as many out
    int background_sources = 8;
    int label_bits = 14;              ///< of mask and target: a node passes a label where (label & mask) == target
    std::vector<CrossbarNode> nodes;  ///< those that exist, ascending
    BackgroundFormat background;
    [[nodiscard]] constexpr int inputs() const { return neuron_outputs + l2_lanes + background_sources; }
    /// Number of an L2 lane among the inputs, and of a background source.
    [[nodiscard]] constexpr int l2_input(int lane) const { return neuron_outputs + lane; }
    [[nodiscard]] constexpr int background_input(int source) const { return neuron_outputs + l2_lanes + source; }
    [[nodiscard]] bool has_node(const CrossbarNode& node) const;
    friend bool operator==(const AnalogCrossbar&, const AnalogCrossbar&) = default;
};

/// What an analog parameter can be set to. Times in s; potentials in the chip's own unit (CADC LSB).
struct AnalogRanges {
    RealRange tau_mem_s{0.1e-6, 2000e-6};
    RealRange tau_syn_s{0.1e-6, 100e-6};
    RealRange refractory_s{0.1e-6, 0.127};
    RealRange potential_lsb{30, 210};     ///< where the readout is linear
    RealRange capacitance_f{0, 2.2e-12};  ///< of a membrane
    int parameter_bits = 10;              ///< of the cells that hold analog parameters: 0 .. 2^bits - 2
    double parameter_settle_s = 20e-3;    ///< after a change of analog parameters
    int refractory_bits = 8;              ///< counter
    double refractory_clock_hz = 250e6;
    int refractory_prescaler_max = 15;  ///< clock / 2^(k + 1)
    double leak_lsb = 80;               ///< usual targets, between which the network's potentials are laid
    double threshold_lsb = 125;
    double reset_lsb = 70;
    friend bool operator==(const AnalogRanges&, const AnalogRanges&) = default;
};

/// Spikes to and from the outside.
struct AnalogLinks {
    double time_stamp_s = 8e-9;         ///< grid of spikes that enter and leave
    double lane_interval_s = 8e-9;      ///< between two spikes of an L2 lane in one direction
    double host_round_trip_s = 1.3e-6;  ///< from chip to chip, or from run to run where that is between chips
    friend bool operator==(const AnalogLinks&, const AnalogLinks&) = default;
};

/// An analog-digital converter of membranes and correlation sensors.
struct Converter {
    int bits = 8;
    double period_s = 1.7e-6;  ///< least time between two samples of a channel
    int channels = 1024;       ///< sampled at once
    std::int64_t samples = 0;  ///< that one recording holds; 0: no limit
    friend bool operator==(const Converter&, const Converter&) = default;
};

/// What differs from copy to copy. Relative to the parameter (synaptic_weight: of one synapse, weight: of a neuron's
/// synaptic input as a whole) or, for potentials, to threshold - leak.
enum class MismatchOf : std::uint8_t { threshold, leak, reset, tau_mem, tau_syn, weight, synaptic_weight, refractory };
inline constexpr std::array<MismatchOf, 8> mismatch_kinds{
    MismatchOf::threshold, MismatchOf::leak,   MismatchOf::reset,           MismatchOf::tau_mem,
    MismatchOf::tau_syn,   MismatchOf::weight, MismatchOf::synaptic_weight, MismatchOf::refractory};
/// "threshold", "tau_mem", "synaptic_weight".
[[nodiscard]] std::string_view name_of(MismatchOf of);
struct Mismatch {
    MismatchOf of = MismatchOf::threshold;
    Quantity uncalibrated;  ///< standard deviation of the fixed pattern before calibration
    Quantity calibrated;    ///< expected after it; what cannot be calibrated has both equal
    Quantity trial;         ///< standard deviation from trial to trial
    friend bool operator==(const Mismatch&, const Mismatch&) = default;
};

/// Correlation sensors and the embedded processor (PPU).
struct AnalogPlasticity {
    bool present = false;
    int processors = 2;  ///< one a hemisphere
    double clock_hz = 250e6;
    int vector_bytes = 128;  ///< lanes of 8 bits; half as many of 16
    RealRange correlation_tau_s{2e-6, 30e-6};
    RealRange correlation_amplitude{0.2, 2};
    int sensor_bits = 8;
    int rate_counter_bits = 8;
    friend bool operator==(const AnalogPlasticity&, const AnalogPlasticity&) = default;
};

enum class AnalogCostItem : std::uint8_t { input_spike, spike, synaptic_event, output_spike, ppu_vector_instruction };
inline constexpr std::array<AnalogCostItem, 5> analog_cost_items{
    AnalogCostItem::input_spike, AnalogCostItem::spike, AnalogCostItem::synaptic_event, AnalogCostItem::output_spike,
    AnalogCostItem::ppu_vector_instruction};
/// As the schema spells it: "input_spike".
[[nodiscard]] std::string_view name_of(AnalogCostItem item);

struct AnalogEventCost {
    AnalogCostItem item = AnalogCostItem::spike;
    Quantity energy_pj;
    friend bool operator==(const AnalogEventCost&, const AnalogEventCost&) = default;
};
/// Energy of a run = chip_power_mw * duration (the analog core integrates whether it spikes or not) + events.
struct AnalogCostTable {
    std::string name;
    std::string title;
    Quantity chip_power_mw;
    std::vector<AnalogEventCost> events;  ///< ascending by item; what lacks costs nothing beside the power
    /// The item's price, or nullptr.
    [[nodiscard]] const Quantity* find_event(AnalogCostItem item) const;
    friend bool operator==(const AnalogCostTable&, const AnalogCostTable&) = default;
};

struct AnalogSpec {
    std::string name;  ///< "brainscales2"
    std::string title;
    std::string description;
    bool ideal = false;      ///< no array, crossbar, ranges, mismatch, costs: only the equations
    double speed_up = 1000;  ///< biological over physical time
    AnalogArray array;
    AnalogCrossbar crossbar;
    AnalogRanges ranges;
    AnalogLinks links;
    Converter cadc;
    Converter madc{.bits = 10, .period_s = 34e-9, .channels = 2, .samples = 65535};
    std::vector<Mismatch> mismatch;
    AnalogPlasticity plasticity;
    std::vector<AnalogCostTable> costs;  ///< the first is the default
    /// The entry, or nullptr where nothing is said of it.
    [[nodiscard]] const Mismatch* find_mismatch(MismatchOf of) const;
    /// The table of that name, or nullptr.
    [[nodiscard]] const AnalogCostTable* find_costs(const std::string& name) const;
    friend bool operator==(const AnalogSpec&, const AnalogSpec&) = default;
};

/// As chip_spec.hpp's readers: unknown, duplicate, missing and out-of-range fields are errors, all at once, with
/// "origin:line:column".
[[nodiscard]] Result<AnalogSpec> parse_analog_spec(const std::string& text, const std::string& origin);
[[nodiscard]] Result<AnalogSpec> read_analog_spec(const std::string& path);
[[nodiscard]] Diagnostics check_analog_spec(const AnalogSpec& spec);
/// The part of it that execution rests on; texts, mismatch and costs may lack.
[[nodiscard]] Diagnostics check_analog_limits(const AnalogSpec& spec);
/// parse_analog_spec(print_analog_spec(s)) == s.
[[nodiscard]] std::string print_analog_spec(const AnalogSpec& spec);
/// Whether the text describes an analog chip (its top level has the field `time_base: CONTINUOUS`), and so is for
/// parse_analog_spec and not for parse_chip_spec.
[[nodiscard]] bool is_analog_spec(const std::string& text);

}  // namespace spikeloom::chip
