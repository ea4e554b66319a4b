#include "compiler/analog/place_circuits.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <utility>

namespace spikeloom::compiler::analog {
namespace {

int width_of(int circuits, const Fabric& fabric) {
    return std::max(1, circuits / fabric.hemispheres);
}

bool covers_all(int circuits, const Fabric& fabric) {
    return circuits >= fabric.hemispheres;
}

class Placer {
public:
    Placer(const RunDemand& demand, const Fabric& fabric)
        : demand_(demand),
          fabric_(fabric),
          blocks_(demand.neurons.size()),
          loads_(demand.neurons.size() * static_cast<std::size_t>(fabric.buses), 0),
          used_(fabric.output_bus.size() * static_cast<std::size_t>(fabric.hemispheres), 0),
          bus_room_(static_cast<std::size_t>(fabric.buses), 0) {
        for (const int bus : fabric.output_bus) {
            bus_room_[static_cast<std::size_t>(bus)] += fabric.hemispheres * fabric.columns_per_output;
        }
    }

    std::vector<Block> place() {
        std::vector<std::uint32_t> order(demand_.neurons.size());
        std::iota(order.begin(), order.end(), 0U);
        std::ranges::stable_sort(order, {}, [this](std::uint32_t i) {
            return std::pair(-demand_.circuits[i], demand_.target_begin[i] == demand_.target_begin[i + 1]);
        });
        for (const std::uint32_t i : order) {
            const int width = width_of(demand_.circuits[i], fabric_);
            if (width >= fabric_.columns_per_output) {
                place_wide(i, width);
            } else {
                place_narrow(i, width);
            }
        }
        return std::move(blocks_);
    }

private:
    /// What it costs a neuron to speak through an output.
    struct Cost {
        std::int64_t overflows = 0;  ///< targets that can't take one more source of its bus
        std::int64_t taken = 0;      ///< sources of the bus that its targets have already
        std::int64_t fullness = 0;   ///< the fuller bus is the dearer
        friend auto operator<=>(const Cost&, const Cost&) = default;
    };
    struct Choice {
        std::int64_t overflows = 0;
        int hemisphere = 0;
        Cost cost;
        int output = 0;
        friend auto operator<=>(const Choice&, const Choice&) = default;
    };

    int& used(int output, int hemisphere) {
        return used_[static_cast<std::size_t>(output * fabric_.hemispheres + hemisphere)];
    }
    std::int32_t& load(std::uint32_t target, int bus) {
        return loads_[target * static_cast<std::size_t>(fabric_.buses) + static_cast<std::size_t>(bus)];
    }
    [[nodiscard]] std::span<const std::uint32_t> targets(std::uint32_t i) const {
        return std::span(demand_.targets)
            .subspan(demand_.target_begin[i], demand_.target_begin[i + 1] - demand_.target_begin[i]);
    }

    Cost cost(std::uint32_t i, int output) {
        const int bus = fabric_.output_bus[static_cast<std::size_t>(output)];
        Cost cost{.fullness = -bus_room_[static_cast<std::size_t>(bus)]};
        for (const std::uint32_t target : targets(i)) {
            const std::int32_t taken = load(target, bus);
            cost.overflows += taken >= fabric_.drivers_per_bus * demand_.circuits[target] ? 1 : 0;
            cost.taken += taken;
        }
        return cost;
    }

    void speak(std::uint32_t i, int hemisphere, int column) {
        Block& block = blocks_[i];
        block.speaker = {static_cast<std::uint8_t>(hemisphere), static_cast<std::uint16_t>(column)};
        const int bus = fabric_.bus_of(column);
        for (const std::uint32_t target : targets(i)) {
            ++load(target, bus);
        }
        bus_room_[static_cast<std::size_t>(bus)] -= demand_.circuits[i];
    }

    /// Whole outputs, the next ones in order; it speaks through the best of them.
    void place_wide(std::uint32_t i, int width) {
        const int outputs = width / fabric_.columns_per_output;
        const int first = next_whole_output_;
        next_whole_output_ += outputs;
        std::pair best(cost(i, first), first);
        for (int output = first; output < first + outputs; ++output) {
            for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                used(output, hemisphere) = fabric_.columns_per_output;
            }
            best = std::min(best, std::pair(cost(i, output), output));
        }
        blocks_[i] = {.hemisphere = 0,
                      .hemispheres = fabric_.hemispheres,
                      .column = first * fabric_.columns_per_output,
                      .width = width,
                      .speaker = {}};
        speak(i, 0, best.second * fabric_.columns_per_output);
    }

    /// The first hemisphere with room, unless another spares targets that would overflow.
    void place_narrow(std::uint32_t i, int width) {
        const bool all = covers_all(demand_.circuits[i], fabric_);
        std::optional<Choice> best;
        for (int output = 0; output < static_cast<int>(fabric_.output_bus.size()); ++output) {
            const Cost here = cost(i, output);
            for (int hemisphere = 0; hemisphere < (all ? 1 : fabric_.hemispheres); ++hemisphere) {
                const Choice choice{here.overflows, hemisphere, here, output};
                if (used(output, hemisphere) + width <= fabric_.columns_per_output && (!best || choice < *best)) {
                    best = choice;
                }
            }
        }
        SPIKELOOM_ASSERT(best.has_value(), std::to_string(demand_.neurons[i]));
        const int within = used(best->output, best->hemisphere);
        const int column = best->output * fabric_.columns_per_output + within;
        blocks_[i] = {.hemisphere = best->hemisphere,
                      .hemispheres = all ? fabric_.hemispheres : 1,
                      .column = column,
                      .width = width,
                      .speaker = {}};
        for (int h = best->hemisphere; h < best->hemisphere + blocks_[i].hemispheres; ++h) {
            used(best->output, h) = within + width;
        }
        speak(i, best->hemisphere, column);
    }

    const RunDemand& demand_;
    const Fabric& fabric_;
    std::vector<Block> blocks_;
    std::vector<std::int32_t> loads_;  ///< [target][bus]: sources of the run that speak on it
    std::vector<int> used_;            ///< [output][hemisphere]: columns taken, from the first
    std::vector<int> bus_room_;        ///< circuits left behind the outputs of a bus
    int next_whole_output_ = 0;
};

}  // namespace

RunDemand run_demand(const FanIn& fan_in, std::vector<std::uint32_t> neurons) {
    RunDemand demand;
    demand.neurons = std::move(neurons);
    const std::size_t all = fan_in.begin.size() - 1;
    const std::size_t channels = fan_in.channels;
    demand.run_index.assign(all, -1);
    for (std::size_t i = 0; i < demand.neurons.size(); ++i) {
        demand.run_index[demand.neurons[i]] = static_cast<std::int32_t>(i);
    }
    const auto index_of = [&](std::uint32_t source) {
        return source < channels ? -1 : demand.run_index[source - channels];
    };
    demand.target_begin.assign(demand.neurons.size() + 1, 0);
    for (const std::uint32_t neuron : demand.neurons) {
        for (const std::uint32_t source : fan_in.of(neuron)) {
            if (const std::int32_t i = index_of(source); i >= 0) {
                ++demand.target_begin[static_cast<std::size_t>(i) + 1];
            }
        }
    }
    std::partial_sum(demand.target_begin.begin(), demand.target_begin.end(), demand.target_begin.begin());
    demand.targets.resize(demand.target_begin.back());
    std::vector<std::uint64_t> next(demand.target_begin.begin(), demand.target_begin.end() - 1);
    for (std::uint32_t target = 0; target < demand.neurons.size(); ++target) {
        for (const std::uint32_t source : fan_in.of(demand.neurons[target])) {
            if (const std::int32_t i = index_of(source); i >= 0) {
                demand.targets[next[static_cast<std::size_t>(i)]++] = target;
            }
        }
    }
    return demand;
}

int circuits_for(std::size_t inputs, const Fabric& fabric) {
    const auto one = static_cast<std::size_t>(fabric.signed_inputs());
    return static_cast<int>(std::bit_ceil(std::max<std::size_t>((inputs + one - 1) / one, 1)));
}

int columns_for(std::span<const int> circuits, const Fabric& fabric) {
    int columns = 0;
    int singles = 0;
    for (const int count : circuits) {
        if (covers_all(count, fabric)) {
            columns += width_of(count, fabric);
        } else {
            ++singles;
        }
    }
    return columns + (singles + fabric.hemispheres - 1) / fabric.hemispheres;
}

std::vector<Block> place_circuits(const RunDemand& demand, const Fabric& fabric) {
    return Placer(demand, fabric).place();
}

}  // namespace spikeloom::compiler::analog
