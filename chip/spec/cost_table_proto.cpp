#include "chip/spec/cost_table_proto.hpp"

#include <string>

namespace spikeloom::chip {
namespace {

/// The item's field of CostTableProto, which bears its name.
const google::protobuf::FieldDescriptor* field_of(CostItem item) {
    return proto::CostTableProto::descriptor()->FindFieldByName(std::string(name_of(item)));
}

}  // namespace

Quantity from_proto(const proto::QuantityProto& message) {
    return {.value = message.value(),
            .low = message.has_low() ? message.low() : message.value(),
            .high = message.has_high() ? message.high() : message.value(),
            .source = message.source(),
            .trust = static_cast<Trust>(from_enum(message.trust()))};
}

void to_proto(const Quantity& quantity, proto::QuantityProto& message) {
    message.set_value(quantity.value);
    if (quantity.low != quantity.value) {
        message.set_low(quantity.low);
    }
    if (quantity.high != quantity.value) {
        message.set_high(quantity.high);
    }
    message.set_source(quantity.source);
    message.set_trust(static_cast<proto::QuantityProto::Trust>(static_cast<int>(quantity.trust) + 1));
}

CostTable from_proto(const proto::CostTableProto& message) {
    CostTable table{.name = message.name(),
                    .title = message.title(),
                    .events = {},
                    .barrier = {},
                    .static_power_core_mw = from_proto(message.static_power_core_mw()),
                    .static_power_chip_mw = from_proto(message.static_power_chip_mw()),
                    .host_power_mw = from_proto(message.host_power_mw())};
    for (const CostItem item : cost_items) {
        const auto* field = field_of(item);
        if (may_lack(item) && !message.GetReflection()->HasField(message, field)) {
            continue;
        }
        const auto& cost =
            static_cast<const proto::EventCostProto&>(message.GetReflection()->GetMessage(message, field));
        table.events.push_back(
            {.item = item, .energy_pj = from_proto(cost.energy_pj()), .time_ns = from_proto(cost.time_ns())});
    }
    for (const auto& point : message.barrier()) {
        table.barrier.push_back({.tiles = point.tiles(), .time_ns = from_proto(point.time_ns())});
    }
    for (const auto& point : message.chip_barrier()) {
        table.chip_barrier.push_back({.chips = point.chips(), .time_ns = from_proto(point.time_ns())});
    }
    table.condition = message.condition();
    table.voltage_v = message.voltage_v();
    return table;
}

void to_proto(const CostTable& table, proto::CostTableProto& message) {
    message.set_name(table.name);
    message.set_title(table.title);
    for (const CostItem item : cost_items) {
        const auto* field = field_of(item);
        if (may_lack(item) && !table.prices(item)) {
            continue;
        }
        auto& cost = static_cast<proto::EventCostProto&>(*message.GetReflection()->MutableMessage(&message, field));
        to_proto(table.event(item).energy_pj, *cost.mutable_energy_pj());
        to_proto(table.event(item).time_ns, *cost.mutable_time_ns());
    }
    for (const BarrierPoint& point : table.barrier) {
        auto& added = *message.add_barrier();
        added.set_tiles(point.tiles);
        to_proto(point.time_ns, *added.mutable_time_ns());
    }
    for (const ChipBarrierPoint& point : table.chip_barrier) {
        auto& added = *message.add_chip_barrier();
        added.set_chips(point.chips);
        to_proto(point.time_ns, *added.mutable_time_ns());
    }
    to_proto(table.static_power_core_mw, *message.mutable_static_power_core_mw());
    to_proto(table.static_power_chip_mw, *message.mutable_static_power_chip_mw());
    to_proto(table.host_power_mw, *message.mutable_host_power_mw());
    if (!table.condition.empty()) {
        message.set_condition(table.condition);
    }
    if (table.voltage_v != 0) {
        message.set_voltage_v(table.voltage_v);
    }
}

std::vector<CostTable> from_proto(const proto::CostTablesProto& message) {
    std::vector<CostTable> tables;
    for (const auto& table : message.costs()) {
        tables.push_back(from_proto(table));
    }
    return tables;
}

}  // namespace spikeloom::chip
