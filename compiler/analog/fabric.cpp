#include "compiler/analog/fabric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace spikeloom::compiler::analog {
namespace {

bool power_of_two(int value) {
    return value > 0 && std::has_single_bit(static_cast<unsigned>(value));
}

int bits_for(int values) {
    return static_cast<int>(std::bit_width(static_cast<unsigned>(values - 1)));
}

class FabricReader {
public:
    explicit FabricReader(const chip::AnalogSpec& chip) : chip_(chip) {}

    Result<Fabric> read() {
        read_array();
        if (findings_.empty()) {
            read_outputs();
            read_lanes();
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        return fabric_;
    }

private:
    void require(bool holds, const std::string& found, const std::string& allowed) {
        if (!holds) {
            findings_.push_back({.where = fmt::format("chip '{}'", chip_.name), .found = found, .allowed = allowed});
        }
    }

    void read_array() {
        const chip::AnalogArray& array = chip_.array;
        const chip::AnalogCrossbar& crossbar = chip_.crossbar;
        require(array.hemispheres == 1 || array.hemispheres == 2, fmt::format("{} hemispheres", array.hemispheres),
                "1 or 2 for this compiler");
        require(power_of_two(array.columns) && array.columns <= 65536, fmt::format("{} columns", array.columns),
                "a power of two for this compiler");
        require(power_of_two(array.padi_buses), fmt::format("{} PADI buses", array.padi_buses),
                "a power of two for this compiler");
        require(array.drivers > 0 && array.drivers <= 256 && array.rows == 2 * array.drivers,
                fmt::format("{} rows and {} drivers", array.rows, array.drivers),
                "two rows a driver, 256 drivers at most");
        require(power_of_two(crossbar.columns_per_output) &&
                    crossbar.neuron_outputs * crossbar.columns_per_output == array.columns,
                fmt::format("{} event outputs of {} columns", crossbar.neuron_outputs, crossbar.columns_per_output),
                fmt::format("outputs of a power of two of columns, {} in all", array.columns));
        require(array.weight_bits >= 1 && array.weight_bits <= 8 && array.label_bits >= 1 && array.label_bits <= 8 &&
                    array.neuron_address_bits <= 8 && array.row_select_bits <= 8 && crossbar.label_bits <= 16,
                "wider weights, labels, addresses or row selects than images hold", "8 bits each, crossbar labels 16");
        if (!findings_.empty()) {
            return;
        }
        require(array.drivers % array.padi_buses == 0,
                fmt::format("{} drivers on {} buses", array.drivers, array.padi_buses), "as many drivers on every bus");
        require(array.drivers / array.padi_buses <= 1 << array.row_select_bits,
                fmt::format("{} drivers on a bus", array.drivers / array.padi_buses),
                fmt::format("as many as {} bits of row select can tell apart", array.row_select_bits));
        fabric_ = {.hemispheres = array.hemispheres,
                   .columns = array.columns,
                   .buses = array.padi_buses,
                   .drivers_per_bus = array.drivers / array.padi_buses,
                   .labels = 1 << array.label_bits,
                   .label_bits = array.label_bits,
                   .select_bits = array.row_select_bits,
                   .free_select_bits = array.neuron_address_bits - array.label_bits,
                   .bus_bits = bits_for(array.padi_buses),
                   .columns_per_output = crossbar.columns_per_output,
                   .output_bus = {},
                   .output_lane = {},
                   .lanes = {},
                   .first_lane_input = crossbar.neuron_outputs,
                   .first_lane_output = array.hemispheres * array.padi_buses};
        require(fabric_.free_select_bits >= 1 && array.neuron_address_bits + bits_for(crossbar.neuron_outputs) <=
                                                     array.label_bits + array.row_select_bits,
                fmt::format("neuron addresses of {} bits beside synapse labels of {}", array.neuron_address_bits,
                            array.label_bits),
                "one bit more than the label, and address and event output within label and row select");
        require(
            array.label_bits + array.row_select_bits + fabric_.bus_bits + array.hemispheres - 1 <= crossbar.label_bits,
            fmt::format("crossbar labels of {} bits", crossbar.label_bits),
            fmt::format("{} bits, so that the host can name bus and hemisphere",
                        array.label_bits + array.row_select_bits + fabric_.bus_bits + array.hemispheres - 1));
    }

    [[nodiscard]] bool node(int input, int output) const {
        return std::ranges::binary_search(chip_.crossbar.nodes, chip::CrossbarNode{input, output});
    }

    /// The only bus that an input reaches, in each hemisphere; -1: there is none or there are several.
    [[nodiscard]] int only_bus(int input) const {
        int only = -1;
        for (int bus = 0; bus < fabric_.buses; ++bus) {
            int reached = 0;
            for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                reached += node(input, fabric_.padi(hemisphere, bus)) ? 1 : 0;
            }
            if (reached == 0) {
                continue;
            }
            if (only >= 0 || reached < fabric_.hemispheres) {
                return -1;
            }
            only = bus;
        }
        return only;
    }

    void read_outputs() {
        for (int output = 0; output < chip_.crossbar.neuron_outputs; ++output) {
            const int bus = only_bus(output);
            require(bus >= 0, fmt::format("event output {} does not reach exactly one bus a hemisphere", output),
                    "one bus, the same in every hemisphere");
            fabric_.output_bus.push_back(bus);
            int lane = 0;
            while (lane < chip_.crossbar.l2_lanes && !node(output, fabric_.first_lane_output + lane)) {
                ++lane;
            }
            require(lane < chip_.crossbar.l2_lanes, fmt::format("event output {} has no way out of the chip", output),
                    "a node to an L2 lane");
            fabric_.output_lane.push_back(lane);
        }
    }

    void read_lanes() {
        for (int lane = 0; lane < chip_.crossbar.l2_lanes; ++lane) {
            bool all = true;
            for (int padi = 0; padi < fabric_.hemispheres * fabric_.buses; ++padi) {
                all = all && node(fabric_.first_lane_input + lane, padi);
            }
            if (all) {
                fabric_.lanes.push_back(lane);
            }
        }
        require(!fabric_.lanes.empty(), "no L2 lane reaches all PADI buses", "one at least");
    }

    const chip::AnalogSpec& chip_;
    Fabric fabric_;
    Diagnostics findings_;
};

}  // namespace

int Fabric::output_select_bits(int bus) const {
    int bits = 0;
    int first = -1;
    for (int output = 0; output < static_cast<int>(output_bus.size()); ++output) {
        if (output_bus[static_cast<std::size_t>(output)] == bus) {
            first = first < 0 ? output : first;
            bits |= first ^ output;
        }
    }
    return bits << free_select_bits;
}

Result<Fabric> fabric_of(const chip::AnalogSpec& chip) {
    return FabricReader(chip).read();
}

}  // namespace spikeloom::compiler::analog
