#include "chip/spec/analog_spec_proto.hpp"

#include <fmt/format.h>

#include <array>

#include "chip/spec/cost_table_proto.hpp"

namespace spikeloom::chip {
namespace {

RealRange from(const proto::RealRangeProto& message) {
    return {.least = message.least(), .most = message.most()};
}

void to(const RealRange& range, proto::RealRangeProto& message) {
    message.set_least(range.least);
    message.set_most(range.most);
}

AnalogArray from(const proto::AnalogArrayProto& message) {
    return {.hemispheres = message.hemispheres(),
            .columns = message.columns(),
            .rows = message.rows(),
            .weight_bits = message.weight_bits(),
            .label_bits = message.label_bits(),
            .drivers = message.drivers(),
            .padi_buses = message.padi_buses(),
            .row_select_bits = message.row_select_bits(),
            .neuron_address_bits = message.neuron_address_bits(),
            .joined_circuits = message.joined_circuits(),
            .fixed_driver_addresses = message.fixed_driver_addresses()};
}

void to(const AnalogArray& array, proto::AnalogArrayProto& message) {
    message.set_hemispheres(array.hemispheres);
    message.set_columns(array.columns);
    message.set_rows(array.rows);
    message.set_weight_bits(array.weight_bits);
    message.set_label_bits(array.label_bits);
    message.set_drivers(array.drivers);
    message.set_padi_buses(array.padi_buses);
    message.set_row_select_bits(array.row_select_bits);
    message.set_neuron_address_bits(array.neuron_address_bits);
    message.set_joined_circuits(array.joined_circuits);
    message.set_fixed_driver_addresses(array.fixed_driver_addresses);
}

AnalogCrossbar from(const proto::AnalogCrossbarProto& message) {
    AnalogCrossbar crossbar{.neuron_outputs = message.neuron_outputs(),
                            .columns_per_output = message.columns_per_output(),
                            .l2_lanes = message.l2_lanes(),
                            .background_sources = message.background_sources(),
                            .label_bits = message.label_bits(),
                            .nodes = {},
                            .background = {.clock_hz = message.background().clock_hz(),
                                           .period_bits = message.background().period_bits(),
                                           .rate_bits = message.background().rate_bits(),
                                           .random_label_bits = message.background().random_label_bits()}};
    for (const auto& input : message.connections()) {
        for (const int output : input.outputs()) {
            crossbar.nodes.push_back({.input = input.input(), .output = output});
        }
    }
    return crossbar;
}

void to(const AnalogCrossbar& crossbar, proto::AnalogCrossbarProto& message) {
    message.set_neuron_outputs(crossbar.neuron_outputs);
    message.set_columns_per_output(crossbar.columns_per_output);
    message.set_l2_lanes(crossbar.l2_lanes);
    message.set_background_sources(crossbar.background_sources);
    message.set_label_bits(crossbar.label_bits);
    proto::CrossbarInputProto* input = nullptr;
    for (const CrossbarNode& node : crossbar.nodes) {
        if (input == nullptr || input->input() != node.input) {
            input = message.add_connections();
            input->set_input(node.input);
        }
        input->add_outputs(node.output);
    }
    proto::BackgroundProto& background = *message.mutable_background();
    background.set_clock_hz(crossbar.background.clock_hz);
    background.set_period_bits(crossbar.background.period_bits);
    background.set_rate_bits(crossbar.background.rate_bits);
    background.set_random_label_bits(crossbar.background.random_label_bits);
}

AnalogRanges from(const proto::AnalogRangesProto& message) {
    return {.tau_mem_s = from(message.tau_mem_s()),
            .tau_syn_s = from(message.tau_syn_s()),
            .refractory_s = from(message.refractory_s()),
            .potential_lsb = from(message.potential_lsb()),
            .capacitance_f = from(message.capacitance_f()),
            .parameter_bits = message.parameter_bits(),
            .parameter_settle_s = message.parameter_settle_s(),
            .refractory_bits = message.refractory_bits(),
            .refractory_clock_hz = message.refractory_clock_hz(),
            .refractory_prescaler_max = message.refractory_prescaler_max(),
            .leak_lsb = message.leak_lsb(),
            .threshold_lsb = message.threshold_lsb(),
            .reset_lsb = message.reset_lsb()};
}

void to(const AnalogRanges& ranges, proto::AnalogRangesProto& message) {
    to(ranges.tau_mem_s, *message.mutable_tau_mem_s());
    to(ranges.tau_syn_s, *message.mutable_tau_syn_s());
    to(ranges.refractory_s, *message.mutable_refractory_s());
    to(ranges.potential_lsb, *message.mutable_potential_lsb());
    to(ranges.capacitance_f, *message.mutable_capacitance_f());
    message.set_parameter_bits(ranges.parameter_bits);
    message.set_parameter_settle_s(ranges.parameter_settle_s);
    message.set_refractory_bits(ranges.refractory_bits);
    message.set_refractory_clock_hz(ranges.refractory_clock_hz);
    message.set_refractory_prescaler_max(ranges.refractory_prescaler_max);
    message.set_leak_lsb(ranges.leak_lsb);
    message.set_threshold_lsb(ranges.threshold_lsb);
    message.set_reset_lsb(ranges.reset_lsb);
}

AnalogLinks from(const proto::AnalogLinksProto& message) {
    return {.time_stamp_s = message.time_stamp_s(),
            .lane_interval_s = message.lane_interval_s(),
            .host_round_trip_s = message.host_round_trip_s()};
}

void to(const AnalogLinks& links, proto::AnalogLinksProto& message) {
    message.set_time_stamp_s(links.time_stamp_s);
    message.set_lane_interval_s(links.lane_interval_s);
    message.set_host_round_trip_s(links.host_round_trip_s);
}

Converter from(const proto::ConverterProto& message) {
    return {.bits = message.bits(),
            .period_s = message.period_s(),
            .channels = message.channels(),
            .samples = message.samples()};
}

void to(const Converter& converter, proto::ConverterProto& message) {
    message.set_bits(converter.bits);
    message.set_period_s(converter.period_s);
    message.set_channels(converter.channels);
    message.set_samples(converter.samples);
}

Mismatch from(const proto::MismatchProto& message) {
    return {.of = static_cast<MismatchOf>(from_enum(message.of())),
            .uncalibrated = from_proto(message.uncalibrated()),
            .calibrated = from_proto(message.calibrated()),
            .trial = from_proto(message.trial())};
}

void to(const Mismatch& mismatch, proto::MismatchProto& message) {
    message.set_of(static_cast<proto::MismatchProto::Of>(static_cast<int>(mismatch.of) + 1));
    to_proto(mismatch.uncalibrated, *message.mutable_uncalibrated());
    to_proto(mismatch.calibrated, *message.mutable_calibrated());
    to_proto(mismatch.trial, *message.mutable_trial());
}

AnalogPlasticity from(const proto::AnalogPlasticityProto& message) {
    return {.present = true,
            .processors = message.processors(),
            .clock_hz = message.clock_hz(),
            .vector_bytes = message.vector_bytes(),
            .correlation_tau_s = from(message.correlation_tau_s()),
            .correlation_amplitude = from(message.correlation_amplitude()),
            .sensor_bits = message.sensor_bits(),
            .rate_counter_bits = message.rate_counter_bits()};
}

void to(const AnalogPlasticity& plasticity, proto::AnalogPlasticityProto& message) {
    message.set_processors(plasticity.processors);
    message.set_clock_hz(plasticity.clock_hz);
    message.set_vector_bytes(plasticity.vector_bytes);
    to(plasticity.correlation_tau_s, *message.mutable_correlation_tau_s());
    to(plasticity.correlation_amplitude, *message.mutable_correlation_amplitude());
    message.set_sensor_bits(plasticity.sensor_bits);
    message.set_rate_counter_bits(plasticity.rate_counter_bits);
}

/// The item's field of AnalogCostTableProto, which bears its name and unit.
const google::protobuf::FieldDescriptor* field_of(AnalogCostItem item) {
    return proto::AnalogCostTableProto::descriptor()->FindFieldByName(fmt::format("{}_pj", name_of(item)));
}

AnalogCostTable from(const proto::AnalogCostTableProto& message) {
    AnalogCostTable table{.name = message.name(),
                          .title = message.title(),
                          .chip_power_mw = from_proto(message.chip_power_mw()),
                          .events = {}};
    const auto& reflection = *message.GetReflection();
    for (const AnalogCostItem item : analog_cost_items) {
        if (reflection.HasField(message, field_of(item))) {
            const auto& price =
                static_cast<const proto::QuantityProto&>(reflection.GetMessage(message, field_of(item)));
            table.events.push_back({.item = item, .energy_pj = from_proto(price)});
        }
    }
    return table;
}

void to(const AnalogCostTable& table, proto::AnalogCostTableProto& message) {
    message.set_name(table.name);
    message.set_title(table.title);
    to_proto(table.chip_power_mw, *message.mutable_chip_power_mw());
    for (const AnalogEventCost& event : table.events) {
        auto* price = message.GetReflection()->MutableMessage(&message, field_of(event.item));
        to_proto(event.energy_pj, static_cast<proto::QuantityProto&>(*price));
    }
}

}  // namespace

AnalogSpec from_proto(const proto::AnalogSpecProto& message) {
    AnalogSpec spec;
    spec.name = message.name();
    spec.title = message.title();
    spec.description = message.description();
    spec.ideal = message.ideal();
    spec.speed_up = message.speed_up();
    if (!spec.ideal) {
        spec.array = from(message.array());
        spec.crossbar = from(message.crossbar());
        spec.ranges = from(message.ranges());
        spec.links = from(message.links());
        spec.cadc = from(message.cadc());
        spec.madc = from(message.madc());
    }
    for (const auto& mismatch : message.mismatch()) {
        spec.mismatch.push_back(from(mismatch));
    }
    if (message.has_plasticity()) {
        spec.plasticity = from(message.plasticity());
    }
    for (const auto& table : message.costs()) {
        spec.costs.push_back(from(table));
    }
    return spec;
}

proto::AnalogSpecProto to_proto(const AnalogSpec& spec) {
    proto::AnalogSpecProto message;
    message.set_name(spec.name);
    message.set_title(spec.title);
    message.set_description(spec.description);
    message.set_time_base(proto::AnalogSpecProto::CONTINUOUS);
    message.set_ideal(spec.ideal);
    message.set_speed_up(spec.speed_up);
    if (!spec.ideal) {
        to(spec.array, *message.mutable_array());
        to(spec.crossbar, *message.mutable_crossbar());
        to(spec.ranges, *message.mutable_ranges());
        to(spec.links, *message.mutable_links());
        to(spec.cadc, *message.mutable_cadc());
        to(spec.madc, *message.mutable_madc());
    }
    for (const Mismatch& mismatch : spec.mismatch) {
        to(mismatch, *message.add_mismatch());
    }
    if (spec.plasticity.present) {
        to(spec.plasticity, *message.mutable_plasticity());
    }
    for (const AnalogCostTable& table : spec.costs) {
        to(table, *message.add_costs());
    }
    return message;
}

}  // namespace spikeloom::chip
