#include "chip/image/image_proto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "chip/image/message_fields.hpp"
#include "chip/spec/chip_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

using Offsets = std::vector<std::uint32_t>;

template <class Repeated>
void add_counts(const Offsets& offsets, Repeated& counts) {
    for (std::size_t i = 1; i < offsets.size(); ++i) {
        counts.Add(offsets[i] - offsets[i - 1]);
    }
}

/// Offsets from counts; false when the sum does not fit.
template <class Repeated>
bool offsets_of(const Repeated& counts, Offsets& offsets) {
    offsets.reserve(static_cast<std::size_t>(counts.size()) + 1);
    std::uint64_t sum = 0;
    offsets.push_back(0);
    for (const std::uint32_t count : counts) {
        sum += count;
        if (sum > std::numeric_limits<std::uint32_t>::max()) {
            return false;
        }
        offsets.push_back(static_cast<std::uint32_t>(sum));
    }
    return true;
}

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

void registers_to(const CoreImage& core, proto::CoreImageProto& message) {
    for (const CompartmentGroup& group : core.groups) {
        message.add_group_first(group.first);
        message.add_group_count(group.count);
        message.add_group_current_decay(group.current_decay);
        message.add_group_voltage_decay(group.voltage_decay);
        message.add_group_threshold_mantissa(group.threshold_mantissa);
        message.add_group_refractory(group.refractory);
        message.add_group_spikes(group.spikes);
    }
    models_to(core.groups, message);
    for (const BiasRegister& bias : core.biases) {
        message.add_bias_mantissa(bias.mantissa);
        message.add_bias_exponent(bias.exponent);
    }
    for (const std::int32_t current : core.initial_currents) {
        message.add_initial_current(current);
    }
    message.set_voltage_floor_exponent(core.voltage_floor_exponent);
    message.set_voltage_ceiling_exponent(core.voltage_ceiling_exponent);
    message.set_noise_target(static_cast<std::uint32_t>(core.noise.target));
    message.set_noise_mantissa_offset(core.noise.mantissa_offset);
    message.set_noise_exponent(core.noise.exponent);
    for (const WeightFormat& format : core.formats) {
        message.add_format_weight_bits(format.weight_bits);
        message.add_format_weight_exponent(format.weight_exponent);
        message.add_format_sign_mode(static_cast<std::uint32_t>(format.sign_mode));
        message.add_format_delay_bits(format.delay_bits);
    }
}

std::string registers_from(const proto::CoreImageProto& message, CoreImage& core) {
    if (!same_size({message.group_first_size(), message.group_count_size(), message.group_current_decay_size(),
                    message.group_voltage_decay_size(), message.group_threshold_mantissa_size(),
                    message.group_refractory_size(), message.group_spikes_size()})) {
        return "its compartment groups don't fit together";
    }
    for (int i = 0; i < message.group_first_size(); ++i) {
        core.groups.push_back({.first = message.group_first(i),
                               .count = message.group_count(i),
                               .current_decay = message.group_current_decay(i),
                               .voltage_decay = message.group_voltage_decay(i),
                               .threshold_mantissa = message.group_threshold_mantissa(i),
                               .refractory = message.group_refractory(i),
                               .spikes = message.group_spikes(i)});
    }
    if (std::string wrong = models_from(message, core.groups); !wrong.empty()) {
        return wrong;
    }
    if (!same_size({message.bias_mantissa_size(), message.bias_exponent_size()})) {
        return "its biases don't fit together";
    }
    core.biases.resize(static_cast<std::size_t>(message.bias_mantissa_size()));
    for (int i = 0; i < message.bias_mantissa_size(); ++i) {
        BiasRegister& bias = core.biases[static_cast<std::size_t>(i)];
        if (!fit(message.bias_mantissa(i), bias.mantissa) || !fit(message.bias_exponent(i), bias.exponent)) {
            return "a bias doesn't fit its register";
        }
    }
    core.initial_currents.assign(message.initial_current().begin(), message.initial_current().end());
    core.voltage_floor_exponent = message.voltage_floor_exponent();
    core.voltage_ceiling_exponent = message.voltage_ceiling_exponent();
    if (message.noise_target() > static_cast<std::uint32_t>(NoiseRegister::Target::voltage)) {
        return "its noise has an unknown target";
    }
    core.noise = {.target = static_cast<NoiseRegister::Target>(message.noise_target()),
                  .mantissa_offset = message.noise_mantissa_offset(),
                  .exponent = message.noise_exponent()};
    if (!same_size({message.format_weight_bits_size(), message.format_weight_exponent_size(),
                    message.format_sign_mode_size(), message.format_delay_bits_size()})) {
        return "its synapse formats don't fit together";
    }
    for (int i = 0; i < message.format_weight_bits_size(); ++i) {
        const std::uint32_t mode = message.format_sign_mode(i);
        if (mode < static_cast<std::uint32_t>(SignMode::mixed) ||
            mode > static_cast<std::uint32_t>(SignMode::inhibitory)) {
            return "a synapse format has an unknown sign mode";
        }
        core.formats.push_back({.weight_bits = message.format_weight_bits(i),
                                .weight_exponent = message.format_weight_exponent(i),
                                .sign_mode = static_cast<SignMode>(mode),
                                .delay_bits = message.format_delay_bits(i)});
    }
    return {};
}

/// Fields and learning.
using EntryKind = std::pair<std::uint32_t, std::uint8_t>;

EntryKind kind_of(const SynapseEntry& entry) {
    return {entry.format | static_cast<std::uint32_t>(entry.encoding) << 8 |
                static_cast<std::uint32_t>(entry.index_bits) << 16 | static_cast<std::uint32_t>(entry.skip_bits) << 24,
            entry.learning};
}

void entries_to(const CoreImage& core, proto::CoreImageProto& message) {
    message.set_no_axon_list(core.axon_first_entry.empty());
    add_counts(core.axon_first_entry, *message.mutable_axon_entries());
    for (const SharedAxon& axon : core.shared_axons) {
        message.add_axon_list(axon.list);
        message.add_axon_base(axon.base);
        message.add_axon_part(axon.part);
    }
    if (core.part_first.empty()) {
        message.clear_axon_part();
    }
    add_counts(core.part_first, *message.mutable_part_count());
    message.mutable_part_entry()->Add(core.part_entries.begin(), core.part_entries.end());
    std::map<EntryKind, std::uint32_t> kinds;
    std::int64_t end = 0;
    bool gaps = false;
    bool learning = false;
    for (const SynapseEntry& entry : core.entries) {
        const auto [known, added] = kinds.try_emplace(kind_of(entry), static_cast<std::uint32_t>(kinds.size()));
        if (added) {
            message.add_entry_kinds(known->first.first);
            message.add_entry_kind_learning(known->first.second);
            learning = learning || entry.learning != 0;
        }
        message.add_entry_kind(known->second);
        message.add_entry_count(entry.count);
        message.add_entry_gap(entry.first - end);
        gaps = gaps || entry.first != end;
        end = std::int64_t{entry.first} + entry.count;
    }
    if (!gaps) {
        message.clear_entry_gap();
    }
    if (!learning) {
        message.clear_entry_kind_learning();
    }
}

std::string entries_from(const proto::CoreImageProto& message, CoreImage& core) {
    const bool gaps = message.entry_gap_size() > 0;
    const bool learning = message.entry_kind_learning_size() > 0;
    if (!same_size({message.entry_kind_size(), message.entry_count_size(),
                    gaps ? message.entry_gap_size() : message.entry_kind_size()}) ||
        (learning && message.entry_kind_learning_size() != message.entry_kinds_size())) {
        return "its synapse entries don't fit together";
    }
    if (message.no_axon_list() ? message.axon_entries_size() > 0
                               : !offsets_of(message.axon_entries(), core.axon_first_entry)) {
        return "its axons don't fit together";
    }
    const bool parts = message.part_count_size() > 0;
    if (!same_size({message.axon_list_size(), message.axon_base_size(),
                    parts ? message.axon_part_size() : message.axon_list_size()}) ||
        (parts && !offsets_of(message.part_count(), core.part_first))) {
        return "its shared axons don't fit together";
    }
    core.part_entries.assign(message.part_entry().begin(), message.part_entry().end());
    core.shared_axons.reserve(static_cast<std::size_t>(message.axon_list_size()));
    for (int i = 0; i < message.axon_list_size(); ++i) {
        core.shared_axons.push_back(
            {.list = message.axon_list(i), .base = message.axon_base(i), .part = parts ? message.axon_part(i) : 0});
    }
    core.entries.reserve(static_cast<std::size_t>(message.entry_kind_size()));
    std::int64_t end = 0;
    for (int i = 0; i < message.entry_kind_size(); ++i) {
        const std::uint32_t kind = message.entry_kind(i);
        if (std::cmp_greater_equal(kind, message.entry_kinds_size())) {
            return "a synapse entry is of an unknown kind";
        }
        const std::uint32_t fields = message.entry_kinds(static_cast<int>(kind));
        const std::uint32_t encoding = fields >> 8 & 0xFFU;
        if (encoding > static_cast<std::uint32_t>(SynapseEncoding::dense)) {
            return "a synapse entry has an unknown encoding";
        }
        SynapseEntry entry{.format = static_cast<std::uint8_t>(fields),
                           .encoding = static_cast<SynapseEncoding>(encoding),
                           .index_bits = static_cast<std::uint8_t>(fields >> 16),
                           .skip_bits = static_cast<std::uint8_t>(fields >> 24),
                           .first = 0,
                           .count = message.entry_count(i)};
        if (learning && !fit(message.entry_kind_learning(static_cast<int>(kind)), entry.learning)) {
            return "a synapse entry follows an unknown rule";
        }
        std::int64_t first = 0;
        if (__builtin_add_overflow(end, gaps ? message.entry_gap(i) : 0, &first) || !fit(first, entry.first)) {
            return "a synapse entry begins outside the synapses";
        }
        core.entries.push_back(entry);
        end = first + entry.count;
    }
    return {};
}

void synapses_to(const std::vector<Synapse>& synapses, proto::CoreImageProto& message) {
    const auto size = static_cast<int>(synapses.size());
    message.mutable_synapse_target()->Reserve(size);
    message.mutable_synapse_weight()->Reserve(size);
    const bool delays = std::ranges::any_of(synapses, [](const Synapse& synapse) { return synapse.delay != 0; });
    for (const Synapse& synapse : synapses) {
        message.add_synapse_target(synapse.target);
        message.add_synapse_weight(synapse.weight);
        if (delays) {
            message.add_synapse_delay(synapse.delay);
        }
    }
}

std::string synapses_from(const proto::CoreImageProto& message, std::vector<Synapse>& synapses) {
    const int size = message.synapse_target_size();
    const bool delays = message.synapse_delay_size() > 0;
    if (!same_size({size, message.synapse_weight_size(), delays ? message.synapse_delay_size() : size})) {
        return "its synapses don't fit together";
    }
    synapses.resize(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
        Synapse& synapse = synapses[static_cast<std::size_t>(i)];
        if (!fit(message.synapse_target(i), synapse.target) || !fit(message.synapse_weight(i), synapse.weight) ||
            !fit(delays ? message.synapse_delay(i) : 0U, synapse.delay)) {
            return "a synapse doesn't fit its fields";
        }
    }
    return {};
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
