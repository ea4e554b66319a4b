#include "compiler/verify_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace spikeloom::compiler {
namespace {

using chip::SynapseEncoding;

bool has(const std::vector<int>& allowed, int value) {
    return std::ranges::find(allowed, value) != allowed.end();
}

/// Weight mantissas by sign mode (LOIHI facts 1.5).
chip::IntRange mantissas(chip::SignMode mode) {
    switch (mode) {
    case chip::SignMode::mixed:
        return {-256, 254};
    case chip::SignMode::excitatory:
        return {0, 255};
    case chip::SignMode::inhibitory:
        return {-255, 0};
    }
    return {0, -1};
}

/// As a plastic weight's register of so many bits and a sign stores them.
chip::IntRange plastic_mantissas(chip::SignMode mode, int bits) {
    const std::int64_t end = std::int64_t{1} << bits;
    return {mode == chip::SignMode::mixed        ? -end
            : mode == chip::SignMode::inhibitory ? 1 - end
                                                 : 0,
            mode == chip::SignMode::inhibitory ? 0 : end - 1};
}

/// Compartments left when the longest delay is d: slots double until d + 1 of them fit, compartments halve with them.
std::int64_t compartments_at_delay(const chip::ChipSpec& chip, int delay) {
    std::int64_t slots = 1;
    while (slots < chip.synapses.free_delay + 1) {
        slots *= 2;
    }
    std::int64_t compartments = chip.limits.compartments;
    while (slots < delay + 1) {
        slots *= 2;
        compartments /= 2;
    }
    return compartments;
}

class CoreChecker {
public:
    CoreChecker(const chip::Image& image, std::size_t index, VerifierFindings& findings)
        : image_(image),
          chip_(image.chip),
          core_(image.cores[index]),
          where_(fmt::format("core {}", index)),
          findings_(findings) {}

    void check() {
        check_registers();
        check_formats();
        if (check_indices()) {
            check_entries();
        }
    }

private:
    void expect(bool sound, const std::string& found, const std::string& allowed = "") {
        if (!sound) {
            findings_.add(where_, found, allowed);
        }
    }
    void in_range(const chip::IntRange& range, std::int64_t value, std::string_view name) {
        if (!range.contains(value)) {
            findings_.add(where_, fmt::format("{} is {}", name, value), fmt::format("{}..{}", range.least, range.most));
        }
    }
    void check_registers();
    void check_formats();
    [[nodiscard]] bool check_indices();
    [[nodiscard]] bool check_shared_axons();
    [[nodiscard]] bool check_parts();
    void check_entries();
    void check_entry(const chip::SynapseEntry& entry);
    void check_positions(const chip::SynapseEntry& entry);

    const chip::Image& image_;
    const chip::ChipSpec& chip_;
    const chip::CoreImage& core_;
    std::string where_;
    VerifierFindings& findings_;
    int longest_delay_ = 0;
};

void CoreChecker::check_registers() {
    const chip::NeuronFormat& neuron = chip_.neuron;
    std::uint32_t next = 0;
    for (const chip::CompartmentGroup& group : core_.groups) {
        expect(group.first == next && group.count > 0 && group.count <= core_.compartments - next,
               fmt::format("a compartment group covers {}..{}", group.first, group.first + group.count));
        next = group.first + group.count;
        in_range(neuron.current_decay, group.current_decay, "current decay");
        in_range(neuron.voltage_decay, group.voltage_decay, "voltage decay");
        in_range({0, neuron.threshold_mantissa_max}, group.threshold_mantissa, "threshold mantissa");
        in_range(neuron.refractory, group.refractory, "refractory time");
        expect(!group.parameters.soft_reset || neuron.soft_reset_compartments > 0,
               "a reset takes the threshold off, which the chip can't");
    }
    expect(next == core_.compartments, fmt::format("groups cover {} of {} compartments", next, core_.compartments));
    expect(core_.biases.empty() || core_.biases.size() == core_.compartments,
           fmt::format("{} biases for {} compartments", core_.biases.size(), core_.compartments));
    expect(core_.initial_currents.empty() || core_.initial_currents.size() == core_.compartments,
           fmt::format("{} initial currents for {} compartments", core_.initial_currents.size(), core_.compartments));
    for (const std::int32_t current : core_.initial_currents) {
        in_range({1 - (std::int64_t{1} << (neuron.state_bits - 1)), (std::int64_t{1} << (neuron.state_bits - 1)) - 1},
                 current, "initial current");
    }
    for (const chip::BiasRegister& bias : core_.biases) {
        in_range(neuron.bias_mantissa, bias.mantissa, "bias mantissa");
        in_range(neuron.bias_exponent, bias.exponent, "bias exponent");
    }
    in_range(neuron.voltage_floor_exponent, core_.voltage_floor_exponent, "voltage floor exponent");
    in_range(neuron.voltage_ceiling_exponent, core_.voltage_ceiling_exponent, "voltage ceiling exponent");
    in_range({0, chip_.mesh.cores() - 1}, core_.place, "place on the mesh");
}

void CoreChecker::check_formats() {
    for (const chip::WeightFormat& format : core_.formats) {
        expect(has(chip_.synapses.weight_bits, format.weight_bits) && format.weight_bits > 0,
               fmt::format("a synapse format has {} weight bits", format.weight_bits));
        expect(has(chip_.synapses.delay_bits, format.delay_bits),
               fmt::format("a synapse format has {} delay bits", format.delay_bits));
        in_range(chip_.synapses.weight_exponent, format.weight_exponent, "weight exponent");
    }
}

bool CoreChecker::check_indices() {
    if (!core_.axon_first_entry.empty() || !core_.entries.empty()) {
        if (!offsets_sound(core_.axon_first_entry, core_.lists(), core_.entries.size())) {
            findings_.add(where_, "the axons' entries are not numbered in order");
            return false;
        }
    }
    if (!check_shared_axons()) {
        return false;
    }
    if (!offsets_sound(core_.output_first, core_.compartments, core_.outputs.size())) {
        findings_.add(where_, "the compartments' output axons are not numbered in order");
        return false;
    }
    for (const chip::OutputAxon& output : core_.outputs) {
        if (output.core.value() >= image_.cores.size() ||
            output.axon.value() >= image_.cores[output.core.value()].axons()) {
            findings_.add(where_, fmt::format("an output axon leads to axon {} of core {}, which does not exist",
                                              output.axon.value(), output.core.value()));
            return false;
        }
    }
    std::uint64_t next = 0;
    for (const chip::SynapseEntry& entry : core_.entries) {
        if (entry.learning > image_.learning.size() || (entry.learning > 0 && !chip_.learning.present)) {
            findings_.add(where_, fmt::format("an entry follows rule {}", int{entry.learning}),
                          fmt::format("{} rules{}", image_.learning.size(),
                                      chip_.learning.present ? "" : "; the chip has no learning engine"));
            return false;
        }
        if (entry.first != next || entry.count == 0 || entry.format >= core_.formats.size()) {
            findings_.add(where_, fmt::format("an entry has {} synapses from {} on, format {}", entry.count,
                                              entry.first, entry.format));
            return false;
        }
        next += entry.count;
    }
    if (next != core_.synapses.size()) {
        findings_.add(where_, fmt::format("entries hold {} of {} synapses", next, core_.synapses.size()));
        return false;
    }
    return true;
}

/// Axons that move a list, or read it in part: the chip offers it, every list is read, and no target leaves the core.
bool CoreChecker::check_shared_axons() {
    const chip::SynapseMemory& memory = chip_.synapses;
    if (!check_parts()) {
        return false;
    }
    std::vector<bool> read(core_.shared_axons.empty() ? 0 : core_.lists(), false);
    for (const chip::SharedAxon& axon : core_.shared_axons) {
        const std::int64_t least = memory.shared_in_part ? -memory.shared_base_most : 0;
        const bool offered = memory.shared_lists && axon.base >= least && axon.base <= memory.shared_base_most &&
                             axon.base % memory.shared_base_multiple == 0;
        const bool there = axon.list < core_.lists() && axon.part <= core_.parts() &&
                           (axon.part == 0 || core_.part(axon.part).back() < core_.entries_in(axon.list).size());
        if (!offered || !there) {
            findings_.add(
                where_, fmt::format("an axon reads list {} (part {}) moved by {}", axon.list, axon.part, axon.base),
                memory.shared_lists ? fmt::format("lists below {}, multiples of {} from {} to {}", core_.lists(),
                                                  memory.shared_base_multiple, least, memory.shared_base_most)
                                    : "lists of their own");
            return false;
        }
        read[axon.list] = true;
        for (const chip::SynapseEntry& entry : core_.entries_of(axon)) {
            for (std::uint64_t i = entry.first; i < std::uint64_t{entry.first} + entry.count; ++i) {
                const std::int64_t target = i < core_.synapses.size() ? axon.base + core_.synapses[i].target : -1;
                const bool moved = axon.base != 0 || axon.part != 0;
                if (target < 0 || target >= core_.compartments || (entry.learning > 0 && moved)) {
                    findings_.add(where_, fmt::format("synapse {} of list {}, moved by {}, leaves the core or learns",
                                                      i, axon.list, axon.base));
                    return false;
                }
            }
        }
    }
    if (std::ranges::find(read, false) != read.end()) {
        findings_.add(where_, "a list that no axon reads");
        return false;
    }
    return true;
}

/// The choices of entries that axons name, each of ascending numbers.
bool CoreChecker::check_parts() {
    const bool none = core_.part_first.empty() && core_.part_entries.empty();
    bool sound = none || (chip_.synapses.shared_in_part &&
                          offsets_sound(core_.part_first, core_.parts(), core_.part_entries.size()));
    for (std::uint32_t part = 1; sound && part <= core_.parts(); ++part) {
        const std::span<const std::uint32_t> entries = core_.part(part);
        sound = !entries.empty();
        for (std::size_t i = 1; i < entries.size(); ++i) {
            sound = sound && entries[i] > entries[i - 1];
        }
    }
    if (!sound) {
        findings_.add(where_, "parts of lists that name no entries, name them out of order, or that the chip lacks");
    }
    return sound;
}

void CoreChecker::check_entries() {
    for (const chip::SynapseEntry& entry : core_.entries) {
        check_entry(entry);
        check_positions(entry);
        if (findings_.full()) {
            return;
        }
    }
    const std::int64_t allowed = compartments_at_delay(chip_, longest_delay_);
    std::int64_t taken = core_.compartments;
    for (const chip::CompartmentGroup& group : core_.groups) {
        taken +=
            group.parameters.soft_reset ? group.count * (chip_.neuron.soft_reset_compartments - std::int64_t{1}) : 0;
    }
    expect(taken <= allowed, fmt::format("{} compartments with delays up to {}", taken, longest_delay_),
           fmt::format("{} (limit: compartments)", allowed));
}

void CoreChecker::check_entry(const chip::SynapseEntry& entry) {
    const chip::SynapseMemory& memory = chip_.synapses;
    const chip::WeightFormat& format = core_.formats[entry.format];
    const int most = memory.count_bits == 0 ? memory.synapses_per_entry
                                            : std::min(memory.synapses_per_entry, 1 << memory.count_bits);
    expect(entry.count <= static_cast<std::uint32_t>(most), fmt::format("an entry holds {} synapses", entry.count),
           fmt::format("{}", most));
    expect(std::ranges::find(memory.encodings, entry.encoding) != memory.encodings.end(),
           "an entry uses an encoding that the chip lacks");
    expect(has(memory.index_bits, entry.index_bits), fmt::format("an index of {} bits", entry.index_bits));
    expect(entry.encoding != SynapseEncoding::runlength || has(memory.skip_bits, entry.skip_bits),
           fmt::format("a skip of {} bits", entry.skip_bits));
    const bool plastic = entry.learning > 0;
    const bool moving = plastic && !image_.learning[entry.learning - 1U].rule.dd.products.empty();
    const chip::IntRange range = plastic ? plastic_mantissas(format.sign_mode, chip_.learning.arithmetic.weight_bits)
                                         : mantissas(format.sign_mode);
    const int lsb = plastic ? 0 : (format.sign_mode == chip::SignMode::mixed ? 9 : 8) - format.weight_bits;
    if (moving) {
        longest_delay_ = std::max(longest_delay_, chip_.learning.arithmetic.delay_most);
        expect((1 << format.delay_bits) > chip_.learning.arithmetic.delay_most,
               fmt::format("a rule changes delays of {} bits", format.delay_bits),
               fmt::format("bits for delays up to {}", chip_.learning.arithmetic.delay_most));
    }
    // What was learned may be as long as the engine makes it.
    const int longest = moving ? std::max(memory.max_delay, chip_.learning.arithmetic.delay_most) : memory.max_delay;
    const int delay_limit = std::min(longest, (1 << format.delay_bits) - 1);
    const std::int64_t targets = core_.shared_axons.empty() ? core_.compartments : chip_.limits.compartments;
    for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
        const chip::Synapse& synapse = core_.synapses[i];
        longest_delay_ = std::max<int>(longest_delay_, synapse.delay);
        if (synapse.target >= targets || !range.contains(synapse.weight) || synapse.weight % (1 << lsb) != 0 ||
            synapse.delay > delay_limit) {
            findings_.add(where_,
                          fmt::format("synapse {}: target {}, weight {} in {} bits, delay {}", i, synapse.target,
                                      synapse.weight, format.weight_bits, synapse.delay),
                          fmt::format("targets below {}, multiples of {} in {}..{}, delays up to {}", targets, 1 << lsb,
                                      range.least, range.most, delay_limit));
            return;
        }
    }
}

void CoreChecker::check_positions(const chip::SynapseEntry& entry) {
    const std::uint32_t index_limit = 1U << entry.index_bits;
    for (std::uint32_t i = 0; i < entry.count; ++i) {
        const std::uint32_t target = core_.synapses[entry.first + i].target;
        const std::uint32_t before = i > 0 ? core_.synapses[entry.first + i - 1].target : 0;
        bool named = true;
        switch (entry.encoding) {
        case SynapseEncoding::sparse:
            named = target < index_limit;
            break;
        case SynapseEncoding::runlength:
            named = i == 0 ? target < index_limit : target > before && target - before < (1U << entry.skip_bits);
            break;
        case SynapseEncoding::dense:
            named = i == 0 ? target < index_limit : target == before + 1;
            break;
        }
        if (!named) {
            findings_.add(where_, fmt::format("the fields of an entry can't name target {} after {}", target, before));
            return;
        }
    }
}

}  // namespace

bool offsets_sound(const std::vector<std::uint32_t>& offsets, std::size_t items, std::size_t end) {
    return offsets.size() == items + 1 && offsets.front() == 0 && offsets.back() == end &&
           std::ranges::is_sorted(offsets);
}

void verify_core(const chip::Image& image, std::size_t index, VerifierFindings& findings) {
    CoreChecker(image, index, findings).check();
}

}  // namespace spikeloom::compiler
