#include "chip/image/analog_image_proto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <map>
#include <utility>

#include "chip/image/image_proto.hpp"
#include "chip/spec/analog_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

/// Whether the value fits; then it is stored.
template <class Field, class Number>
bool fit(Number value, Field& field) {
    if (!std::in_range<Field>(value)) {
        return false;
    }
    field = static_cast<Field>(value);
    return true;
}

bool same_size(std::initializer_list<int> sizes) {
    return std::ranges::all_of(sizes, [&](int size) { return size == *sizes.begin(); });
}

// Symbols.

void to(const AnalogInput& input, proto::AnalogInputProto& message) {
    message.set_name(input.name);
    message.mutable_shape()->Add(input.shape.begin(), input.shape.end());
    message.set_first_channel(input.first_channel);
    message.set_count(input.count);
    message.mutable_constant_times()->Add(input.constant_times.begin(), input.constant_times.end());
}

AnalogInput from(const proto::AnalogInputProto& message) {
    return {.name = message.name(),
            .shape = {message.shape().begin(), message.shape().end()},
            .first_channel = message.first_channel(),
            .count = message.count(),
            .constant_times = {message.constant_times().begin(), message.constant_times().end()}};
}

void to(const AnalogPopulation& population, proto::AnalogPopulationProto& message) {
    message.set_name(population.name);
    message.mutable_shape()->Add(population.shape.begin(), population.shape.end());
    message.set_first_neuron(population.first_neuron);
    message.set_count(population.count);
}

AnalogPopulation from(const proto::AnalogPopulationProto& message) {
    return {.name = message.name(),
            .shape = {message.shape().begin(), message.shape().end()},
            .first_neuron = message.first_neuron(),
            .count = message.count()};
}

void to(const TtfsCoding& coding, proto::AnalogCodingProto& message) {
    message.set_time_unit_s(coding.time_unit_s);
    message.set_earliest_s(coding.earliest_s);
    message.set_latest_s(coding.latest_s);
    message.set_inverted(coding.inverted);
    message.set_silent_below(coding.silent_below);
    message.set_window_s(coding.window_s);
}

TtfsCoding from(const proto::AnalogCodingProto& message) {
    return {.time_unit_s = message.time_unit_s(),
            .earliest_s = message.earliest_s(),
            .latest_s = message.latest_s(),
            .inverted = message.inverted(),
            .silent_below = message.silent_below(),
            .window_s = message.window_s()};
}

// Neurons.

constexpr std::size_t lif_numbers = 7;
constexpr std::size_t adex_numbers = 8;

std::array<double, lif_numbers> lif_of(const Lif& lif) {
    return {lif.tau_mem, lif.tau_syn, lif.resistance, lif.leak, lif.threshold, lif.reset, lif.refractory};
}

std::array<double, adex_numbers> adex_of(const AdEx& model) {
    return {model.tau_syn_inhibitory, model.slope,       model.exp_threshold, model.tau_w, model.a, model.b,
            model.e_excitatory,       model.e_inhibitory};
}

void to(const NeuronTarget& target, proto::NeuronTargetProto& message) {
    const auto lif = lif_of(target.model.lif);
    const auto adex = adex_of(target.model);
    message.mutable_lif()->Add(lif.begin(), lif.end());
    message.mutable_adex()->Add(adex.begin(), adex.end());
    message.set_exponential(target.model.exponential);
    message.set_adaptation(target.model.adaptation);
    message.set_conductance(target.model.conductance);
    message.set_adaptive(target.adaptive);
    message.set_weight_unit(target.weight_unit);
}

bool from(const proto::NeuronTargetProto& message, NeuronTarget& target) {
    if (message.lif_size() != static_cast<int>(lif_numbers) || message.adex_size() != static_cast<int>(adex_numbers)) {
        return false;
    }
    const auto& lif = message.lif();
    const auto& adex = message.adex();
    target = {.model = {.lif = {.tau_mem = lif[0],
                                .tau_syn = lif[1],
                                .resistance = lif[2],
                                .leak = lif[3],
                                .threshold = lif[4],
                                .reset = lif[5],
                                .refractory = lif[6]},
                        .tau_syn_inhibitory = adex[0],
                        .exponential = message.exponential(),
                        .slope = adex[1],
                        .exp_threshold = adex[2],
                        .adaptation = message.adaptation(),
                        .tau_w = adex[3],
                        .a = adex[4],
                        .b = adex[5],
                        .conductance = message.conductance(),
                        .e_excitatory = adex[6],
                        .e_inhibitory = adex[7]},
              .adaptive = message.adaptive(),
              .weight_unit = message.weight_unit()};
    return true;
}

/// A target's bits: targets are the same where these are.
using TargetKey = std::array<std::uint64_t, lif_numbers + adex_numbers + 2>;

TargetKey key_of(const NeuronTarget& target) {
    TargetKey key{};
    std::size_t at = 0;
    const auto add = [&](double number) { key[at++] = std::bit_cast<std::uint64_t>(number); };
    std::ranges::for_each(lif_of(target.model.lif), add);
    std::ranges::for_each(adex_of(target.model), add);
    add(target.weight_unit);
    key[at] = (target.model.exponential ? 1U : 0U) | (target.model.adaptation ? 2U : 0U) |
              (target.model.conductance ? 4U : 0U) | (target.adaptive ? 8U : 0U);
    return key;
}

void neurons_to(const std::vector<NeuronTarget>& neurons, proto::AnalogImageProto& message) {
    std::map<TargetKey, std::uint32_t> numbers;
    message.mutable_target_of_neuron()->Reserve(static_cast<int>(neurons.size()));
    for (const NeuronTarget& neuron : neurons) {
        const auto [entry, added] = numbers.try_emplace(key_of(neuron), static_cast<std::uint32_t>(numbers.size()));
        if (added) {
            to(neuron, *message.add_targets());
        }
        message.add_target_of_neuron(entry->second);
    }
}

std::string neurons_from(const proto::AnalogImageProto& message, std::vector<NeuronTarget>& neurons) {
    std::vector<NeuronTarget> targets(static_cast<std::size_t>(message.targets_size()));
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (!from(message.targets(static_cast<int>(i)), targets[i])) {
            return fmt::format("neuron parameters {} are not of the known length", i);
        }
    }
    neurons.reserve(static_cast<std::size_t>(message.target_of_neuron_size()));
    for (const std::uint32_t target : message.target_of_neuron()) {
        if (target >= targets.size()) {
            return fmt::format("a neuron has parameters {} of {}", target, targets.size());
        }
        neurons.push_back(targets[target]);
    }
    return {};
}

// Runs.

void to(const AnalogRun& run, proto::AnalogRunProto& message) {
    for (const PlacedNeuron& neuron : run.neurons) {
        message.add_neuron(neuron.neuron);
        message.add_neuron_address(neuron.address);
        message.add_neuron_circuits(static_cast<std::uint32_t>(neuron.circuits.size()));
        for (const Circuit& circuit : neuron.circuits) {
            message.add_circuit_hemisphere(circuit.hemisphere);
            message.add_circuit_column(circuit.column);
        }
    }
    for (const DriverSetting& driver : run.drivers) {
        message.add_driver_hemisphere(driver.hemisphere);
        message.add_driver(driver.driver);
        message.add_driver_address(driver.address);
        message.add_driver_mask(driver.mask);
        message.add_driver_first_row(static_cast<std::uint32_t>(driver.rows[0]));
        message.add_driver_second_row(static_cast<std::uint32_t>(driver.rows[1]));
    }
    for (const SynapseCell& cell : run.cells) {
        message.add_cell_hemisphere(cell.hemisphere);
        message.add_cell_row(cell.row);
        message.add_cell_column(cell.column);
        message.add_cell_weight(cell.weight);
        message.add_cell_label(cell.label);
    }
    for (const CrossbarSetting& setting : run.crossbar) {
        message.add_node_input(setting.node.input);
        message.add_node_output(setting.node.output);
        message.add_node_mask(setting.mask);
        message.add_node_target(setting.target);
    }
    for (const HostSource& source : run.host_sources) {
        message.add_source_is_neuron(source.is_neuron);
        message.add_source_index(source.index);
        message.add_source_lane(source.lane);
        message.add_source_label(source.label);
    }
    for (const BackgroundSetting& background : run.background) {
        message.add_background_source(background.source);
        message.add_background_random(background.random);
        message.add_background_period(background.period);
        message.add_background_rate(background.rate);
        message.add_background_seed(background.seed);
        message.add_background_label(background.label);
        message.add_background_mask(background.mask);
    }
}

bool neurons_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.neuron_size(), message.neuron_address_size(), message.neuron_circuits_size()}) ||
        !same_size({message.circuit_hemisphere_size(), message.circuit_column_size()})) {
        return false;
    }
    int next = 0;
    for (int i = 0; i < message.neuron_size(); ++i) {
        PlacedNeuron& neuron = run.neurons.emplace_back();
        neuron.neuron = message.neuron(i);
        const std::uint32_t count = message.neuron_circuits(i);
        if (!fit(message.neuron_address(i), neuron.address) ||
            count > static_cast<std::uint32_t>(message.circuit_column_size() - next)) {
            return false;
        }
        for (const int end = next + static_cast<int>(count); next < end; ++next) {
            Circuit& circuit = neuron.circuits.emplace_back();
            if (!fit(message.circuit_hemisphere(next), circuit.hemisphere) ||
                !fit(message.circuit_column(next), circuit.column)) {
                return false;
            }
        }
    }
    return next == message.circuit_column_size();
}

bool row_mode(std::uint32_t number, RowMode& mode) {
    mode = static_cast<RowMode>(number);
    return number <= static_cast<std::uint32_t>(RowMode::inhibitory);
}

bool drivers_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.driver_size(), message.driver_hemisphere_size(), message.driver_address_size(),
                    message.driver_mask_size(), message.driver_first_row_size(), message.driver_second_row_size()})) {
        return false;
    }
    for (int i = 0; i < message.driver_size(); ++i) {
        DriverSetting& driver = run.drivers.emplace_back();
        if (!fit(message.driver_hemisphere(i), driver.hemisphere) || !fit(message.driver(i), driver.driver) ||
            !fit(message.driver_address(i), driver.address) || !fit(message.driver_mask(i), driver.mask) ||
            !row_mode(message.driver_first_row(i), driver.rows[0]) ||
            !row_mode(message.driver_second_row(i), driver.rows[1])) {
            return false;
        }
    }
    return true;
}

bool cells_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.cell_hemisphere_size(), message.cell_row_size(), message.cell_column_size(),
                    message.cell_weight_size(), message.cell_label_size()})) {
        return false;
    }
    run.cells.resize(static_cast<std::size_t>(message.cell_row_size()));
    for (int i = 0; i < message.cell_row_size(); ++i) {
        SynapseCell& cell = run.cells[static_cast<std::size_t>(i)];
        if (!fit(message.cell_hemisphere(i), cell.hemisphere) || !fit(message.cell_row(i), cell.row) ||
            !fit(message.cell_column(i), cell.column) || !fit(message.cell_weight(i), cell.weight) ||
            !fit(message.cell_label(i), cell.label)) {
            return false;
        }
    }
    return true;
}

bool routes_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.node_input_size(), message.node_output_size(), message.node_mask_size(),
                    message.node_target_size()}) ||
        !same_size({message.source_is_neuron_size(), message.source_index_size(), message.source_lane_size(),
                    message.source_label_size()})) {
        return false;
    }
    for (int i = 0; i < message.node_input_size(); ++i) {
        CrossbarSetting& setting = run.crossbar.emplace_back();
        setting.node = {.input = message.node_input(i), .output = message.node_output(i)};
        if (!fit(message.node_mask(i), setting.mask) || !fit(message.node_target(i), setting.target)) {
            return false;
        }
    }
    for (int i = 0; i < message.source_index_size(); ++i) {
        HostSource& source = run.host_sources.emplace_back();
        source.is_neuron = message.source_is_neuron(i);
        source.index = message.source_index(i);
        if (!fit(message.source_lane(i), source.lane) || !fit(message.source_label(i), source.label)) {
            return false;
        }
    }
    return true;
}

bool background_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.background_source_size(), message.background_random_size(),
                    message.background_period_size(), message.background_rate_size(), message.background_seed_size(),
                    message.background_label_size(), message.background_mask_size()})) {
        return false;
    }
    for (int i = 0; i < message.background_source_size(); ++i) {
        BackgroundSetting& background = run.background.emplace_back();
        background.random = message.background_random(i);
        background.period = message.background_period(i);
        background.seed = message.background_seed(i);
        if (!fit(message.background_source(i), background.source) ||
            !fit(message.background_rate(i), background.rate) || !fit(message.background_label(i), background.label) ||
            !fit(message.background_mask(i), background.mask)) {
            return false;
        }
    }
    return true;
}

// Ideal synapses.

void to(const IdealSynapses& synapses, proto::IdealSynapsesProto& message) {
    message.set_no_rows(synapses.row_begin.empty());
    for (std::size_t i = 1; i < synapses.row_begin.size(); ++i) {
        message.add_row(synapses.row_begin[i] - synapses.row_begin[i - 1]);
    }
    message.mutable_target()->Add(synapses.targets.begin(), synapses.targets.end());
    message.mutable_weight()->Add(synapses.weights.begin(), synapses.weights.end());
    message.mutable_delay()->Add(synapses.delays.begin(), synapses.delays.end());
}

bool from(const proto::IdealSynapsesProto& message, IdealSynapses& synapses) {
    if (message.no_rows() && message.row_size() > 0) {
        return false;
    }
    if (!message.no_rows()) {
        synapses.row_begin.reserve(static_cast<std::size_t>(message.row_size()) + 1);
        synapses.row_begin.push_back(0);
        const auto all = static_cast<std::uint64_t>(message.target_size());
        for (const std::uint64_t count : message.row()) {
            if (count > all - synapses.row_begin.back()) {
                return false;
            }
            synapses.row_begin.push_back(synapses.row_begin.back() + count);
        }
    }
    synapses.targets.assign(message.target().begin(), message.target().end());
    synapses.weights.assign(message.weight().begin(), message.weight().end());
    synapses.delays.assign(message.delay().begin(), message.delay().end());
    return true;
}

}  // namespace

proto::AnalogImageProto to_proto(const AnalogImage& image) {
    proto::AnalogImageProto message;
    *message.mutable_chip() = to_proto(image.chip);
    message.set_network_name(image.network_name);
    for (const AnalogInput& input : image.inputs) {
        to(input, *message.add_inputs());
    }
    for (const AnalogPopulation& population : image.populations) {
        to(population, *message.add_populations());
    }
    message.mutable_outputs()->Add(image.outputs.begin(), image.outputs.end());
    if (image.coding) {
        to(*image.coding, *message.mutable_coding());
    }
    neurons_to(image.neurons, message);
    for (const AnalogRun& run : image.runs) {
        to(run, *message.add_runs());
    }
    to(image.synapses, *message.mutable_synapses());
    message.set_mapping_report(image.mapping_report);
    to_proto(image.provenance, *message.mutable_provenance());
    return message;
}

std::string from_proto(const proto::AnalogImageProto& message, AnalogImage& image) {
    image.network_name = message.network_name();
    for (const auto& input : message.inputs()) {
        image.inputs.push_back(from(input));
    }
    for (const auto& population : message.populations()) {
        image.populations.push_back(from(population));
    }
    image.outputs.assign(message.outputs().begin(), message.outputs().end());
    if (message.has_coding()) {
        image.coding = from(message.coding());
    }
    if (std::string wrong = neurons_from(message, image.neurons); !wrong.empty()) {
        return wrong;
    }
    for (int i = 0; i < message.runs_size(); ++i) {
        const proto::AnalogRunProto& run = message.runs(i);
        AnalogRun& into = image.runs.emplace_back();
        const char* wrong = !neurons_from(run, into)      ? "placed neurons"
                            : !drivers_from(run, into)    ? "synapse drivers"
                            : !cells_from(run, into)      ? "synapses"
                            : !routes_from(run, into)     ? "crossbar nodes or host sources"
                            : !background_from(run, into) ? "background sources"
                                                          : nullptr;
        if (wrong != nullptr) {
            return fmt::format("run {}: its {} don't fit together", i, wrong);
        }
    }
    if (!from(message.synapses(), image.synapses)) {
        return "the synapses don't fit together";
    }
    image.mapping_report = message.mapping_report();
    image.provenance = from_proto(message.provenance());
    return {};
}

}  // namespace spikeloom::chip
