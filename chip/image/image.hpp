// Image: what is programmed into every core, and the symbol table back to the network's names. The compiler
// writes it, the chip executes it, `inspect` and the verifier read it. On disk it is a stream of Protobuf
// messages, one a core (image_file.hpp), so that no size limit of a single message is met.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"
#include "core/base/ids.hpp"
#include "core/base/neuron_model.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::chip {

/// A run of compartments with equal parameters: one compartment profile and one threshold profile.
struct CompartmentGroup {
    std::uint32_t first = 0;  ///< compartment within the core
    std::uint32_t count = 0;
    std::int32_t current_decay = 4095;    ///< register 0..4095
    std::int32_t voltage_decay = 0;       ///< register 0..4095
    std::int32_t threshold_mantissa = 0;  ///< 0..131071
    std::int32_t refractory = 1;
    bool spikes = true;                      ///< false: threshold never met (a readout that integrates)
    NeuronModel model = NeuronModel::leaky;  ///< one of NeuronFormat::models
    ModelParameters parameters{};

    friend bool operator==(const CompartmentGroup&, const CompartmentGroup&) = default;
};

struct BiasRegister {
    std::int16_t mantissa = 0;
    std::uint8_t exponent = 0;

    friend bool operator==(const BiasRegister&, const BiasRegister&) = default;
};

/// Noise added to u's input or to v (uniform, LOIHI facts 1.1); off by default.
struct NoiseRegister {
    enum class Target : std::uint8_t { off, current, voltage };
    Target target = Target::off;
    int mantissa_offset = 0;
    int exponent = 0;

    friend bool operator==(const NoiseRegister&, const NoiseRegister&) = default;
};

struct Synapse {
    std::uint16_t target = 0;  ///< compartment within the core, less the axon's base
    std::int16_t weight = 0;   ///< mantissa as stored, -256..255
    std::uint8_t delay = 0;    ///< steps beyond the one that every message takes

    friend bool operator==(const Synapse&, const Synapse&) = default;
};

/// One entry of an axon's list in synaptic memory: consecutive synapses, one format, one encoding.
struct SynapseEntry {
    std::uint8_t format = 0;  ///< index into CoreImage::formats
    SynapseEncoding encoding = SynapseEncoding::sparse;
    std::uint8_t index_bits = 10;  ///< sparse: a synapse; runlength, dense: once, the start index
    std::uint8_t skip_bits = 0;    ///< runlength only
    std::uint32_t first = 0;       ///< first synapse in CoreImage::synapses
    std::uint32_t count = 0;       ///< synapses in memory (dense and runlength may hold zero-weight fillers)
    std::uint8_t learning = 0;     ///< 0: the weights stay; n: they follow Image::learning[n - 1]

    friend bool operator==(const SynapseEntry&, const SynapseEntry&) = default;
};

/// An output axon: a spike of the compartment sends one message to axon `axon` of core `core`.
struct OutputAxon {
    CoreId core;
    AxonId axon;

    friend bool operator==(const OutputAxon&, const OutputAxon&) = default;
};

/// An input axon that reads a list which other axons of its core read too.
struct SharedAxon {
    std::uint32_t list = 0;
    std::int32_t base = 0;   ///< added to the targets of the list
    std::uint32_t part = 0;  ///< 0: it reads the whole list; n: what CoreImage::part(n) names of it

    friend bool operator==(const SharedAxon&, const SharedAxon&) = default;
};

struct CoreImage {
    std::uint32_t place = 0;  ///< physical core on the mesh, 0..mesh.cores()-1
    std::uint32_t compartments = 0;
    std::vector<CompartmentGroup> groups;  ///< in order, covering 0..compartments-1
    std::vector<BiasRegister> biases;      ///< one a compartment, or empty: all zero
    /// u before the first step, one a compartment, or empty: all zero. A constant input that passes the synaptic filter
    /// is the bias B and the initial current -B: together they rise as B (1 - (1 - du)^(t + 1)).
    std::vector<std::int32_t> initial_currents;
    int voltage_floor_exponent = 23;   ///< vmin = -2^e + 1, shared by the core
    int voltage_ceiling_exponent = 7;  ///< vmax = 2^(9+2e) - 1, shared by the core
    NoiseRegister noise;
    std::vector<WeightFormat> formats;
    std::vector<std::uint32_t> axon_first_entry;  ///< lists + 1 offsets into entries
    /// Which list each input axon reads. Empty: axon i reads list i, as it stands.
    std::vector<SharedAxon> shared_axons;
    /// Which entries of a list the axons read that don't read all: of part n from part_first[n - 1] on.
    std::vector<std::uint32_t> part_first;    ///< parts + 1 offsets into part_entries, or empty
    std::vector<std::uint32_t> part_entries;  ///< numbers of entries within a list, ascending
    std::vector<SynapseEntry> entries;
    std::vector<Synapse> synapses;
    std::vector<std::uint32_t> output_first;  ///< compartments + 1 offsets into outputs
    std::vector<OutputAxon> outputs;

    [[nodiscard]] std::size_t lists() const { return axon_first_entry.empty() ? 0 : axon_first_entry.size() - 1; }
    [[nodiscard]] std::size_t axons() const { return shared_axons.empty() ? lists() : shared_axons.size(); }
    /// What an axon (below axons()) reads.
    [[nodiscard]] SharedAxon axon(std::size_t index) const {
        return shared_axons.empty() ? SharedAxon{.list = static_cast<std::uint32_t>(index)} : shared_axons[index];
    }
    [[nodiscard]] std::size_t parts() const { return part_first.empty() ? 0 : part_first.size() - 1; }
    /// The numbers of the entries of part n, 1..parts().
    [[nodiscard]] std::span<const std::uint32_t> part(std::uint32_t n) const {
        return std::span(part_entries).subspan(part_first[n - 1], part_first[n] - part_first[n - 1]);
    }
    /// The entries that an axon reads, in order.
    [[nodiscard]] auto entries_of(const SharedAxon& axon) const {
        const std::span<const SynapseEntry> all = entries_in(axon.list);
        const std::span<const std::uint32_t> some = axon.part == 0 ? std::span<const std::uint32_t>() : part(axon.part);
        return std::views::iota(std::size_t{0}, axon.part == 0 ? all.size() : some.size()) |
               std::views::transform([all, some, whole = axon.part == 0](std::size_t i) -> const SynapseEntry& {
                   return all[whole ? i : some[i]];
               });
    }
    /// By its number, below axons().
    [[nodiscard]] auto entries_of(std::size_t index) const { return entries_of(axon(index)); }
    [[nodiscard]] std::span<const SynapseEntry> entries_in(std::size_t list) const {
        return std::span(entries).subspan(axon_first_entry[list], axon_first_entry[list + 1] - axon_first_entry[list]);
    }
    friend bool operator==(const CoreImage&, const CoreImage&) = default;
};

/// A run of a population's neurons in consecutive compartments of one core.
struct PopulationTile {
    CoreId core;
    std::uint32_t first_compartment = 0;
    std::uint32_t first_neuron = 0;
    std::uint32_t count = 0;

    friend bool operator==(const PopulationTile&, const PopulationTile&) = default;
};

struct PopulationSymbol {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::vector<PopulationTile> tiles;  ///< by first_neuron
    bool output = false;                ///< feeds an output of the network
    bool spikes = true;                 ///< false: read out by voltage
    double voltage_per_unit = 1;        ///< v register per unit of the network's membrane variable
    double current_per_unit = 1;        ///< u register per unit of the network's synaptic current
    /// inputs_of the population's model: its neuron i of a tile lies on that many compartments, from
    /// first_compartment + i * compartments_per_neuron on. The first one spikes.
    std::uint32_t compartments_per_neuron = 1;

    /// The first compartment of the tile's i-th neuron, and one past the last of all.
    [[nodiscard]] std::uint32_t compartment(const PopulationTile& tile, std::uint32_t i) const {
        return tile.first_compartment + i * compartments_per_neuron;
    }
    [[nodiscard]] std::uint64_t end(const PopulationTile& tile) const {
        return tile.first_compartment + std::uint64_t{tile.count} * compartments_per_neuron;
    }
    /// Neurons: the product of the shape (which fits, in an image that passes check_image).
    [[nodiscard]] std::uint32_t size() const {
        std::uint32_t n = 1;
        for (std::uint32_t extent : shape) {
            n *= extent;
        }
        return n;
    }
    friend bool operator==(const PopulationSymbol&, const PopulationSymbol&) = default;
};

/// A port where spikes enter from outside: channel c sends to the axons outputs[output_first[c] ..).
struct InputSymbol {
    std::string name;
    std::vector<std::uint32_t> shape;
    std::vector<std::uint32_t> output_first;  ///< channels + 1
    std::vector<OutputAxon> outputs;
    bool graded = false;  ///< the payload of a spike multiplies the weights; else spikes are 1

    [[nodiscard]] std::uint32_t size() const {
        return output_first.empty() ? 0 : static_cast<std::uint32_t>(output_first.size() - 1);
    }
    friend bool operator==(const InputSymbol&, const InputSymbol&) = default;
};

/// Where a third factor comes from that a neuron writes into y1, y2 or y3 at the end of every epoch (Loihi 2).
struct ThirdFactor {
    enum class From : std::uint8_t { nowhere, input, current, voltage };
    From from = From::nowhere;
    /// From::input: channel i of this port writes its payload to neuron i (or to all, if it has one channel).
    std::uint32_t port = 0;
    /// From::current, voltage: the trace is clip(register >> shift), 0 .. the largest trace.
    int shift = 0;
    friend bool operator==(const ThirdFactor&, const ThirdFactor&) = default;
};

/// A reward: a spike on a channel of an input port adds the channel's value (signed, -128..127) to r1.
struct RewardPort {
    std::uint32_t port = 0;
    std::vector<std::int32_t> values;  ///< one a channel of the port
    friend bool operator==(const RewardPort&, const RewardPort&) = default;
};

/// What the synapses of one plastic projection share.
struct LearningProfile {
    std::string projection;  ///< its name in the network
    rules::Rule rule;
    std::optional<RewardPort> reward;
    std::array<ThirdFactor, 3> third_factors{};  ///< for y1, y2, y3; with PostTraces::neuron
    double weight_per_unit = 1;                  ///< network's weight that one unit of the register stands for
    friend bool operator==(const LearningProfile&, const LearningProfile&) = default;
};

/// What quantisation made of one projection, for the report.
struct ProjectionLoss {
    std::string name;
    std::uint64_t weights = 0;   ///< of the float network, zeros and every use of a shared weight included
    std::uint64_t synapses = 0;  ///< non-zero in float
    std::uint64_t zeroed = 0;    ///< non-zero in float, zero on the chip
    std::uint64_t clipped = 0;
    double rms_error = 0;  ///< of the weight, relative to the rms weight
    double max_error = 0;  ///< of the weight, relative to the largest |weight|
    int weight_exponent = 0;
    int weight_bits = 8;

    friend bool operator==(const ProjectionLoss&, const ProjectionLoss&) = default;
};

struct Provenance {
    std::string program;  ///< "spikeloom 0.1.0"
    std::string network_file;
    std::string network_sha256;
    std::vector<std::string> options;  ///< "key=value", as the user gave them
    std::vector<std::string> rules;    ///< how ambiguities of the source were resolved, one sentence each

    friend bool operator==(const Provenance&, const Provenance&) = default;
};

struct Image {
    ChipSpec chip;
    std::string network_name;
    double step_s = 1e-3;  ///< what one algorithmic step means in the network's time, seconds
    std::vector<CoreImage> cores;
    std::vector<PopulationSymbol> populations;
    std::vector<InputSymbol> inputs;
    std::vector<LearningProfile> learning;  ///< at most 255
    std::vector<ProjectionLoss> losses;
    std::string mapping_report;  ///< the compiler's, as text
    std::string source_network;  ///< serialised Network (compiler/network_proto), for the gap; may be empty
    Provenance provenance;

    friend bool operator==(const Image&, const Image&) = default;
};

/// Compartments of a core that its neurons take, with those that only help to reset others.
[[nodiscard]] std::int64_t compartments_taken(const CoreImage& core, const NeuronFormat& neuron);

/// Whether the image is whole: every index in range, registers and formats inside the chip's ranges, groups
/// covering, symbols consistent. Says what is wrong, the first 50 findings of it. The chip executes only images that
/// pass. (How much a core may hold, and whether lists lie in memory as their encoding asks, is the verifier's
/// business.)
[[nodiscard]] Diagnostics check_image(const Image& image);
/// The part of check_image on relative addresses, the first 20 findings of it: of an image whose every index is in
/// range.
[[nodiscard]] Diagnostics check_addresses(const Image& image);

/// Files: magic "SPIKELOOM-IMAGE", version, then length-prefixed Protobuf messages with a checksum each.
/// Reading a truncated, corrupted, foreign or newer file fails with a reason, and never trusts a size from the file.
[[nodiscard]] Result<Image> read_image(const std::string& path);
/// Writes beside the path and renames: nothing half-written under the final name. Refuses an image that check_image
/// finds wrong.
[[nodiscard]] Result<void> write_image(const Image& image, const std::string& path);

}  // namespace spikeloom::chip
