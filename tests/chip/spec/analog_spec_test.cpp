#include "chip/spec/analog_spec.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace spikeloom::chip {
namespace {

AnalogSpec bundled(const std::string& name) {
    const auto spec = read_analog_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto");
    REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : to_text(spec.error())));
    return *spec;
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

}  // namespace
}  // namespace spikeloom::chip
