#include "property/random_damage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

namespace spikeloom::test {
namespace {

std::size_t any_of(Draws& draws, std::size_t size) {
    return static_cast<std::size_t>(draws.integer(0, static_cast<std::int64_t>(size) - 1));
}

struct Place {
    std::size_t core = 0;
    std::size_t entry = 0;
    std::size_t synapse = 0;
};

/// A synapse that is no filler.
bool find_synapse(const chip::Image& image, Draws& draws, Place& place) {
    for (int attempt = 0; attempt < 50; ++attempt) {
        place.core = any_of(draws, image.cores.size());
        const chip::CoreImage& core = image.cores[place.core];
        if (core.entries.empty()) {
            continue;
        }
        place.entry = any_of(draws, core.entries.size());
        const chip::SynapseEntry& entry = core.entries[place.entry];
        if (entry.count == 0) {
            continue;
        }
        place.synapse = entry.first + any_of(draws, entry.count);
        if (core.synapses[place.synapse].weight != 0) {
            return true;
        }
    }
    return false;
}

std::string damage_synapse(chip::Image& image, Draws& draws) {
    Place place;
    if (!find_synapse(image, draws, place)) {
        return {};
    }
    chip::CoreImage& core = image.cores[place.core];
    chip::Synapse& synapse = core.synapses[place.synapse];
    const auto at = fmt::format("of synapse {} of core {}", place.synapse, place.core);
    switch (draws.integer(0, 3)) {
    case 0:
        synapse.weight = 0;
        return "no weight " + at;
    case 1:
        synapse.weight = static_cast<std::int16_t>(synapse.weight / 2);
        return "half the weight " + at;
    case 2:
        synapse.target = static_cast<std::uint16_t>((synapse.target + 1) % core.compartments);
        return core.compartments == 1 ? "" : "the next target " + at;
    default:
        synapse.delay = static_cast<std::uint8_t>(synapse.delay == 0 ? 1 : synapse.delay - 1);
        return "another delay " + at;
    }
}

/// Whether an axon's list has anything but fillers.
bool heard(const chip::Image& image, const chip::OutputAxon& axon) {
    const chip::CoreImage& core = image.cores[axon.core.value()];
    const std::uint32_t list = core.axon(axon.axon.value()).list;
    for (std::uint32_t e = core.axon_first_entry[list]; e < core.axon_first_entry[list + 1]; ++e) {
        const chip::SynapseEntry& entry = core.entries[e];
        for (std::uint32_t s = entry.first; s < entry.first + entry.count; ++s) {
            if (core.synapses[s].weight != 0) {
                return true;
            }
        }
    }
    return false;
}

/// Drops or doubles a message of a source.
std::string damage_messages(const chip::Image& image, std::vector<std::uint32_t>& first,
                            std::vector<chip::OutputAxon>& outputs, Draws& draws) {
    if (outputs.empty()) {
        return {};
    }
    const std::size_t at = any_of(draws, outputs.size());
    if (!heard(image, outputs[at])) {
        return {};
    }
    const bool twice = draws.chance(0.5);
    const auto where = outputs.begin() + static_cast<std::ptrdiff_t>(at);
    const auto source = std::distance(first.begin(), std::ranges::upper_bound(first, at)) - 1;
    if (twice) {
        const chip::OutputAxon copy = *where;
        outputs.insert(where, copy);
    } else {
        outputs.erase(where);
    }
    for (auto i = static_cast<std::size_t>(source) + 1; i < first.size(); ++i) {
        first[i] = twice ? first[i] + 1 : first[i] - 1;
    }
    return fmt::format("message {} of source {} {}", at, source, twice ? "sent twice" : "not sent");
}

std::string damage_source(chip::Image& image, Draws& draws) {
    if (draws.chance(0.5)) {
        chip::InputSymbol& input = image.inputs[any_of(draws, image.inputs.size())];
        return damage_messages(image, input.output_first, input.outputs, draws);
    }
    chip::CoreImage& core = image.cores[any_of(draws, image.cores.size())];
    return damage_messages(image, core.output_first, core.outputs, draws);
}

std::string damage_registers(chip::Image& image, Draws& draws) {
    chip::CoreImage& core = image.cores[any_of(draws, image.cores.size())];
    chip::CompartmentGroup& group = core.groups[any_of(draws, core.groups.size())];
    if (!group.spikes) {
        group.voltage_decay = group.voltage_decay > 2000 ? 0 : 4000;
        return "decay of a readout";
    }
    switch (draws.integer(0, 2)) {
    case 0:
        group.threshold_mantissa += 1;
        return "a higher threshold";
    case 1:
        group.refractory += 1;
        return "a longer refractory time";
    default:
        group.spikes = false;
        return "a silent group";
    }
}

/// Registers of the core and of its groups that a network like these leaves alone.
std::string damage_extras(chip::Image& image, Draws& draws) {
    chip::CoreImage& core = image.cores[any_of(draws, image.cores.size())];
    chip::CompartmentGroup& group = core.groups[any_of(draws, core.groups.size())];
    switch (draws.integer(0, 4)) {
    case 0:
        core.noise = {.target = chip::NoiseRegister::Target::voltage, .mantissa_offset = 0, .exponent = 3};
        return "noise";
    case 1:
        core.voltage_floor_exponent = 4;
        return "a floor of the voltage";
    case 2:
        core.voltage_ceiling_exponent = 0;
        return "a ceiling of the voltage";
    case 3:
        group.parameters.reset_interval = 3;
        return "a reset every three steps";
    default:
        group.model = NeuronModel::adaptive_threshold;
        return "another neuron model";
    }
}

std::string damage_base(chip::Image& image, Draws& draws) {
    for (chip::CoreImage& core : image.cores) {
        if (core.shared_axons.empty()) {
            continue;
        }
        chip::SharedAxon& axon = core.shared_axons[any_of(draws, core.shared_axons.size())];
        if (axon.part > 0) {
            axon.part = 0;
            return "a whole list instead of a part";
        }
        const std::int64_t multiple = image.chip.synapses.shared_base_multiple;
        axon.base = static_cast<std::int32_t>(axon.base == 0 ? multiple : axon.base - multiple);
        return "another base";
    }
    return {};
}

}  // namespace

std::string damage(chip::Image& image, Draws& draws) {
    using Way = std::string (*)(chip::Image&, Draws&);
    static constexpr std::array<Way, 7> ways{damage_synapse,   damage_synapse, damage_source, damage_source,
                                             damage_registers, damage_extras,  damage_base};
    return ways[any_of(draws, ways.size())](image, draws);
}

}  // namespace spikeloom::test
