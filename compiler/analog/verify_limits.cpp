// The verifier, first part: every number of an analog image against its chip.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "compiler/analog/verify_analog.hpp"

namespace spikeloom::compiler::analog {
namespace {

class RunLimits {
public:
    RunLimits(const chip::AnalogImage& image, std::size_t number, AnalogFindings& findings)
        : image_(image),
          chip_(image.chip),
          run_(image.runs[number]),
          where_(fmt::format("run {}", number)),
          findings_(findings) {}

    void check() {
        check_neurons();
        check_drivers();
        check_crossbar();
        check_cells();
        check_host();
        check_background();
    }

private:
    void require(bool holds, const std::string& found, const std::string& allowed = "") {
        if (!holds) {
            findings_.add(where_, found, allowed);
        }
    }

    void check_neurons() {
        std::set<chip::Circuit> taken;
        std::set<std::pair<int, int>> labels;
        for (const chip::PlacedNeuron& placed : run_.neurons) {
            const std::string name = fmt::format("neuron {}", placed.neuron);
            require(placed.neuron < image_.neurons.size(), name + " is not of the network");
            require(!placed.circuits.empty() &&
                        placed.circuits.size() <= static_cast<std::size_t>(chip_.array.joined_circuits),
                    fmt::format("{} of {} circuits", name, placed.circuits.size()),
                    fmt::format("1 to {}", chip_.array.joined_circuits));
            for (const chip::Circuit& circuit : placed.circuits) {
                require(circuit.hemisphere < chip_.array.hemispheres && circuit.column < chip_.array.columns,
                        fmt::format("{} in column {} of hemisphere {}", name, circuit.column, circuit.hemisphere));
                require(taken.insert(circuit).second, fmt::format("column {} of hemisphere {} belongs to two neurons",
                                                                  circuit.column, circuit.hemisphere));
            }
            require(placed.address < 1 << chip_.array.neuron_address_bits,
                    fmt::format("{} has address {}", name, placed.address));
            if (!placed.circuits.empty()) {
                const int output = placed.circuits.front().column / chip_.crossbar.columns_per_output;
                require(labels.insert({output, placed.address}).second,
                        fmt::format("{} shares address {} of event output {}", name, placed.address, output),
                        "an address of its own");
            }
        }
    }

    void check_drivers() {
        std::set<std::pair<int, int>> seen;
        const int end = 1 << chip_.array.row_select_bits;
        for (const chip::DriverSetting& driver : run_.drivers) {
            require(driver.hemisphere < chip_.array.hemispheres && driver.driver < chip_.array.drivers,
                    fmt::format("driver {} of hemisphere {} does not exist", driver.driver, driver.hemisphere));
            require(seen.insert({driver.hemisphere, driver.driver}).second,
                    fmt::format("driver {} of hemisphere {} is set twice", driver.driver, driver.hemisphere));
            require(driver.address < end && driver.mask < end,
                    fmt::format("driver {}: address {}, mask {}", driver.driver, driver.address, driver.mask),
                    fmt::format("below {}", end));
            const bool fixed = chip_.array.fixed_driver_addresses;
            require(!fixed || driver.address == driver.driver / chip_.array.padi_buses,
                    fmt::format("driver {} has address {}", driver.driver, driver.address), "its number on its bus");
        }
    }

    void check_crossbar() {
        std::set<chip::CrossbarNode> seen;
        const int end = 1 << chip_.crossbar.label_bits;
        for (const chip::CrossbarSetting& setting : run_.crossbar) {
            const std::string name = fmt::format("crossbar node {} -> {}", setting.node.input, setting.node.output);
            require(std::ranges::find(chip_.crossbar.nodes, setting.node) != chip_.crossbar.nodes.end(),
                    name + " does not exist");
            require(seen.insert(setting.node).second, name + " is set twice");
            require(setting.mask < end && setting.target < end,
                    fmt::format("{}: mask {}, target {}", name, setting.mask, setting.target),
                    fmt::format("below {}", end));
        }
    }

    void check_cells() {
        const auto place = [](const chip::SynapseCell& cell) {
            return std::tuple(cell.hemisphere, cell.row, cell.column);
        };
        require(std::ranges::adjacent_find(
                    run_.cells, [&](const auto& a, const auto& b) { return place(a) >= place(b); }) == run_.cells.end(),
                "synapses out of order, or one twice", "ascending by hemisphere, row, column");
        for (const chip::SynapseCell& cell : run_.cells) {
            const bool inside = cell.hemisphere < chip_.array.hemispheres && cell.row < chip_.array.rows &&
                                cell.column < chip_.array.columns;
            const bool fits = cell.weight < 1 << chip_.array.weight_bits && cell.label < 1 << chip_.array.label_bits;
            if (!inside || !fits) {
                findings_.add(where_,
                              fmt::format("synapse at hemisphere {}, row {}, column {}: weight {}, label {}",
                                          cell.hemisphere, cell.row, cell.column, cell.weight, cell.label),
                              "within the array, its weights and labels");
            }
        }
    }

    void check_host() {
        std::uint32_t channels = 0;
        for (const chip::AnalogInput& input : image_.inputs) {
            channels += input.count;
        }
        std::set<std::pair<int, int>> labels;
        for (const chip::HostSource& source : run_.host_sources) {
            const std::string name = fmt::format("host {} {}", source.is_neuron ? "neuron" : "channel", source.index);
            require(source.index < (source.is_neuron ? image_.neurons.size() : channels), name + " does not exist");
            require(source.lane < chip_.crossbar.l2_lanes && source.label < 1 << chip_.crossbar.label_bits,
                    fmt::format("{}: lane {}, label {}", name, source.lane, source.label));
            require(labels.insert({source.lane, source.label}).second,
                    fmt::format("{} shares label {} of lane {}", name, source.label, source.lane),
                    "a label of its own");
        }
    }

    void check_background() {
        for (const chip::BackgroundSetting& setting : run_.background) {
            require(
                setting.source < chip_.crossbar.background_sources && setting.label < 1 << chip_.crossbar.label_bits,
                fmt::format("background source {}, label {}", setting.source, setting.label));
        }
    }

    const chip::AnalogImage& image_;
    const chip::AnalogSpec& chip_;
    const chip::AnalogRun& run_;
    std::string where_;
    AnalogFindings& findings_;
};

bool leaves_chip(const chip::AnalogSpec& chip, const chip::AnalogRun& run, const chip::PlacedNeuron& placed) {
    const int output = placed.circuits.front().column / chip.crossbar.columns_per_output;
    const int label = placed.address | output << chip.array.neuron_address_bits;
    return std::ranges::any_of(run.crossbar, [&](const chip::CrossbarSetting& setting) {
        return setting.node.input == output && setting.node.output >= chip.array.hemispheres * chip.array.padi_buses &&
               (label & setting.mask) == setting.target;
    });
}

/// Every neuron computed once, before it is needed, and heard outside where it is needed there.
void verify_order(const chip::AnalogImage& image, AnalogFindings& findings) {
    std::vector<std::int64_t> run_of(image.neurons.size(), -1);
    std::vector<bool> leaves(image.neurons.size(), false);
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        for (const chip::PlacedNeuron& placed : image.runs[r].neurons) {
            if (run_of[placed.neuron] >= 0) {
                findings.add(fmt::format("run {}", r),
                             fmt::format("neuron {} is computed in run {} too", placed.neuron, run_of[placed.neuron]));
            }
            run_of[placed.neuron] = static_cast<std::int64_t>(r);
            leaves[placed.neuron] = leaves_chip(image.chip, image.runs[r], placed);
        }
    }
    for (std::size_t n = 0; n < run_of.size(); ++n) {
        if (run_of[n] < 0) {
            findings.add(fmt::format("neuron {}", n), "is computed in no run");
        }
    }
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        for (const chip::HostSource& source : image.runs[r].host_sources) {
            if (!source.is_neuron) {
                continue;
            }
            if (run_of[source.index] < 0 || run_of[source.index] >= static_cast<std::int64_t>(r)) {
                findings.add(fmt::format("run {}", r),
                             fmt::format("the host sends spikes of neuron {} before they are known", source.index));
            } else if (!leaves[source.index]) {
                findings.add(
                    fmt::format("run {}", run_of[source.index]),
                    fmt::format("spikes of neuron {} don't leave the chip, but run {} needs them", source.index, r));
            }
        }
    }
    for (const std::uint32_t output : image.outputs) {
        const chip::AnalogPopulation& population = image.populations[output];
        for (std::uint32_t n = population.first_neuron; n < population.first_neuron + population.count; ++n) {
            if (!leaves[n]) {
                findings.add(fmt::format("population '{}'", population.name),
                             fmt::format("spikes of neuron {} don't leave the chip", n));
            }
        }
    }
}

void verify_targets(const chip::AnalogImage& image, AnalogFindings& findings) {
    const chip::AnalogRanges& ranges = image.chip.ranges;
    for (std::size_t n = 0; n < image.neurons.size(); ++n) {
        const Lif& lif = image.neurons[n].model.lif;
        const bool times = ranges.tau_mem_s.contains(lif.tau_mem) && ranges.tau_syn_s.contains(lif.tau_syn);
        const bool rest = lif.refractory == never || ranges.refractory_s.contains(lif.refractory);
        if (!times || !rest || !(image.neurons[n].weight_unit > 0)) {
            findings.add(fmt::format("neuron {}", n),
                         fmt::format("tau_mem {}, tau_syn {}, refractory {} s, weight unit {}", lif.tau_mem,
                                     lif.tau_syn, lif.refractory, image.neurons[n].weight_unit),
                         "what the chip can be set to");
        }
    }
}

}  // namespace

void verify_limits(const chip::AnalogImage& image, AnalogFindings& findings) {
    std::uint64_t neurons = 0;
    for (const chip::AnalogPopulation& population : image.populations) {
        if (population.first_neuron != neurons) {
            findings.add(fmt::format("population '{}'", population.name), "does not follow the one before");
        }
        neurons += population.count;
    }
    if (neurons != image.neurons.size()) {
        findings.add("image", fmt::format("{} neurons in populations, {} targets", neurons, image.neurons.size()));
    }
    for (const std::uint32_t output : image.outputs) {
        if (output >= image.populations.size()) {
            findings.add("image", fmt::format("output population {} does not exist", output));
        }
    }
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        RunLimits(image, r, findings).check();
    }
    if (findings.empty()) {
        verify_targets(image, findings);
        verify_order(image, findings);
    }
}

}  // namespace spikeloom::compiler::analog
