#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "compiler/text/network_text.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

const std::string rule = "rule { dw: \"2^-2*x1*y0\" epoch: 4 x1 { impulse: 64 tau: 20 } }";
const std::string modulated = "rule { dw: \"2^-2*x1*y1*u0\" post_traces: neuron x1 { impulse: 64 tau: 20 } }";

/// in -> a, and ports for rewards and teachers; `block` is what stands in `learning`.
std::string network(const std::string& block, const std::string& weights = "dense {} weight { constant: 0.2 }") {
    return "name: \"n\" step_s: 1e-3\n"
           "input { name: \"in\" shape: 6 }\n"
           "input { name: \"reward\" shape: 2 }\n"
           "input { name: \"teacher\" shape: 4 }\n"
           "population { name: \"a\" shape: 4 kind: leaky tau_mem_s: 0.01 v_threshold: 1 }\n"
           "projection { name: \"in_a\" source: \"in\" target: \"a\" " +
           weights + "\nlearning { " + block + " } }\n";
}

Learning read(const std::string& block) {
    const Result<Network> parsed = parse_network_text(network(block), "t", "");
    REQUIRE_MESSAGE(parsed.has_value(), to_text(parsed.error()));
    REQUIRE(parsed->projections[0].learning.has_value());
    return *parsed->projections[0].learning;
}

/// Refused with all of these in one text of reasons.
void refuses(const std::string& text, std::initializer_list<const char*> reasons, const std::string& directory = "") {
    const Result<Network> parsed = parse_network_text(text, "t", directory);
    REQUIRE_FALSE(parsed.has_value());
    const std::string said = to_text(parsed.error());
    CAPTURE(said);
    for (const char* reason : reasons) {
        CAPTURE(reason);
        CHECK(said.find(reason) != std::string::npos);
    }
}

TEST_CASE("a plastic projection: rule, sign, range, and the rule's name is the projection's where it has none") {
    const Learning learning = read(rule + " sign: excitatory weight_max: 0.5 weight_bits: 6");
    CHECK(learning.rule.name == "in_a");
    CHECK(learning.rule.epoch == 4);
    CHECK(rules::print(learning.rule.dw) == "2^-2*x1*y0");
    CHECK(learning.sign == Learning::Sign::excitatory);
    CHECK(learning.weight_max == 0.5);
    CHECK(learning.weight_bits == 6);
    CHECK(learning.reward_input.empty());
    CHECK(read(rule + " weight_max: 1").sign == Learning::Sign::mixed);
    CHECK(read(rule + " weight_max: 1").weight_bits == 8);
}

TEST_CASE("rewards and third factors") {
    using From = Learning::ThirdFactor::From;
    const Learning rewarded = read(rule + " weight_max: 1 reward { input: \"reward\" value: [64, -64] }");
    CHECK(rewarded.reward_input == "reward");
    CHECK(rewarded.reward_values == std::vector<std::int32_t>{64, -64});
    const Learning three = read(modulated +
                                " weight_max: 1 third_factor { trace: 1 register: voltage shift: 7 } "
                                "third_factor { trace: 3 input: \"teacher\" }");
    CHECK(three.third_factors[0] == Learning::ThirdFactor{.from = From::voltage, .input = {}, .shift = 7});
    CHECK(three.third_factors[1].from == From::nowhere);
    CHECK(three.third_factors[2] == Learning::ThirdFactor{.from = From::input, .input = "teacher"});
}

TEST_CASE("rules from files, beside the network") {
    const test::TemporaryFolder folder;
    std::ofstream(folder("stdp.textproto")) << "name: \"stdp\" dw: \"2^-2*x1*y0\" x1 { impulse: 64 tau: 20 }";
    std::ofstream(folder("broken.textproto")) << "name: \"stdp\" dw: \"2^-2*x1*y9\"";
    const std::string directory = folder.path().string();
    const auto parsed = parse_network_text(network("rule_file: \"stdp.textproto\" weight_max: 1"), "t", directory);
    REQUIRE_MESSAGE(parsed.has_value(), to_text(parsed.error()));
    CHECK(parsed->projections[0].learning->rule.name == "stdp");
    refuses(network("rule_file: \"absent.textproto\" weight_max: 1"),
            {"t:7:23", "there is no file", "absent.textproto"}, directory);
    refuses(network("rule_file: \"broken.textproto\" weight_max: 1"),
            {"the rule 'broken.textproto' can't be used", "broken.textproto:1:", "y9"}, directory);
}

TEST_CASE("everything that is wrong with a block is said at once, with its place") {
    refuses(
        network("rule { dw: \"2^-2*x1*y9\" } sign: excitatory weight_max: -1 weight_bits: 9 "
                "reward { input: \"rewrad\" value: 300 } third_factor { trace: 4 input: \"teacher\" } "
                "third_factor { trace: 1 }"),
        {"t:7:", "y9", "'weight_max' is -1", "'projection[0].learning.weight_bits' = 9", "no input is called 'rewrad'",
         "did you mean 'reward'?", "300", "trace' = 4", "nothing says where it comes from"});
    refuses(network("weight_max: 1"), {"neither 'rule' nor 'rule_file'", "models/rules"});
    refuses(network(rule + " rule_file: \"x\" weight_max: 1"), {"both 'rule' and 'rule_file'"});
    refuses(network(rule), {"weight_max"});
    refuses(network(rule + " weight_max: 1 reward { input: \"reward\" value: 3 }"),
            {"1 values of 'value'", "2: one a channel of 'reward'"});
    refuses(network(rule + " weight_max: 1 third_factor { trace: 1 register: current }"),
            {"the rule's y traces follow spikes"});
    refuses(network(modulated + " weight_max: 1 third_factor { trace: 1 input: \"in\" }"),
            {"'in' has 6 channels", "1, or 4"});
    refuses(network(modulated + " weight_max: 1 third_factor { trace: 1 register: current shift: 32 }"),
            {"shift' = 32"});
    refuses(network(modulated + " weight_max: 1 third_factor { trace: 1 input: \"teacher\" shift: 2 }"),
            {"a shift of what an input brings"});
    refuses(network(modulated + " weight_max: 1 third_factor { trace: 1 input: \"teacher\" register: voltage }"),
            {"both 'input' and 'register'"});
    refuses(network(modulated + " weight_max: 1 third_factor { trace: 1 register: current } "
                                "third_factor { trace: 1 register: voltage }"),
            {"y1 a second time"});
}

TEST_CASE("weights that contradict the sign, and shared weights") {
    refuses(network(rule + " sign: inhibitory weight_max: 1"),
            {"projection 'in_a'", "a weight is 0.2", "weights of 0 and less", "sign: mixed"});
    const std::string conv =
        "name: \"n\" step_s: 1e-3 input { name: \"in\" shape: [1, 4, 4] }\n"
        "population { name: \"a\" shape: [1, 4, 4] kind: leaky tau_mem_s: 0.01 v_threshold: 1 }\n"
        "projection { name: \"c\" source: \"in\" target: \"a\" convolution { kernel_size: 1 } weight { constant: 1 }\n"
        "learning { " +
        rule + " weight_max: 1 } }";
    refuses(conv, {"'learning' beside 'convolution'", "weights of their own"});
}

}  // namespace
}  // namespace spikeloom::compiler
