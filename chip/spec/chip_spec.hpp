// ChipSpec: a chip as data. Every limit that can refuse a network, every width that a register has, every cost
// that a report prices is here, read from a text file that a user can write (schema: chip_spec.proto).
// The value is checked when it is read and never changes after.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/base/neuron_model.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/parse.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::chip {

/// Tools of the field disagree on these (LOIHI facts 1.4); each choice has a name, and the spec makes it.
struct Conventions {
    enum class SumOverflow : std::uint8_t { wrap_22_bit, unlimited };  ///< nengo-loihi (default) | lava, brian2
    enum class CurrentOverflow : std::uint8_t {
        wrap_24_bit,
        lava_single_wrap,
        unlimited
    };  ///< nengo (default) | lava | brian2
    enum class VoltageOverflow : std::uint8_t { clip, unlimited };         ///< nengo, lava (default) | brian2
    enum class NegativeMixedWeight : std::uint8_t { floor, toward_zero };  ///< lava (default) | brian2
    /// Whether u + bias wraps to 24 bits before it is added to the decayed voltage: nengo (default) | lava, brian2.
    enum class BiasedCurrentOverflow : std::uint8_t { wrap_24_bit, unlimited };

    SumOverflow sum_overflow = SumOverflow::wrap_22_bit;
    CurrentOverflow current_overflow = CurrentOverflow::wrap_24_bit;
    BiasedCurrentOverflow biased_current_overflow = BiasedCurrentOverflow::wrap_24_bit;
    VoltageOverflow voltage_overflow = VoltageOverflow::clip;
    NegativeMixedWeight negative_mixed_weight = NegativeMixedWeight::floor;

    friend bool operator==(const Conventions&, const Conventions&) = default;
};

struct IntRange {
    std::int64_t least = 0;
    std::int64_t most = 0;

    [[nodiscard]] constexpr bool contains(std::int64_t value) const { return least <= value && value <= most; }
    friend bool operator==(const IntRange&, const IntRange&) = default;
};

/// The widths of the compartment registers.
struct NeuronFormat {
    int state_bits = 24;           ///< u and v, two's complement
    int sum_bits = 22;             ///< the synaptic accumulator, two's complement
    int decay_bits = 12;           ///< decay registers hold 0..2^bits - 1
    int current_decay_offset = 1;  ///< effective du = register + offset
    int voltage_decay_offset = 0;  ///< effective dv = register + offset
    std::int64_t threshold_mantissa_max = 131071;
    int threshold_exponent = 6;  ///< threshold = mantissa * 2^exponent
    IntRange bias_mantissa{-4096, 4095};
    IntRange bias_exponent{0, 7};             ///< bias = mantissa * 2^exponent
    IntRange refractory{1, 63};               ///< R: may fire again R steps after a spike; 1 = no dead step
    IntRange voltage_floor_exponent{0, 23};   ///< vmin = -2^e + 1
    IntRange voltage_ceiling_exponent{0, 7};  ///< vmax = 2^(9 + 2e) - 1
    int refractory_probe_shift = 7;           ///< after a spike the voltage register reads R * 2^shift
    IntRange current_decay{0, 4095};          ///< values that the decay registers may hold
    IntRange voltage_decay{0, 4095};
    std::vector<NeuronModel> models{NeuronModel::leaky};  ///< that a core can run
    /// Compartments that a neuron takes whose reset subtracts the threshold (2 on Loihi 1, LOIHI facts 3.1: a second
    /// compartment inhibits the first); 0: the chip can't.
    int soft_reset_compartments = 0;
    int payload_bits = 0;  ///< of a graded spike, signed, which multiplies the weights; 0: spikes are 1

    friend bool operator==(const NeuronFormat&, const NeuronFormat&) = default;
};

/// The learning engine of a core. Chips without one refuse plastic projections (the other fields are defaults then).
struct LearningFormat {
    bool present = false;
    rules::LearningArithmetic arithmetic;
    rules::RuleLimits rule;
    IntRange epoch{1, 63};              ///< steps
    int profiles_per_core = 3;          ///< learning rules whose synapses one core can hold
    int tag_bits = 9;                   ///< that a synapse with a tag takes in synaptic memory
    std::int64_t plastic_axons = 4096;  ///< input axons with traces (x1, x2), a core
    friend bool operator==(const LearningFormat&, const LearningFormat&) = default;
};

enum class SynapseEncoding : std::uint8_t { sparse, runlength, dense };

/// How synapses are laid down in the core's synaptic memory, and what their fields hold.
struct SynapseMemory {
    std::int64_t words = 16384;  ///< of word_bits each, a core
    int word_bits = 64;
    std::int64_t words_per_axon = 256;
    int synapses_per_entry = 60;                           ///< fillers of dense entries included
    int synapse_formats = 15;                              ///< usable formats a core (format 0 means "no entry")
    std::vector<int> weight_bits{0, 1, 2, 3, 4, 5, 6, 8};  ///< the widths that a format code can name
    IntRange weight_exponent{-8, 7};
    std::vector<int> index_bits{0, 6, 7, 8, 9, 10};
    std::vector<int> skip_bits{2, 3, 4, 5};
    std::vector<int> delay_bits{0, 1, 2, 3, 4, 5, 6};
    int max_delay = 62;  ///< steps, beyond the one that every message takes
    int free_delay = 7;  ///< longest delay with every compartment in use (8 accumulator slots)
    int format_id_bits = 4;
    int count_bits = 6;
    int list_end_bits = 6;  ///< after the last entry of an axon's list, before the list is rounded up to words
    std::vector<SynapseEncoding> encodings{SynapseEncoding::sparse, SynapseEncoding::runlength, SynapseEncoding::dense};
    /// Whether several input axons of a core may read one list, each moved by a compartment of its own (population
    /// axons of Loihi 1, convolution of Loihi 2): the largest base, and what it is a multiple of.
    bool shared_lists = false;
    std::int64_t shared_base_most = 0;
    std::int64_t shared_base_multiple = 1;
    /// Whether an axon may leave out entries of the list that it reads, and be moved to either side: so the sources at
    /// a picture's border share the kernels of those in its middle. Each different choice of entries on a core takes a
    /// bit an entry up to its last, in words.
    bool shared_in_part = false;
    /// A crossbar instead of lists (TrueNorth): axons times neurons bits, and one weight a neuron for each axon type.
    /// An integer weight takes one axon for each of its binary digits (and one for its sign); 0: lists.
    int crossbar_types = 0;

    friend bool operator==(const SynapseMemory&, const SynapseMemory&) = default;
};

struct CoreLimits {
    std::int64_t compartments = 1024;
    std::int64_t input_axons = 4096;
    std::int64_t output_axons = 4096;
    std::int64_t compartment_profiles = 32;
    std::int64_t threshold_profiles = 16;
    std::int64_t update_granularity = 4;  ///< compartments are updated in groups of this many
    /// Messages that a spike of one compartment can send; a neuron with more of them takes a copy of itself (a splitter
    /// without delay) for each further so many. 0: as many as there are output axons.
    std::int64_t destinations_per_compartment = 0;

    friend bool operator==(const CoreLimits&, const CoreLimits&) = default;
};

using Mesh = router::Mesh;

/// How far a number can be trusted.
enum class Trust : std::uint8_t { measured, fitted, simulated, inferred, guessed };

/// What a cost is charged for. Energies in pJ, times in ns, powers in mW.
enum class CostItem : std::uint8_t {
    update_active,
    update_idle,
    spike,
    message_out,
    message_in,
    hop_local,
    hop_ew,
    hop_ns,
    synaptic_event_sparse,
    synaptic_event_runlength,
    synaptic_event_dense,
    input_spike,
    learning_update,
    hop_vertical,
    hop_chip,
    output_spike,
};

inline constexpr std::array<CostItem, 16> cost_items{
    CostItem::update_active,
    CostItem::update_idle,
    CostItem::spike,
    CostItem::message_out,
    CostItem::message_in,
    CostItem::hop_local,
    CostItem::hop_ew,
    CostItem::hop_ns,
    CostItem::synaptic_event_sparse,
    CostItem::synaptic_event_runlength,
    CostItem::synaptic_event_dense,
    CostItem::input_spike,
    CostItem::learning_update,
    CostItem::hop_vertical,
    CostItem::hop_chip,
    CostItem::output_spike,
};

/// Whether a cost table may leave the item out; it then costs nothing.
[[nodiscard]] constexpr bool may_lack(CostItem item) {
    return item >= CostItem::learning_update;
}
/// As the schema spells it: "update_active".
[[nodiscard]] std::string_view name_of(CostItem item);
/// "measured", "fitted", ...
[[nodiscard]] std::string_view name_of(Trust trust);
/// "sparse", "runlength", "dense".
[[nodiscard]] std::string_view name_of(SynapseEncoding encoding);

/// One constant with its provenance; low and high bound it where it is known to vary (equal to value if not).
struct Quantity {
    double value = 0;
    double low = 0;
    double high = 0;
    std::string source;
    Trust trust = Trust::guessed;

    friend bool operator==(const Quantity&, const Quantity&) = default;
};

struct EventCost {
    CostItem item = CostItem::update_active;
    Quantity energy_pj;
    Quantity time_ns;

    friend bool operator==(const EventCost&, const EventCost&) = default;
};

/// The mesh-wide barrier: a step function of the number of tiles in use. A point's time holds from its number of
/// tiles on, until the next point's; the first point is at one tile.
struct BarrierPoint {
    int tiles = 1;
    Quantity time_ns;

    friend bool operator==(const BarrierPoint&, const BarrierPoint&) = default;
};

/// What the barrier takes besides, by number of chips in use: a step function like BarrierPoint's.
struct ChipBarrierPoint {
    int chips = 1;
    Quantity time_ns;

    friend bool operator==(const ChipBarrierPoint&, const ChipBarrierPoint&) = default;
};

struct CostTable {
    std::string name;               ///< "davies2018", "silicon"
    std::string title;              ///< one line for a report
    std::vector<EventCost> events;  ///< by CostItem, in its order; those from learning_update on may lack
    std::vector<BarrierPoint> barrier;
    std::vector<ChipBarrierPoint> chip_barrier{};  ///< added to `barrier`; empty: nothing
    Quantity static_power_core_mw;                 ///< leakage and clock, a core in use
    Quantity static_power_chip_mw;                 ///< what the chip draws besides its cores
    Quantity host_power_mw;                        ///< embedded processors, while they run
    std::string condition{};  ///< under which the figures hold: process, silicon or not; may be empty
    double voltage_v = 0;     ///< supply that they hold at; 0: not known

    /// The item's cost; an event that costs nothing where `events` lacks it.
    [[nodiscard]] const EventCost& event(CostItem item) const;
    [[nodiscard]] bool prices(CostItem item) const;  ///< whether `events` has it
    friend bool operator==(const CostTable&, const CostTable&) = default;
};

/// The spike network between the cores of the mesh.
struct SpikeNetwork {
    router::NetworkParameters parameters;
    Quantity cycle_ns{.value = 1, .low = 1, .high = 1, .source = {}};  ///< of the parameters' cycles
    int address_range = 0;  ///< tiles that a relative address reaches in each direction; 0: absolute addresses

    friend bool operator==(const SpikeNetwork&, const SpikeNetwork&) = default;
};

struct ChipSpec {
    std::string name;   ///< "loihi1"
    std::string title;  ///< one line for `spikeloom chips`
    std::string description;
    Mesh mesh;
    SpikeNetwork network;
    CoreLimits limits;
    NeuronFormat neuron;
    SynapseMemory synapses;
    LearningFormat learning;
    Conventions conventions;
    std::vector<CostTable> costs;  ///< at least one; the first is the default

    /// The table of that name, or nullptr.
    [[nodiscard]] const CostTable* find_costs(const std::string& name) const;
    friend bool operator==(const ChipSpec&, const ChipSpec&) = default;
};

/// Reads a chip description. Unknown, duplicate, missing and out-of-range fields are errors, all reported at once
/// as "origin:line:column".
[[nodiscard]] Result<ChipSpec> parse_chip_spec(const std::string& text, const std::string& origin);
[[nodiscard]] Result<ChipSpec> read_chip_spec(const std::string& path);
/// Reads a file of cost tables alone (schema: CostTablesProto), in the order in which they stand; at least one. The
/// same checks as on a chip's tables, but that a price for learning may lack: no chip is known here that would need it.
/// Of a whole chip description, its tables.
[[nodiscard]] Result<std::vector<CostTable>> parse_cost_tables(const std::string& text, const std::string& origin);
[[nodiscard]] Result<std::vector<CostTable>> read_cost_tables(const std::string& path);
/// The same checks on a value: what parse_chip_spec would say of its text, with places like "chip 'loihi1': mesh.rows".
[[nodiscard]] Diagnostics check_chip_spec(const ChipSpec& spec);
/// The part of them that execution rests on: mesh, limits, registers, synapse memory. Texts and costs may lack.
[[nodiscard]] Diagnostics check_chip_limits(const ChipSpec& spec);
/// The text form, canonical: parse_chip_spec(print_chip_spec(s)) == s.
[[nodiscard]] std::string print_chip_spec(const ChipSpec& spec);

}  // namespace spikeloom::chip
