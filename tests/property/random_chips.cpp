#include "property/random_chips.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/networks.hpp"

namespace spikeloom::test {
namespace {

void draw_widths(Draws& draws, chip::SynapseMemory& memory) {
    using chip::SynapseEncoding;
    if (draws.chance(0.3)) {
        memory.encodings = {SynapseEncoding::sparse};
    } else if (draws.chance(0.3)) {
        memory.encodings = {SynapseEncoding::runlength, SynapseEncoding::dense};
    }
    if (draws.chance(0.3)) {
        memory.weight_bits = {1, 2, 4, 8};
    }
    if (draws.chance(0.3)) {
        memory.delay_bits = {0, 3, 6};
    }
    if (draws.chance(0.3)) {
        memory.skip_bits = {static_cast<int>(draws.integer(1, 5))};
    }
    if (draws.chance(0.3)) {
        memory.count_bits = static_cast<int>(draws.integer(2, 6));
        memory.synapses_per_entry = static_cast<int>(draws.integer(1, 1LL << memory.count_bits));
    }
    if (draws.chance(0.3)) {
        memory.word_bits = static_cast<int>(draws.integer(8, 128));
    }
    memory.list_end_bits = static_cast<int>(draws.integer(0, 8));
}

void draw_conventions(Draws& draws, chip::Conventions& conventions) {
    using chip::Conventions;
    if (draws.chance(0.2)) {
        conventions.sum_overflow = Conventions::SumOverflow::unlimited;
        conventions.current_overflow = Conventions::CurrentOverflow::lava_single_wrap;
        conventions.biased_current_overflow = Conventions::BiasedCurrentOverflow::unlimited;
    }
    if (draws.chance(0.2)) {
        conventions.negative_mixed_weight = Conventions::NegativeMixedWeight::toward_zero;
    }
}

void draw_board(Draws& draws, chip::ChipSpec& chip) {
    const auto some = [&](std::int64_t least, std::int64_t most) {
        return static_cast<int>(draws.integer(least, most));
    };
    chip.mesh = {.columns = some(2, 6), .rows = some(2, 6), .cores_per_tile = some(1, 4)};
    if (draws.chance(0.4)) {
        chip.mesh.chip_columns = some(1, 3);
        chip.mesh.chip_rows = some(1, 2);
    }
    router::NetworkParameters& network = chip.network.parameters;
    if (draws.chance(0.3)) {
        network.topology = router::Topology::torus;
    } else if (draws.chance(0.3)) {
        network.topology = router::Topology::tree;
        network.tree_arity = some(2, 4);
    }
    network.order = draws.chance(0.5) ? router::DimensionOrder::x_first : router::DimensionOrder::y_first;
    network.cast = draws.chance(0.3) ? router::Cast::multicast : router::Cast::unicast;
}

void draw_neuron(Draws& draws, chip::NeuronFormat& neuron) {
    neuron.soft_reset_compartments = static_cast<int>(draws.integer(0, 2));
    if (draws.chance(0.3)) {  // as Loihi 2 holds decays
        neuron.current_decay_offset = 0;
        neuron.current_decay = neuron.voltage_decay = {0, 4096};
    }
    if (draws.chance(0.5)) {  // and its models; those with two inputs have no front end yet
        neuron.models = {
            NeuronModel::leaky,         NeuronModel::ternary_leaky, NeuronModel::sigma_delta,       NeuronModel::delta,
            NeuronModel::graded_vector, NeuronModel::graded_relu,   NeuronModel::adaptive_threshold};
        neuron.payload_bits = static_cast<int>(draws.integer(8, 24));
    }
    if (draws.chance(0.3)) {
        neuron.sum_bits = static_cast<int>(draws.integer(18, 24));
        neuron.threshold_mantissa_max = draws.integer(2000, 262143);
    }
}

}  // namespace

chip::ChipSpec random_formats(std::uint64_t seed) {
    Draws draws(seed * 2);
    chip::ChipSpec chip;
    chip.name = "random";
    draw_widths(draws, chip.synapses);
    draw_conventions(draws, chip.conventions);
    draw_neuron(draws, chip.neuron);
    chip.limits.update_granularity = draws.integer(1, 4);
    return chip;
}

chip::ChipSpec one_core(chip::ChipSpec chip) {
    constexpr std::int64_t any = 1 << 24;
    constexpr int any_formats = 255;
    chip.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 1};
    chip.network = {};
    chip.limits.compartments = 1 << 16;
    chip.limits.input_axons = chip.limits.output_axons = any;
    chip.limits.compartment_profiles = chip.limits.threshold_profiles = 1 << 16;
    chip.limits.destinations_per_compartment = 0;
    chip.synapses.words = chip.synapses.words_per_axon = any;
    chip.synapses.index_bits.push_back(16);
    chip.synapses.free_delay = chip.synapses.max_delay;
    chip.synapses.format_id_bits = 8;
    chip.synapses.synapse_formats = any_formats;
    return chip;
}

chip::ChipSpec small_cores(std::uint64_t seed, chip::ChipSpec chip, const compiler::MeasuredCore& whole) {
    Draws draws(seed * 5 + 1);
    const auto share_of = [&](std::int64_t used, std::int64_t least) {
        const double share = std::exp(draws.uniform(std::log(0.12), std::log(1.2)));
        return std::max(least, static_cast<std::int64_t>(std::ceil(static_cast<double>(used) * share)));
    };
    draw_board(draws, chip);
    chip::CoreLimits& limits = chip.limits;
    chip::SynapseMemory& memory = chip.synapses;
    limits.compartments = std::min<std::int64_t>(1024, share_of(whole.compartments, 4));
    if (draws.chance(0.4)) {
        limits.input_axons = share_of(whole.input_axons, 16);
    }
    if (draws.chance(0.4)) {
        limits.output_axons = std::max<std::int64_t>(whole.compartments * 2, 16);
    }
    if (draws.chance(0.5)) {
        memory.words = share_of(whole.synapse_words, 16);
    }
    if (draws.chance(0.3)) {
        memory.words_per_axon = share_of(whole.longest_axon_words, 1);
    }
    memory.words_per_axon = std::min(memory.words_per_axon, memory.words);
    if (draws.chance(0.5)) {
        memory.shared_lists = true;
        memory.shared_base_most =
            draws.chance(0.5) ? limits.compartments - 1 : draws.integer(0, limits.compartments - 1);
        memory.shared_base_multiple = draws.chance(0.5) ? 1 : 4;
        memory.shared_in_part = memory.shared_base_most % 2 == 1;
    }
    if (draws.chance(0.3)) {
        limits.compartment_profiles = draws.integer(1, 8);
        limits.threshold_profiles = draws.integer(1, 8);
    }
    if (draws.chance(0.3)) {
        memory.synapse_formats = static_cast<int>(draws.integer(2, 9));
    }
    if (draws.chance(0.15)) {
        limits.destinations_per_compartment = draws.integer(1, 3);
    }
    return chip;
}

}  // namespace spikeloom::test
