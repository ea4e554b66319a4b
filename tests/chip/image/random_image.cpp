#include "chip/image/random_image.hpp"

#include <algorithm>
#include <string>

#include "chip/spec/draws.hpp"
#include "chip/spec/random_chip.hpp"

namespace spikeloom::test {
namespace {

using namespace chip;  // builders of everything in it

std::int64_t in(Draws& draws, const IntRange& range) {
    return draws.between(range.least, range.most);
}

std::uint32_t below(Draws& draws, std::uint32_t bound) {
    return static_cast<std::uint32_t>(draws.between(0, bound - 1));
}

int one_of(Draws& draws, const std::vector<int>& list) {
    return list[below(draws, static_cast<std::uint32_t>(list.size()))];
}

/// One of the chip's models with one input; those with two need compartments in pairs.
void add_model(Draws& draws, const NeuronFormat& neuron, CompartmentGroup& group) {
    const NeuronModel model = neuron.models[below(draws, static_cast<std::uint32_t>(neuron.models.size()))];
    if (inputs_of(model) > 1 || draws.chance()) {
        return;
    }
    group.model = model;
    group.threshold_mantissa = std::min(group.threshold_mantissa, (1 << (neuron.state_bits - 1)) - 1);
    group.parameters = {.threshold_low = -draws.integer(0, 100),
                        .sin_decay = draws.integer(-4096, 4096),
                        .cos_decay = draws.integer(-4096, 4096),
                        .state_exponent = draws.integer(0, 24),
                        .relu = draws.chance(),
                        .cumulative_error = draws.chance(),
                        .corrected = draws.chance(),
                        .reset_interval = 8,
                        .reset_offset = draws.integer(0, 7),
                        .adaptation_decay = draws.integer(0, 4096),
                        .adaptation_step = draws.integer(0, 100),
                        .refractory_decay = draws.integer(0, 4096)};
}

void add_groups(Draws& draws, const NeuronFormat& neuron, CoreImage& core) {
    for (std::uint32_t first = 0; first < core.compartments;) {
        const std::uint32_t count = 1 + below(draws, core.compartments - first);
        core.groups.push_back(
            {.first = first,
             .count = count,
             .current_decay =
                 static_cast<std::int32_t>(draws.between(neuron.current_decay.least, neuron.current_decay.most)),
             .voltage_decay =
                 static_cast<std::int32_t>(draws.between(neuron.voltage_decay.least, neuron.voltage_decay.most)),
             .threshold_mantissa = static_cast<std::int32_t>(draws.between(0, neuron.threshold_mantissa_max)),
             .refractory = static_cast<std::int32_t>(in(draws, neuron.refractory)),
             .spikes = draws.chance()});
        add_model(draws, neuron, core.groups.back());
        first += count;
    }
    const std::uint32_t biases = draws.chance() ? core.compartments : 0;
    for (std::uint32_t i = 0; i < biases; ++i) {
        core.biases.push_back({.mantissa = static_cast<std::int16_t>(in(draws, neuron.bias_mantissa)),
                               .exponent = static_cast<std::uint8_t>(in(draws, neuron.bias_exponent))});
    }
    const std::uint32_t currents = draws.chance() ? core.compartments : 0;
    for (std::uint32_t i = 0; i < currents; ++i) {
        core.initial_currents.push_back(
            draws.integer(1 - (1 << (neuron.state_bits - 1)), (1 << (neuron.state_bits - 1)) - 1));
    }
    core.voltage_floor_exponent = static_cast<int>(in(draws, neuron.voltage_floor_exponent));
    core.voltage_ceiling_exponent = static_cast<int>(in(draws, neuron.voltage_ceiling_exponent));
    const bool noisy = std::ranges::all_of(core.groups, [](const CompartmentGroup& g) { return integrates(g.model); });
    core.noise = {
        .target = noisy ? static_cast<NoiseRegister::Target>(draws.integer(0, 2)) : NoiseRegister::Target::off,
        .mantissa_offset = draws.integer(-128, 127),
        .exponent = draws.integer(0, 23)};
}

void add_entry(Draws& draws, const SynapseMemory& memory, CoreImage& core) {
    const std::uint32_t index = below(draws, static_cast<std::uint32_t>(core.formats.size()));
    const WeightFormat& format = core.formats[index];
    SynapseEntry entry{.format = static_cast<std::uint8_t>(index),
                       .encoding = static_cast<SynapseEncoding>(draws.integer(0, 2)),
                       .index_bits = static_cast<std::uint8_t>(one_of(draws, memory.index_bits)),
                       .skip_bits = static_cast<std::uint8_t>(draws.integer(0, 5)),
                       .first = static_cast<std::uint32_t>(core.synapses.size()),
                       .count = static_cast<std::uint32_t>(draws.integer(0, 4))};
    const int longest = std::min((1 << format.delay_bits) - 1, memory.max_delay);
    for (std::uint32_t i = 0; i < entry.count; ++i) {
        core.synapses.push_back({.target = static_cast<std::uint16_t>(below(draws, core.compartments)),
                                 .weight = static_cast<std::int16_t>(in(draws, weight_range(format.sign_mode))),
                                 .delay = static_cast<std::uint8_t>(draws.integer(0, longest))});
    }
    if (draws.integer(0, 9) == 0 && !core.entries.empty()) {  // synapses shared with the entry before
        entry = core.entries.back();
    }
    core.entries.push_back(entry);
}

void add_synapses(Draws& draws, const SynapseMemory& memory, CoreImage& core) {
    for (int i = draws.integer(1, 3); i > 0; --i) {
        core.formats.push_back({.weight_bits = one_of(draws, memory.weight_bits),
                                .weight_exponent = static_cast<int>(in(draws, memory.weight_exponent)),
                                .sign_mode = static_cast<SignMode>(draws.integer(1, 3)),
                                .delay_bits = one_of(draws, memory.delay_bits)});
    }
    if (draws.integer(0, 4) == 0) {
        return;  // no axon, not even a first offset
    }
    core.axon_first_entry.push_back(0);
    for (int axon = draws.integer(0, 6); axon > 0; --axon) {
        for (int i = draws.integer(0, 3); i > 0; --i) {
            add_entry(draws, memory, core);
        }
        core.axon_first_entry.push_back(static_cast<std::uint32_t>(core.entries.size()));
    }
}

void add_outputs(Draws& draws, const Image& image, std::uint32_t size, std::vector<std::uint32_t>& first,
                 std::vector<OutputAxon>& outputs) {
    first.push_back(0);
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t core = below(draws, static_cast<std::uint32_t>(image.cores.size()));
        const auto axons = static_cast<std::uint32_t>(image.cores[core].axons());
        for (int k = draws.integer(0, 2); k > 0 && axons > 0; --k) {
            outputs.push_back({.core = CoreId(core), .axon = AxonId(below(draws, axons))});
        }
        first.push_back(static_cast<std::uint32_t>(outputs.size()));
    }
}

void add_populations(Draws& draws, Image& image) {
    std::uint32_t neurons = 0;
    PopulationSymbol all;
    all.name = "all";
    all.output = draws.chance();
    all.spikes = draws.chance();
    for (std::uint32_t core = 0; core < image.cores.size(); ++core) {
        const std::uint32_t count = 1 + below(draws, image.cores[core].compartments);
        all.tiles.push_back({.core = CoreId(core), .first_compartment = 0, .first_neuron = neurons, .count = count});
        neurons += count;
        if (count < image.cores[core].compartments) {
            image.populations.push_back({.name = "rest " + std::to_string(core),
                                         .shape = {1, image.cores[core].compartments - count, 1},
                                         .tiles = {{.core = CoreId(core),
                                                    .first_compartment = count,
                                                    .first_neuron = 0,
                                                    .count = image.cores[core].compartments - count}},
                                         .voltage_per_unit = draws.real() * 1e6,
                                         .current_per_unit = draws.real()});
        }
    }
    all.shape = {neurons};
    image.populations.push_back(all);
}

rules::ProductSeries series(Draws& draws, const rules::RuleLimits& limits) {
    rules::ProductSeries sum;
    for (int i = draws.integer(0, std::min(limits.products, 3)); i > 0; --i) {
        rules::Product product{.dependency = static_cast<rules::Dependency>(draws.integer(0, 2)),
                               .mantissa = draws.integer(limits.mantissa_least, limits.mantissa_most),
                               .exponent = draws.integer(limits.exponent_least, limits.exponent_most),
                               .factors = {}};
        for (int k = draws.integer(0, std::min(limits.factors, 3)); k > 0; --k) {
            product.factors.push_back({.operand = static_cast<rules::Operand>(draws.integer(0, 12)),
                                       .constant = draws.integer(limits.constant_least, limits.constant_most),
                                       .sign = draws.chance()});
        }
        if (product.dependency == rules::Dependency::u && !sum.decimation) {
            sum.decimation = draws.integer(0, limits.decimation_most);
        }
        sum.products.push_back(std::move(product));
    }
    return sum;
}

LearningProfile profile(Draws& draws, const Image& image) {
    const LearningFormat& learning = image.chip.learning;
    LearningProfile drawn;
    drawn.projection = "plastic \xff" + std::to_string(draws.integer(0, 9));
    drawn.rule.name = "rule";
    drawn.rule.dw = series(draws, learning.rule);
    drawn.rule.dt = series(draws, learning.rule);
    drawn.rule.epoch = static_cast<int>(in(draws, learning.epoch));
    const double impulse = learning.arithmetic.trace_most();
    for (auto& trace : drawn.rule.x) {
        trace = {.impulse = impulse * draws.real(), .tau = 100 * draws.real()};
    }
    for (auto& trace : drawn.rule.y) {
        trace = {.impulse = impulse * draws.real(), .tau = 100 * draws.real()};
    }
    drawn.rule.graded = static_cast<rules::GradedMode>(draws.integer(0, 3));
    drawn.rule.reward_tau = draws.chance() ? 20 * draws.real() : 0;
    if (!image.inputs.empty() && draws.chance()) {
        drawn.reward = RewardPort{.port = 0, .values = {}};
        for (std::uint32_t i = 0; i < image.inputs[0].size(); ++i) {
            drawn.reward->values.push_back(draws.integer(-128, 127));
        }
    }
    if (draws.chance()) {
        drawn.rule.post_traces = rules::PostTraces::neuron;
        drawn.third_factors[1] = {.from = ThirdFactor::From::voltage, .port = 0, .shift = draws.integer(0, 31)};
    }
    drawn.weight_per_unit = 1e-3 + draws.real();
    return drawn;
}

/// Entries follow rules wherever that leaves the image whole.
void add_learning(Draws& draws, Image& image) {
    for (int i = draws.integer(0, 3); i > 0; --i) {
        image.learning.push_back(profile(draws, image));
    }
    for (CoreImage& core : image.cores) {
        for (std::size_t i = 0; i < core.entries.size() && !image.learning.empty(); ++i) {
            core.entries[i].learning =
                static_cast<std::uint8_t>(draws.integer(0, static_cast<int>(image.learning.size())));
            if (!check_image(image).empty()) {
                core.entries[i].learning = 0;
            }
        }
    }
}

}  // namespace

Image random_image(std::uint64_t seed) {
    Draws draws(seed);
    Image image;
    image.chip = random_chip(seed);
    image.network_name = "net " + std::to_string(seed);
    image.step_s = 1e-4 + draws.real();
    const std::int64_t places = image.chip.mesh.cores();
    for (std::int64_t i = draws.between(1, std::min<std::int64_t>(places, 4)); i > 0; --i) {
        CoreImage core;
        core.place = static_cast<std::uint32_t>(places - i);
        core.compartments =
            static_cast<std::uint32_t>(draws.between(1, std::min<std::int64_t>(image.chip.limits.compartments, 9)));
        add_groups(draws, image.chip.neuron, core);
        add_synapses(draws, image.chip.synapses, core);
        image.cores.push_back(std::move(core));
    }
    for (CoreImage& core : image.cores) {
        add_outputs(draws, image, core.compartments, core.output_first, core.outputs);
    }
    add_populations(draws, image);
    for (int i = draws.integer(0, 2); i > 0; --i) {
        InputSymbol input;
        input.name = "in " + std::to_string(i);
        input.shape = {1 + below(draws, 3), 1 + below(draws, 3)};
        input.graded = image.chip.neuron.payload_bits > 0 && draws.chance();
        add_outputs(draws, image, input.shape[0] * input.shape[1], input.output_first, input.outputs);
        image.inputs.push_back(std::move(input));
    }
    if (image.chip.learning.present) {
        add_learning(draws, image);
    }
    for (int i = draws.integer(0, 2); i > 0; --i) {
        image.losses.push_back({.name = "loss",
                                .weights = static_cast<std::uint64_t>(draws.between(0, 1LL << 40)),
                                .synapses = 5,
                                .zeroed = 2,
                                .clipped = 1,
                                .rms_error = draws.real(),
                                .max_error = draws.real(),
                                .weight_exponent = draws.integer(-8, 7),
                                .weight_bits = draws.integer(0, 8)});
    }
    image.mapping_report = std::string(static_cast<std::size_t>(draws.integer(0, 40)), 'r');
    image.source_network = std::string("\0\xff net", 6) + std::to_string(seed);
    image.provenance = {.program = "spikeloom test",
                        .network_file = "a.nir",
                        .network_sha256 = "00",
                        .options = {"a=1", ""},
                        .rules = {"one", "two"}};
    return image;
}

}  // namespace spikeloom::test
