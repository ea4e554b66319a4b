#include "chip/spec/analog_spec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <limits>
#include <set>
#include <sstream>
#include <string>

#include "chip/spec/random_analog_chip.hpp"

namespace spikeloom::chip {
namespace {

std::string bundled_path(const std::string& name) {
    return std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto";
}

AnalogSpec bundled(const std::string& name) {
    const auto spec = read_analog_spec(bundled_path(name));
    REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : to_text(spec.error())));
    return *spec;
}

std::string bundled_text(const std::string& name) {
    std::ifstream file(bundled_path(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

/// The findings as one text, or "".
std::string findings_of(const std::string& text) {
    const auto spec = parse_analog_spec(text, "chip");
    return spec ? "" : to_text(spec.error());
}

void check_says(const std::string& findings, const std::string& what) {
    CHECK_MESSAGE(findings.find(what) != std::string::npos, "'" << what << "' is not in: " << findings);
}

TEST_CASE("bundled analog chips are read, and print and read again as the same value") {
    for (const char* name : {"brainscales2", "ideal_analog"}) {
        CAPTURE(name);
        const AnalogSpec spec = bundled(name);
        CHECK(spec.name == name);
        const auto again = parse_analog_spec(print_analog_spec(spec), "again");
        REQUIRE_MESSAGE(again.has_value(), (again ? "" : to_text(again.error())));
        CHECK(*again == spec);
        CHECK(check_analog_spec(spec).empty());
        CHECK(check_analog_limits(spec).empty());
    }
    CHECK(bundled("ideal_analog").ideal);
}

TEST_CASE("random analog chips print and read again as the same value") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const AnalogSpec spec = spikeloom::test::random_analog_chip(seed);
        REQUIRE_MESSAGE(check_analog_spec(spec).empty(), to_text(check_analog_spec(spec)));
        const std::string text = print_analog_spec(spec);
        const auto again = parse_analog_spec(text, "again");
        REQUIRE_MESSAGE(again.has_value(), (again ? "" : to_text(again.error())));
        CHECK(*again == spec);
        CHECK(print_analog_spec(*again) == text);
        CHECK(is_analog_spec(text));
    }
}

TEST_CASE("BrainScaleS-2's crossbar has exactly the nodes that its rule gives") {
    const AnalogSpec chip = bundled("brainscales2");
    const AnalogCrossbar& crossbar = chip.crossbar;
    const int l2 = chip.array.hemispheres * chip.array.padi_buses;
    std::set<CrossbarNode> rule;
    for (int neuron = 0; neuron < 8; ++neuron) {
        rule.insert({neuron, neuron % 4});
        rule.insert({neuron, 4 + neuron % 4});
        rule.insert({neuron, l2 + neuron % 4});
    }
    for (int lane = 0; lane < 4; ++lane) {
        for (int bus = 0; bus < 8; ++bus) {
            rule.insert({crossbar.l2_input(lane), bus});
        }
        rule.insert({crossbar.l2_input(lane), l2 + lane});
    }
    for (int source = 0; source < 8; ++source) {
        rule.insert({crossbar.background_input(source), source});
        rule.insert({crossbar.background_input(source), l2 + source % 4});
    }
    CHECK(rule.size() == 76);
    CHECK(crossbar.inputs() == 20);
    CHECK(std::set<CrossbarNode>(crossbar.nodes.begin(), crossbar.nodes.end()) == rule);
    CHECK(crossbar.nodes.size() == 76);
    CHECK(crossbar.has_node({8, 7}));
    CHECK_FALSE(crossbar.has_node({12, 1}));
}

TEST_CASE("BrainScaleS-2 carries the chip's limits, and they are the value's defaults") {
    const AnalogSpec chip = bundled("brainscales2");
    AnalogSpec defaults;
    CHECK(chip.array.fixed_driver_addresses);
    defaults.array.fixed_driver_addresses = true;
    CHECK(chip.array.joined_circuits == 256);
    defaults.array.joined_circuits = 256;
    CHECK(chip.array == defaults.array);
    CHECK(chip.ranges == defaults.ranges);
    CHECK(chip.links == defaults.links);
    CHECK(chip.madc == defaults.madc);
    CHECK(chip.crossbar.background == defaults.crossbar.background);
    CHECK(chip.speed_up == defaults.speed_up);

    CHECK(chip.array.circuits() == 512);
    CHECK(chip.array.circuits() * chip.array.rows == 131072);
    CHECK(chip.array.signed_inputs() == 128);
    CHECK(chip.array.bus_of(13) == 1);
    CHECK(chip.array.number_on_bus(13) == 3);
    CHECK(chip.cadc.bits == 8);
    CHECK(chip.madc.bits == 10);
    CHECK(1 / chip.madc.period_s == doctest::Approx(29.4e6).epsilon(0.001));
    CHECK(chip.plasticity.present);
}

TEST_CASE("BrainScaleS-2's mismatch keeps calix' ratios and DelGrad's threshold, its power the quotient of an image") {
    const AnalogSpec chip = bundled("brainscales2");
    const auto ratio = [&](MismatchOf of) {
        const Mismatch* mismatch = chip.find_mismatch(of);
        REQUIRE(mismatch != nullptr);
        return mismatch->calibrated.value / mismatch->uncalibrated.value;
    };
    CHECK(ratio(MismatchOf::leak) == doctest::Approx(0.3).epsilon(0.03));
    CHECK(ratio(MismatchOf::reset) == doctest::Approx(0.2).epsilon(0.03));
    CHECK(ratio(MismatchOf::threshold) == doctest::Approx(0.35).epsilon(0.03));
    CHECK(ratio(MismatchOf::tau_mem) == doctest::Approx(0.45).epsilon(0.03));
    CHECK(ratio(MismatchOf::tau_syn) == doctest::Approx(0.2).epsilon(0.03));
    CHECK(ratio(MismatchOf::synaptic_weight) == 1);
    CHECK(chip.find_mismatch(MismatchOf::refractory) == nullptr);
    const Mismatch& threshold = *chip.find_mismatch(MismatchOf::threshold);
    CHECK(threshold.calibrated.value == doctest::Approx(0.08 / 2.6).epsilon(0.01));
    CHECK(threshold.trial.value == doctest::Approx(0.04 / 2.6).epsilon(0.03));

    REQUIRE(chip.find_costs("chip") != nullptr);
    CHECK(chip.find_costs("none") == nullptr);
    CHECK(chip.find_costs("chip")->chip_power_mw.value == doctest::Approx(8.4e-6 / 48e-6 * 1e3));
    CHECK(chip.find_costs("chip")->find_event(AnalogCostItem::spike) == nullptr);
}

TEST_CASE("every constant of the bundled analog chips has a source") {
    const AnalogSpec chip = bundled("brainscales2");
    for (const Mismatch& mismatch : chip.mismatch) {
        for (const Quantity& quantity : {mismatch.uncalibrated, mismatch.calibrated, mismatch.trial}) {
            CHECK_FALSE(quantity.source.empty());
            CHECK(quantity.low <= quantity.value);
            CHECK(quantity.value <= quantity.high);
        }
    }
}

TEST_CASE("all that is wrong with an analog chip's text is said at once, with its place") {
    const std::string good = bundled_text("brainscales2");
    std::string bad = replaced(good, "weight_bits: 6", "weight_bits: 9");
    bad = replaced(bad, "l2_lanes: 4", "l2_lanes: 4\n  l2_lanes: 4");
    bad = replaced(bad, "leak_lsb: 80", "leek_lsb: 80");
    bad = replaced(bad, "cadc { bits: 8 ", "cadc { ");
    bad = replaced(bad, "trust: GUESSED", "trust: SURE");
    const auto spec = parse_analog_spec(bad, "chip");
    REQUIRE_FALSE(spec);
    const std::string all = to_text(spec.error());
    check_says(all, "'array.weight_bits' is 9; allowed: 1..8");
    check_says(all, "l2_lanes");
    check_says(all, "leek_lsb");
    check_says(all, "bits");
    check_says(all, "SURE");
    for (const Diagnostic& finding : spec.error()) {
        CHECK(finding.where.starts_with("chip:"));
    }
    const auto line_of = [&](const std::string& what) {
        const auto end = bad.begin() + static_cast<std::ptrdiff_t>(bad.find(what));
        return std::to_string(std::count(bad.begin(), end, '\n') + 1);
    };
    CHECK(spec.error()[0].where == "chip:" + line_of("weight_bits: 9") + ":16");
}

TEST_CASE("an ideal chip has no blocks, another has all of them") {
    const std::string ideal = bundled_text("ideal_analog");
    check_says(findings_of(ideal + "links { time_stamp_s: 1e-9 lane_interval_s: 0 host_round_trip_s: 0 }\n"),
               "an ideal chip has a block 'links'");
    const std::string none = findings_of(replaced(ideal, "ideal: true", "ideal: false"));
    for (const char* block : {"array", "crossbar", "ranges", "links", "cadc", "madc", "costs"}) {
        check_says(none, std::string("the block '") + block + "' is missing");
    }
    CHECK(none.find("'mismatch'") == std::string::npos);
    CHECK(none.find("'plasticity'") == std::string::npos);
}

TEST_CASE("an analog chip's figures have to agree with each other") {
    const AnalogSpec good = bundled("brainscales2");
    const auto finding = [&](const std::function<void(AnalogSpec&)>& change) {
        AnalogSpec chip = good;
        change(chip);
        const std::string found = to_text(check_analog_spec(chip));
        CHECK_FALSE(findings_of(print_analog_spec(chip)).empty());
        return found;
    };
    check_says(finding([](auto& c) { c.array.rows = 255; }), "128 drivers for 255 rows");
    check_says(finding([](auto& c) { c.array.padi_buses = 3; }), "128 drivers on 3 buses");
    check_says(finding([](auto& c) { c.array.joined_circuits = 513; }), "at most 512");
    check_says(finding([](auto& c) { c.crossbar.columns_per_output = 31; }), "an event output for every column");
    check_says(finding([](auto& c) { c.crossbar.label_bits = 10; }), "8 bits of address and 3 of event output");
    check_says(finding([](auto& c) { c.crossbar.nodes.back().output = 12; }), "at most 11");
    check_says(finding([](auto& c) { c.crossbar.nodes.back().input = 20; }), "at most 19");
    check_says(finding([](auto& c) { std::swap(c.crossbar.nodes[0], c.crossbar.nodes[1]); }),
               "output 0 after output 4");
    check_says(finding([](auto& c) { c.crossbar.nodes.push_back({0, 1}); }), "input 0 after input 19");
    check_says(finding([](auto& c) { c.ranges.tau_mem_s = {.least = 2, .most = 1}; }), "ends before it starts: 2..1");
    check_says(finding([](auto& c) { c.ranges.threshold_lsb = 75; }), "above the usual leak and reset (80)");
    check_says(finding([](auto& c) { c.ranges.leak_lsb = 20; }), "'ranges.leak_lsb' is 20; allowed: 30..210");
    check_says(finding([](auto& c) { c.links.time_stamp_s = std::numeric_limits<double>::quiet_NaN(); }),
               "'links.time_stamp_s' is nan");
    check_says(finding([](auto& c) { c.mismatch.push_back(c.mismatch[0]); }), "THRESHOLD is described a second time");
    check_says(finding([](auto& c) { c.mismatch[0].calibrated.value = c.mismatch[0].calibrated.high = 0.2; }),
               "a spread of 0.2 after calibration");
    check_says(finding([](auto& c) { c.mismatch[0].trial.low = 1; }), "low <= value <= high");
    check_says(finding([](auto& c) { c.plasticity.vector_bytes = 127; }), "lanes of 16 bits");
    check_says(finding([](auto& c) { c.costs.push_back(c.costs[0]); }), "a second cost table 'chip'");
    check_says(finding([](auto& c) { c.costs[0].chip_power_mw.high = 1; }), "low <= value <= high");
    check_says(finding([](auto& c) { c.costs.clear(); }), "the block 'costs' is missing");
    check_says(finding([](auto& c) { c.name = "a b"; }), "'name' is 'a b'");
    check_says(finding([](auto& c) { c.title = ""; }), "'title' is empty");
    check_says(finding([](auto& c) {
                   c.array.fixed_driver_addresses = true;
                   c.array.row_select_bits = 4;
               }),
               "32 drivers on a bus can't be numbered in 4 bits");
}

TEST_CASE("a chip that its text can't say is unsound") {
    AnalogSpec ideal = bundled("ideal_analog");
    ideal.array.rows = 2;
    check_says(to_text(check_analog_spec(ideal)), "what its text can't say");
    AnalogSpec chip = bundled("brainscales2");
    chip.plasticity.present = false;
    chip.plasticity.processors = 1;
    check_says(to_text(check_analog_spec(chip)), "what its text can't say");
    chip = bundled("brainscales2");
    chip.costs[0].events = {{.item = AnalogCostItem::spike, .energy_pj = chip.costs[0].chip_power_mw},
                            {.item = AnalogCostItem::input_spike, .energy_pj = chip.costs[0].chip_power_mw}};
    check_says(to_text(check_analog_spec(chip)), "what its text can't say");
    std::swap(chip.costs[0].events[0], chip.costs[0].events[1]);
    CHECK(check_analog_spec(chip).empty());
}

TEST_CASE("execution asks for limits only") {
    AnalogSpec chip = bundled("brainscales2");
    chip.title = "";
    chip.costs.clear();
    CHECK(check_analog_limits(chip).empty());
    CHECK_FALSE(check_analog_spec(chip).empty());
    chip.mismatch[0].trial.value = -1;
    CHECK_FALSE(check_analog_limits(chip).empty());
}

TEST_CASE("a text's kind is told by its top level") {
    CHECK(is_analog_spec("time_base: CONTINUOUS"));
    CHECK(is_analog_spec("name: \"{\" # }\nx { y: 1 } \n\ttime_base :CONTINUOUS"));
    CHECK_FALSE(is_analog_spec(""));
    CHECK_FALSE(is_analog_spec("# time_base: CONTINUOUS"));
    CHECK_FALSE(is_analog_spec("name: \"time_base: CONTINUOUS\\\" time_base\""));
    CHECK_FALSE(is_analog_spec("block { time_base: CONTINUOUS }"));
    CHECK_FALSE(is_analog_spec("my_time_base: 1 time_bases: 2"));
    CHECK_FALSE(is_analog_spec(bundled_text("loihi1")));
    CHECK(is_analog_spec(bundled_text("brainscales2")));
}

TEST_CASE("a file that can't be read is a finding") {
    CHECK_FALSE(read_analog_spec("/nowhere/chip.textproto"));
    CHECK_FALSE(read_analog_spec("/"));
}

}  // namespace
}  // namespace spikeloom::chip
