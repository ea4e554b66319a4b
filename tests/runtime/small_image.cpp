#include "runtime/small_image.hpp"

#include <stdexcept>

#include "core/rules/parse.hpp"

namespace spikeloom::test {
namespace {

using namespace spikeloom::chip;

class Builder {
public:
    explicit Builder(const SmallImageOptions& options) : options_(options) {
        auto chip = read_chip_spec(SPIKELOOM_SOURCE_DIR "/models/chips/loihi1.textproto");
        if (!chip) {
            throw std::runtime_error(to_text(chip.error()));
        }
        image_.chip = std::move(*chip);
        image_.network_name = "small";
        image_.step_s = 1e-3;
        image_.mapping_report = "made by hand\n";
        image_.provenance = {.program = "test",
                             .network_file = "small.nir",
                             .network_sha256 = "0123",
                             .options = {"chip=loihi1"},
                             .rules = {"time is in steps"}};
    }

    Image build() {
        for (std::uint32_t layer = 0; layer < options_.layers.size(); ++layer) {
            add_population(layer);
        }
        InputSymbol port{.name = "input", .shape = {options_.channels}, .output_first = {0}, .outputs = {}};
        for (std::uint32_t channel = 0; channel < options_.channels; ++channel) {
            connect(0, channel, port.outputs);
            port.output_first.push_back(static_cast<std::uint32_t>(port.outputs.size()));
        }
        image_.inputs.push_back(port);
        for (std::uint32_t layer = 0; layer < options_.layers.size(); ++layer) {
            add_outputs(layer);
        }
        return image_;
    }

private:
    void add_population(std::uint32_t layer) {
        const std::uint32_t size = options_.layers[layer];
        const bool last = layer + 1 == options_.layers.size();
        PopulationSymbol population{.name = "layer" + std::to_string(layer),
                                    .shape = {size},
                                    .tiles = {},
                                    .output = last,
                                    .spikes = !last || options_.output_spikes};
        const std::uint32_t run = (size + options_.cores_per_layer - 1) / options_.cores_per_layer;
        const std::uint32_t runs = (size + run - 1) / run;
        for (std::uint32_t r = 0; r < runs; ++r) {  // the last run on the first core: cores and neurons cross over
            const std::uint32_t first = r * run;
            const auto core = static_cast<std::uint32_t>(image_.cores.size()) + runs - 1 - r;
            population.tiles.push_back({.core = CoreId{core},
                                        .first_compartment = 0,
                                        .first_neuron = first,
                                        .count = std::min(run, size - first)});
        }
        for (std::uint32_t r = runs; r-- > 0;) {
            const std::uint32_t count = population.tiles[r].count;
            CoreImage core;
            core.place = static_cast<std::uint32_t>(image_.cores.size());
            core.compartments = count;
            core.groups.push_back({.first = 0,
                                   .count = count,
                                   .current_decay = 4095,
                                   .voltage_decay = options_.voltage_decay,
                                   .threshold_mantissa = options_.threshold,
                                   .refractory = 1,
                                   .spikes = population.spikes});
            core.formats.push_back({.weight_bits = 8, .weight_exponent = 0, .sign_mode = SignMode::mixed});
            core.axon_first_entry = {0};
            core.output_first = {0};
            image_.cores.push_back(core);
        }
        image_.populations.push_back(population);
    }

    /// Axons of a source on every core of the layer, with its synapses there.
    void connect(std::uint32_t layer, std::uint32_t source, std::vector<OutputAxon>& outputs) {
        for (const PopulationTile& tile : image_.populations[layer].tiles) {
            CoreImage& core = image_.cores[tile.core.value()];
            const auto first = static_cast<std::uint32_t>(core.synapses.size());
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                const int weight = options_.weight(layer, source, tile.first_neuron + i);
                if (weight != 0) {
                    core.synapses.push_back({.target = static_cast<std::uint16_t>(tile.first_compartment + i),
                                             .weight = static_cast<std::int16_t>(weight)});
                }
            }
            if (core.synapses.size() == first) {
                continue;
            }
            outputs.push_back({tile.core, AxonId{static_cast<std::uint32_t>(core.axons())}});
            for (auto next = first; next < core.synapses.size(); next += 60) {
                core.entries.push_back(
                    {.format = 0,
                     .encoding = SynapseEncoding::sparse,
                     .index_bits = 10,
                     .first = next,
                     .count = std::min<std::uint32_t>(60, static_cast<std::uint32_t>(core.synapses.size()) - next)});
            }
            core.axon_first_entry.push_back(static_cast<std::uint32_t>(core.entries.size()));
        }
    }

    void add_outputs(std::uint32_t layer) {
        for (const PopulationTile& tile : image_.populations[layer].tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                std::vector<OutputAxon> outputs;
                if (layer + 1 < options_.layers.size()) {
                    connect(layer + 1, tile.first_neuron + i, outputs);
                }
                CoreImage& core = image_.cores[tile.core.value()];
                core.outputs.insert(core.outputs.end(), outputs.begin(), outputs.end());
                core.output_first.push_back(static_cast<std::uint32_t>(core.outputs.size()));
            }
        }
    }

    const SmallImageOptions& options_;
    Image image_;
};

}  // namespace

chip::Image small_image(const SmallImageOptions& options) {
    return Builder(options).build();
}

chip::Image plastic_image(const SmallImageOptions& options, const std::string& dw) {
    chip::Image image = small_image(options);
    LearningProfile profile;
    profile.projection = "in_e";
    profile.weight_per_unit = 0.5;
    profile.rule.name = "pair STDP";
    profile.rule.dw = rules::parse_series(dw, rules::Variable::weight, "dw").value();
    profile.rule.dt = rules::parse_series("2^-2*x1*y0", rules::Variable::tag, "dt").value();
    profile.rule.epoch = 2;
    profile.rule.x[0] = profile.rule.y[0] = {.impulse = 40, .tau = 10};
    image.learning.push_back(profile);
    for (const PopulationTile& tile : image.populations[0].tiles) {
        for (SynapseEntry& entry : image.cores[tile.core.value()].entries) {
            entry.learning = 1;
        }
    }
    return image;
}

}  // namespace spikeloom::test
