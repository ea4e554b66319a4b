#include "runtime/report/pricing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <numeric>

#include "runtime/report/findings.hpp"
#include "runtime/report/recording_builder.hpp"
#include "runtime/report/report_fixture.hpp"

using namespace spikeloom;
using runtime::Repricing;
using runtime::TimesFrom;
using test::made_up_costs;
using test::RecordingBuilder;

namespace {

runtime::Report read(const std::string& path, const Repricing& repricing = {}) {
    auto report = runtime::read_report(path, repricing);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    return std::move(*report);
}

chip::CostTable named(chip::CostTable table, const std::string& name) {
    table.name = name;
    return table;
}

/// Two cores on two chips with every counter, and links that carried their hops.
runtime::Report busy_report() {
    runtime::Report report;
    report.mesh = {.columns = 2, .rows = 2, .cores_per_tile = 2, .chip_columns = 2, .chip_rows = 1};
    report.populations = {{.name = "a", .shape = {6}, .neurons = 6},
                          {.name = "b", .shape = {2}, .neurons = 2, .spikes = 0, .output = true}};
    for (std::uint32_t core = 0; core < 2; ++core) {
        runtime::CoreOccupancy& added = report.cores.emplace_back();
        added.place = core * 9;
        for (const CounterInfo& info : counter_table) {
            added.counters[info.counter] = 100 + 7 * core + static_cast<std::uint64_t>(info.counter);
        }
        report.totals += added.counters;
    }
    report.population_on_cores = {{.core = 0, .population = 0, .neurons = 4, .spikes = 60, .messages = 70},
                                  {.core = 0, .population = 1, .neurons = 2, .spikes = 42, .messages = 33},
                                  {.core = 1, .population = 0, .neurons = 2, .spikes = 0, .messages = 0}};
    runtime::TrafficReport& traffic = report.traffic.emplace();
    const auto link = [&](int from_x, int from_y, int to_x, int to_y, bool border, std::uint64_t flits) {
        runtime::LinkTraffic& added = traffic.links.emplace_back();
        added.from_column = from_x;
        added.from_row = from_y;
        added.to_column = to_x;
        added.to_row = to_y;
        added.between_chips = border;
        added.flits = flits;
    };
    link(0, 0, 1, 0, false, 30);
    link(1, 0, 2, 0, true, 10);
    link(0, 0, 0, 1, false, 5);
    link(0, 1, -1, -1, false, 3);
    return report;
}

chip::CostTable full_costs() {
    chip::CostTable costs = made_up_costs("full", 1);
    for (std::size_t i = 0; i < costs.events.size(); ++i) {
        const double energy = 1.5 + static_cast<double>(i);
        costs.events[i].energy_pj = {.value = energy, .low = energy / 2, .high = energy * 3, .source = "made up"};
    }
    return costs;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

TEST_CASE("the energies of cores without hops, of links and of static power are the whole") {
    const runtime::Report report = busy_report();
    const chip::CostTable costs = full_costs();
    runtime::PricedRun run;
    run.time_ns = 1000;
    runtime::price_again(report, costs, run);
    runtime::divide_hops(report, run);
    double cores = 0;
    for (const runtime::CoreOccupancy& core : report.cores) {
        for (const chip::ItemEnergy& item : chip::dynamic_energy(core.counters, costs)) {
            cores += chip::is_on_link(item.item) ? 0 : item.energy_pj.value;
        }
    }
    double whole = 0;
    for (const chip::ConstantShare& share : run.constants) {
        whole += share.energy_pj.value;
    }
    CHECK(cores + sum(run.link_energy_pj) + chip::total(*run.static_pj).value == doctest::Approx(whole));
    CHECK(sum(run.core_energy_pj) == doctest::Approx(run.dynamic_pj.value));
    CHECK(run.link_energy_pj[1] > run.link_energy_pj[0] / 3);  // a third of the flits, and the border on top
    CHECK(run.static_pj->chip_pj.value == doctest::Approx(2 * 30 * 1000));
}

TEST_CASE("tiles, chips and populations divide the dynamic energy without a rest") {
    const runtime::Report report = busy_report();
    runtime::PricedRun run;
    runtime::price_again(report, full_costs(), run);
    REQUIRE(run.tiles.size() == 2);
    CHECK(run.tiles[1].place == 4);
    REQUIRE(run.chips.size() == 2);
    for (const auto* places : {&run.tiles, &run.chips}) {
        chip::Estimate all;
        for (const runtime::PlaceEnergy& place : *places) {
            all += place.energy_pj;
        }
        CHECK(all.value == doctest::Approx(run.dynamic_pj.value));
        CHECK(all.high == doctest::Approx(run.dynamic_pj.high));
    }
    REQUIRE(run.populations.size() == 2);
    chip::Estimate all = total(run.populations[0]);
    all += total(run.populations[1]);
    CHECK(all.value == doctest::Approx(run.dynamic_pj.value));
    CHECK(all.low == doctest::Approx(run.dynamic_pj.low));
}

TEST_CASE("a core's counters are divided between its populations by neurons, spikes and messages") {
    runtime::Report report = busy_report();
    report.cores.resize(1);
    report.population_on_cores.pop_back();
    const chip::CostTable costs = full_costs();
    runtime::PricedRun run;
    runtime::price_again(report, costs, run);
    const auto items = chip::dynamic_energy(report.cores[0].counters, costs);
    const auto of = [&](chip::CostItem item) { return items[static_cast<std::size_t>(item)].energy_pj.value; };
    const runtime::PopulationEnergy& a = run.populations[0];
    CHECK(a.updates_pj.value ==
          doctest::Approx((of(chip::CostItem::update_active) + of(chip::CostItem::update_idle)) * 4 / 6));
    CHECK(a.spikes_pj.value == doctest::Approx(of(chip::CostItem::spike) * 60 / 102));
    CHECK(a.learning_pj.value == doctest::Approx(of(chip::CostItem::learning_update) * 4 / 6));
    CHECK(run.populations[1].spikes_pj.value ==
          doctest::Approx(of(chip::CostItem::spike) * 42 / 102 + of(chip::CostItem::output_spike)));
}

TEST_CASE("what the table has no price for is told") {
    runtime::Report report = busy_report();
    chip::CostTable costs = full_costs();
    std::erase_if(costs.events, [](const chip::EventCost& event) { return event.item == chip::CostItem::hop_chip; });
    runtime::PricedRun run;
    runtime::price_again(report, costs, run);
    CHECK(run.unpriced == std::vector<chip::CostItem>{chip::CostItem::hop_chip});
}

TEST_CASE("a recording priced again is what a run under that table records, to the last digit") {
    const std::string path = RecordingBuilder{}.write("again.h5");
    const runtime::Report report = read(path, {.tables = {named(made_up_costs("second", 2), "third")}, .settings = {}});
    REQUIRE(report.repriced.size() == 1);
    const runtime::PricedRun& again = report.repriced[0];
    const runtime::PricedRun& recorded = report.priced[1];
    CHECK(again.table == "third");
    CHECK(again.against == 0);
    CHECK(again.dynamic_pj == recorded.dynamic_pj);
    CHECK(again.items == recorded.items);
    CHECK(again.constants.size() == recorded.constants.size());
    CHECK(again.times_from == TimesFrom::same_constants);
    CHECK(again.time_ns == report.priced[0].time_ns);
    CHECK(read(path).repriced.empty());
}

TEST_CASE("a constant that is set prices only the tables that it changes, against the recorded ones") {
    const std::string path = RecordingBuilder{}.write("set.h5");
    const runtime::Report report = read(path, {.tables = {}, .settings = {"costs.second.spike.energy_pj=200"}});
    REQUIRE(report.repriced.size() == 1);
    CHECK(report.repriced[0].table == "second");
    CHECK(report.repriced[0].against == 1);
    const double difference = report.repriced[0].dynamic_pj.value - report.priced[1].dynamic_pj.value;
    CHECK(difference ==
          doctest::Approx((200 - 2 * 69.3) * static_cast<double>(report.totals[Counter::spikes])).epsilon(1e-9));
    CHECK(report.repriced[0].static_pj == report.priced[1].static_pj);
    const auto refused = runtime::read_report(path, {.tables = {}, .settings = {"costs.spikes.energy_pj=2"}});
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("did you mean 'spike'") != std::string::npos);
    CHECK(report_text(report).find("Priced again") != std::string::npos);
    CHECK(report_json(report).find("set on the command line") != std::string::npos);
    const std::string page = report_html(report);
    CHECK(page.find("again: second") != std::string::npos);
    CHECK(page.find("Where the energy&#39;s range comes from") != std::string::npos);
    CHECK(page.find("spike.energy_pj") != std::string::npos);
}

TEST_CASE("other constants of time need the counters of every core and step, else a run") {
    RecordingBuilder builder;
    builder.steps = 3;
    builder.labels.clear();
    builder.hidden_times.clear();
    builder.hidden_ids.clear();
    builder.output_times.clear();
    builder.output_ids.clear();
    const Repricing slower{.tables = {}, .settings = {"costs.spike.time_ns=100", "costs.output_spike.time_ns=7"}};
    const runtime::Report without = read(builder.write("no_core_steps.h5"), slower);
    CHECK(without.repriced[0].times_from == TimesFrom::another_table);
    CHECK(without.repriced[0].time_ns == without.priced[0].time_ns);
    CHECK(without.repriced[0].time_remark.find("needs a run") != std::string::npos);

    std::vector<std::uint64_t> steps{0, 0, 2};
    builder.more = [&](files::Hdf5Writer& file) {
        std::vector<std::uint64_t> counters(3 * counter_count, 0);
        const auto at = [&](std::size_t row, Counter counter) -> std::uint64_t& {
            return counters[row * counter_count + static_cast<std::size_t>(counter)];
        };
        at(0, Counter::spikes) = 1;
        at(1, Counter::spikes) = 3;
        at(1, Counter::output_spikes) = 2;
        at(2, Counter::messages_in) = 4;
        file.array<std::uint64_t>("/traffic/core_steps/step", std::span<const std::uint64_t>(steps), {3});
        const std::vector<std::uint32_t> cores{0, 1, 0};
        file.array<std::uint32_t>("/traffic/core_steps/core", std::span<const std::uint32_t>(cores), {3});
        file.array<std::uint64_t>("/traffic/core_steps/counters", std::span<const std::uint64_t>(counters),
                                  {3, counter_count});
    };
    const runtime::Report report = read(builder.write("core_steps.h5"), slower);
    const runtime::PricedRun& run = report.repriced[0];
    CHECK(run.times_from == TimesFrom::core_steps);
    CHECK(run.time_ns == doctest::Approx(3 * 113 + 300 + 14 + 4 * 3.5));
    CHECK(run.step_time_max_ns == doctest::Approx(113 + 300 + 14));
    CHECK(run.slowest_steps == std::vector<std::uint64_t>{2, 1});
    CHECK(std::accumulate(run.step_times_ns.counts.begin(), run.step_times_ns.counts.end(), std::uint64_t{0}) == 3);
    CHECK(run.static_pj->host_pj.value == doctest::Approx(65 * run.time_ns));

    steps = {0, 2, 1};
    const auto refused = runtime::read_report(builder.write("core_steps_back.h5"), slower);
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("ascending steps") != std::string::npos);
}

TEST_CASE("columns and items are known by name, whatever their order and number") {
    RecordingBuilder builder;
    const runtime::Report plain = read(builder.write("plain.h5"));
    std::vector<std::string> names;
    for (const CounterInfo& info : counter_table) {
        names.emplace_back(info.name);
    }
    std::swap(names[2], names[3]);
    names[15] = "unheard_of";
    builder.more = [&](files::Hdf5Writer& file) {
        file.attribute("/counters/total", "columns", std::span<const std::string>(names));
    };
    const runtime::Report swapped = read(builder.write("swapped.h5"));
    CHECK(swapped.totals[Counter::spikes] == plain.totals[Counter::messages_out]);
    CHECK(swapped.totals[Counter::messages_out] == plain.totals[Counter::spikes]);
    CHECK(swapped.totals[Counter::output_spikes] == 0);
    CHECK(std::ranges::any_of(
        swapped.remarks, [](const std::string& remark) { return remark.find("'unheard_of'") != std::string::npos; }));
    names[15] = names[0];
    const auto refused = runtime::read_report(builder.write("twice.h5"));
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("two columns") != std::string::npos);
}

TEST_CASE("populations on cores are read, and refused where they name none") {
    RecordingBuilder builder;
    std::uint32_t last = 1;
    builder.more = [&](files::Hdf5Writer& file) {
        const std::vector<std::uint32_t> cores{0, last};
        const std::vector<std::uint32_t> populations{0, 1};
        const std::vector<std::uint64_t> counts{5, 3};
        file.array<std::uint32_t>("/cores/populations/core", std::span<const std::uint32_t>(cores), {2});
        file.array<std::uint32_t>("/cores/populations/population", std::span<const std::uint32_t>(populations), {2});
        for (const char* name : {"neurons", "spikes", "messages"}) {
            file.array<std::uint64_t>(std::string("/cores/populations/") + name, std::span<const std::uint64_t>(counts),
                                      {2});
        }
    };
    const runtime::Report report = read(builder.write("populations.h5"));
    REQUIRE(report.priced[0].populations.size() == 2);
    chip::Estimate all = total(report.priced[0].populations[0]);
    all += total(report.priced[0].populations[1]);
    CHECK(all.value == doctest::Approx(report.priced[0].dynamic_pj.value));
    last = 2;
    const auto refused = runtime::read_report(builder.write("populations_beyond.h5"));
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("cores below 2") != std::string::npos);
}
