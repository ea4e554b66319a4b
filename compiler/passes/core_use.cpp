#include "compiler/passes/core_use.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "chip/image/synapse_size.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::array<LimitInfo, limit_count> limits{{
    {Limit::compartments, "compartments", "shorter delays, or a smaller population"},
    {Limit::input_axons, "input axons", "fewer distinct sources per core: sparser or more local connections"},
    {Limit::output_axons, "output axons", "connections that reach fewer cores, or a split of the fan-out"},
    {Limit::synapse_words, "words of synaptic memory", "fewer weight bits (--weight-bits), or pruned weights"},
    {Limit::axon_words, "words of one axon's list", "fewer weight bits (--weight-bits), or pruned weights"},
    {Limit::compartment_profiles, "compartment profiles",
     "fewer distinct time constants (--merge-decays gives near ones a common value) or refractory times"},
    {Limit::threshold_profiles, "threshold profiles", "fewer distinct thresholds"},
    {Limit::synapse_formats, "synapse formats", "fewer projections with different weight ranges into one population"},
    {Limit::learning_rules, "learning rules",
     "fewer different rules, rewards or third factors on plastic projections into one population, or a copy of it"},
    {Limit::plastic_axons, "input axons with traces", "fewer plastic sources per core: sparser plastic connections"},
    {Limit::axon_types, "axon types (binary digits of one neuron's weights)",
     "fewer weight bits (--weight-bits), or one range of weights for all projections into a population"},
}};

int narrowest_index(const std::vector<int>& widths, std::int64_t highest) {
    int best = std::numeric_limits<int>::max();
    int widest = 0;
    for (const int width : widths) {
        widest = std::max(widest, width);
        if (width > 0 && highest < (std::int64_t{1} << width)) {
            best = std::min(best, width);
        }
    }
    return best == std::numeric_limits<int>::max() ? widest : best;
}

}  // namespace

const LimitInfo& limit_info(Limit limit) {
    return limits[static_cast<std::size_t>(limit)];
}

std::string_view limit_help(Limit limit, const chip::ChipSpec& chip) {
    if (limit == Limit::input_axons && chip.synapses.crossbar_types > 0) {
        return "fewer weight bits (--weight-bits: an axon for each binary digit of a source's weights), fewer sources "
               "or "
               "delays a neuron";
    }
    if (limit == Limit::compartments && chip.limits.destinations_per_compartment > 0) {
        return "connections that reach fewer cores, or fewer weight bits (--weight-bits): a neuron takes a copy of "
               "itself "
               "for every axon that it reaches";
    }
    return limit_info(limit).help;
}

std::int64_t compartments_of(const NeuronRegisters& registers, const chip::NeuronFormat& format) {
    const std::int64_t inputs = inputs_of(registers.model);
    return registers.parameters.soft_reset ? std::max<std::int64_t>(inputs, format.soft_reset_compartments) : inputs;
}

std::int64_t usable_compartments(const chip::ChipSpec& chip, int delay) {
    const auto free = static_cast<std::int64_t>(std::bit_ceil(static_cast<unsigned>(chip.synapses.free_delay) + 1U));
    const auto slots = static_cast<std::int64_t>(std::bit_ceil(static_cast<unsigned>(delay) + 1U));
    return slots <= free ? chip.limits.compartments : chip.limits.compartments * free / slots;
}

std::int64_t room(Limit limit, const CoreUse& use, const chip::ChipSpec& chip) {
    switch (limit) {
    case Limit::compartments:
        return usable_compartments(chip, use.longest_delay);
    case Limit::input_axons:
        return chip.limits.input_axons;
    case Limit::output_axons:
        return chip.limits.output_axons;
    case Limit::synapse_words:
        return chip.synapses.words;
    case Limit::axon_words:
        return chip.synapses.words_per_axon;
    case Limit::compartment_profiles:
        return chip.limits.compartment_profiles;
    case Limit::threshold_profiles:
        return chip.limits.threshold_profiles;
    case Limit::synapse_formats:
        return chip.synapses.synapse_formats;
    case Limit::learning_rules:
        return chip.learning.present ? chip.learning.profiles_per_core : 0;
    case Limit::plastic_axons:
        return chip.learning.present ? chip.learning.plastic_axons : 0;
    case Limit::axon_types:
        return chip.synapses.crossbar_types;
    }
    return 0;
}

std::vector<chip::SynapseMemory> core_memories(const chip::SynapseMemory& memory, std::int64_t compartments,
                                               std::size_t weight_formats, int skip_bits) {
    chip::SynapseMemory whole = memory;
    whole.index_bits = {narrowest_index(memory.index_bits, compartments - 1)};
    whole.skip_bits = skip_bits > 0 ? std::vector<int>{skip_bits} : std::vector<int>{};
    if (skip_bits <= 0 && whole.encodings.size() > 1) {
        std::erase(whole.encodings, chip::SynapseEncoding::runlength);
    }
    const auto allowed = static_cast<std::size_t>(std::max(memory.synapse_formats, 1));
    const auto fits = [&](std::size_t encodings) { return weight_formats * encodings <= allowed; };
    if (fits(whole.encodings.size())) {
        return {whole};
    }
    std::vector<chip::SynapseMemory> ways;
    const auto add_way = [&](const std::vector<chip::SynapseEncoding>& encodings) {
        ways.push_back(whole);
        ways.back().encodings = encodings;
    };
    for (std::size_t a = 0; a < whole.encodings.size(); ++a) {
        if (!fits(2)) {
            add_way({whole.encodings[a]});
        }
        for (std::size_t b = a + 1; fits(2) && b < whole.encodings.size(); ++b) {
            add_way({whole.encodings[a], whole.encodings[b]});
        }
    }
    return ways;
}

ListMeter::ListMeter(const chip::SynapseMemory& memory, std::span<const chip::WeightFormat> formats,
                     std::span<const FormatLearning> learning)
    : formats_(formats),
      learning_(learning),
      states_(formats.size()),
      last_(formats.size(), 0),
      in_use_(formats.size(), 0) {
    index_bits_ = memory.index_bits.front();
    skip_bits_ = memory.skip_bits.empty() ? 0 : memory.skip_bits.front();
    prefix_ = memory.format_id_bits + memory.count_bits;
    most_ = static_cast<std::uint32_t>(std::max(memory.synapses_per_entry, 1));
    reach_ = (1U << static_cast<unsigned>(skip_bits_)) - 1U;
    for (const chip::SynapseEncoding encoding : memory.encodings) {
        sparse_ = sparse_ || encoding == chip::SynapseEncoding::sparse;
        runlength_ = runlength_ || (encoding == chip::SynapseEncoding::runlength && skip_bits_ > 0);
        dense_ = dense_ || encoding == chip::SynapseEncoding::dense;
    }
}

void ListMeter::add(State& state, std::uint32_t target) const {
    const bool first = state.count++ == 0;
    const std::uint32_t distance = target - state.last;
    if (first || distance < 1 || distance > reach_ || state.run_length >= most_) {
        ++state.runs;
        state.run_length = 0;
    }
    ++state.run_length;
    if (first || distance != 1 || target - state.split_start >= most_) {
        ++state.splits;
        state.split_start = target;
    }
    if (first || distance < 1 || distance > most_ || target - state.fill_start >= most_) {
        ++state.fills;
        ++state.stored;
        state.fill_start = target;
    } else {
        state.stored += distance;
    }
    state.last = target;
}

ListMeter::Choice ListMeter::close(const State& state, std::uint16_t format) const {
    const FormatLearning learning = learning_.empty() ? FormatLearning{} : learning_[format];
    const std::int64_t value = formats_[format].weight_bits + formats_[format].delay_bits + learning.tag_bits;
    Choice best{.bits = std::numeric_limits<std::int64_t>::max()};
    const auto offer = [&](bool allowed, chip::SynapseEncoding encoding, std::int64_t entries, std::int64_t bits) {
        if (allowed && bits < best.bits) {
            best = {.bits = bits, .entries = entries, .encoding = encoding};
        }
    };
    const std::int64_t start = prefix_ + index_bits_;
    const std::int64_t full = (state.count + most_ - 1) / most_;
    using enum chip::SynapseEncoding;
    offer(sparse_, sparse, full, full * prefix_ + state.count * (value + index_bits_));
    offer(runlength_, runlength, state.runs, state.runs * start + state.count * (value + skip_bits_));
    offer(dense_, dense, state.splits, state.splits * start + state.count * value);
    offer(dense_ && learning.profile == 0, dense, state.fills, state.fills * start + state.stored * value);
    return best;
}

std::int64_t ListMeter::bits(std::span<const CoreSynapse> synapses) {
    for (const std::uint16_t format : touched_) {
        last_[format] = 0;
    }
    touched_.clear();
    for (const CoreSynapse& synapse : synapses) {
        State& state = states_[synapse.format];
        if (state.count == 0) {
            touched_.push_back(synapse.format);
        }
        add(state, synapse.target);
    }
    std::int64_t total = 0;
    entries_ = 0;
    for (const std::uint16_t format : touched_) {
        const Choice choice = close(states_[format], format);
        total += choice.bits;
        entries_ += choice.entries;
        last_[format] = static_cast<std::uint8_t>(1U << static_cast<unsigned>(choice.encoding));
        states_[format] = {};
    }
    return total;
}

void ListMeter::keep() {
    for (const std::uint16_t format : touched_) {
        in_use_[format] |= last_[format];
    }
}

std::int64_t ListMeter::formats_in_use() const {
    std::int64_t count = 0;
    for (const std::uint8_t encodings : in_use_) {
        count += std::popcount(encodings);
    }
    return count;
}

std::int64_t cut_list(std::span<const CoreSynapse> list, ListMeter& meter, const chip::SynapseMemory& memory,
                      std::vector<std::span<const CoreSynapse>>& pieces, std::int64_t& longest) {
    const std::int64_t words = chip::list_words(meter.bits(list), memory);
    if (words <= memory.words_per_axon || list.size() <= 1) {
        meter.keep();
        pieces.push_back(list);
        longest = std::max(longest, words);
        return words;
    }
    const std::size_t half = list.size() / 2;
    return cut_list(list.first(half), meter, memory, pieces, longest) +
           cut_list(list.subspan(half), meter, memory, pieces, longest);
}

}  // namespace spikeloom::compiler
