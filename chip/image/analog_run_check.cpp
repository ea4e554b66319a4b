// The runs of an image of a chip that is not ideal.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "chip/image/image_findings.hpp"

namespace spikeloom::chip {
namespace {

IntRange below(std::int64_t count) {
    return {.least = 0, .most = count - 1};
}

IntRange register_of(int bits) {
    return below(std::int64_t{1} << bits);
}

class RunChecker {
public:
    RunChecker(const AnalogImage& image, Findings& findings)
        : image_(image), chip_(image.chip), findings_(findings), placed_(image.neurons.size(), false) {}

    void check() {
        const IdealSynapses& synapses = image_.synapses;
        if (!synapses.row_begin.empty() || !synapses.targets.empty() || !synapses.weights.empty() ||
            !synapses.delays.empty()) {
            findings_.add("synapses", "synapses outside the array", "none: only ideal chips have them");
        }
        for (std::size_t i = 0; i < image_.runs.size() && !findings_.full(); ++i) {
            const std::string where = fmt::format("run {}", i);
            const AnalogRun& run = image_.runs[i];
            host_sources(where, run);  // before the neurons of this run are known as computed
            neurons(where, run);
            drivers(where, run);
            cells(where, run);
            crossbar(where, run);
            background(where, run);
        }
        for (std::size_t i = 0; i < placed_.size() && !findings_.full(); ++i) {
            if (!placed_[i]) {
                findings_.add(fmt::format("neuron {}", i), "is placed in no run", "exactly one");
            }
        }
    }

private:
    void neurons(const std::string& run_where, const AnalogRun& run) {
        const AnalogArray& array = chip_.array;
        std::set<Circuit> used;
        std::map<std::pair<int, int>, std::uint32_t> labels;
        for (const PlacedNeuron& placed : run.neurons) {
            const std::string where = fmt::format("{}, neuron {}", run_where, placed.neuron);
            if (placed.neuron >= image_.neurons.size()) {
                findings_.add(where, "is none of the network's", fmt::format("below {}", image_.neurons.size()));
                continue;
            }
            if (placed_[placed.neuron]) {
                findings_.add(where, "is placed a second time", "exactly one place in one run");
            }
            placed_[placed.neuron] = true;
            findings_.range(where, "the number of circuits", static_cast<std::int64_t>(placed.circuits.size()),
                            {.least = 1, .most = array.joined_circuits});
            findings_.range(where, "the address", placed.address, register_of(array.neuron_address_bits));
            for (const Circuit& circuit : placed.circuits) {
                findings_.range(where, "a circuit's hemisphere", circuit.hemisphere, below(array.hemispheres));
                findings_.range(where, "a circuit's column", circuit.column, below(array.columns));
                if (!used.insert(circuit).second) {
                    findings_.add(where,
                                  fmt::format("circuit {} of hemisphere {} is used a second time", circuit.column,
                                              circuit.hemisphere),
                                  "circuits of one neuron each");
                }
            }
            joined(where, placed.circuits);
            if (!placed.circuits.empty()) {
                const int output = placed.circuits.front().column / chip_.crossbar.columns_per_output;
                const auto [other, added] = labels.try_emplace({output, placed.address}, placed.neuron);
                if (!added) {
                    findings_.add(where,
                                  fmt::format("its spikes leave event output {} with address {}, as those of neuron {}",
                                              output, placed.address, other->second),
                                  "addresses that differ on an event output");
                }
            }
        }
    }

    /// Switches join a circuit with its neighbours to the left and right and in the hemispheres beside its own, within
    /// a block of columns (halco neuron.cpp, get_neighbor and LogicalNeuronOnDLS).
    void joined(const std::string& where, const std::vector<Circuit>& circuits) {
        if (circuits.size() < 2) {
            return;
        }
        const int columns = std::max(1, chip_.array.joined_circuits / chip_.array.hemispheres);
        const auto [first, last] = std::ranges::minmax_element(circuits, {}, &Circuit::column);
        if (first->column / columns != last->column / columns) {
            findings_.add(where, fmt::format("joins columns {} and {}", first->column, last->column),
                          fmt::format("columns of one block of {}", columns));
        }
        std::set<Circuit> apart(circuits.begin(), circuits.end());
        std::vector<Circuit> reached{circuits.front()};
        apart.erase(circuits.front());
        const auto reach = [&](int hemisphere, int column) {
            if (!below(chip_.array.hemispheres).contains(hemisphere) || !below(chip_.array.columns).contains(column)) {
                return;
            }
            const Circuit circuit{.hemisphere = static_cast<std::uint8_t>(hemisphere),
                                  .column = static_cast<std::uint16_t>(column)};
            if (apart.erase(circuit) > 0) {
                reached.push_back(circuit);
            }
        };
        while (!reached.empty()) {
            const Circuit circuit = reached.back();
            reached.pop_back();
            reach(circuit.hemisphere, circuit.column - 1);
            reach(circuit.hemisphere, circuit.column + 1);
            reach(circuit.hemisphere - 1, circuit.column);
            reach(circuit.hemisphere + 1, circuit.column);
        }
        if (!apart.empty()) {
            findings_.add(where,
                          fmt::format("circuit {} of hemisphere {} has no way to the first one over joined neighbours",
                                      apart.begin()->column, apart.begin()->hemisphere),
                          "circuits that touch each other");
        }
    }

    void drivers(const std::string& run_where, const AnalogRun& run) {
        const AnalogArray& array = chip_.array;
        std::set<std::pair<int, int>> seen;
        for (const DriverSetting& driver : run.drivers) {
            const std::string where =
                fmt::format("{}, driver {} of hemisphere {}", run_where, driver.driver, driver.hemisphere);
            findings_.range(where, "the hemisphere", driver.hemisphere, below(array.hemispheres));
            findings_.range(where, "the driver", driver.driver, below(array.drivers));
            findings_.range(where, "the address", driver.address, register_of(array.row_select_bits));
            findings_.range(where, "the mask", driver.mask, register_of(array.row_select_bits));
            if (array.fixed_driver_addresses && driver.address != array.number_on_bus(driver.driver)) {
                findings_.add(where, fmt::format("the address is {}", driver.address),
                              fmt::format("{}, its number on its bus", array.number_on_bus(driver.driver)));
            }
            for (const RowMode mode : driver.rows) {
                findings_.range(where, "a row's mode", static_cast<std::int64_t>(mode),
                                {.least = 0, .most = static_cast<std::int64_t>(RowMode::inhibitory)});
            }
            if (!seen.insert({driver.hemisphere, driver.driver}).second) {
                findings_.add(where, "is set a second time", "once");
            }
        }
    }

    void cells(const std::string& run_where, const AnalogRun& run) {
        const AnalogArray& array = chip_.array;
        const SynapseCell* before = nullptr;
        for (const SynapseCell& cell : run.cells) {
            const bool sound = cell.hemisphere < array.hemispheres && cell.row < array.rows &&
                               cell.column < array.columns && register_of(array.weight_bits).contains(cell.weight) &&
                               register_of(array.label_bits).contains(cell.label);
            const bool after = before == nullptr || std::tie(before->hemisphere, before->row, before->column) <
                                                        std::tie(cell.hemisphere, cell.row, cell.column);
            before = &cell;
            if (sound && after) {
                continue;  // there may be a hundred thousand
            }
            const std::string where = fmt::format("{}, synapse of row {} and column {} of hemisphere {}", run_where,
                                                  cell.row, cell.column, cell.hemisphere);
            findings_.range(where, "the hemisphere", cell.hemisphere, below(array.hemispheres));
            findings_.range(where, "the row", cell.row, below(array.rows));
            findings_.range(where, "the column", cell.column, below(array.columns));
            findings_.range(where, "the weight", cell.weight, register_of(array.weight_bits));
            findings_.range(where, "the label", cell.label, register_of(array.label_bits));
            if (!after) {
                findings_.add(where, "stands a second time, or after one that comes later",
                              "ascending by hemisphere, row, column, each once");
            }
            if (findings_.full()) {
                return;
            }
        }
    }

    void crossbar(const std::string& run_where, const AnalogRun& run) {
        std::set<CrossbarNode> seen;
        for (const CrossbarSetting& setting : run.crossbar) {
            const std::string where =
                fmt::format("{}, crossbar node {} -> {}", run_where, setting.node.input, setting.node.output);
            if (!chip_.crossbar.has_node(setting.node)) {
                findings_.add(where, "does not exist on this chip",
                              fmt::format("one of its {} nodes", chip_.crossbar.nodes.size()));
            }
            findings_.range(where, "the mask", setting.mask, register_of(chip_.crossbar.label_bits));
            findings_.range(where, "the target", setting.target, register_of(chip_.crossbar.label_bits));
            if (!seen.insert(setting.node).second) {
                findings_.add(where, "is set a second time", "once");
            }
        }
    }

    void host_sources(const std::string& run_where, const AnalogRun& run) {
        std::set<std::tuple<bool, std::uint32_t, int, int>> seen;
        for (const HostSource& source : run.host_sources) {
            const std::string where = fmt::format("{}, host source of {} {}", run_where,
                                                  source.is_neuron ? "neuron" : "channel", source.index);
            findings_.range(where, "the lane", source.lane, below(chip_.crossbar.l2_lanes));
            findings_.range(where, "the label", source.label, register_of(chip_.crossbar.label_bits));
            if (!source.is_neuron) {
                findings_.range(where, "the channel", source.index, below(image_.channels()));
            } else if (source.index >= placed_.size() || !placed_[source.index]) {
                findings_.add(where, "no earlier run computes the neuron", "a neuron of an earlier run");
            }
            if (!seen.insert({source.is_neuron, source.index, source.lane, source.label}).second) {
                findings_.add(where, fmt::format("sends label {} on lane {} a second time", source.label, source.lane),
                              "once");
            }
        }
    }

    void background(const std::string& run_where, const AnalogRun& run) {
        const BackgroundFormat& format = chip_.crossbar.background;
        int before = -1;
        for (const BackgroundSetting& setting : run.background) {
            const std::string where = fmt::format("{}, background source {}", run_where, setting.source);
            findings_.range(where, "the source", setting.source, below(chip_.crossbar.background_sources));
            if (setting.source <= before) {
                findings_.add(where, fmt::format("stands after source {}", before), "ascending, each once");
            }
            before = setting.source;
            findings_.range(where, "the period", setting.period,
                            {.least = 1, .most = register_of(format.period_bits).most});
            findings_.range(where, "the rate", setting.rate, register_of(format.rate_bits));
            findings_.range(where, "the label", setting.label, register_of(chip_.crossbar.label_bits));
            findings_.range(where, "the mask", setting.mask, register_of(format.random_label_bits));
            if (setting.random && setting.seed == 0) {
                findings_.add(where, "the seed is 0, from which its shift register never leaves", "any other");
            }
        }
    }

    const AnalogImage& image_;
    const AnalogSpec& chip_;
    Findings& findings_;
    std::vector<bool> placed_;  // neurons, in the runs so far
};

}  // namespace

void check_runs(const AnalogImage& image, Findings& findings) {
    RunChecker(image, findings).check();
}

}  // namespace spikeloom::chip
