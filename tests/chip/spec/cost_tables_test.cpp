#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::chip {
namespace {

namespace fs = std::filesystem;

fs::path models() {
    return fs::path(SPIKELOOM_SOURCE_DIR) / "models";
}

/// The cost tables of loihi1 as a file of their own.
std::string loihi_tables() {
    std::ifstream file(models() / "chips/loihi1.textproto");
    std::stringstream text;
    text << file.rdbuf();
    const std::string whole = text.str();
    const std::size_t begin = whole.find("costs {");
    REQUIRE(begin != std::string::npos);
    return whole.substr(begin);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
    const auto tables = parse_cost_tables(text, "costs");
    return tables ? "" : to_text(tables.error());
}

bool has(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

TEST_CASE("a chip's tables read from a file of their own are the same tables") {
    const auto chip = read_chip_spec((models() / "chips/loihi1.textproto").string());
    REQUIRE(chip.has_value());
    const auto tables = parse_cost_tables(loihi_tables(), "costs");
    REQUIRE_MESSAGE(tables.has_value(), (tables ? "" : to_text(tables.error())));
    CHECK(*tables == chip->costs);
}

TEST_CASE("a file of cost tables is checked as a chip's tables are, at its line and column") {
    CHECK(has(refusal(""), "there is no cost table"));
    CHECK(has(refusal("mesh { columns: 1 }"), "mesh"));
    const std::string good = loihi_tables();
    CHECK(has(refusal(replaced(good, R"("davies2018")", R"("silicon")")), "a second cost table 'silicon'"));
    CHECK(has(refusal(replaced(good, "tiles: 2", "tiles: 1")), "ascending tiles"));
    CHECK(
        has(refusal(replaced(good, "value: 111 low: 98.0", "value: 111 low: 112")), "low is 112, above the value 111"));
    const std::string negative = refusal(replaced(good, "value: 111 low: 98.0", "value: -111 low: 98.0"));
    CHECK(has(negative, "costs:"));
    CHECK(has(negative, "message_out.energy_pj.value"));
    CHECK(has(refusal(replaced(good, R"(source: "SANA-FE loihi.yaml: axon out")", R"(source: "")")), "is empty"));
    CHECK(has(refusal(replaced(good, R"(source: "SANA-FE loihi.yaml: axon out")", "")), "source"));
    const auto absent = read_cost_tables("/absent/costs.textproto");
    REQUIRE_FALSE(absent);
    CHECK(has(to_text(absent.error()), "the cost table can't be read"));
}

TEST_CASE("every constant of every bundled table says where it is from, and has its value in its range") {
    std::vector<CostTable> tables;
    const auto add = [&](const std::vector<CostTable>& more) { tables.insert(tables.end(), more.begin(), more.end()); };
    for (const auto& file : fs::directory_iterator(models() / "costs")) {
        if (file.path().extension() != ".textproto") {
            continue;
        }
        const auto read = read_cost_tables(file.path().string());
        REQUIRE_MESSAGE(read.has_value(), (read ? "" : to_text(read.error())));
        add(*read);
    }
    for (const auto& file : fs::recursive_directory_iterator(models() / "chips")) {
        if (const auto chip = read_chip_spec(file.path().string())) {  // analog ones have another schema
            add(chip->costs);
        }
    }
    REQUIRE(tables.size() >= 7);
    for (const CostTable& table : tables) {
        CAPTURE(table.name);
        std::vector<Quantity> constants{table.static_power_core_mw, table.static_power_chip_mw, table.host_power_mw};
        for (const EventCost& cost : table.events) {
            constants.insert(constants.end(), {cost.energy_pj, cost.time_ns});
        }
        for (const BarrierPoint& point : table.barrier) {
            constants.push_back(point.time_ns);
        }
        for (const ChipBarrierPoint& point : table.chip_barrier) {
            constants.push_back(point.time_ns);
        }
        for (const Quantity& constant : constants) {
            CHECK(constant.source.size() >= 10);
            CHECK(constant.low <= constant.value);
            CHECK(constant.value <= constant.high);
        }
    }
}

TEST_CASE("Loihi 2's table is Loihi 1's over the published ratios, and claims no measurement of an event") {
    const auto tables = read_cost_tables((models() / "costs/loihi2_derived.textproto").string());
    REQUIRE_MESSAGE(tables.has_value(), (tables ? "" : to_text(tables.error())));
    const auto chip = read_chip_spec((models() / "chips/loihi1.textproto").string());
    REQUIRE(chip.has_value());
    const CostTable& silicon = *chip->find_costs("silicon");
    const CostTable& derived = tables->front();
    const auto faster = [&](CostItem item) {
        return silicon.event(item).time_ns.value / derived.event(item).time_ns.value;
    };
    CHECK(faster(CostItem::update_active) == doctest::Approx(2));
    CHECK(faster(CostItem::synaptic_event_dense) == doctest::Approx(5));
    CHECK(faster(CostItem::synaptic_event_sparse) == doctest::Approx(5));
    CHECK(faster(CostItem::spike) == doctest::Approx(10));
    CHECK(derived.barrier.back().time_ns.high <= 200);
    for (const EventCost& cost : derived.events) {
        CHECK(cost.energy_pj.trust >= Trust::inferred);
        CHECK(cost.energy_pj.high <= silicon.event(cost.item).energy_pj.high);
        CHECK((has(cost.energy_pj.source, "derived") || has(cost.energy_pj.source, "not published")));
    }
}

}  // namespace
}  // namespace spikeloom::chip
