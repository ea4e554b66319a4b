#include "reference/image_builder.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/random.hpp"

namespace spikeloom::test {

using chip::CompartmentGroup;
using chip::Conventions;
using chip::CoreImage;
using chip::Image;
using chip::OutputAxon;
using chip::SignMode;
using chip::SynapseEncoding;
using chip::WeightFormat;

chip::ChipSpec default_chip() {
    chip::ChipSpec spec;
    spec.name = "test";
    spec.limits.compartments = 1 << 16;
    spec.synapses.index_bits.push_back(16);
    return spec;
}

Conventions nengo_conventions() {
    return {};
}

Conventions lava_conventions() {
    return {.sum_overflow = Conventions::SumOverflow::unlimited,
            .current_overflow = Conventions::CurrentOverflow::lava_single_wrap,
            .biased_current_overflow = Conventions::BiasedCurrentOverflow::unlimited,
            .voltage_overflow = Conventions::VoltageOverflow::clip,
            .negative_mixed_weight = Conventions::NegativeMixedWeight::floor};
}

Conventions brian2_conventions() {
    return {.sum_overflow = Conventions::SumOverflow::unlimited,
            .current_overflow = Conventions::CurrentOverflow::unlimited,
            .biased_current_overflow = Conventions::BiasedCurrentOverflow::unlimited,
            .voltage_overflow = Conventions::VoltageOverflow::unlimited,
            .negative_mixed_weight = Conventions::NegativeMixedWeight::toward_zero};
}

CoreId ImageBuilder::add_core(const CompartmentGroup& group, std::uint32_t compartments, std::uint32_t place) {
    CompartmentGroup all = group;
    all.first = 0;
    all.count = compartments;
    return add_core(std::vector{all}, place);
}

CoreId ImageBuilder::add_core(std::vector<CompartmentGroup> groups, std::uint32_t place) {
    CoreImage core;
    core.place = place;
    core.groups = std::move(groups);
    for (CompartmentGroup& group : core.groups) {
        group.first = core.compartments;
        core.compartments += group.count;
    }
    core.axon_first_entry.push_back(0);
    image_.cores.push_back(std::move(core));
    core_links_.emplace_back();
    return CoreId(static_cast<std::uint32_t>(image_.cores.size() - 1));
}

OutputAxon ImageBuilder::add_axon(CoreId core_id, const std::vector<SynapseList>& lists) {
    CoreImage& core = image_.cores[core_id.value()];
    const OutputAxon axon{core_id, AxonId(static_cast<std::uint32_t>(core.axons()))};
    for (const SynapseList& list : lists) {
        auto format = std::find(core.formats.begin(), core.formats.end(), list.format);
        if (format == core.formats.end()) {
            format = core.formats.insert(format, list.format);
        }
        core.entries.push_back({.format = static_cast<std::uint8_t>(format - core.formats.begin()),
                                .encoding = list.encoding,
                                .first = static_cast<std::uint32_t>(core.synapses.size()),
                                .count = static_cast<std::uint32_t>(list.synapses.size()),
                                .learning = list.learning});
        core.synapses.insert(core.synapses.end(), list.synapses.begin(), list.synapses.end());
    }
    core.axon_first_entry.push_back(static_cast<std::uint32_t>(core.entries.size()));
    return axon;
}

void ImageBuilder::add_population(std::vector<chip::PopulationTile> tiles) {
    chip::PopulationSymbol population;
    population.name = fmt::format("population{}", image_.populations.size());
    std::uint32_t neurons = 0;
    for (chip::PopulationTile& tile : tiles) {
        tile.first_neuron = neurons;
        neurons += tile.count;
    }
    population.shape = {neurons};
    population.tiles = std::move(tiles);
    image_.populations.push_back(std::move(population));
}

std::uint8_t ImageBuilder::add_learning(chip::LearningProfile profile) {
    image_.chip.learning.present = true;
    image_.learning.push_back(std::move(profile));
    return static_cast<std::uint8_t>(image_.learning.size());
}

void ImageBuilder::connect(CoreId core, std::uint32_t compartment, const OutputAxon& axon) {
    core_links_[core.value()].push_back({compartment, axon});
}

std::uint32_t ImageBuilder::add_port(std::uint32_t channels) {
    port_channels_.push_back(channels);
    port_links_.emplace_back();
    return static_cast<std::uint32_t>(port_channels_.size() - 1);
}

void ImageBuilder::connect_input(std::uint32_t port, std::uint32_t channel, const OutputAxon& axon) {
    port_links_[port].push_back({channel, axon});
}

Image ImageBuilder::build() {
    const auto lay = [](const std::vector<Link>& links, std::uint32_t sources, std::vector<std::uint32_t>& first,
                        std::vector<OutputAxon>& outputs) {
        first.assign(1, 0);
        for (std::uint32_t source = 0; source < sources; ++source) {
            for (const Link& link : links) {
                if (link.from == source) {
                    outputs.push_back(link.to);
                }
            }
            first.push_back(static_cast<std::uint32_t>(outputs.size()));
        }
    };
    Image image = image_;
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        CoreImage& core = image.cores[c];
        lay(core_links_[c], core.compartments, core.output_first, core.outputs);
    }
    for (std::size_t p = 0; p < port_channels_.size(); ++p) {
        chip::InputSymbol input;
        input.name = "input" + std::to_string(p);
        input.shape = {port_channels_[p]};
        lay(port_links_[p], port_channels_[p], input.output_first, input.outputs);
        image.inputs.push_back(std::move(input));
    }
    return image;
}

namespace {

/// Draws one after the other.
class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_below({.seed = seed_, .step = next_++}, bound));
    }
    std::int32_t between(std::int32_t least, std::int32_t most) {
        return least + static_cast<std::int32_t>(below(static_cast<std::uint32_t>(most - least + 1)));
    }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

private:
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

/// A model of the chip and parameters of it, whether it uses them or not.
void draw_model(Draws& draw, const chip::NeuronFormat& neuron, CompartmentGroup& group) {
    group.model = neuron.models[draw.below(static_cast<std::uint32_t>(neuron.models.size()))];
    const std::int32_t interval = draw.one_in(2) ? 0 : draw.between(1, 9);
    group.parameters = {.threshold_low = -draw.between(0, 300),
                        .sin_decay = draw.between(-4096, 4096),
                        .cos_decay = draw.between(-4096, 4096),
                        .state_exponent = draw.one_in(3) ? draw.between(0, 24) : draw.between(0, 7),
                        .relu = draw.one_in(2),
                        .cumulative_error = draw.one_in(2),
                        .corrected = draw.one_in(3),
                        .reset_interval = interval,
                        .reset_offset = interval > 0 ? draw.between(0, interval - 1) : 0,
                        .adaptation_decay = draw.between(0, 4096),
                        .adaptation_step = draw.between(0, 100),
                        .refractory_decay = draw.between(0, 4096)};
    if (inputs_of(group.model) == 2) {
        group.count = std::max(group.count / 2, 1U) * 2;
    }
}

CompartmentGroup random_group(Draws& draw, std::uint32_t count, const chip::NeuronFormat& neuron) {
    CompartmentGroup group{.count = count,
                           .current_decay = draw.one_in(4) ? 4095 : draw.between(0, 4095),
                           .voltage_decay = draw.one_in(3) ? 0 : draw.between(0, 4095),
                           .threshold_mantissa = draw.between(0, 600),
                           .refractory = draw.one_in(2) ? 1 : draw.between(1, 9),
                           .spikes = !draw.one_in(12)};
    if (neuron.models.size() > 1) {
        draw_model(draw, neuron, group);
    }
    group.parameters.soft_reset =
        group.model == NeuronModel::leaky && neuron.soft_reset_compartments > 0 && draw.one_in(3);
    return group;
}

CoreId add_random_core(Draws& draw, ImageBuilder& builder, const RandomImageOptions& options, std::uint32_t place) {
    std::vector<CompartmentGroup> groups;
    const bool models = options.chip.neuron.models.size() > 1;
    // Neurons with two inputs lie on even compartments: then all groups are even.
    const std::uint32_t compartments = (1 + draw.below(options.max_compartments)) * (models ? 2U : 1U);
    for (std::uint32_t left = compartments; left > 0;) {
        const std::uint32_t count =
            std::min(left, draw.one_in(2) ? 1 + draw.below(4) : 1 + draw.below(options.max_compartments));
        groups.push_back(random_group(draw, models ? (count + 1) / 2 * 2 : count, options.chip.neuron));
        left -= groups.back().count;
    }
    const CoreId id = builder.add_core(std::move(groups), place);
    CoreImage& core = builder.core(id);
    core.voltage_floor_exponent = draw.one_in(2) ? 23 : draw.between(0, 23);
    core.voltage_ceiling_exponent = draw.between(3, 7);
    if (options.noise) {
        core.noise = {
            .target = draw.one_in(2) ? chip::NoiseRegister::Target::current : chip::NoiseRegister::Target::voltage,
            .mantissa_offset = draw.between(-2, 3),
            .exponent = draw.between(0, 14)};
    }
    for (std::uint32_t i = 0; i < compartments && !draw.one_in(4); ++i) {
        core.biases.push_back({.mantissa = static_cast<std::int16_t>(draw.between(-500, 4095)),
                               .exponent = static_cast<std::uint8_t>(draw.below(4))});
    }
    core.biases.resize(core.biases.empty() ? 0 : compartments);
    for (std::uint32_t i = 0; i < compartments && draw.one_in(2); ++i) {
        core.initial_currents.push_back(draw.between(-100'000, 100'000));
    }
    core.initial_currents.resize(core.initial_currents.empty() ? 0 : compartments);
    return id;
}

SynapseList random_list(Draws& draw, std::uint32_t compartments, std::uint32_t max_delay) {
    constexpr std::array<int, 7> widths{1, 2, 3, 4, 5, 6, 8};
    SynapseList list;
    list.format = {.weight_bits = widths[draw.below(7)],
                   .weight_exponent = draw.between(-4, 7),
                   .sign_mode = static_cast<SignMode>(1 + draw.below(3)),
                   .delay_bits = 6};
    list.encoding = static_cast<SynapseEncoding>(draw.below(3));
    const chip::IntRange range = chip::weight_range(list.format.sign_mode);
    const bool one_delay = draw.one_in(2);
    const auto delay = static_cast<std::uint8_t>(draw.below(max_delay + 1));
    const std::uint32_t first = draw.below(compartments);
    const bool line = list.encoding == SynapseEncoding::dense;
    const std::uint32_t count = line ? compartments - first : draw.below(30);
    for (std::uint32_t i = 0; i < count; ++i) {
        list.synapses.push_back({.target = static_cast<std::uint16_t>(line ? first + i : draw.below(compartments)),
                                 .weight = static_cast<std::int16_t>(draw.between(
                                     static_cast<std::int32_t>(range.least), static_cast<std::int32_t>(range.most))),
                                 .delay = one_delay ? delay : static_cast<std::uint8_t>(draw.below(max_delay + 1))});
    }
    return list;
}

}  // namespace

Image random_image(std::uint64_t seed, const RandomImageOptions& options) {
    Draws draw(seed);
    ImageBuilder builder(options.chip);
    std::vector<OutputAxon> axons;
    std::vector<std::uint32_t> sizes;
    const auto places = static_cast<std::uint32_t>(options.chip.mesh.cores());  // no multiple of 5
    const std::uint32_t first_place = draw.below(places);
    for (std::uint32_t c = 0; c < options.cores; ++c) {
        const CoreId id = add_random_core(draw, builder, options, (first_place + 5 * c) % places);
        sizes.push_back(builder.core(id).compartments);
        for (std::uint32_t a = 0; a < 1 + sizes.back() / 2; ++a) {
            std::vector<SynapseList> lists;
            for (std::uint32_t l = draw.below(3); l > 0; --l) {
                lists.push_back(random_list(draw, sizes.back(), options.max_delay));
            }
            axons.push_back(builder.add_axon(id, lists));
        }
    }
    const auto any_axon = [&] { return axons[draw.below(static_cast<std::uint32_t>(axons.size()))]; };
    for (std::uint32_t c = 0; c < options.cores; ++c) {
        for (std::uint32_t i = 0; i < sizes[c]; ++i) {
            for (std::uint32_t links = draw.below(4); links > 0; --links) {
                builder.connect(CoreId(c), i, any_axon());
            }
        }
    }
    for (std::uint32_t p = 0; p < 2; ++p) {
        const std::uint32_t channels = 1 + draw.below(8);
        builder.add_port(channels);
        for (std::uint32_t channel = 0; channel < channels; ++channel) {
            for (std::uint32_t links = draw.below(4); links > 0; --links) {
                builder.connect_input(p, channel, any_axon());
            }
        }
    }
    return builder.build();
}

}  // namespace spikeloom::test
