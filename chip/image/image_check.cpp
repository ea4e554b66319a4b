#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "chip/image/image.hpp"
#include "chip/image/image_findings.hpp"

namespace spikeloom::chip {
namespace {

constexpr IntRange noise_mantissa_offset{.least = -128, .most = 127};
constexpr IntRange noise_exponent{.least = 0, .most = 23};

bool named(const std::vector<int>& list, int value) {
    return std::ranges::find(list, value) != list.end();
}

/// The product of the extents, or nothing where one is zero or the product needs more than 32 bits.
std::optional<std::uint32_t> product(const std::vector<std::uint32_t>& shape) {
    std::uint64_t n = 1;
    for (const std::uint32_t extent : shape) {
        n *= extent;
        if (n == 0 || n > std::numeric_limits<std::uint32_t>::max()) {
            return std::nullopt;
        }
    }
    return static_cast<std::uint32_t>(n);
}

void check_groups(const CoreImage& core, const NeuronFormat& neuron, const std::string& where, Findings& findings) {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < core.groups.size(); ++i) {
        const CompartmentGroup& group = core.groups[i];
        const std::string place = fmt::format("{}, group {}", where, i);
        if (group.first != next || group.count == 0) {
            findings.add(place, fmt::format("it has {} compartments from {} on", group.count, group.first),
                         fmt::format("groups in order, this one from compartment {} on", next));
        }
        next = std::uint64_t{group.first} + group.count;
        findings.range(place, "current_decay", group.current_decay, neuron.current_decay);
        findings.range(place, "voltage_decay", group.voltage_decay, neuron.voltage_decay);
        findings.range(place, "refractory", group.refractory, neuron.refractory);
        check_model(group, neuron, place, findings);
    }
    if (next != core.compartments) {
        findings.add(where, fmt::format("the groups end at compartment {}", next),
                     fmt::format("{}, the core's number of compartments", core.compartments));
    }
}

void check_registers(const CoreImage& core, const NeuronFormat& neuron, const std::string& where, Findings& findings) {
    if (!core.biases.empty() && core.biases.size() != core.compartments) {
        findings.add(where, fmt::format("{} biases", core.biases.size()),
                     fmt::format("none, or one for each of {} compartments", core.compartments));
    }
    for (std::size_t i = 0; i < core.biases.size() && !findings.full(); ++i) {
        const BiasRegister& bias = core.biases[i];
        if (!neuron.bias_mantissa.contains(bias.mantissa) || !neuron.bias_exponent.contains(bias.exponent)) {
            findings.add(fmt::format("{}, compartment {}", where, i),
                         fmt::format("the bias is {} * 2^{}", bias.mantissa, bias.exponent),
                         fmt::format("mantissa {}..{}, exponent {}..{}", neuron.bias_mantissa.least,
                                     neuron.bias_mantissa.most, neuron.bias_exponent.least, neuron.bias_exponent.most));
        }
    }
    if (!core.initial_currents.empty() && core.initial_currents.size() != core.compartments) {
        findings.add(where, fmt::format("{} initial currents", core.initial_currents.size()),
                     fmt::format("none, or one for each of {} compartments", core.compartments));
    }
    const std::int64_t state_limit = (std::int64_t{1} << (neuron.state_bits - 1)) - 1;
    for (std::size_t i = 0; i < core.initial_currents.size() && !findings.full(); ++i) {
        findings.range(fmt::format("{}, compartment {}", where, i), "initial_current", core.initial_currents[i],
                       IntRange{-state_limit, state_limit});
    }
    findings.range(where, "voltage_floor_exponent", core.voltage_floor_exponent, neuron.voltage_floor_exponent);
    findings.range(where, "voltage_ceiling_exponent", core.voltage_ceiling_exponent, neuron.voltage_ceiling_exponent);
    if (core.noise.target > NoiseRegister::Target::voltage) {
        findings.add(where, "the noise has an unknown target", "off, current, voltage");
    }
    findings.range(where, "the noise's mantissa_offset", core.noise.mantissa_offset, noise_mantissa_offset);
    findings.range(where, "the noise's exponent", core.noise.exponent, noise_exponent);
}

bool check_formats(const CoreImage& core, const SynapseMemory& memory, const std::string& where, Findings& findings) {
    bool good = true;
    for (std::size_t i = 0; i < core.formats.size(); ++i) {
        const WeightFormat& format = core.formats[i];
        const bool sign = format.sign_mode == SignMode::mixed || format.sign_mode == SignMode::excitatory ||
                          format.sign_mode == SignMode::inhibitory;
        if (!sign || !named(memory.weight_bits, format.weight_bits) || !named(memory.delay_bits, format.delay_bits) ||
            !memory.weight_exponent.contains(format.weight_exponent)) {
            good = false;
            findings.add(fmt::format("{}, format {}", where, i),
                         fmt::format("{} weight bits, exponent {}, sign mode {}, {} delay bits", format.weight_bits,
                                     format.weight_exponent, static_cast<int>(format.sign_mode), format.delay_bits),
                         "widths, exponents and modes that the chip has");
        }
    }
    return good;
}

/// Whether synapses fit what their entry's format can hold. Entries may share synapses, so that a look at each of an
/// entry's could take for ever: bad ones are counted once for each distinct format, and an entry asks for a
/// difference of counts.
class FormatCheck {
public:
    FormatCheck(const CoreImage& core, const ChipSpec& chip) : core_(core), chip_(chip) {}

    [[nodiscard]] bool fits(const SynapseEntry& entry) {
        const WeightFormat& format = core_.formats[entry.format];
        const bool plastic = entry.learning > 0 && chip_.learning.present;
        int longest = chip_.synapses.max_delay;
        if (plastic) {
            longest = std::max(longest, chip_.learning.arithmetic.delay_most);
        }
        const int weight_bits = plastic ? chip_.learning.arithmetic.weight_bits : 8;
        const auto& bad =
            bad_before(stored_weights(format.sign_mode, weight_bits), std::min((1 << format.delay_bits) - 1, longest));
        return bad[entry.first] == bad[std::size_t{entry.first} + entry.count];
    }

private:
    /// For each i, how many of the first i synapses have a weight or a delay that the format can't hold.
    const std::vector<std::uint32_t>& bad_before(const IntRange& weights, int longest) {
        auto& counts = counts_[{weights.least, weights.most, longest}];
        if (counts.empty()) {
            counts.reserve(core_.synapses.size() + 1);
            counts.push_back(0);
            for (const Synapse& synapse : core_.synapses) {
                const bool good = weights.contains(synapse.weight) && synapse.delay <= longest;
                counts.push_back(counts.back() + (good ? 0 : 1));
            }
        }
        return counts;
    }

    const CoreImage& core_;
    const ChipSpec& chip_;
    std::map<std::tuple<std::int64_t, std::int64_t, int>, std::vector<std::uint32_t>> counts_;
};

void check_synapses(const CoreImage& core, const ChipSpec& chip, const std::string& where, Findings& findings) {
    const bool formats = check_formats(core, chip.synapses, where, findings);
    const bool no_axons = core.axon_first_entry.empty() && core.entries.empty();
    if (!no_axons && !are_offsets(core.axon_first_entry, core.lists(), core.entries.size())) {
        findings.add(where, "axon_first_entry does not divide the entries", "offsets from 0, rising, to their number");
    } else {
        check_shared_axons(core, chip.synapses, where, findings);
    }
    // Lists that axons move may begin before the core's first compartment, and end behind its last.
    const std::int64_t targets = core.shared_axons.empty() ? core.compartments : chip.limits.compartments;
    for (std::size_t i = 0; i < core.synapses.size(); ++i) {
        if (core.synapses[i].target >= targets) {
            findings.add(fmt::format("{}, synapse {}", where, i),
                         fmt::format("its target is compartment {}", core.synapses[i].target),
                         fmt::format("below {}", targets));
        }
    }
    FormatCheck format_check(core, chip);
    for (std::size_t i = 0; i < core.entries.size() && !findings.full(); ++i) {
        const SynapseEntry& entry = core.entries[i];
        if (std::uint64_t{entry.first} + entry.count > core.synapses.size()) {
            findings.add(fmt::format("{}, entry {}", where, i),
                         fmt::format("it has {} synapses from {} on", entry.count, entry.first),
                         fmt::format("inside the core's {}", core.synapses.size()));
        } else if (entry.format >= core.formats.size() || entry.encoding > SynapseEncoding::dense) {
            findings.add(fmt::format("{}, entry {}", where, i), fmt::format("format {} or its encoding", entry.format),
                         fmt::format("one of the core's {} formats", core.formats.size()));
        } else if (formats && !format_check.fits(entry)) {
            findings.add(fmt::format("{}, entry {}", where, i), "a weight or a delay does not fit the entry's format",
                         "the range of the sign mode, delays below 2^delay_bits and the chip's longest");
        }
    }
}

void check_outputs(const std::vector<OutputAxon>& outputs, const Image& image, const std::string& where,
                   Findings& findings) {
    for (std::size_t i = 0; i < outputs.size() && !findings.full(); ++i) {
        const std::uint32_t core = outputs[i].core.value();
        if (core >= image.cores.size() || outputs[i].axon.value() >= image.cores[core].axons()) {
            findings.add(fmt::format("{}, output {}", where, i),
                         fmt::format("it goes to axon {} of core {}", outputs[i].axon.value(), core),
                         "an axon of a core that are there");
        }
    }
}

void check_cores(const Image& image, Findings& findings) {
    const ChipSpec& chip = image.chip;
    std::set<std::uint32_t> places;
    for (std::size_t i = 0; i < image.cores.size() && !findings.full(); ++i) {
        const CoreImage& core = image.cores[i];
        const std::string where = fmt::format("core {}", i);
        if (std::cmp_greater_equal(core.place, chip.mesh.cores()) || !places.insert(core.place).second) {
            findings.add(where, fmt::format("its place on the mesh is {}", core.place),
                         fmt::format("a place of its own below {}", chip.mesh.cores()));
        }
        if (const std::int64_t taken = compartments_taken(core, chip.neuron);
            taken <= 0 || taken > chip.limits.compartments) {
            findings.add(where, fmt::format("{} compartments", taken), fmt::format("1..{}", chip.limits.compartments));
        }
        check_groups(core, chip.neuron, where, findings);
        check_registers(core, chip.neuron, where, findings);
        check_synapses(core, chip, where, findings);
        if (!are_offsets(core.output_first, core.compartments, core.outputs.size())) {
            findings.add(where, "output_first does not divide the outputs",
                         fmt::format("{} offsets from 0, rising, to {}", std::uint64_t{core.compartments} + 1,
                                     core.outputs.size()));
        }
        check_outputs(core.outputs, image, where, findings);
    }
}

/// A tile's compartments, to be sorted by core and first compartment.
struct Placed {
    std::uint32_t core;
    std::uint32_t first;
    std::uint32_t count;
    std::size_t population;
    auto operator<=>(const Placed&) const = default;
};

/// Adds the population's tiles that are inside their cores.
void check_tiles(const Image& image, std::size_t index, std::vector<Placed>& placed, Findings& findings) {
    const PopulationSymbol& population = image.populations[index];
    const std::string where = fmt::format("population '{}'", population.name);
    const auto size = product(population.shape);
    constexpr std::uint32_t most_inputs = 2;
    if (population.compartments_per_neuron == 0 || population.compartments_per_neuron > most_inputs) {
        findings.add(where, fmt::format("its neurons take {} compartments", population.compartments_per_neuron),
                     fmt::format("1..{}", most_inputs));
        return;
    }
    if (!size) {
        findings.add(where, "its shape has an extent of 0, or more neurons than 32 bits count",
                     "1..4294967295 neurons");
        return;
    }
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < population.tiles.size() && !findings.full(); ++i) {
        const PopulationTile& tile = population.tiles[i];
        const std::string place = fmt::format("{}, tile {}", where, i);
        if (tile.first_neuron != next || tile.count == 0) {
            findings.add(place, fmt::format("it has {} neurons from {} on", tile.count, tile.first_neuron),
                         fmt::format("tiles in order, this one from neuron {} on", next));
        }
        next = std::uint64_t{tile.first_neuron} + tile.count;
        const std::uint32_t core = tile.core.value();
        if (core >= image.cores.size() || population.end(tile) > image.cores[core].compartments) {
            findings.add(place,
                         fmt::format("it lies on {} compartments from {} on of core {}", tile.count,
                                     tile.first_compartment, core),
                         "inside a core that is there");
        } else {
            placed.push_back({.core = core,
                              .first = tile.first_compartment,
                              .count = static_cast<std::uint32_t>(population.end(tile) - tile.first_compartment),
                              .population = index});
        }
    }
    if (next != *size) {
        findings.add(where, fmt::format("its tiles end at neuron {}", next), fmt::format("{}, its size", *size));
    }
}

void check_symbols(const Image& image, Findings& findings) {
    std::set<std::string> names;
    std::vector<Placed> placed;
    for (std::size_t i = 0; i < image.populations.size() && !findings.full(); ++i) {
        const PopulationSymbol& population = image.populations[i];
        const std::string where = fmt::format("population '{}'", population.name);
        if (population.name.empty() || !names.insert(population.name).second) {
            findings.add(where, "its name is empty or taken", "a name of its own");
        }
        if (!std::isfinite(population.voltage_per_unit) || !std::isfinite(population.current_per_unit)) {
            findings.add(where, "a scale is no number", "finite scales");
        }
        check_tiles(image, i, placed, findings);
    }
    std::ranges::sort(placed);
    for (std::size_t i = 1; i < placed.size() && !findings.full(); ++i) {
        const Placed& before = placed[i - 1];
        if (before.core == placed[i].core && placed[i].first - before.first < before.count) {
            findings.add(fmt::format("core {}", placed[i].core),
                         fmt::format("populations '{}' and '{}' overlap at compartment {}",
                                     image.populations[before.population].name,
                                     image.populations[placed[i].population].name, placed[i].first),
                         "compartments of one neuron only");
        }
    }
}

void check_inputs(const Image& image, Findings& findings) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < image.inputs.size() && !findings.full(); ++i) {
        const InputSymbol& input = image.inputs[i];
        const std::string where = fmt::format("input '{}'", input.name);
        if (input.name.empty() || !names.insert(input.name).second) {
            findings.add(where, "its name is empty or taken", "a name of its own");
        }
        const auto size = product(input.shape);
        if (!size || !are_offsets(input.output_first, *size, input.outputs.size())) {
            findings.add(
                where, "its shape, channels and outputs don't fit together",
                "an offset for each channel of the shape and one more, from 0, rising, to the outputs' number");
        }
        check_outputs(input.outputs, image, where, findings);
        if (input.graded && image.chip.neuron.payload_bits <= 0) {
            findings.add(where, "its spikes carry values", "spikes without payload, as the chip has them");
        }
    }
}

}  // namespace

Diagnostics check_image(const Image& image) {
    if (Diagnostics chip = check_chip_limits(image.chip); !chip.empty()) {
        return chip;  // what follows measures by the chip's widths
    }
    Findings findings;
    if (!std::isfinite(image.step_s) || image.step_s <= 0) {
        findings.add("image", fmt::format("a step lasts {} s", image.step_s), "a time above 0");
    }
    if (std::cmp_greater(image.cores.size(), image.chip.mesh.cores())) {
        findings.add("image", fmt::format("{} cores", image.cores.size()),
                     fmt::format("at most {}, the chip's", image.chip.mesh.cores()));
    }
    check_cores(image, findings);
    check_symbols(image, findings);
    check_inputs(image, findings);
    if (findings.none()) {
        check_pairs(image, findings);
        check_learning(image, findings);
    }
    return findings.none() ? check_addresses(image) : findings.take();
}

}  // namespace spikeloom::chip
