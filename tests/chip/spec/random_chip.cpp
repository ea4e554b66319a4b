#include "chip/spec/random_chip.hpp"

#include <algorithm>
#include <string>

#include "chip/spec/draws.hpp"

namespace spikeloom::test {
namespace {

using chip::IntRange;

std::string text(Draws& draws) {
    static const std::vector<std::string> letters{"a",  " ", "\"", "'",        "\\", "\n",
                                                  "\t", "#", "{",  "\xc3\xa9", "0",  ":"};
    std::string drawn = "x";
    for (std::int64_t i = draws.between(0, 12); i > 0; --i) {
        drawn += letters[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(letters.size()) - 1))];
    }
    return drawn;
}

IntRange range(Draws& draws, std::int64_t least, std::int64_t most) {
    const std::int64_t first = draws.between(least, most);
    return {.least = first, .most = draws.between(first, most)};
}

std::vector<int> widths(Draws& draws, int least, int most) {
    std::vector<int> chosen;
    for (int width = least; width <= most; ++width) {
        if (width == most || draws.chance()) {
            chosen.push_back(width);
        }
    }
    return chosen;
}

chip::Quantity quantity(Draws& draws) {
    const double value = draws.real() * 1000;
    return {.value = value,
            .low = draws.chance() ? value * draws.real() : value,
            .high = draws.chance() ? value * (1 + draws.real()) : value,
            .source = text(draws),
            .trust = static_cast<chip::Trust>(draws.between(0, 4))};
}

chip::Mesh mesh(Draws& draws) {
    chip::Mesh mesh{
        .columns = draws.integer(1, 16), .rows = draws.integer(1, 16), .cores_per_tile = draws.integer(1, 8)};
    if (draws.chance()) {
        mesh.chip_columns = draws.integer(1, 3);
        mesh.chip_rows = draws.integer(1, 3);
    }
    return mesh;
}

/// What the topology and the board do not use keeps its default, so that the text needs each field it has.
chip::SpikeNetwork network(Draws& draws, const chip::Mesh& mesh) {
    const auto link = [&] {
        return router::LinkTiming{.latency = draws.integer(1, 100), .interval = draws.integer(1, 100)};
    };
    chip::SpikeNetwork network;
    router::NetworkParameters& parameters = network.parameters;
    parameters.topology = static_cast<router::Topology>(draws.integer(0, 2));
    parameters.cast = static_cast<router::Cast>(draws.integer(0, 1));
    parameters.allocation = static_cast<router::Allocation>(draws.integer(0, 1));
    parameters.planes = draws.integer(1, 4);
    parameters.virtual_channels = draws.integer(1, 4);
    parameters.packet_flits = draws.integer(1, 8);
    parameters.buffer_flits = draws.integer(8, 32);
    parameters.source_queue = draws.integer(0, 9);
    parameters.router_cycles = draws.integer(0, 9);
    parameters.credit_cycles = draws.integer(0, 9);
    parameters.local = link();
    if (parameters.topology == router::Topology::tree) {
        parameters.tree_arity = draws.integer(2, 9);
        parameters.vertical = link();
    } else {
        parameters.order = static_cast<router::DimensionOrder>(draws.integer(0, 1));
        parameters.east_west = link();
        parameters.north_south = link();
        network.address_range = draws.chance() ? draws.integer(50, 300) : 0;
    }
    if (mesh.chips() > 1) {
        parameters.between_chips = link();
    }
    network.cycle_ns = quantity(draws);
    network.cycle_ns.value += 1;
    network.cycle_ns.high += 1;
    return network;
}

IntRange decay(Draws& draws, int bits, int offset) {
    const std::int64_t all = std::int64_t{1} << bits;
    return draws.chance() ? IntRange{.least = 0, .most = all - 1} : range(draws, 0, all - offset);
}

chip::NeuronFormat neuron(Draws& draws) {
    const int state_bits = draws.integer(16, 31);
    const int threshold_exponent = draws.integer(0, 10);
    const int bias_exponent = draws.integer(0, 15);
    const int shift = draws.integer(0, 14);
    const int sum_bits = draws.integer(8, 31);
    const int decay_bits = draws.integer(1, 16);
    const int current_offset = draws.integer(0, 1);
    const int voltage_offset = draws.integer(0, 1);
    return {.state_bits = state_bits,
            .sum_bits = sum_bits,
            .decay_bits = decay_bits,
            .current_decay_offset = current_offset,
            .voltage_decay_offset = voltage_offset,
            .threshold_mantissa_max = draws.between(1, 1 << 20),
            .threshold_exponent = threshold_exponent,
            .bias_mantissa = range(draws, -32768, 32767),
            .bias_exponent = range(draws, 0, bias_exponent),
            .refractory = range(draws, 1, 65535),
            .voltage_floor_exponent = range(draws, 0, state_bits - 1),
            .voltage_ceiling_exponent = range(draws, 0, (state_bits - 10) / 2),
            .refractory_probe_shift = shift,
            .current_decay = decay(draws, decay_bits, current_offset),
            .voltage_decay = decay(draws, decay_bits, voltage_offset)};
}

/// Models, and what only some chips have.
void draw_models(Draws& draws, chip::ChipSpec& spec) {
    if (draws.chance()) {
        spec.neuron.payload_bits = draws.integer(1, 32);
    }
    for (std::size_t i = 1; i < neuron_model_names.size(); ++i) {
        const auto model = static_cast<NeuronModel>(i);
        if (draws.chance() && (spec.neuron.payload_bits > 0 || !sends_values(model))) {
            spec.neuron.models.push_back(model);
        }
    }
    spec.neuron.soft_reset_compartments = draws.chance() ? draws.integer(1, 16) : 0;
    spec.limits.destinations_per_compartment = draws.chance() ? draws.between(1, 1 << 24) : 0;
    if (draws.chance() && !spec.learning.present) {
        spec.synapses.crossbar_types = draws.integer(spec.synapses.weight_bits.back(), 8);
        spec.synapses.encodings = {chip::SynapseEncoding::sparse};
    } else if (draws.chance()) {
        spec.synapses.shared_lists = true;
        spec.synapses.shared_base_most = draws.between(0, spec.limits.compartments - 1);
        spec.synapses.shared_base_multiple = draws.between(1, 65535);
        spec.synapses.shared_in_part = spec.synapses.shared_base_most % 2 == 1;
    }
    if (spec.synapses.count_bits == 0) {
        spec.synapses.synapses_per_entry = draws.integer(1, 65536);
    }
}

chip::SynapseMemory synapses(Draws& draws) {
    const std::int64_t words = draws.between(1, 1 << 20);
    const int count_bits = draws.integer(0, 8);
    const int id_bits = draws.integer(0, 8);
    const int delay_width = draws.integer(1, 7);
    const int max_delay = draws.integer(0, (1 << delay_width) - 1);
    chip::SynapseMemory memory{.words = words,
                               .word_bits = draws.integer(8, 128),
                               .words_per_axon = draws.between(1, words),
                               .synapses_per_entry = draws.integer(1, 1 << count_bits),
                               .synapse_formats = draws.integer(1, 1 << id_bits),
                               .weight_bits = widths(draws, 0, draws.integer(1, 8)),
                               .weight_exponent = range(draws, -8, 7),
                               .index_bits = widths(draws, 0, 16),
                               .skip_bits = widths(draws, 1, 5),
                               .delay_bits = widths(draws, 0, delay_width),
                               .max_delay = max_delay,
                               .free_delay = draws.integer(0, max_delay),
                               .format_id_bits = id_bits,
                               .count_bits = count_bits,
                               .list_end_bits = draws.integer(0, 64),
                               .encodings = {}};
    for (int i = draws.integer(0, 2); i <= 2; ++i) {
        memory.encodings.push_back(static_cast<chip::SynapseEncoding>(i));
    }
    return memory;
}

chip::LearningFormat learning(Draws& draws, const chip::SynapseMemory& memory) {
    chip::LearningFormat format;
    format.present = true;
    format.arithmetic = {.trace_bits = draws.integer(1, 15),
                         .weight_bits = draws.integer(1, 15),
                         .tag_bits = draws.integer(1, 15),
                         .delay_most = draws.integer(0, std::min(254, (1 << memory.delay_bits.back()) - 1)),
                         .fraction_bits = draws.integer(0, 15),
                         .trace_decay = static_cast<rules::TraceDecay>(draws.integer(0, 2)),
                         .impulse_fraction = static_cast<rules::ImpulseFraction>(draws.integer(0, 1)),
                         .products = static_cast<rules::ProductArithmetic>(draws.integer(0, 2)),
                         .lava_tag_floor = draws.chance()};
    format.arithmetic.first_epoch_is_due = draws.chance();
    format.rule = {.mantissa_least = draws.integer(-128, 0),
                   .mantissa_most = draws.integer(1, 127),
                   .exponent_least = draws.integer(-15, 0),
                   .exponent_most = draws.integer(1, 15),
                   .constant_least = draws.integer(-32768, 0),
                   .constant_most = draws.integer(1, 32767),
                   .decimation_most = draws.integer(0, 9),
                   .products = draws.integer(1, 256),
                   .factors = draws.integer(1, 16)};
    format.epoch = range(draws, 1, 63);
    format.profiles_per_core = draws.integer(1, 255);
    format.tag_bits = draws.integer(0, 16);
    format.plastic_axons = draws.between(1, 1 << 24);
    return format;
}

chip::CostTable costs(Draws& draws, const std::string& name, bool learns) {
    chip::CostTable table{.name = name,
                          .title = text(draws),
                          .events = {},
                          .barrier = {},
                          .static_power_core_mw = quantity(draws),
                          .static_power_chip_mw = quantity(draws),
                          .host_power_mw = quantity(draws)};
    for (const chip::CostItem item : chip::cost_items) {
        if (chip::may_lack(item) && !(learns && item == chip::CostItem::learning_update) && draws.chance()) {
            continue;
        }
        table.events.push_back({.item = item, .energy_pj = quantity(draws), .time_ns = quantity(draws)});
    }
    int tiles = 1;
    for (std::int64_t i = draws.between(1, 4); i > 0; --i) {
        table.barrier.push_back({.tiles = tiles, .time_ns = quantity(draws)});
        tiles += draws.integer(1, 9);
    }
    return table;
}

}  // namespace

chip::ChipSpec random_chip(std::uint64_t seed) {
    Draws draws(seed);
    chip::ChipSpec spec{.name = "chip-" + std::to_string(seed),
                        .title = text(draws),
                        .description = text(draws),
                        .mesh = mesh(draws),
                        .network = {},
                        .limits = {.compartments = draws.between(1, 65536),
                                   .input_axons = draws.between(1, 1 << 24),
                                   .output_axons = draws.between(1, 1 << 24),
                                   .compartment_profiles = draws.between(1, 1024),
                                   .threshold_profiles = draws.between(1, 1024),
                                   .update_granularity = draws.between(1, 16)},
                        .neuron = neuron(draws),
                        .synapses = synapses(draws),
                        .learning = {},
                        .conventions = {},
                        .costs = {}};
    spec.conventions = {
        .sum_overflow = static_cast<chip::Conventions::SumOverflow>(draws.integer(0, 1)),
        .current_overflow = static_cast<chip::Conventions::CurrentOverflow>(draws.integer(0, 2)),
        .biased_current_overflow = static_cast<chip::Conventions::BiasedCurrentOverflow>(draws.integer(0, 1)),
        .voltage_overflow = static_cast<chip::Conventions::VoltageOverflow>(draws.integer(0, 1)),
        .negative_mixed_weight = static_cast<chip::Conventions::NegativeMixedWeight>(draws.integer(0, 1))};
    if (draws.chance()) {
        spec.network = network(draws, spec.mesh);
    }
    if (draws.chance()) {
        spec.learning = learning(draws, spec.synapses);
    }
    draw_models(draws, spec);
    for (int i = draws.integer(1, 3); i > 0; --i) {
        spec.costs.push_back(costs(draws, "table" + std::to_string(i), spec.learning.present));
    }
    return spec;
}

}  // namespace spikeloom::test
