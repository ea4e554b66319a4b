#include "chip/spec/cost_settings.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "support/contains.hpp"

namespace spikeloom::chip {
namespace {

std::vector<CostTable> loihi_tables() {
    const auto tables = read_cost_tables(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/loihi1.textproto");
    REQUIRE(tables.has_value());
    return *tables;
}

Diagnostics apply(std::vector<CostTable>& tables, std::vector<std::string> settings) {
    return set_costs(tables, settings);
}

/// All that is said of one wrong setting.
std::string refusal(const std::string& setting) {
    auto tables = loihi_tables();
    const Diagnostics findings = apply(tables, {setting});
    REQUIRE(!findings.empty());
    CHECK(findings.front().where.starts_with("--set "));
    return to_text(findings);
}

using test::contains;

TEST_CASE("a setting changes one constant of the first table, and says so") {
    auto tables = loihi_tables();
    const auto before = tables;
    CHECK(apply(tables, {"costs.spike.energy_pj=20"}).empty());
    const Quantity& changed = tables[0].event(CostItem::spike).energy_pj;
    CHECK(changed ==
          Quantity{.value = 20, .low = 20, .high = 20, .source = "set on the command line", .trust = Trust::guessed});
    CHECK(tables[0].event(CostItem::spike).time_ns == before[0].event(CostItem::spike).time_ns);
    CHECK(tables[1] == before[1]);
}

TEST_CASE("a table is named before the constant, bounds after it") {
    auto tables = loihi_tables();
    const auto before = tables;
    CHECK(apply(tables, {"costs.davies2018.hop_ns.energy_pj.high=6", "costs.davies2018.static_power_core_mw=0.5",
                         "costs.davies2018.barrier[5].time_ns=400", "costs.davies2018.spike.time_ns=3"})
              .empty());
    CHECK(tables[0] == before[0]);
    CHECK(tables[1].event(CostItem::hop_ns).energy_pj.value == 4);
    CHECK(tables[1].event(CostItem::hop_ns).energy_pj.high == 6);
    CHECK(tables[1].event(CostItem::hop_ns).energy_pj.trust == Trust::simulated);
    CHECK(contains(tables[1].event(CostItem::hop_ns).energy_pj.source, "range in part set"));
    CHECK(tables[1].static_power_core_mw.high == 0.5);
    CHECK(tables[1].barrier[5].time_ns.value == 400);
    CHECK(tables[1].event(CostItem::spike).time_ns.value == 3);
}

TEST_CASE("a name for several items sets them all") {
    for (const char* name : {"synaptic_op", "synaptic_event"}) {
        auto tables = loihi_tables();
        CHECK(apply(tables, {fmt::format("costs.{}.energy_pj=20", name)}).empty());
        for (const CostItem item :
             {CostItem::synaptic_event_sparse, CostItem::synaptic_event_runlength, CostItem::synaptic_event_dense}) {
            CHECK(tables[0].event(item).energy_pj.value == 20);
        }
        CHECK(tables[0].event(CostItem::spike).energy_pj.value == 69.3);
    }
}

TEST_CASE("an item that the table lacks is added in its place") {
    auto tables = loihi_tables();
    REQUIRE(!tables[1].prices(CostItem::hop_vertical));
    CHECK(apply(tables, {"costs.davies2018.output_spike.energy_pj=2", "costs.davies2018.hop_vertical.energy_pj=5"})
              .empty());
    CHECK(tables[1].event(CostItem::hop_vertical).energy_pj.value == 5);
    CHECK(tables[1].event(CostItem::hop_vertical).time_ns.value == 0);
    CHECK(tables[1].event(CostItem::output_spike).energy_pj.value == 2);
    CHECK(tables[1].events.back().item == CostItem::output_spike);
}

TEST_CASE("the longest table name that fits is meant") {
    auto tables = loihi_tables();
    tables[0].name = "a";
    tables[1].name = "a.b";
    CHECK(apply(tables, {"costs.a.b.spike.energy_pj=1", "costs.a.spike.energy_pj=2"}).empty());
    CHECK(tables[0].event(CostItem::spike).energy_pj.value == 2);
    CHECK(tables[1].event(CostItem::spike).energy_pj.value == 1);
}

TEST_CASE("wrong settings are refused with what is near and what is allowed") {
    CHECK(contains(refusal("costs.synaptic_opp.energy_pj=20"), "did you mean 'synaptic_op'"));
    CHECK(contains(refusal("costs.davies2081.spike.energy_pj=20"), "did you mean 'davies2018'"));
    CHECK(contains(refusal("costs.spike.energy=20"), "spike.energy_pj, spike.time_ns"));
    CHECK(contains(refusal("costs.spike=20"), "spike.energy_pj"));
    CHECK(contains(refusal("costs.spike.energy_pj=-1"), "numbers from 0"));
    CHECK(contains(refusal("costs.spike.energy_pj=2x"), "'2x' is no number"));
    CHECK(contains(refusal("costs.spike.energy_pj=nan"), "no number"));
    CHECK(contains(refusal("costs.spike.energy_pj="), "no number"));
    CHECK(contains(refusal("costs.spike.energy_pj=2e12"), "numbers from 0"));
    CHECK(contains(refusal("costs.spike.energy_pj"), "no '='"));
    CHECK(contains(refusal("mesh.rows=3"), "begin with costs."));
    CHECK(contains(refusal("costs.barrier[4].time_ns=3"), "i below 4"));
    CHECK(contains(refusal("costs.barrier[].time_ns=3"), "no point"));
    CHECK(contains(refusal("costs.barrier].time_ns=3"), "no point"));
    CHECK(contains(refusal("costs.].time_ns=3"), "no point"));
    CHECK(contains(refusal("costs.=3"), "neither a cost table nor a constant"));
    CHECK(contains(refusal("costs.spike.energy_pj.low=100"), "low <= value <= high"));
    auto tables = loihi_tables();
    CHECK(apply(tables, {"costs.a.energy_pj=1", "costs.spike.energy_pj=2", "costs.b.energy_pj=1"}).size() == 2);
    std::vector<CostTable> none;
    CHECK(apply(none, {"costs.spike.energy_pj=2"}).size() == 1);
}

TEST_CASE("at another voltage energies go with its square, leakage with it, times not") {
    auto tables = loihi_tables();
    const CostTable before = tables[1];
    CHECK(apply(tables, {"costs.davies2018.voltage_v=0.6"}).empty());
    const CostTable& after = tables[1];
    CHECK(after.voltage_v == 0.6);
    for (const EventCost& event : before.events) {
        const EventCost& scaled = after.event(event.item);
        CHECK(scaled.energy_pj.value == doctest::Approx(event.energy_pj.value * 0.64));
        CHECK(scaled.energy_pj.high == doctest::Approx(event.energy_pj.high * 0.64));
        CHECK(scaled.time_ns == event.time_ns);
        CHECK((event.energy_pj.high == 0 || scaled.energy_pj.trust >= Trust::inferred));
    }
    CHECK(after.static_power_core_mw.value == doctest::Approx(before.static_power_core_mw.value * 0.8));
    CHECK(after.host_power_mw == before.host_power_mw);
    CHECK(contains(after.condition, "at 0.6 V"));
    CHECK(at_voltage(before, before.voltage_v).event(CostItem::hop_ew).energy_pj.value ==
          before.event(CostItem::hop_ew).energy_pj.value);
    CHECK(contains(refusal("costs.voltage_v=0.6"), "doesn't say at which voltage"));
    CHECK(contains(refusal("costs.davies2018.voltage_v=0"), "0.1 to 5 V"));
}

TEST_CASE("cost tables are read alone and from a chip description") {
    const auto tables = loihi_tables();
    ChipSpec spec;
    spec.costs = tables;
    const std::string whole = print_chip_spec(spec);
    const std::string alone = whole.substr(whole.find("costs {"));
    const auto read = parse_cost_tables(alone, "costs.textproto");
    REQUIRE_MESSAGE(read.has_value(), (read ? "" : to_text(read.error())));
    CHECK(*read == tables);
    const auto none = parse_cost_tables("", "empty.textproto");
    REQUIRE(!none);
    CHECK(contains(to_text(none.error()), "no cost table"));
    const auto wrong = parse_cost_tables("costs { name: \"x\" titel: \"y\" }", "wrong.textproto");
    REQUIRE(!wrong);
    CHECK(contains(to_text(wrong.error()), "wrong.textproto:1:19"));
    CHECK(contains(to_text(wrong.error()), "titel"));
    const auto chip = parse_cost_tables("name: \"x\"\n" + alone, "chip.textproto");
    REQUIRE(!chip);
    CHECK(contains(to_text(chip.error()), "mesh"));
}

}  // namespace
}  // namespace spikeloom::chip
