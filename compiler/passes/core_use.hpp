// What a set of neurons takes of a core, limit by limit, computed exactly from the synapses that end there, without
// laying them out. The numbers are those that allocate.cpp then realises through chip/image/synapse_size.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_synapses.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// The limits of a core, in the order in which reports name them.
enum class Limit : std::uint8_t {
    compartments,
    input_axons,
    output_axons,
    synapse_words,
    axon_words,
    compartment_profiles,
    threshold_profiles,
    synapse_formats,
    learning_rules,
    plastic_axons,
    axon_types,
};
inline constexpr std::size_t limit_count = 11;

struct LimitInfo {
    Limit limit;
    std::string_view name;
    std::string_view help;
};
[[nodiscard]] const LimitInfo& limit_info(Limit limit);
/// What helps on this chip against the limit.
[[nodiscard]] std::string_view limit_help(Limit limit, const chip::ChipSpec& chip);

struct CoreUse {
    std::array<std::int64_t, limit_count> amounts{};
    int longest_delay = 0;
    std::int64_t splitters = 0;  ///< of the compartments, copies of neurons with several destinations

    [[nodiscard]] std::int64_t& operator[](Limit limit) { return amounts[static_cast<std::size_t>(limit)]; }
    [[nodiscard]] std::int64_t operator[](Limit limit) const { return amounts[static_cast<std::size_t>(limit)]; }
};

/// What the chip offers a core with this use (long delays leave fewer compartments).
[[nodiscard]] std::int64_t room(Limit limit, const CoreUse& use, const chip::ChipSpec& chip);

/// Compartments that a neuron takes: inputs_of its model, more where its reset needs a compartment of its own.
[[nodiscard]] std::int64_t compartments_of(const NeuronRegisters& registers, const chip::NeuronFormat& format);

/// Compartments that a core offers when its longest synaptic delay is `delay`: each takes a power of two of
/// accumulator slots, free_delay + 1 with all compartments in use. (LOIHI facts 1.6; the trade is inferred.)
[[nodiscard]] std::int64_t usable_compartments(const chip::ChipSpec& chip, int delay);

/// The ways in which one core may use the synapse memory (at least one). A synapse format of the hardware names sign,
/// widths, exponent, encoding, index and skip width together; so a core keeps to one index width and one skip width,
/// and to so many encodings that weight formats times encodings stay within the limit. If that leaves one encoding,
/// each is a way of its own.
[[nodiscard]] std::vector<chip::SynapseMemory> core_memories(const chip::SynapseMemory& memory,
                                                             std::int64_t compartments, std::size_t weight_formats,
                                                             int skip_bits);

/// The smallest list of the synapses (one source, ascending targets), in bits, without building it.
class ListMeter {
public:
    /// `learning`: of each format, or empty.
    ListMeter(const chip::SynapseMemory& memory, std::span<const chip::WeightFormat> formats,
              std::span<const FormatLearning> learning = {});

    /// Bits of the list; equal to those that append_smallest yields, format by format.
    [[nodiscard]] std::int64_t bits(std::span<const CoreSynapse> synapses);
    /// Entries of the last list.
    [[nodiscard]] std::int64_t entries() const { return entries_; }
    /// Counts the last list as one that is kept: its pairs of weight format and encoding are in use.
    void keep();
    /// Pairs of weight format and encoding in the lists that were kept.
    [[nodiscard]] std::int64_t formats_in_use() const;

private:
    struct State {
        std::int64_t count = 0, runs = 0, splits = 0, fills = 0, stored = 0;
        std::uint32_t last = 0, run_length = 0, split_start = 0, fill_start = 0;
    };
    void add(State& state, std::uint32_t target) const;
    struct Choice {
        std::int64_t bits = 0;
        std::int64_t entries = 0;
        chip::SynapseEncoding encoding = chip::SynapseEncoding::sparse;
    };
    [[nodiscard]] Choice close(const State& state, std::uint16_t format) const;

    std::span<const chip::WeightFormat> formats_;
    std::span<const FormatLearning> learning_;
    std::vector<State> states_;
    std::vector<std::uint16_t> touched_;       ///< formats of the last list
    std::vector<std::uint8_t> last_, in_use_;  ///< by format: a bit for each encoding
    std::int64_t entries_ = 0;
    int index_bits_ = 0, skip_bits_ = 0, prefix_ = 0;
    std::uint32_t most_ = 60, reach_ = 0;
    bool sparse_ = false, runlength_ = false, dense_ = false;
};

/// Cuts a list that is longer than an axon may hold in halves, until every piece fits (or is one synapse). Appends the
/// pieces, which the meter counts as kept; returns the words of all and raises `longest` to the longest.
std::int64_t cut_list(std::span<const CoreSynapse> list, ListMeter& meter, const chip::SynapseMemory& memory,
                      std::vector<std::span<const CoreSynapse>>& pieces, std::int64_t& longest);

}  // namespace spikeloom::compiler
