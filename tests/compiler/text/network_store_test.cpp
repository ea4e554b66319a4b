#include <doctest/doctest.h>

#include <string>

#include "compiler/text/network_text.hpp"

namespace spikeloom::compiler {
namespace {

/// One of everything.
Network sample() {
    const Result<Network> network = parse_network_text(
        "name: \"n\" step_s: 1e-3\n"
        "input { name: \"in\" shape: [1, 4, 4] }\n"
        "population { name: \"a\" shape: [2, 2, 2] kind: leaky tau_mem_s: 0.01 v_threshold: 1 reset: "
        "subtract_threshold }\n"
        "population { name: \"b\" shape: 8 kind: current_based_integrator tau_mem_s: 0.01 tau_syn_s: 0.01 }\n"
        "projection { name: \"c\" source: \"in\" target: \"a\" convolution { kernel_size: 1 pooling { kernel_size: 2 } "
        "} weight { constant: 1 } }\n"
        "projection { name: \"d\" source: \"a\" target: \"b\" dense {} weight { normal { mean: 0 deviation: 1 } } "
        "bias: 2 }\n"
        "projection { name: \"s\" source: \"a\" target: \"a\" fixed_in_degree { count: 3 } weight { constant: 1 } "
        "delay { uniform { least: 0 most: 3 } } }\n"
        "projection { name: \"o\" source: \"a\" target: \"b\" one_to_one {} weight { constant: 1 } delay { constant: 4 "
        "} }\n"
        "projection { name: \"l\" source: \"a\" target: \"b\" dense {} weight { constant: 0.2 } learning { "
        "rule { name: \"r\" dw: \"2^-2*(x1-3)*y0 + u4*r1*sgn(w-2)\" dt: \"x0*y1\" epoch: 7 x1 { impulse: 3.5 tau: 9 } "
        "post_traces: neuron reward_tau: 3 } sign: excitatory weight_max: 0.5 weight_bits: 6 "
        "reward { input: \"r\" value: [3, -4] } third_factor { trace: 1 register: voltage shift: 5 } "
        "third_factor { trace: 3 input: \"r2\" } } }\n"
        "input { name: \"r\" shape: 2 } input { name: \"r2\" shape: 8 }\n"
        "output { name: \"x\" population: \"b\" }\n",
        "t", "");
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

TEST_CASE("a stored network comes back equal") {
    Network network = sample();
    network.projections[2].bias_from_step = 1;
    const std::string bytes = serialise_network(network);
    const Result<Network> back = deserialise_network(bytes, "o");
    REQUIRE_MESSAGE(back.has_value(), to_text(back.error()));
    CHECK(*back == network);
    REQUIRE(back->projections[4].learning.has_value());
    CHECK(back->projections[4].learning->reward_values == std::vector<std::int32_t>{3, -4});
}

TEST_CASE("any bytes are refused or give a sound network, never a crash") {
    const std::string bytes = serialise_network(sample());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const Result<Network> cut = deserialise_network(bytes.substr(0, length), "o");
        CHECK((!cut.has_value() || check_network(*cut).empty()));
    }
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        for (const unsigned flip : {1U, 0x80U, 0xffU}) {
            std::string broken = bytes;
            broken[place] = static_cast<char>(static_cast<unsigned char>(broken[place]) ^ flip);
            const Result<Network> read = deserialise_network(broken, "o");
            CHECK((!read.has_value() || !has_error(check_network(*read))));
        }
    }
    CHECK_FALSE(deserialise_network("SPIKELOOM-IMAGE", "o").has_value());
}

}  // namespace
}  // namespace spikeloom::compiler
