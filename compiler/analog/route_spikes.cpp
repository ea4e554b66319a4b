#include "compiler/analog/route_spikes.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace spikeloom::compiler::analog {
namespace {

using chip::AnalogRun;

class RunWriter {
public:
    RunWriter(const RunDemand& demand, std::span<const Block> blocks, const FanIn& fan_in,
              std::span<const std::int32_t> registers, const Fabric& fabric)
        : demand_(demand),
          blocks_(blocks),
          fan_in_(fan_in),
          registers_(registers),
          fabric_(fabric),
          addresses_(blocks.size(), -1) {}

    void write_bus(std::span<const Stream> streams, const BusClasses& classes) {
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            write_synapses(streams, classes, hemisphere);
        }
        for (const Stream& stream : streams) {
            if (!stream.local) {
                host_streams_.push_back(&stream);
            } else if (!stream.silent() || !classes.silent_bit) {
                speak(stream, classes.silent_bit);
            }
        }
    }

    AnalogRun take() {
        write_neurons();
        write_host();
        std::ranges::sort(run_.cells, {}, [](const chip::SynapseCell& cell) {
            return std::tuple(cell.hemisphere, cell.row, cell.column);
        });
        std::ranges::sort(run_.drivers, {}, [](const chip::DriverSetting& driver) {
            return std::pair(driver.hemisphere, driver.driver);
        });
        std::ranges::sort(run_.crossbar, {}, &chip::CrossbarSetting::node);
        std::ranges::sort(run_.host_sources, {}, [](const chip::HostSource& source) {
            return std::tuple(source.is_neuron, source.index, source.lane, source.label);
        });
        return std::move(run_);
    }

private:
    /// The sources of a class are dealt out over the columns of a neuron, and down the drivers of the class.
    void write_synapses(std::span<const Stream> streams, const BusClasses& classes, int hemisphere) {
        const std::size_t selects = std::size_t{1} << fabric_.select_bits;
        std::vector<std::vector<int>> drivers(selects);
        for (std::size_t select = 0; select < selects; ++select) {
            drivers[select] = drivers_of_class(classes.mask, static_cast<int>(select), fabric_);
        }
        std::vector<std::size_t> dealt(blocks_.size() * selects, 0);
        std::vector<bool> used(static_cast<std::size_t>(fabric_.drivers_per_bus), false);
        for (const Stream& stream : streams) {
            const auto select = static_cast<std::size_t>(stream.select);
            for (const Use& use : stream.uses) {
                if (use.hemisphere != hemisphere) {
                    continue;
                }
                const std::size_t place = dealt[use.target * selects + select]++;
                const Block& block = blocks_[use.target];
                const auto width = static_cast<std::size_t>(block.width);
                SPIKELOOM_ASSERT(place / width < drivers[select].size(), std::to_string(place));
                const int driver = drivers[select][place / width];
                used[static_cast<std::size_t>(driver)] = true;
                write_synapse(use, stream.label, driver * fabric_.buses + stream.bus,
                              block.column + static_cast<int>(place % width));
            }
        }
        for (int driver = 0; driver < fabric_.drivers_per_bus; ++driver) {
            if (used[static_cast<std::size_t>(driver)]) {
                run_.drivers.push_back(
                    {.hemisphere = static_cast<std::uint8_t>(hemisphere),
                     .driver = static_cast<std::uint8_t>(driver * fabric_.buses + streams.front().bus),
                     .address = static_cast<std::uint8_t>(driver),
                     .mask = static_cast<std::uint8_t>(classes.mask),
                     .rows = {chip::RowMode::excitatory, chip::RowMode::inhibitory}});
            }
        }
    }

    /// Both rows listen, so that the weight may change its sign.
    void write_synapse(const Use& use, int label, int driver, int column) {
        const std::int32_t weight = registers_[use.synapse];
        chip::SynapseCell cell{.hemisphere = static_cast<std::uint8_t>(use.hemisphere),
                               .row = static_cast<std::uint16_t>(2 * driver),
                               .column = static_cast<std::uint16_t>(column),
                               .weight = static_cast<std::uint8_t>(std::max(weight, 0)),
                               .label = static_cast<std::uint8_t>(label)};
        run_.cells.push_back(cell);
        ++cell.row;
        cell.weight = static_cast<std::uint8_t>(std::max(-weight, 0));
        run_.cells.push_back(cell);
    }

    [[nodiscard]] std::size_t run_index(const Stream& stream) const {
        return static_cast<std::size_t>(demand_.run_index[stream.source - fan_in_.channels]);
    }

    /// The address bit of silent neurons, of others never set while it means that.
    [[nodiscard]] int silent_address() const { return 1 << (fabric_.label_bits + fabric_.free_select_bits - 1); }

    void speak(const Stream& stream, bool silent_bit) {
        const int free_bits = (1 << fabric_.free_select_bits) - 1;
        addresses_[run_index(stream)] = ((stream.select & free_bits) << fabric_.label_bits) | stream.label;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            if (stream.wanted_in(hemisphere)) {
                open_node({stream.output, fabric_.padi(hemisphere, stream.bus)}, silent_bit ? silent_address() : 0, 0);
            }
        }
    }

    void open_node(chip::CrossbarNode node, int mask, int target) {
        const auto same = [&](const chip::CrossbarSetting& setting) { return setting.node == node; };
        if (std::ranges::none_of(run_.crossbar, same)) {
            run_.crossbar.push_back(
                {.node = node, .mask = static_cast<std::uint16_t>(mask), .target = static_cast<std::uint16_t>(target)});
        }
    }

    void write_neurons() {
        std::vector<int> silent(fabric_.output_bus.size(), 0);
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const Block& block = blocks_[i];
            const int output = fabric_.output_of(block.speaker.column);
            if (addresses_[i] < 0) {
                int& count = silent[static_cast<std::size_t>(output)];
                SPIKELOOM_ASSERT(count < silent_address(), std::to_string(count));
                addresses_[i] = silent_address() | count++;
            }
            chip::PlacedNeuron placed{.neuron = demand_.neurons[i],
                                      .circuits = {block.speaker},
                                      .address = static_cast<std::uint8_t>(addresses_[i])};
            for (int hemisphere = block.hemisphere; hemisphere < block.hemisphere + block.hemispheres; ++hemisphere) {
                for (int column = block.column; column < block.column + block.width; ++column) {
                    const chip::Circuit circuit{static_cast<std::uint8_t>(hemisphere),
                                                static_cast<std::uint16_t>(column)};
                    if (circuit != block.speaker) {
                        placed.circuits.push_back(circuit);
                    }
                }
            }
            run_.neurons.push_back(std::move(placed));
            open_node({output, fabric_.first_lane_output + fabric_.output_lane[static_cast<std::size_t>(output)]}, 0,
                      0);
        }
        std::ranges::sort(run_.neurons, {}, &chip::PlacedNeuron::neuron);
    }

    [[nodiscard]] bool wanted_everywhere(const Stream& stream) const {
        bool all = true;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            all = all && stream.wanted_in(hemisphere);
        }
        return all;
    }

    /// Lanes are of two kinds: spikes of one kind name bus and hemisphere, spikes of the other name the bus and reach
    /// all hemispheres. Lanes are shared out as the streams are, so that each carries about as many.
    void write_host() {
        std::size_t broad = 0;
        for (const Stream* stream : host_streams_) {
            broad += wanted_everywhere(*stream) ? 1 : 0;
        }
        const std::size_t lanes = fabric_.lanes.size();
        std::size_t broad_lanes = 0;
        if (broad == host_streams_.size()) {
            broad_lanes = lanes;
        } else if (broad > 0) {
            const double share = static_cast<double>(broad) / static_cast<double>(host_streams_.size());
            const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(lanes)));
            broad_lanes = lanes == 1 ? 0 : std::clamp<std::size_t>(wanted, 1, lanes - 1);
        }
        std::size_t next_broad = 0;
        std::size_t next_single = 0;
        for (const Stream* stream : host_streams_) {
            if (wanted_everywhere(*stream) && broad_lanes > 0) {
                send(*stream, fabric_.lanes[next_broad++ % broad_lanes], -1);
                continue;
            }
            for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                if (stream->wanted_in(hemisphere)) {
                    send(*stream, fabric_.lanes[broad_lanes + next_single++ % (lanes - broad_lanes)], hemisphere);
                }
            }
        }
    }

    /// `hemisphere` -1: all.
    void send(const Stream& stream, int lane, int hemisphere) {
        const int bus_shift = fabric_.label_bits + fabric_.select_bits;
        const int hemisphere_shift = bus_shift + fabric_.bus_bits;
        const int bus_mask = ((1 << fabric_.bus_bits) - 1) << bus_shift;
        const int bus_target = stream.bus << bus_shift;
        int label = stream.label | (stream.select << fabric_.label_bits) | bus_target;
        for (int h = 0; h < fabric_.hemispheres; ++h) {
            const chip::CrossbarNode node{fabric_.first_lane_input + lane, fabric_.padi(h, stream.bus)};
            if (hemisphere < 0) {
                open_node(node, bus_mask, bus_target);
            } else if (hemisphere == h) {
                label |= h << hemisphere_shift;
                const int bit = (fabric_.hemispheres - 1) << hemisphere_shift;
                open_node(node, bus_mask | bit, bus_target | (h << hemisphere_shift));
            }
        }
        const bool neuron = stream.source >= fan_in_.channels;
        run_.host_sources.push_back({.is_neuron = neuron,
                                     .index = neuron ? stream.source - fan_in_.channels : stream.source,
                                     .lane = static_cast<std::uint8_t>(lane),
                                     .label = static_cast<std::uint16_t>(label)});
    }

    const RunDemand& demand_;
    std::span<const Block> blocks_;
    const FanIn& fan_in_;
    std::span<const std::int32_t> registers_;
    const Fabric& fabric_;
    AnalogRun run_;
    std::vector<int> addresses_;  ///< of the neurons of the run; -1: none yet
    std::vector<const Stream*> host_streams_;
};

}  // namespace

tl::expected<AnalogRun, Shortage> route_spikes(const RunDemand& demand, std::span<const Block> blocks,
                                               const FanIn& fan_in, std::span<const std::int32_t> registers,
                                               const Fabric& fabric) {
    auto streams = choose_buses(demand, blocks, fan_in, fabric);
    if (!streams) {
        return tl::unexpected(std::move(streams.error()));
    }
    RunWriter writer(demand, blocks, fan_in, registers, fabric);
    for (int bus = 0; bus < fabric.buses; ++bus) {
        const std::span<Stream> on_bus((*streams)[static_cast<std::size_t>(bus)]);
        if (on_bus.empty()) {
            continue;
        }
        const auto classes = choose_classes(on_bus, bus, blocks, fabric);
        if (!classes) {
            return tl::unexpected(classes.error());
        }
        writer.write_bus(on_bus, *classes);
    }
    return writer.take();
}

}  // namespace spikeloom::compiler::analog
