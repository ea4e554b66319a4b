#include "bench/networks.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

#include "core/base/random.hpp"

namespace spikeloom::bench {
namespace {

using chip::CoreImage;
using chip::Image;
using chip::OutputAxon;
using chip::SignMode;
using chip::SynapseEncoding;

/// The generator of the verified networks.
class SplitMix64 {
public:
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        return z ^ z >> 31;
    }
    std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>((static_cast<spikeloom::detail::uint128>(next()) * n) >> 64);
    }

private:
    std::uint64_t state_ = 1;
};

/// One synapse on its way from a source, before it is laid on its core.
struct Target {
    std::uint32_t neuron = 0;
    std::int16_t weight = 0;
    std::uint8_t format = 0;
    std::uint8_t delay = 0;
};

/// Synapses of this format follow the image's first learning profile.
constexpr std::uint8_t plastic_format = 2;

Image empty_image(std::uint32_t cores, std::uint32_t compartments) {
    Image image;
    image.chip.name = "bench";
    image.cores.resize(cores);
    for (std::uint32_t c = 0; c < cores; ++c) {
        CoreImage& core = image.cores[c];
        core.place = c;
        core.compartments = compartments;
        core.axon_first_entry.push_back(0);
        core.output_first.push_back(0);
    }
    return image;
}

/// Adds an axon to every core that a source reaches; returns the axons, by core. `targets` is sorted here.
void add_axons(Image& image, std::uint32_t compartments, std::vector<Target>& targets, SynapseEncoding encoding,
               std::vector<OutputAxon>& outputs) {
    std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) {
        return std::tuple(a.neuron, a.format, a.weight, a.delay) < std::tuple(b.neuron, b.format, b.weight, b.delay);
    });
    for (std::size_t i = 0; i < targets.size();) {
        const std::uint32_t c = targets[i].neuron / compartments;
        CoreImage& core = image.cores[c];
        outputs.push_back({CoreId(c), AxonId(static_cast<std::uint32_t>(core.axons()))});
        while (i < targets.size() && targets[i].neuron / compartments == c) {
            chip::SynapseEntry entry{.format = targets[i].format, .encoding = encoding};
            entry.learning = targets[i].format == plastic_format ? 1 : 0;
            entry.first = static_cast<std::uint32_t>(core.synapses.size());
            for (; i < targets.size() && targets[i].neuron / compartments == c && targets[i].format == entry.format;
                 ++i) {
                core.synapses.push_back({.target = static_cast<std::uint16_t>(targets[i].neuron % compartments),
                                         .weight = targets[i].weight,
                                         .delay = targets[i].delay});
            }
            entry.count = static_cast<std::uint32_t>(core.synapses.size()) - entry.first;
            core.entries.push_back(entry);
        }
        core.axon_first_entry.push_back(static_cast<std::uint32_t>(core.entries.size()));
    }
}

std::uint64_t draw(std::uint64_t step, std::uint32_t neuron, std::uint32_t number, std::uint64_t bound) {
    return random_below({.seed = 1, .step = step, .neuron = neuron, .draw = number}, bound);
}

/// Normally distributed (Box and Muller).
double normal(std::uint64_t stream, std::uint32_t i) {
    const double u = random_uniform({.seed = 2, .step = stream, .neuron = i, .draw = 0});
    const double w = random_uniform({.seed = 2, .step = stream, .neuron = i, .draw = 1});
    return std::sqrt(-2 * std::log(1 - u)) * std::cos(2 * std::numbers::pi * w);
}

void add_groups(Image& image, const chip::CompartmentGroup& group) {
    for (CoreImage& core : image.cores) {
        core.groups.assign(1, group);
        core.groups[0].count = core.compartments;
    }
}

/// Decay register of a membrane with tau = 20 steps: 4096 * (1 - exp(-1/20)).
constexpr std::int32_t decay_of_20_steps = 200;

}  // namespace

Image random_network(const RandomNetwork& net) {
    SplitMix64 random;
    const std::uint32_t neurons = net.cores * net.compartments;
    Image image = empty_image(net.cores, net.compartments);
    for (CoreImage& core : image.cores) {
        core.formats = {{.weight_bits = 8, .sign_mode = SignMode::mixed}};
        for (std::uint32_t i = 0; i < net.compartments; ++i) {
            const std::uint32_t threshold =
                net.threshold_least + random.below(net.threshold_most - net.threshold_least + 1);
            const std::uint32_t bias = 5 + random.below(11);
            core.groups.push_back({.first = i,
                                   .count = 1,
                                   .current_decay = 4095,
                                   .voltage_decay = 0,
                                   .threshold_mantissa = static_cast<std::int32_t>(2 * threshold)});
            core.biases.push_back({.mantissa = static_cast<std::int16_t>(2 * bias), .exponent = 6});
        }
    }
    std::vector<std::uint32_t> target_of(neurons, 0);
    std::vector<Target> targets;
    for (std::uint32_t i = 0; i < neurons; ++i) {
        targets.clear();
        for (std::uint32_t k = 0; k < net.fan_out; ++k) {
            std::uint32_t target = random.below(neurons);
            while (target_of[target] == i + 1) {
                target = random.below(neurons);
            }
            target_of[target] = i + 1;
            const auto weight = static_cast<std::int16_t>(1 + random.below(4));
            const bool negative = random.next() >> 63 != 0;
            targets.push_back(
                {.neuron = target, .weight = static_cast<std::int16_t>(negative ? -2 * weight : 2 * weight)});
        }
        CoreImage& core = image.cores[i / net.compartments];
        add_axons(image, net.compartments, targets, SynapseEncoding::sparse, core.outputs);
        core.output_first.push_back(static_cast<std::uint32_t>(core.outputs.size()));
    }
    return image;
}

/// Additive pair STDP with time constants of 20 steps, depression a little stronger.
chip::LearningProfile pair_stdp(int epoch) {
    using rules::Dependency;
    using rules::Operand;
    chip::LearningProfile profile;
    profile.projection = "excitatory to excitatory";
    profile.rule.name = "pair STDP";
    profile.rule.dw.products = {
        {.dependency = Dependency::y0, .mantissa = 1, .exponent = -5, .factors = {{.operand = Operand::x1}}},
        {.dependency = Dependency::x0, .mantissa = -1, .exponent = -5, .factors = {{.operand = Operand::y1}}}};
    profile.rule.epoch = epoch;
    profile.rule.x[0] = {.impulse = 64, .tau = 20};
    profile.rule.y[0] = {.impulse = 67, .tau = 20};
    return profile;
}

Image balanced_network(int learning_epoch) {
    // 1 mV = 16,000: the smaller weight, 0.4 mV, is then 100 * 2^6.
    constexpr std::uint32_t neurons = 10'000, excitatory = 8'000, compartments = 1'000;
    Image image = empty_image(neurons / compartments, compartments);
    add_groups(image, {.current_decay = 4095,
                       .voltage_decay = decay_of_20_steps,
                       .threshold_mantissa = 5'000,  // 20 mV
                       .refractory = 2});
    std::vector<std::vector<Target>> targets(neurons);
    for (std::uint32_t i = 0; i < neurons; ++i) {
        for (std::uint32_t k = 0; k < 1'000; ++k) {
            const bool inhibitory = k >= 800;
            const auto source = static_cast<std::uint32_t>(inhibitory ? excitatory + draw(0, i, k, neurons - excitatory)
                                                                      : draw(0, i, k, excitatory));
            targets[source].push_back({.neuron = i,
                                       .weight = static_cast<std::int16_t>(inhibitory ? -125 : 100),
                                       .format = static_cast<std::uint8_t>(inhibitory                             ? 1
                                                                           : learning_epoch > 0 && i < excitatory ? 2
                                                                                                                  : 0),
                                       .delay = 1});
        }
    }
    if (learning_epoch > 0) {
        image.learning.push_back(pair_stdp(learning_epoch));
        image.chip.learning.present = true;
        image.populations.resize(2);
        image.populations[0].name = "excitatory";
        image.populations[0].shape = {excitatory};
        image.populations[1].name = "inhibitory";
        image.populations[1].shape = {neurons - excitatory};
        for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
            const bool second = c * compartments >= excitatory;
            image.populations[second ? 1 : 0].tiles.push_back(
                {.core = CoreId(c),
                 .first_compartment = 0,
                 .first_neuron = c * compartments - (second ? excitatory : 0),
                 .count = compartments});
        }
    }
    for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
        CoreImage& core = image.cores[c];
        core.formats = {{.weight_exponent = 0, .sign_mode = SignMode::excitatory, .delay_bits = 1},
                        {.weight_exponent = 2, .sign_mode = SignMode::inhibitory, .delay_bits = 1},
                        {.weight_exponent = 0, .sign_mode = SignMode::excitatory, .delay_bits = 1}};
        core.biases.assign(compartments, {.mantissa = 2926, .exponent = 3});  // towards 30 mV
    }
    for (std::uint32_t i = 0; i < neurons; ++i) {
        CoreImage& core = image.cores[i / compartments];
        add_axons(image, compartments, targets[i], SynapseEncoding::sparse, core.outputs);
        core.output_first.push_back(static_cast<std::uint32_t>(core.outputs.size()));
        targets[i] = {};
    }
    return image;
}

Image dense_network() {
    // A weight of 1 is 256 * 2^6.
    constexpr std::uint32_t width = 1024;
    constexpr std::uint32_t inputs = 784;
    constexpr std::uint32_t classes = 10;
    Image image = empty_image(3, width);
    image.cores[2].compartments = classes;
    add_groups(image, {.current_decay = 4095, .voltage_decay = decay_of_20_steps, .threshold_mantissa = 20 * 256});
    for (CoreImage& core : image.cores) {
        core.formats = {{.weight_bits = 8, .sign_mode = SignMode::mixed}};
    }
    const auto row = [&](std::uint32_t core, std::uint32_t source, std::uint32_t size, double mean,
                         std::vector<OutputAxon>& outputs) {
        std::vector<Target> targets;
        for (std::uint32_t i = 0; i < size; ++i) {
            const double weight = 256 * (mean + 0.2 * normal(std::uint64_t{core} * width + source, i));
            targets.push_back(
                {.neuron = core * width + i,
                 .weight = static_cast<std::int16_t>(2 * std::lround(std::clamp(weight, -256.0, 254.0) / 2))});
        }
        add_axons(image, width, targets, SynapseEncoding::dense, outputs);
    };
    chip::InputSymbol input;
    input.name = "pixels";
    input.shape = {inputs};
    input.output_first.push_back(0);
    for (std::uint32_t i = 0; i < inputs; ++i) {
        row(0, i, width, 0.05, input.outputs);
        input.output_first.push_back(static_cast<std::uint32_t>(input.outputs.size()));
    }
    image.inputs.push_back(std::move(input));
    for (std::uint32_t layer = 0; layer < 2; ++layer) {
        CoreImage& core = image.cores[layer];
        for (std::uint32_t i = 0; i < width; ++i) {
            row(layer + 1, i, layer == 0 ? width : classes, 0.04, core.outputs);
            core.output_first.push_back(static_cast<std::uint32_t>(core.outputs.size()));
        }
    }
    image.cores[2].output_first.assign(classes + 1, 0);
    return image;
}

Image vogels_abbott() {
    // 1 mV = 81,013: an excitatory weight, 1.62 mV * (1 - exp(-1/20)) a step, is then 100 * 2^6. Voltages count from
    // the reset, -60 mV. Inhibition has the excitatory time constant and twice the weight: the same charge.
    constexpr std::uint32_t neurons = 4'000, excitatory = 3'200, compartments = 1'000;
    Image image = empty_image(neurons / compartments, compartments);
    add_groups(image, {.current_decay = 741,  // 4096 * (1 - exp(-1/5)) - 1
                       .voltage_decay = decay_of_20_steps,
                       .threshold_mantissa = 12'658,  // 10 mV
                       .refractory = 5});
    for (CoreImage& core : image.cores) {
        core.formats = {{.weight_exponent = 0, .sign_mode = SignMode::excitatory},
                        {.weight_exponent = 3, .sign_mode = SignMode::inhibitory}};
        core.biases.assign(compartments, {.mantissa = 2716, .exponent = 4});  // towards 11 mV
    }
    std::vector<Target> targets;
    for (std::uint32_t i = 0; i < neurons; ++i) {
        targets.clear();
        const bool inhibitory = i >= excitatory;
        for (std::uint32_t j = 0; j < neurons; ++j) {
            if (draw(i, j, 0, 50) == 0) {
                targets.push_back({.neuron = j,
                                   .weight = static_cast<std::int16_t>(inhibitory ? -139 : 100),
                                   .format = static_cast<std::uint8_t>(inhibitory ? 1 : 0)});
            }
        }
        CoreImage& core = image.cores[i / compartments];
        add_axons(image, compartments, targets, SynapseEncoding::sparse, core.outputs);
        core.output_first.push_back(static_cast<std::uint32_t>(core.outputs.size()));
    }
    return image;
}

std::vector<chip::InputSpike> bernoulli_inputs(const Image& image, std::uint64_t step) {
    std::vector<chip::InputSpike> inputs;
    for (std::uint32_t channel = 0; !image.inputs.empty() && channel < image.inputs[0].size(); ++channel) {
        if (random_below({.seed = 3, .purpose = RandomPurpose::poisson_source, .step = step, .neuron = channel}, 20) ==
            0) {
            inputs.push_back({0, channel});
        }
    }
    return inputs;
}

void scatter_voltages(chip::Chip& chip, const Image& image, std::int32_t largest) {
    const auto for_each = [&](const auto& bias_of) {
        for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
            for (std::uint32_t i = 0; i < image.cores[c].compartments; ++i) {
                chip.set_bias(CoreId(c), CompartmentId(i), bias_of(c, i));
            }
        }
    };
    for_each([&](std::uint32_t c, std::uint32_t i) {
        const std::uint64_t voltage = draw(c, i, 1, static_cast<std::uint64_t>(largest));
        return chip::BiasRegister{.mantissa = static_cast<std::int16_t>(voltage >> 7), .exponent = 7};
    });
    chip.step({});
    for_each([&](std::uint32_t c, std::uint32_t i) { return image.cores[c].biases[i]; });
}

}  // namespace spikeloom::bench
