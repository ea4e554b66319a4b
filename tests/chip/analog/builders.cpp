#include "chip/analog/builders.hpp"

#include <algorithm>
#include <set>

#include "core/base/random.hpp"

namespace spikeloom::test::emulated {

using namespace spikeloom::chip;

namespace {

Quantity made_up(double value) {
    return {.value = value, .low = value, .high = value, .source = "made up for a test", .trust = Trust::guessed};
}

/// Draws one after the other.
class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    std::uint32_t below(std::uint64_t bound) {
        return static_cast<std::uint32_t>(random_below({.seed = seed_, .step = next_++}, bound));
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

private:
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

AnalogRun random_run(const AnalogSpec& chip, Draws& draws, const std::vector<PlacedNeuron>& neurons,
                     std::uint32_t channels, std::uint32_t earlier) {
    AnalogRun run;
    run.neurons = neurons;
    for (int h = 0; h < 2; ++h) {
        for (int d = 0; d < 128; d += 1 + static_cast<int>(draws.below(3))) {
            run.drivers.push_back(
                {.hemisphere = static_cast<std::uint8_t>(h),
                 .driver = static_cast<std::uint8_t>(d),
                 .address = static_cast<std::uint8_t>(draws.below(32)),
                 .mask = static_cast<std::uint8_t>(draws.below(8)),
                 .rows = {static_cast<RowMode>(draws.below(3)), static_cast<RowMode>(draws.below(3))}});
        }
    }
    for (std::uint8_t h = 0; h < 2; ++h) {
        for (std::uint16_t row = 0; row < 256; ++row) {
            for (std::uint16_t column = 0; column < 256; ++column) {
                if (draws.one_in(8)) {
                    run.cells.push_back({.hemisphere = h,
                                         .row = row,
                                         .column = column,
                                         .weight = static_cast<std::uint8_t>(draws.below(64)),
                                         .label = static_cast<std::uint8_t>(draws.below(8))});
                }
            }
        }
    }
    for (const CrossbarNode& node : chip.crossbar.nodes) {
        if (!draws.one_in(3)) {
            const std::uint32_t mask = draws.below(16) << 6;
            run.crossbar.push_back({.node = node,
                                    .mask = static_cast<std::uint16_t>(mask),
                                    .target = static_cast<std::uint16_t>(draws.below(1024) & mask)});
        }
    }
    const auto host = [&](bool is_neuron, std::uint32_t index) {
        run.host_sources.push_back({.is_neuron = is_neuron,
                                    .index = index,
                                    .lane = static_cast<std::uint8_t>(draws.below(4)),
                                    .label = static_cast<std::uint16_t>(draws.below(1U << 11) & ~0x38U)});
    };
    for (std::uint32_t channel = 0; channel < channels; ++channel) {
        host(false, channel);
        if (draws.one_in(4)) {
            host(false, channel);
        }
    }
    for (std::uint32_t neuron = 0; neuron < earlier; ++neuron) {
        host(true, neuron);
    }
    return run;
}

}  // namespace

AnalogSpec whole_chip() {
    AnalogSpec chip;
    chip.name = "whole";
    chip.title = "whole chip";
    for (int i = 0; i < 8; ++i) {
        chip.crossbar.nodes.push_back({.input = i, .output = i % 4});
        chip.crossbar.nodes.push_back({.input = i, .output = 4 + i % 4});
        chip.crossbar.nodes.push_back({.input = i, .output = 8 + i % 4});
    }
    for (int j = 0; j < 4; ++j) {
        for (int bus = 0; bus < 8; ++bus) {
            chip.crossbar.nodes.push_back({.input = 8 + j, .output = bus});
        }
        chip.crossbar.nodes.push_back({.input = 8 + j, .output = 8 + j});
    }
    for (int k = 0; k < 8; ++k) {
        chip.crossbar.nodes.push_back({.input = 12 + k, .output = k});
        chip.crossbar.nodes.push_back({.input = 12 + k, .output = 8 + k % 4});
    }
    std::ranges::sort(chip.crossbar.nodes);
    const auto mismatch = [&](MismatchOf of, double uncalibrated, double calibrated, double trial) {
        chip.mismatch.push_back({.of = of,
                                 .uncalibrated = made_up(uncalibrated),
                                 .calibrated = made_up(calibrated),
                                 .trial = made_up(trial)});
    };
    mismatch(MismatchOf::threshold, 0.1, 0.035, 0.01);
    mismatch(MismatchOf::leak, 0.1, 0.03, 0.01);
    mismatch(MismatchOf::reset, 0.1, 0.02, 0);
    mismatch(MismatchOf::tau_mem, 0.2, 0.09, 0);
    mismatch(MismatchOf::tau_syn, 0.2, 0.04, 0);
    mismatch(MismatchOf::weight, 0.1, 0.05, 0.01);
    mismatch(MismatchOf::synaptic_weight, 0.05, 0.05, 0);
    return chip;
}

AnalogSpec ideal_chip() {
    AnalogSpec chip;
    chip.name = "ideal";
    chip.title = "equations alone";
    chip.ideal = true;
    return chip;
}

AnalogImage ideal_image(const IdealNet& net) {
    AnalogImage image;
    image.chip = ideal_chip();
    image.network_name = "net";
    image.inputs.push_back({.name = "input",
                            .shape = {net.channels},
                            .first_channel = 0,
                            .count = net.channels,
                            .constant_times = net.constant_times});
    std::uint32_t first = 0;
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
        image.populations.push_back({.name = "layer" + std::to_string(l),
                                     .shape = {net.layers[l]},
                                     .first_neuron = first,
                                     .count = net.layers[l]});
        first += net.layers[l];
    }
    image.outputs.push_back(static_cast<std::uint32_t>(net.layers.size() - 1));
    image.neurons.assign(first, {.model = {.lif = net.lif}});
    image.synapses.row_begin.push_back(0);
    first = 0;
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
        const std::uint32_t sources = l == 0 ? net.channels : net.layers[l - 1];
        for (std::uint32_t s = 0; s < sources; ++s) {
            for (std::uint32_t n = 0; n < net.layers[l]; ++n) {
                const double weight = net.weights[l][s * net.layers[l] + n];
                if (weight != 0) {
                    image.synapses.targets.push_back(first + n);
                    image.synapses.weights.push_back(weight);
                }
            }
            image.synapses.row_begin.push_back(image.synapses.targets.size());
        }
        first += net.layers[l];
    }
    image.synapses.row_begin.resize(net.channels + std::size_t{first} + 1, image.synapses.targets.size());
    image.synapses.delays = net.delays;
    return image;
}

AnalogImage empty_image(std::uint32_t channels, std::uint32_t neurons, std::size_t runs, const NeuronTarget& target) {
    AnalogImage image;
    image.chip = whole_chip();
    image.network_name = "net";
    image.inputs.push_back(
        {.name = "input", .shape = {channels}, .first_channel = 0, .count = channels, .constant_times = {}});
    image.populations.push_back({.name = "all", .shape = {neurons}, .first_neuron = 0, .count = neurons});
    image.outputs.push_back(0);
    image.neurons.assign(neurons, target);
    image.runs.resize(runs);
    return image;
}

AnalogImage random_image(std::uint64_t seed, std::uint32_t channels, std::uint32_t neurons, std::size_t runs) {
    AnalogImage image =
        empty_image(channels, neurons, runs,
                    {.model = {.lif = {.tau_mem = 10e-6, .tau_syn = 10e-6, .refractory = 2e-6}}, .weight_unit = 0.01});
    Draws draws(seed);
    std::uint32_t first = 0;
    for (std::size_t r = 0; r < runs; ++r) {
        const auto end = static_cast<std::uint32_t>(neurons * (r + 1) / runs);
        std::vector<PlacedNeuron> placed;
        std::set<Circuit> taken;
        std::set<std::pair<int, int>> labels;
        for (std::uint32_t n = first; n < end; ++n) {
            PlacedNeuron neuron{.neuron = n, .circuits = {}};
            const std::uint32_t circuits = 1 + draws.below(3);
            while (neuron.circuits.empty()) {  // neighbours, from a random circuit on
                const Circuit start{.hemisphere = static_cast<std::uint8_t>(draws.below(2)),
                                    .column = static_cast<std::uint16_t>(draws.below(254))};
                for (std::uint32_t k = 0; k < circuits; ++k) {
                    neuron.circuits.push_back(
                        {.hemisphere = start.hemisphere, .column = static_cast<std::uint16_t>(start.column + k)});
                }
                if (std::ranges::any_of(neuron.circuits, [&](const Circuit& c) { return taken.contains(c); })) {
                    neuron.circuits.clear();
                }
            }
            taken.insert(neuron.circuits.begin(), neuron.circuits.end());
            do {
                neuron.address = static_cast<std::uint8_t>(draws.below(256) & ~0x38U);
            } while (!labels.insert({neuron.circuits.front().column / 32, neuron.address}).second);
            placed.push_back(neuron);
        }
        std::ranges::reverse(placed);  // the order of placement means nothing
        image.runs[r] = random_run(image.chip, draws, placed, channels, first);
        first = end;
    }
    return image;
}

}  // namespace spikeloom::test::emulated
