#include "chip/analog/routes.hpp"

#include <algorithm>
#include <numeric>

#include "chip/analog/background.hpp"

namespace spikeloom::chip::analog {
namespace {

/// The cells of a run by row and label, so that a spike finds those that answer without asking the others.
class CellsByLabel {
public:
    CellsByLabel(const AnalogArray& array, const AnalogRun& run, const std::vector<std::uint32_t>& neuron_at)
        : array_(array), labels_(std::size_t{1} << array.label_bits) {
        const auto rows = static_cast<std::size_t>(array.hemispheres) * static_cast<std::size_t>(array.rows);
        begin_.assign(rows * labels_ + 1, 0);
        const auto circuit = [&](const SynapseCell& cell) {
            return static_cast<std::size_t>(cell.hemisphere) * static_cast<std::size_t>(array.columns) + cell.column;
        };
        for (const SynapseCell& cell : run.cells) {
            if (neuron_at[circuit(cell)] != Routes::none) {
                ++begin_[slot(cell) + 1];
            }
        }
        std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
        cells_.resize(begin_.back());
        std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
        for (std::size_t i = 0; i < run.cells.size(); ++i) {
            if (neuron_at[circuit(run.cells[i])] != Routes::none) {
                cells_[next[slot(run.cells[i])]++] = static_cast<std::uint32_t>(i);
            }
        }
    }

    /// Appends the cells of the row that answer to the label.
    void append(std::size_t row, std::uint32_t label, std::vector<std::uint32_t>& cells) const {
        const std::size_t at = row * labels_ + (label & (labels_ - 1));
        cells.insert(cells.end(), cells_.begin() + begin_[at], cells_.begin() + begin_[at + 1]);
    }

private:
    [[nodiscard]] std::size_t slot(const SynapseCell& cell) const {
        const auto row = static_cast<std::size_t>(cell.hemisphere) * static_cast<std::size_t>(array_.rows) + cell.row;
        return row * labels_ + cell.label;
    }

    const AnalogArray& array_;
    std::size_t labels_;
    std::vector<std::uint32_t> begin_;
    std::vector<std::uint32_t> cells_;
};

/// Buses (outputs of the crossbar below the lanes) with the drivers that are set on each.
std::vector<std::vector<const DriverSetting*>> drivers_by_bus(const AnalogArray& array, const AnalogRun& run) {
    std::vector<std::vector<const DriverSetting*>> buses(
        static_cast<std::size_t>(array.hemispheres * array.padi_buses));
    for (const DriverSetting& driver : run.drivers) {
        buses[static_cast<std::size_t>(driver.hemisphere * array.padi_buses + driver.driver % array.padi_buses)]
            .push_back(&driver);
    }
    return buses;
}

std::vector<std::int16_t> row_signs(const AnalogArray& array, const AnalogRun& run) {
    std::vector<std::int16_t> signs(static_cast<std::size_t>(array.hemispheres) * static_cast<std::size_t>(array.rows));
    for (const DriverSetting& driver : run.drivers) {
        for (std::size_t i = 0; i < driver.rows.size(); ++i) {
            const std::size_t row = static_cast<std::size_t>(driver.hemisphere) * static_cast<std::size_t>(array.rows) +
                                    driver.rows.size() * driver.driver + i;
            switch (driver.rows[i]) {
            case RowMode::disabled:
                signs[row] = 0;
                break;
            case RowMode::excitatory:
                signs[row] = 1;
                break;
            case RowMode::inhibitory:
                signs[row] = -1;
                break;
            }
        }
    }
    return signs;
}

}  // namespace

std::uint32_t row_select(const AnalogArray& array, std::uint32_t label) {
    return (label >> array.label_bits) & ((1U << array.row_select_bits) - 1);
}

std::uint16_t spike_label(const AnalogSpec& chip, const PlacedNeuron& neuron) {
    const auto output = static_cast<std::uint32_t>(neuron.circuits.front().column / chip.crossbar.columns_per_output);
    return static_cast<std::uint16_t>(output << chip.array.neuron_address_bits | neuron.address);
}

Routes follow_routes(const AnalogSpec& chip, const AnalogRun& run) {
    const AnalogArray& array = chip.array;
    Routes routes;
    routes.neurons.resize(run.neurons.size());
    std::iota(routes.neurons.begin(), routes.neurons.end(), 0U);
    std::ranges::sort(routes.neurons, {}, [&](std::uint32_t i) { return run.neurons[i].neuron; });
    routes.neuron_at.assign(static_cast<std::size_t>(array.circuits()), Routes::none);
    for (std::uint32_t n = 0; n < routes.neurons.size(); ++n) {
        for (const Circuit& circuit : run.neurons[routes.neurons[n]].circuits) {
            routes.neuron_at[static_cast<std::size_t>(circuit.hemisphere * array.columns + circuit.column)] = n;
        }
    }
    for (const HostSource& host : run.host_sources) {
        routes.crossbar.push_back(
            {.input = static_cast<std::uint16_t>(chip.crossbar.l2_input(host.lane)), .label = host.label});
    }
    for (const BackgroundSetting& setting : run.background) {
        routes.background.push_back(static_cast<std::uint32_t>(routes.crossbar.size()));
        for (std::uint32_t bits = 0; bits < label_count(setting); ++bits) {
            routes.crossbar.push_back(
                {.input = static_cast<std::uint16_t>(chip.crossbar.background_input(setting.source)),
                 .label = background_label(setting, bits)});
        }
    }
    for (const std::uint32_t n : routes.neurons) {
        const std::uint16_t label = spike_label(chip, run.neurons[n]);
        routes.crossbar.push_back(
            {.input = static_cast<std::uint16_t>(label >> array.neuron_address_bits), .label = label});
    }

    routes.row_sign = row_signs(array, run);
    const CellsByLabel cells(array, run, routes.neuron_at);
    const auto buses = drivers_by_bus(array, run);
    routes.cell_begin.push_back(0);
    for (CrossbarRoute& source : routes.crossbar) {
        source.dropped = true;
        for (const CrossbarSetting& setting : run.crossbar) {
            if (setting.node.input != source.input || (source.label & setting.mask) != setting.target) {
                continue;
            }
            source.dropped = false;
            const auto output = static_cast<std::size_t>(setting.node.output);
            if (output >= buses.size()) {
                ++source.lanes_out;
                continue;
            }
            for (const DriverSetting* driver : buses[output]) {
                if (((row_select(array, source.label) ^ driver->address) & driver->mask) != 0) {
                    continue;
                }
                for (std::size_t i = 0; i < driver->rows.size(); ++i) {
                    if (driver->rows[i] != RowMode::disabled) {
                        cells.append(
                            static_cast<std::size_t>(driver->hemisphere) * static_cast<std::size_t>(array.rows) +
                                driver->rows.size() * driver->driver + i,
                            source.label, routes.cells);
                    }
                }
            }
        }
        routes.cell_begin.push_back(routes.cells.size());
    }
    return routes;
}

}  // namespace spikeloom::chip::analog
