#include "compiler/bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "compiler/memory_bounds.hpp"

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
    std::uint32_t synapses = 0;
    std::int64_t compartments = 0;  ///< of its distinct targets
    std::int64_t target_bits = 0;   ///< that all synapses into its targets take at least
};

class Bounder {
public:
    Bounder(const BoundedNetwork& network, const chip::ChipSpec& chip)
        : mapped_(network.mapped),
          table_(network.mapped.table),
          rates_(network.rates),
          chip_(chip),
          neurons_(network.mapped.neurons()),
          facts_(core_facts(network.mapped, chip)),
          format_bits_(least_bits(table_, chip.synapses).synapse),
          incoming_(neurons_),
          outgoing_(network.mapped.nodes()) {
        if (crossbar()) {
            rows_ = least_rows(mapped_, facts_, chip_);
        }
    }

    [[nodiscard]] MappingBounds run();

private:
    [[nodiscard]] bool crossbar() const { return chip_.synapses.crossbar_types > 0; }
    /// Whether every synapse of a core takes memory of its own.
    [[nodiscard]] bool memory_counts() const { return !chip_.synapses.shared_lists && !crossbar(); }
    /// Compartments of a neuron, with the copies that it needs at least.
    [[nodiscard]] std::int64_t compartments(std::uint32_t neuron) const {
        return crossbar() ? rows_.compartments[neuron] : facts_.compartments[neuron];
    }
    void survey_targets();
    [[nodiscard]] std::int64_t least_reach(const Outgoing& node) const;
    void survey_sources();
    [[nodiscard]] double least_fan_in(std::uint32_t Incoming::* degree) const;
    void bound_compartments();
    void bound_axons_and_memory();
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
    CoreFacts facts_;
    std::vector<std::int64_t> format_bits_;  ///< that a synapse takes at least
    LeastRows rows_;                         ///< on a crossbar
    std::vector<std::int64_t> copies_;       ///< of a neuron, itself included, that its messages ask for at least
    std::vector<Incoming> incoming_;
    std::vector<Outgoing> outgoing_;
    // sums over the sources
    std::int64_t axons_ = 0;    ///< messages of all nodes if each spikes once, at least
    std::int64_t outputs_ = 0;  ///< of neurons
    std::int64_t words_ = 0;    ///< of synaptic memory
    double fan_out_messages_ = 0;
    double fan_out_copies_ = 0;
    std::int64_t local_ = 0;  ///< neurons with targets: each saves at most one message by a target on its own core
    MappingBounds bounds_;
};

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
        });
        target.bits = static_cast<std::uint32_t>(std::min<std::int64_t>(bits, 0x7fffffff));
        table_.for_each_source(neuron, [&](std::uint32_t source) {
            ++target.sources;
            target.neurons += source < neurons_ ? 1U : 0U;
            outgoing_[source].compartments += compartments(neuron);
            outgoing_[source].target_bits += target.bits;
        });
    }
}

/// Cores that hold targets of the node, at least: by their compartments, and by the memory that all synapses of those
/// targets take.
std::int64_t Bounder::least_reach(const Outgoing& node) const {
    const std::int64_t by_room = shared_out(node.compartments, chip_.limits.compartments);
    return memory_counts()
               ? std::max(by_room, shared_out(node.target_bits, chip_.synapses.words * chip_.synapses.word_bits))
               : by_room;
}

void Bounder::survey_sources() {
    std::vector<std::int64_t> reach(mapped_.nodes(), 0);
    for (std::size_t node = 0; node < mapped_.nodes(); ++node) {
        reach[node] = outgoing_[node].synapses > 0 ? least_reach(outgoing_[node]) : 0;
    }
    std::vector<std::int64_t> axons = reach;
    if (memory_counts()) {
        const std::vector<std::int64_t> words = least_own_words(mapped_, chip_.synapses, reach);
        for (std::size_t node = 0; node < words.size(); ++node) {
            words_ += words[node];
            axons[node] = std::max(reach[node], shared_out(words[node], chip_.synapses.words_per_axon));
        }
    }
    copies_.assign(neurons_, 1);
    for (std::size_t node = 0; node < mapped_.nodes(); ++node) {
        axons_ += axons[node];
        fan_out_messages_ += rate(node) * static_cast<double>(reach[node]);
        if (node < neurons_ && reach[node] > 0) {
            outputs_ += axons[node];
            ++local_;
            fan_out_copies_ += rate(node) * static_cast<double>(reach[node] - 1);
            copies_[node] = std::max<std::int64_t>(1, shared_out(crossbar() ? rows_.by_node[node] : axons[node],
                                                                 chip_.limits.destinations_per_compartment));
        }
    }
}

/// A core with a long delay holds fewer compartments: a neuron takes at least what its own longest delay leaves room
/// for, counted in compartments of a core without delays.
void Bounder::bound_compartments() {
    std::map<int, std::int64_t> by_delay;
    for (std::uint32_t neuron = 0; neuron < neurons_; ++neuron) {
        by_delay[incoming_[neuron].longest_delay] += facts_.compartments[neuron] * copies_[neuron];
    }
    const auto room = static_cast<double>(chip_.limits.compartments);
    double need = 0;
    for (const auto& [delay, count] : by_delay) {
        const std::int64_t offered = std::max<std::int64_t>(usable_compartments(chip_, delay), 1);
        need += static_cast<double>(count) * (room / static_cast<double>(offered));
    }
    constexpr double rounding = 1e-6;
    add(Limit::compartments, static_cast<std::int64_t>(std::ceil(need - rounding)), chip_.limits.compartments);
}

/// Input axons are rows of a crossbar, where the chip has one; so are the words of its memory.
void Bounder::bound_axons_and_memory() {
    std::int64_t rows = 0;
    for (const std::int64_t here : rows_.by_node) {
        rows += here;
    }
    add(Limit::input_axons, std::max(axons_, rows), chip_.limits.input_axons);
    add(Limit::output_axons, outputs_, chip_.limits.output_axons);
    const std::int64_t words = crossbar()                    ? rows
                               : chip_.synapses.shared_lists ? least_shared_words(mapped_, chip_.synapses)
                                                             : words_;
    if (words > 0) {
        add(Limit::synapse_words, words, chip_.synapses.words);
    }
}

void Bounder::bound_profiles() {
    add(Limit::compartment_profiles, facts_.compartment_profiles, chip_.limits.compartment_profiles);
    add(Limit::threshold_profiles, facts_.threshold_profiles, chip_.limits.threshold_profiles);
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
    bound_axons_and_memory();
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
    std::int64_t held = 0;  // compartments
    double sum = 0;
    for (const std::uint32_t neuron : order) {
        bits += incoming_[neuron].bits;
        held += compartments(neuron);
        std::int64_t filled = shared_out(held, chip_.limits.compartments);
        if (memory_counts()) {
            filled = std::max(filled, shared_out(bits, memory));
        }
        sum += static_cast<double>(std::max<std::int64_t>(filled - cores, 0)) * (incoming_[neuron].*degree);
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
        for (const std::uint32_t source : cores[core].axons) {
            const double rate = network.rates.empty() ? 1.0 : network.rates[source];
            const bool copied = source < position_of.size() && core_of[position_of[source]] != core;
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
