#include "chip/spec/chip_spec_proto.hpp"

#include <array>
#include <string>
#include <string_view>

#include "chip/spec/cost_table_proto.hpp"
#include "chip/spec/network_proto.hpp"

namespace spikeloom::chip {
namespace {

IntRange from(const proto::IntRangeProto& message) {
    return {.least = message.least(), .most = message.most()};
}

void to(const IntRange& range, proto::IntRangeProto& message) {
    message.set_least(range.least);
    message.set_most(range.most);
}

template <class Repeated>
std::vector<int> from_list(const Repeated& values) {
    return {values.begin(), values.end()};
}

CoreLimits from(const proto::CoreLimitsProto& message) {
    return {.compartments = message.compartments(),
            .input_axons = message.input_axons(),
            .output_axons = message.output_axons(),
            .compartment_profiles = message.compartment_profiles(),
            .threshold_profiles = message.threshold_profiles(),
            .update_granularity = message.update_granularity(),
            .destinations_per_compartment = message.destinations_per_compartment()};
}

void to(const CoreLimits& limits, proto::CoreLimitsProto& message) {
    message.set_compartments(limits.compartments);
    message.set_input_axons(limits.input_axons);
    message.set_output_axons(limits.output_axons);
    message.set_compartment_profiles(limits.compartment_profiles);
    message.set_threshold_profiles(limits.threshold_profiles);
    message.set_update_granularity(limits.update_granularity);
    if (limits.destinations_per_compartment != 0) {
        message.set_destinations_per_compartment(limits.destinations_per_compartment);
    }
}

/// What a decay register holds where nothing is said of it. Widths out of range may come here to be checked: they give
/// nothing.
IntRange whole_register(int bits) {
    return {.least = 0, .most = 0 < bits && bits < 32 ? (std::int64_t{1} << bits) - 1 : 0};
}

std::vector<NeuronModel> models_from(const proto::NeuronFormatProto& message) {
    std::vector<NeuronModel> models;
    for (const int model : message.models()) {
        models.push_back(static_cast<NeuronModel>(from_enum(model)));
    }
    return models.empty() ? NeuronFormat{}.models : models;
}

NeuronFormat from(const proto::NeuronFormatProto& message) {
    return {.state_bits = message.state_bits(),
            .sum_bits = message.sum_bits(),
            .decay_bits = message.decay_bits(),
            .current_decay_offset = message.current_decay_offset(),
            .voltage_decay_offset = message.voltage_decay_offset(),
            .threshold_mantissa_max = message.threshold_mantissa_max(),
            .threshold_exponent = message.threshold_exponent(),
            .bias_mantissa = from(message.bias_mantissa()),
            .bias_exponent = from(message.bias_exponent()),
            .refractory = from(message.refractory()),
            .voltage_floor_exponent = from(message.voltage_floor_exponent()),
            .voltage_ceiling_exponent = from(message.voltage_ceiling_exponent()),
            .refractory_probe_shift = message.refractory_probe_shift(),
            .current_decay =
                message.has_current_decay() ? from(message.current_decay()) : whole_register(message.decay_bits()),
            .voltage_decay =
                message.has_voltage_decay() ? from(message.voltage_decay()) : whole_register(message.decay_bits()),
            .models = models_from(message),
            .soft_reset_compartments = message.soft_reset_compartments(),
            .payload_bits = message.payload_bits()};
}

void to(const NeuronFormat& neuron, proto::NeuronFormatProto& message) {
    message.set_state_bits(neuron.state_bits);
    message.set_sum_bits(neuron.sum_bits);
    message.set_decay_bits(neuron.decay_bits);
    message.set_current_decay_offset(neuron.current_decay_offset);
    message.set_voltage_decay_offset(neuron.voltage_decay_offset);
    message.set_threshold_mantissa_max(neuron.threshold_mantissa_max);
    message.set_threshold_exponent(neuron.threshold_exponent);
    to(neuron.bias_mantissa, *message.mutable_bias_mantissa());
    to(neuron.bias_exponent, *message.mutable_bias_exponent());
    to(neuron.refractory, *message.mutable_refractory());
    to(neuron.voltage_floor_exponent, *message.mutable_voltage_floor_exponent());
    to(neuron.voltage_ceiling_exponent, *message.mutable_voltage_ceiling_exponent());
    message.set_refractory_probe_shift(neuron.refractory_probe_shift);
    // Values out of range may come here to be checked.
    const bool bits_known = 0 <= neuron.decay_bits && neuron.decay_bits <= 16;
    if (!bits_known || neuron.current_decay != whole_register(neuron.decay_bits)) {
        to(neuron.current_decay, *message.mutable_current_decay());
    }
    if (!bits_known || neuron.voltage_decay != whole_register(neuron.decay_bits)) {
        to(neuron.voltage_decay, *message.mutable_voltage_decay());
    }
    if (neuron.models != NeuronFormat{}.models) {
        for (const NeuronModel model : neuron.models) {
            message.add_models(static_cast<proto::NeuronModelProto::Value>(static_cast<int>(model) + 1));
        }
    }
    if (neuron.soft_reset_compartments != 0) {
        message.set_soft_reset_compartments(neuron.soft_reset_compartments);
    }
    if (neuron.payload_bits != 0) {
        message.set_payload_bits(neuron.payload_bits);
    }
}

SynapseMemory from(const proto::SynapseMemoryProto& message) {
    SynapseMemory memory{.words = message.words(),
                         .word_bits = message.word_bits(),
                         .words_per_axon = message.words_per_axon(),
                         .synapses_per_entry = message.synapses_per_entry(),
                         .synapse_formats = message.synapse_formats(),
                         .weight_bits = from_list(message.weight_bits()),
                         .weight_exponent = from(message.weight_exponent()),
                         .index_bits = from_list(message.index_bits()),
                         .skip_bits = from_list(message.skip_bits()),
                         .delay_bits = from_list(message.delay_bits()),
                         .max_delay = message.max_delay(),
                         .free_delay = message.free_delay(),
                         .format_id_bits = message.format_id_bits(),
                         .count_bits = message.count_bits(),
                         .list_end_bits = message.list_end_bits(),
                         .encodings = {}};
    for (const int encoding : message.encodings()) {
        memory.encodings.push_back(static_cast<SynapseEncoding>(from_enum(encoding)));
    }
    if (message.has_shared_lists()) {
        memory.shared_lists = true;
        memory.shared_base_most = message.shared_lists().base_most();
        memory.shared_base_multiple = message.shared_lists().base_multiple();
        memory.shared_in_part = message.shared_lists().in_part();
    }
    memory.crossbar_types = message.crossbar_types();
    return memory;
}

void to(const SynapseMemory& memory, proto::SynapseMemoryProto& message) {
    message.set_words(memory.words);
    message.set_word_bits(memory.word_bits);
    message.set_words_per_axon(memory.words_per_axon);
    message.set_synapses_per_entry(memory.synapses_per_entry);
    message.set_synapse_formats(memory.synapse_formats);
    message.mutable_weight_bits()->Add(memory.weight_bits.begin(), memory.weight_bits.end());
    to(memory.weight_exponent, *message.mutable_weight_exponent());
    message.mutable_index_bits()->Add(memory.index_bits.begin(), memory.index_bits.end());
    message.mutable_skip_bits()->Add(memory.skip_bits.begin(), memory.skip_bits.end());
    message.mutable_delay_bits()->Add(memory.delay_bits.begin(), memory.delay_bits.end());
    message.set_max_delay(memory.max_delay);
    message.set_free_delay(memory.free_delay);
    message.set_format_id_bits(memory.format_id_bits);
    message.set_count_bits(memory.count_bits);
    message.set_list_end_bits(memory.list_end_bits);
    for (const SynapseEncoding encoding : memory.encodings) {
        message.add_encodings(static_cast<proto::EncodingProto::Value>(static_cast<int>(encoding) + 1));
    }
    if (memory.shared_lists) {
        message.mutable_shared_lists()->set_base_most(memory.shared_base_most);
        message.mutable_shared_lists()->set_base_multiple(memory.shared_base_multiple);
        if (memory.shared_in_part) {
            message.mutable_shared_lists()->set_in_part(true);
        }
    }
    if (memory.crossbar_types != 0) {
        message.set_crossbar_types(memory.crossbar_types);
    }
}

Conventions from(const proto::ConventionsProto& message) {
    return {
        .sum_overflow = static_cast<Conventions::SumOverflow>(from_enum(message.sum_overflow())),
        .current_overflow = static_cast<Conventions::CurrentOverflow>(from_enum(message.current_overflow())),
        .biased_current_overflow =
            static_cast<Conventions::BiasedCurrentOverflow>(from_enum(message.biased_current_overflow())),
        .voltage_overflow = static_cast<Conventions::VoltageOverflow>(from_enum(message.voltage_overflow())),
        .negative_mixed_weight =
            static_cast<Conventions::NegativeMixedWeight>(from_enum(message.negative_mixed_weight())),
    };
}

void to(const Conventions& conventions, proto::ConventionsProto& message) {
    using Proto = proto::ConventionsProto;
    const auto number = [](auto value) { return static_cast<int>(value) + 1; };
    message.set_sum_overflow(static_cast<Proto::SumOverflow>(number(conventions.sum_overflow)));
    message.set_current_overflow(static_cast<Proto::CurrentOverflow>(number(conventions.current_overflow)));
    message.set_biased_current_overflow(
        static_cast<Proto::BiasedCurrentOverflow>(number(conventions.biased_current_overflow)));
    message.set_voltage_overflow(static_cast<Proto::VoltageOverflow>(number(conventions.voltage_overflow)));
    message.set_negative_mixed_weight(
        static_cast<Proto::NegativeMixedWeight>(number(conventions.negative_mixed_weight)));
}

rules::RuleLimits rule_limits(const proto::LearningProto& message) {
    return {.mantissa_least = static_cast<int>(message.mantissa().least()),
            .mantissa_most = static_cast<int>(message.mantissa().most()),
            .exponent_least = static_cast<int>(message.exponent().least()),
            .exponent_most = static_cast<int>(message.exponent().most()),
            .constant_least = static_cast<int>(message.constant().least()),
            .constant_most = static_cast<int>(message.constant().most()),
            .decimation_most = message.decimation_most(),
            .products = message.products(),
            .factors = message.factors()};
}

/// The choices, one by one or those of a tool, set in `arithmetic`.
void choose(const proto::LearningConventionsProto& message, rules::LearningArithmetic& arithmetic) {
    if (message.has_all()) {
        constexpr std::array<std::string_view, 3> tools{"lava", "nengo", "brian2"};
        const rules::LearningArithmetic* tool =
            rules::find_convention(tools[static_cast<std::size_t>(from_enum(message.all()))]);
        SPIKELOOM_ASSERT(tool != nullptr, "a tool without its convention");
        arithmetic.trace_decay = tool->trace_decay;
        arithmetic.impulse_fraction = tool->impulse_fraction;
        arithmetic.products = tool->products;
        arithmetic.lava_tag_floor = tool->lava_tag_floor;
        arithmetic.first_epoch_is_due = tool->first_epoch_is_due;
        return;
    }
    arithmetic.trace_decay = static_cast<rules::TraceDecay>(from_enum(message.trace_decay()));
    arithmetic.impulse_fraction = static_cast<rules::ImpulseFraction>(from_enum(message.impulse_fraction()));
    arithmetic.products = static_cast<rules::ProductArithmetic>(from_enum(message.products()));
    arithmetic.lava_tag_floor = message.lava_tag_floor();
    arithmetic.first_epoch_is_due = message.first_epoch_is_due();
}

LearningFormat from(const proto::LearningProto& message) {
    LearningFormat learning{.present = true,
                            .arithmetic = {.trace_bits = message.trace_bits(),
                                           .weight_bits = message.weight_bits(),
                                           .tag_bits = message.tag_bits(),
                                           .delay_most = message.delay_most(),
                                           .fraction_bits = message.fraction_bits()},
                            .rule = rule_limits(message),
                            .epoch = from(message.epoch()),
                            .profiles_per_core = message.profiles_per_core(),
                            .tag_bits = message.synapse_tag_bits(),
                            .plastic_axons = message.plastic_axons()};
    choose(message.conventions(), learning.arithmetic);
    return learning;
}

void to(const LearningFormat& learning, proto::LearningProto& message) {
    const rules::LearningArithmetic& arithmetic = learning.arithmetic;
    const rules::RuleLimits& rule = learning.rule;
    message.set_profiles_per_core(learning.profiles_per_core);
    message.set_plastic_axons(learning.plastic_axons);
    message.set_synapse_tag_bits(learning.tag_bits);
    to(learning.epoch, *message.mutable_epoch());
    message.set_trace_bits(arithmetic.trace_bits);
    message.set_weight_bits(arithmetic.weight_bits);
    message.set_tag_bits(arithmetic.tag_bits);
    message.set_delay_most(arithmetic.delay_most);
    message.set_fraction_bits(arithmetic.fraction_bits);
    to({.least = rule.mantissa_least, .most = rule.mantissa_most}, *message.mutable_mantissa());
    to({.least = rule.exponent_least, .most = rule.exponent_most}, *message.mutable_exponent());
    to({.least = rule.constant_least, .most = rule.constant_most}, *message.mutable_constant());
    message.set_decimation_most(rule.decimation_most);
    message.set_products(rule.products);
    message.set_factors(rule.factors);
    using Proto = proto::LearningConventionsProto;
    const auto number = [](auto value) { return static_cast<int>(value) + 1; };
    Proto& conventions = *message.mutable_conventions();
    conventions.set_trace_decay(static_cast<Proto::TraceDecay>(number(arithmetic.trace_decay)));
    conventions.set_impulse_fraction(static_cast<Proto::ImpulseFraction>(number(arithmetic.impulse_fraction)));
    conventions.set_products(static_cast<Proto::Products>(number(arithmetic.products)));
    conventions.set_lava_tag_floor(arithmetic.lava_tag_floor);
    conventions.set_first_epoch_is_due(arithmetic.first_epoch_is_due);
}

}  // namespace

ChipSpec from_proto(const proto::ChipSpecProto& message) {
    ChipSpec spec{.name = message.name(),
                  .title = message.title(),
                  .description = message.description(),
                  .mesh = from_proto(message.mesh()),
                  .network = message.has_network() ? from_proto(message.network()) : SpikeNetwork{},
                  .limits = from(message.limits()),
                  .neuron = from(message.neuron()),
                  .synapses = from(message.synapses()),
                  .learning = message.has_learning() ? from(message.learning()) : LearningFormat{},
                  .conventions = from(message.conventions()),
                  .costs = {}};
    for (const auto& table : message.costs()) {
        spec.costs.push_back(from_proto(table));
    }
    return spec;
}

proto::ChipSpecProto to_proto(const ChipSpec& spec) {
    proto::ChipSpecProto message;
    message.set_name(spec.name);
    message.set_title(spec.title);
    message.set_description(spec.description);
    to_proto(spec.mesh, *message.mutable_mesh());
    if (spec.network != SpikeNetwork{}) {
        to_proto(spec.network, spec.mesh, *message.mutable_network());
    }
    to(spec.limits, *message.mutable_limits());
    to(spec.neuron, *message.mutable_neuron());
    to(spec.synapses, *message.mutable_synapses());
    to(spec.conventions, *message.mutable_conventions());
    if (spec.learning.present) {
        to(spec.learning, *message.mutable_learning());
    }
    for (const CostTable& table : spec.costs) {
        to_proto(table, *message.add_costs());
    }
    return message;
}

}  // namespace spikeloom::chip
