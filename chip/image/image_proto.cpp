#include "chip/image/image_proto.hpp"

#include <fmt/format.h>

#include "chip/image/message_fields.hpp"
#include "chip/spec/chip_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

void outputs_to(const Offsets& first, const std::vector<OutputAxon>& outputs, proto::OutputAxonsProto& message) {
    add_counts(first, *message.mutable_count());
    message.mutable_core()->Reserve(static_cast<int>(outputs.size()));
    message.mutable_axon()->Reserve(static_cast<int>(outputs.size()));
    for (const OutputAxon& output : outputs) {
        message.add_core(output.core.value());
        message.add_axon(output.axon.value());
    }
}

std::string outputs_from(const proto::OutputAxonsProto& message, Offsets& first, std::vector<OutputAxon>& outputs) {
    if (!same_size({message.core_size(), message.axon_size()}) || !offsets_of(message.count(), first)) {
        return "its output axons don't fit together";
    }
    outputs.reserve(static_cast<std::size_t>(message.core_size()));
    for (int i = 0; i < message.core_size(); ++i) {
        outputs.push_back({.core = CoreId(message.core(i)), .axon = AxonId(message.axon(i))});
    }
    return {};
}

void to(const PopulationSymbol& population, proto::PopulationSymbolProto& message) {
    message.set_name(population.name);
    message.mutable_shape()->Add(population.shape.begin(), population.shape.end());
    for (const PopulationTile& tile : population.tiles) {
        message.add_tile_core(tile.core.value());
        message.add_tile_first_compartment(tile.first_compartment);
        message.add_tile_first_neuron(tile.first_neuron);
        message.add_tile_count(tile.count);
    }
    message.set_output(population.output);
    message.set_spikes(population.spikes);
    message.set_voltage_per_unit(population.voltage_per_unit);
    message.set_current_per_unit(population.current_per_unit);
    if (population.compartments_per_neuron != 1) {
        message.set_compartments_per_neuron(population.compartments_per_neuron);
    }
}

bool from(const proto::PopulationSymbolProto& message, PopulationSymbol& population) {
    population.name = message.name();
    population.shape.assign(message.shape().begin(), message.shape().end());
    if (!same_size({message.tile_core_size(), message.tile_first_compartment_size(), message.tile_first_neuron_size(),
                    message.tile_count_size()})) {
        return false;
    }
    for (int i = 0; i < message.tile_core_size(); ++i) {
        population.tiles.push_back({.core = CoreId(message.tile_core(i)),
                                    .first_compartment = message.tile_first_compartment(i),
                                    .first_neuron = message.tile_first_neuron(i),
                                    .count = message.tile_count(i)});
    }
    population.output = message.output();
    population.spikes = message.spikes();
    population.voltage_per_unit = message.voltage_per_unit();
    population.current_per_unit = message.current_per_unit();
    population.compartments_per_neuron = message.has_compartments_per_neuron() ? message.compartments_per_neuron() : 1;
    return true;
}

void to(const ProjectionLoss& loss, proto::ProjectionLossProto& message) {
    message.set_name(loss.name);
    message.set_weights(loss.weights);
    message.set_synapses(loss.synapses);
    message.set_zeroed(loss.zeroed);
    message.set_clipped(loss.clipped);
    message.set_rms_error(loss.rms_error);
    message.set_max_error(loss.max_error);
    message.set_weight_exponent(loss.weight_exponent);
    message.set_weight_bits(loss.weight_bits);
}

ProjectionLoss from(const proto::ProjectionLossProto& message) {
    return {.name = message.name(),
            .weights = message.weights(),
            .synapses = message.synapses(),
            .zeroed = message.zeroed(),
            .clipped = message.clipped(),
            .rms_error = message.rms_error(),
            .max_error = message.max_error(),
            .weight_exponent = message.weight_exponent(),
            .weight_bits = message.weight_bits()};
}

}  // namespace

void to_proto(const Provenance& provenance, proto::ProvenanceProto& message) {
    message.set_program(provenance.program);
    message.set_network_file(provenance.network_file);
    message.set_network_sha256(provenance.network_sha256);
    message.mutable_options()->Add(provenance.options.begin(), provenance.options.end());
    message.mutable_rules()->Add(provenance.rules.begin(), provenance.rules.end());
}

Provenance from_proto(const proto::ProvenanceProto& message) {
    return {.program = message.program(),
            .network_file = message.network_file(),
            .network_sha256 = message.network_sha256(),
            .options = {message.options().begin(), message.options().end()},
            .rules = {message.rules().begin(), message.rules().end()}};
}

proto::ImageHeaderProto header_to_proto(const Image& image) {
    proto::ImageHeaderProto message;
    *message.mutable_chip() = to_proto(image.chip);
    message.set_network_name(image.network_name);
    message.set_step_s(image.step_s);
    for (const PopulationSymbol& population : image.populations) {
        to(population, *message.add_populations());
    }
    for (const ProjectionLoss& loss : image.losses) {
        to(loss, *message.add_losses());
    }
    to_proto(image.provenance, *message.mutable_provenance());
    for (const LearningProfile& profile : image.learning) {
        *message.add_learning() = learning_to_proto(profile);
    }
    message.set_cores(image.cores.size());
    message.set_inputs(image.inputs.size());
    message.set_report_bytes(image.mapping_report.size());
    message.set_source_bytes(image.source_network.size());
    return message;
}

std::string header_from_proto(const proto::ImageHeaderProto& message, Image& image) {
    image.chip = from_proto(message.chip());
    image.network_name = message.network_name();
    image.step_s = message.step_s();
    for (const auto& population : message.populations()) {
        if (!from(population, image.populations.emplace_back())) {
            return fmt::format("the tiles of population '{}' don't fit together", population.name());
        }
    }
    for (const auto& loss : message.losses()) {
        image.losses.push_back(from(loss));
    }
    image.provenance = from_proto(message.provenance());
    constexpr int most_profiles = 255;
    if (message.learning_size() > most_profiles) {
        return fmt::format("it has {} learning profiles; at most {} are allowed", message.learning_size(),
                           most_profiles);
    }
    for (const auto& profile : message.learning()) {
        if (std::string wrong = learning_from_proto(profile, image.learning.emplace_back()); !wrong.empty()) {
            return fmt::format("of the learning of projection '{}', {}", profile.projection(), wrong);
        }
    }
    return {};
}

proto::CoreImageProto core_to_proto(const CoreImage& core) {
    proto::CoreImageProto message;
    message.set_place(core.place);
    message.set_compartments(core.compartments);
    registers_to(core, message);
    entries_to(core, message);
    synapses_to(core.synapses, message);
    outputs_to(core.output_first, core.outputs, *message.mutable_outputs());
    return message;
}

std::string core_from_proto(const proto::CoreImageProto& message, CoreImage& core) {
    core.place = message.place();
    core.compartments = message.compartments();
    std::string wrong = registers_from(message, core);
    if (wrong.empty()) {
        wrong = entries_from(message, core);
    }
    if (wrong.empty()) {
        wrong = synapses_from(message, core.synapses);
    }
    if (wrong.empty()) {
        wrong = outputs_from(message.outputs(), core.output_first, core.outputs);
    }
    return wrong;
}

proto::InputSymbolProto input_to_proto(const InputSymbol& input) {
    proto::InputSymbolProto message;
    message.set_name(input.name);
    message.mutable_shape()->Add(input.shape.begin(), input.shape.end());
    message.set_no_output_list(input.output_first.empty());
    if (input.graded) {
        message.set_graded(true);
    }
    outputs_to(input.output_first, input.outputs, *message.mutable_outputs());
    return message;
}

std::string input_from_proto(const proto::InputSymbolProto& message, InputSymbol& input) {
    input.name = message.name();
    input.shape.assign(message.shape().begin(), message.shape().end());
    input.graded = message.graded();
    std::string wrong = outputs_from(message.outputs(), input.output_first, input.outputs);
    if (message.no_output_list()) {
        if (input.output_first.size() > 1 || !input.outputs.empty()) {
            wrong = "it has outputs without a list of them";
        }
        input.output_first.clear();
    }
    return wrong;
}

}  // namespace spikeloom::chip
