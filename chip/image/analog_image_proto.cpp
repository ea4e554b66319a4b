#include "chip/image/analog_image_proto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "chip/image/image_proto.hpp"
#include "chip/spec/analog_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

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
        to_proto(run, *message.add_runs());
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
        const char* wrong = from_proto(message.runs(i), image.runs.emplace_back());
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
