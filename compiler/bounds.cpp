#include "compiler/bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::int64_t shared_out(std::int64_t need, std::int64_t room) {
    return room > 0 ? (need + room - 1) / room : 0;
}

/// What the synapses that end at one neuron say of it.
struct Incoming {
    std::uint32_t sources = 0;  ///< distinct
    std::uint32_t neurons = 0;  ///< of those, the neurons
    std::uint32_t bits = 0;     ///< of synaptic memory that its synapses take at least, saturated
    std::uint8_t longest_delay = 0;
};

/// What the synapses of one node say of it.
struct Outgoing {
    std::uint32_t targets = 0;  ///< distinct
    std::uint32_t synapses = 0;
    std::int64_t bits = 0;         ///< of memory that they take at least
    std::int64_t target_bits = 0;  ///< that all synapses into its targets take at least
};

class Bounder {
public:
    Bounder(const BoundedNetwork& network, const chip::ChipSpec& chip)
        : mapped_(network.mapped),
          table_(network.mapped.table),
          rates_(network.rates),
          chip_(chip),
          neurons_(network.mapped.neurons()),
          incoming_(neurons_),
          outgoing_(network.mapped.nodes()) {
        for (std::size_t f = 0; f < table_.formats.size(); ++f) {
            format_bits_.push_back(synapse_bits(static_cast<std::uint16_t>(f)));
        }
    }

    [[nodiscard]] MappingBounds run();

private:
    [[nodiscard]] std::int64_t synapse_bits(std::uint16_t format) const;
    /// Whether every synapse of a core takes memory of its own.
    [[nodiscard]] bool memory_counts() const {
        return !chip_.synapses.shared_lists && chip_.synapses.crossbar_types == 0;
    }
    void survey_targets();
    [[nodiscard]] std::int64_t least_reach(const Outgoing& node) const;
    void survey_sources();
    [[nodiscard]] double least_fan_in(std::uint32_t Incoming::* degree) const;
    void bound_compartments();
    void bound_profiles();
    void bound_learning();
    void add(Limit limit, std::int64_t need, std::int64_t room) {
        bounds_.cores.push_back({.limit = limit, .need = need, .room = room, .cores = shared_out(need, room)});
    }
    [[nodiscard]] double rate(std::size_t node) const { return rates_.empty() ? 1.0 : rates_[node]; }

    const MappedNetwork& mapped_;
    const FanInTable& table_;
    std::span<const float> rates_;
    const chip::ChipSpec& chip_;
    std::uint32_t neurons_;
    std::vector<std::int64_t> format_bits_;
    std::vector<Incoming> incoming_;
    std::vector<Outgoing> outgoing_;
    // sums over the sources
    std::int64_t axons_ = 0;      ///< messages of all nodes if each spikes once, at least
    std::int64_t outputs_ = 0;    ///< of neurons
    std::int64_t splitters_ = 0;  ///< compartments beyond one that neurons with many messages take
    std::int64_t memory_bits_ = 0;
    double fan_out_messages_ = 0;
    double fan_out_copies_ = 0;
    std::int64_t local_ = 0;  ///< neurons with targets: each saves at most one message by a target on its own core
    MappingBounds bounds_;
};

/// Weight, delay, tag, and what every encoding of the chip takes beside them.
std::int64_t Bounder::synapse_bits(std::uint16_t format) const {
    const chip::SynapseMemory& memory = chip_.synapses;
    const auto narrowest = [](const std::vector<int>& widths) {
        int least = 0;
        for (const int width : widths) {
            least = width > 0 && (least == 0 || width < least) ? width : least;
        }
        return least;
    };
    int least_place = 64;
    for (const chip::SynapseEncoding encoding : memory.encodings) {
        switch (encoding) {
        case chip::SynapseEncoding::sparse:
            least_place = std::min(least_place, narrowest(memory.index_bits));
            break;
        case chip::SynapseEncoding::runlength:
            least_place = std::min(least_place, narrowest(memory.skip_bits));
            break;
        case chip::SynapseEncoding::dense:
            least_place = 0;
            break;
        }
    }
    const chip::WeightFormat& weights = table_.formats[format];
    return weights.weight_bits + weights.delay_bits + table_.learning_of(format).tag_bits +
           (least_place == 64 ? 0 : least_place);
}

void Bounder::survey_targets() {
    for (std::uint32_t neuron = 0; neuron < neurons_; ++neuron) {
        Incoming& target = incoming_[neuron];
        std::int64_t bits = 0;
        table_.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& synapse) {
            bits += format_bits_[synapse.format];
            const auto delay =
                std::max<int>(static_cast<int>(synapse.delay), table_.learning_of(synapse.format).longest_delay);
            target.longest_delay = static_cast<std::uint8_t>(std::max<int>(target.longest_delay, std::min(delay, 255)));
            ++outgoing_[source].synapses;
            outgoing_[source].bits += format_bits_[synapse.format];
        });
        target.bits = static_cast<std::uint32_t>(std::min<std::int64_t>(bits, 0x7fffffff));
        table_.for_each_source(neuron, [&](std::uint32_t source) {
            ++target.sources;
            target.neurons += source < neurons_ ? 1U : 0U;
            ++outgoing_[source].targets;
            outgoing_[source].target_bits += target.bits;
        });
    }
}

/// Cores that hold targets of the node, at least: by their compartments, and by the memory that all synapses of those
/// targets take.
std::int64_t Bounder::least_reach(const Outgoing& node) const {
    const std::int64_t by_room = shared_out(node.targets, chip_.limits.compartments);
    return memory_counts()
               ? std::max(by_room, shared_out(node.target_bits, chip_.synapses.words * chip_.synapses.word_bits))
               : by_room;
}

void Bounder::survey_sources() {
    const chip::SynapseMemory& memory = chip_.synapses;
    for (std::size_t node = 0; node < mapped_.nodes(); ++node) {
        const Outgoing& outgoing = outgoing_[node];
        if (outgoing.synapses == 0) {
            continue;
        }
        const std::int64_t reach = least_reach(outgoing);
        axons_ += reach;
        fan_out_messages_ += rate(node) * static_cast<double>(reach);
        if (node < neurons_) {
            outputs_ += reach;
            ++local_;
            fan_out_copies_ += rate(node) * static_cast<double>(reach - 1);
            if (chip_.limits.destinations_per_compartment > 0) {
                splitters_ += shared_out(reach, chip_.limits.destinations_per_compartment) - 1;
            }
        }
        std::int64_t bits = reach * memory.list_end_bits;
        bits += std::max(reach, shared_out(outgoing.synapses, memory.synapses_per_entry)) *
                (memory.format_id_bits + memory.count_bits);
        memory_bits_ += bits + outgoing.bits;
    }
}

/// A core with a long delay holds fewer compartments: a neuron takes at least what its own longest delay leaves room
/// for, counted in compartments of a core without delays.
void Bounder::bound_compartments() {
    std::map<int, std::int64_t> by_delay;
    for (const Incoming& neuron : incoming_) {
        ++by_delay[neuron.longest_delay];
    }
    const auto room = static_cast<double>(chip_.limits.compartments);
    auto need = static_cast<double>(splitters_);
    for (const auto& [delay, count] : by_delay) {
        const std::int64_t offered = std::max<std::int64_t>(usable_compartments(chip_, delay), 1);
        need += static_cast<double>(count) * (room / static_cast<double>(offered));
    }
    constexpr double rounding = 1e-6;
    add(Limit::compartments, static_cast<std::int64_t>(std::ceil(need - rounding)), chip_.limits.compartments);
}

void Bounder::bound_profiles() {
    const CoreFacts facts = core_facts(mapped_, chip_);
    add(Limit::compartment_profiles, facts.compartment_profiles, chip_.limits.compartment_profiles);
    add(Limit::threshold_profiles, facts.threshold_profiles, chip_.limits.threshold_profiles);
    if (chip_.synapses.crossbar_types > 0) {
        return;  // weights are no formats there
    }
    add(Limit::synapse_formats, std::ranges::count(table_.formats_in_use(), true), chip_.synapses.synapse_formats);
}

void Bounder::bound_learning() {
    if (table_.learning.empty()) {
        return;
    }
    std::array<bool, 256> rules{};
    std::set<std::pair<std::uint32_t, std::uint8_t>> traced;  // sources and rules
    for (std::uint32_t neuron = 0; neuron < neurons_; ++neuron) {
        table_.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& synapse) {
            if (const FormatLearning learning = table_.learning_of(synapse.format); learning.profile > 0) {
                traced.emplace(source, learning.rule);
                rules[learning.rule] = true;
            }
        });
    }
    add(Limit::learning_rules, std::ranges::count(rules, true), chip_.learning.profiles_per_core);
    add(Limit::plastic_axons, static_cast<std::int64_t>(traced.size()), chip_.learning.plastic_axons);
}

MappingBounds Bounder::run() {
    survey_targets();
    survey_sources();
    bound_compartments();
    add(Limit::input_axons, axons_, chip_.limits.input_axons);
    add(Limit::output_axons, outputs_, chip_.limits.output_axons);
    if (memory_counts()) {
        add(Limit::synapse_words, shared_out(memory_bits_, chip_.synapses.word_bits), chip_.synapses.words);
    }
    bound_profiles();
    bound_learning();

    bounds_.messages = {.least = fan_out_messages_, .why = "fan-out"};
    bounds_.copies = {.least = fan_out_copies_, .why = "fan-out"};
    if (rates_.empty()) {
        if (const double fan_in = least_fan_in(&Incoming::sources); fan_in > fan_out_messages_) {
            bounds_.messages = {.least = fan_in, .why = "fan-in"};
        }
        // One message a neuron may go to its own core.
        const double copies = least_fan_in(&Incoming::neurons) - static_cast<double>(local_);
        if (copies > fan_out_copies_) {
            bounds_.copies = {.least = copies, .why = "fan-in"};
        }
    }
    return std::move(bounds_);
}

/// Every core is reached by at least as many sources as its neuron with most. The neurons with at least d of them fill
/// at least so many cores by number and by memory; so many cores are reached by d or more.
double Bounder::least_fan_in(std::uint32_t Incoming::* degree) const {
    std::vector<std::uint32_t> order(incoming_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        const std::uint32_t more = incoming_[a].*degree;
        const std::uint32_t less = incoming_[b].*degree;
        return more != less ? more > less : a < b;
    });
    const std::int64_t memory = chip_.synapses.words * chip_.synapses.word_bits;
    std::int64_t cores = 0;
    std::int64_t bits = 0;
    double sum = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        bits += incoming_[order[i]].bits;
        std::int64_t filled = shared_out(static_cast<std::int64_t>(i) + 1, chip_.limits.compartments);
        if (memory_counts()) {
            filled = std::max(filled, shared_out(bits, memory));
        }
        sum += static_cast<double>(std::max<std::int64_t>(filled - cores, 0)) * (incoming_[order[i]].*degree);
        cores = std::max(cores, filled);
    }
    return sum;
}

}  // namespace

const CoreBound& MappingBounds::decisive() const {
    return *std::ranges::max_element(cores, {}, &CoreBound::cores);
}

MappingBounds mapping_bounds(const BoundedNetwork& network, const chip::ChipSpec& chip) {
    return Bounder(network, chip).run();
}

Traffic measure_traffic(const BoundedNetwork& network, const NeuronOrder& order, std::span<const CorePlan> cores,
                        std::span<const std::uint32_t> core_of) {
    const std::vector<std::uint32_t> position_of = inverse(order.neuron_at);
    Traffic traffic;
    for (std::uint32_t core = 0; core < cores.size(); ++core) {
        for (const AxonSlice& axon : cores[core].axons) {
            const double rate = network.rates.empty() ? 1.0 : network.rates[axon.source];
            const bool copied = axon.source < position_of.size() && core_of[position_of[axon.source]] != core;
            traffic.messages += rate;
            traffic.copies += copied ? rate : 0;
        }
    }
    return traffic;
}

Traffic random_traffic(const BoundedNetwork& network, std::size_t cores) {
    const auto k = static_cast<double>(std::max<std::size_t>(cores, 1));
    std::vector<std::uint32_t> targets_of(network.mapped.nodes(), 0);
    for (std::uint32_t neuron = 0; neuron < network.mapped.neurons(); ++neuron) {
        network.mapped.table.for_each_source(neuron, [&](std::uint32_t source) { ++targets_of[source]; });
    }
    Traffic traffic;
    for (std::size_t node = 0; node < network.mapped.nodes(); ++node) {
        const double targets = targets_of[node];
        const double rate = network.rates.empty() ? 1.0 : network.rates[node];
        traffic.messages += rate * k * (1 - std::pow(1 - 1 / k, targets));
        if (node < network.mapped.neurons()) {
            traffic.copies += rate * (k - 1) * (1 - std::pow(1 - 1 / k, targets));
        }
    }
    return traffic;
}

}  // namespace spikeloom::compiler
