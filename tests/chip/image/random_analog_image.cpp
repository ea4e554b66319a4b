#include "chip/image/random_analog_image.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chip/spec/draws.hpp"
#include "chip/spec/random_analog_chip.hpp"

namespace spikeloom::test {
namespace {

using namespace chip;

class Builder {
public:
    explicit Builder(std::uint64_t seed) : draws_(seed) { image_.chip = random_analog_chip(seed); }

    AnalogImage build() {
        symbols();
        neurons();
        if (image_.chip.ideal) {
            synapses();
        } else {
            runs();
        }
        return std::move(image_);
    }

private:
    static std::string name(const char* what, int i) {
        std::string text = what;
        return text + std::to_string(i) + "\xff";  // no UTF-8: names come from files of others
    }

    void symbols() {
        image_.network_name = name("net", 0);
        image_.mapping_report = std::string("line\n\0end", 9);
        image_.provenance = {
            .program = "p", .network_file = "f", .network_sha256 = "s", .options = {"o"}, .rules = {"r", ""}};
        std::uint32_t next = 0;
        for (int i = draws_.integer(0, 3); i > 0; --i) {
            const auto width = static_cast<std::uint32_t>(draws_.integer(1, 4));
            const auto height = static_cast<std::uint32_t>(draws_.integer(1, 4));
            image_.inputs.push_back(
                {.name = name("input", i),
                 .shape = {height, width},
                 .first_channel = next,
                 .count = height * width,
                 .constant_times = std::vector<double>(static_cast<std::size_t>(draws_.integer(0, 2)), draws_.real())});
            next += height * width;
        }
        next = 0;
        for (int i = draws_.integer(0, 3); i > 0; --i) {
            const auto count = static_cast<std::uint32_t>(draws_.integer(1, 6));
            image_.populations.push_back(
                {.name = name("population", i), .shape = {count}, .first_neuron = next, .count = count});
            next += count;
            if (draws_.chance()) {
                image_.outputs.push_back(static_cast<std::uint32_t>(image_.populations.size()) - 1);
            }
        }
        neurons_ = next;
        if (draws_.chance()) {
            const double earliest = draws_.real();
            image_.coding = TtfsCoding{.time_unit_s = 1e-6 + draws_.real(),
                                       .earliest_s = earliest,
                                       .latest_s = earliest + draws_.real(),
                                       .inverted = draws_.chance(),
                                       .silent_below = draws_.real() - 0.5,
                                       .window_s = 1 + draws_.real()};
        }
    }

    double within(const RealRange& range) {
        return std::clamp(range.least + (range.most - range.least) * draws_.real(), range.least, range.most);
    }

    NeuronTarget target() {
        NeuronTarget target;
        Lif& lif = target.model.lif;
        lif.tau_mem = within(image_.chip.ranges.tau_mem_s);
        lif.tau_syn = within(image_.chip.ranges.tau_syn_s);
        lif.refractory = draws_.chance() ? never : within(image_.chip.ranges.refractory_s);
        lif.reset = -draws_.real();
        lif.leak = draws_.chance() ? -0.0 : draws_.real();
        lif.threshold = draws_.chance() ? never : draws_.real();
        lif.resistance = 0.5 + draws_.real();
        target.adaptive = draws_.chance();
        target.model.exponential = draws_.chance();
        target.model.adaptation = draws_.chance();
        target.model.conductance = draws_.chance();
        target.model.tau_syn_inhibitory = draws_.chance() ? 0 : within(image_.chip.ranges.tau_syn_s);
        target.model.a = draws_.real();
        target.model.b = draws_.real();
        target.weight_unit = 1e-3 + draws_.real();
        return target;
    }

    void neurons() {
        const std::vector<NeuronTarget> kinds{target(), target()};
        for (std::uint32_t i = 0; i < neurons_; ++i) {
            image_.neurons.push_back(kinds[draws_.chance() ? 1 : 0]);
        }
    }

    void synapses() {
        const bool delays = draws_.chance();
        IdealSynapses& synapses = image_.synapses;
        synapses.row_begin.push_back(0);
        for (std::uint32_t source = 0; source < image_.channels() + neurons_; ++source) {
            for (std::uint32_t target = 0; target < neurons_; ++target) {
                if (draws_.chance()) {
                    synapses.targets.push_back(target);
                    synapses.weights.push_back(draws_.real() - 0.5);
                    if (delays) {
                        synapses.delays.push_back(draws_.real());
                    }
                }
            }
            synapses.row_begin.push_back(synapses.targets.size());
        }
    }

    std::uint32_t bits(int count) {
        return static_cast<std::uint32_t>(draws_.between(0, (std::int64_t{1} << count) - 1));
    }

    /// One neuron a run, so that addresses never clash.
    void runs() {
        const AnalogArray& array = image_.chip.array;
        for (std::uint32_t i = 0; i < neurons_; ++i) {
            AnalogRun& run = image_.runs.emplace_back();
            PlacedNeuron placed{
                .neuron = i, .circuits = {}, .address = static_cast<std::uint8_t>(bits(array.neuron_address_bits))};
            const int block = std::max(1, array.joined_circuits / array.hemispheres);
            const int joined = draws_.integer(1, std::min(block, array.columns));
            for (int k = 0; k < joined; ++k) {
                placed.circuits.push_back({.hemisphere = 0, .column = static_cast<std::uint16_t>(k)});
            }
            run.neurons.push_back(placed);
            array_of(run);
            routes_of(run, i);
        }
    }

    void array_of(AnalogRun& run) {
        const AnalogArray& array = image_.chip.array;
        for (int hemisphere = 0; hemisphere < array.hemispheres; ++hemisphere) {
            for (int driver = 0; driver < array.drivers; ++driver) {
                const auto address = array.fixed_driver_addresses
                                         ? static_cast<std::uint32_t>(array.number_on_bus(driver))
                                         : bits(array.row_select_bits);
                run.drivers.push_back({.hemisphere = static_cast<std::uint8_t>(hemisphere),
                                       .driver = static_cast<std::uint8_t>(driver),
                                       .address = static_cast<std::uint8_t>(address),
                                       .mask = static_cast<std::uint8_t>(bits(array.row_select_bits)),
                                       .rows = {RowMode::excitatory, static_cast<RowMode>(draws_.integer(0, 2))}});
            }
            for (int row = 0; row < array.rows; ++row) {
                run.cells.push_back({.hemisphere = static_cast<std::uint8_t>(hemisphere),
                                     .row = static_cast<std::uint16_t>(row),
                                     .column = static_cast<std::uint16_t>(draws_.integer(0, array.columns - 1)),
                                     .weight = static_cast<std::uint8_t>(bits(array.weight_bits)),
                                     .label = static_cast<std::uint8_t>(bits(array.label_bits))});
            }
        }
    }

    void routes_of(AnalogRun& run, std::uint32_t earlier) {
        const AnalogCrossbar& crossbar = image_.chip.crossbar;
        for (const CrossbarNode& node : crossbar.nodes) {
            run.crossbar.push_back({.node = node,
                                    .mask = static_cast<std::uint16_t>(bits(crossbar.label_bits)),
                                    .target = static_cast<std::uint16_t>(bits(crossbar.label_bits))});
        }
        const auto source = [&](bool is_neuron, std::uint32_t index) {
            run.host_sources.push_back({.is_neuron = is_neuron,
                                        .index = index,
                                        .lane = static_cast<std::uint8_t>(draws_.integer(0, crossbar.l2_lanes - 1)),
                                        .label = static_cast<std::uint16_t>(bits(crossbar.label_bits))});
        };
        for (std::uint32_t channel = 0; channel < image_.channels(); ++channel) {
            source(false, channel);
        }
        for (std::uint32_t neuron = 0; neuron < earlier; ++neuron) {
            source(true, neuron);
        }
        for (int i = 0; i < crossbar.background_sources; ++i) {
            run.background.push_back({.source = static_cast<std::uint8_t>(i),
                                      .random = draws_.chance(),
                                      .period = std::max(1U, bits(crossbar.background.period_bits)),
                                      .rate = static_cast<std::uint16_t>(bits(crossbar.background.rate_bits)),
                                      .seed = 1 + bits(31),
                                      .label = static_cast<std::uint16_t>(bits(crossbar.label_bits)),
                                      .mask = static_cast<std::uint8_t>(bits(crossbar.background.random_label_bits))});
        }
    }

    Draws draws_;
    AnalogImage image_;
    std::uint32_t neurons_ = 0;
};

}  // namespace

AnalogImage random_analog_image(std::uint64_t seed) {
    return Builder(seed).build();
}

}  // namespace spikeloom::test
