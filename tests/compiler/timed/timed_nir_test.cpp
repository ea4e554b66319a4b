#include "compiler/timed/timed_nir.hpp"

#include <doctest/doctest.h>

#include "../nir/nir_builder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NirBuilder;

void cuba(NirBuilder& builder, const std::string& name, std::uint64_t size, double w_in) {
    builder.node(name, "CubaLIF");
    const auto all = [size](double value) { return std::vector<double>(size, value); };
    builder.real("tau_syn", all(6e-6), {size}).real("tau_mem", all(12e-6), {size}).real("r", all(2), {size});
    builder.real("v_leak", all(0), {size}).real("v_threshold", all(1), {size}).real("w_in", all(w_in), {size});
}

/// 2 inputs, a bias, 3 hidden, 2 labels.
void build(NirBuilder& builder, bool metadata = true, const std::string& last = "label") {
    builder.input("in", {2}).input("bias", {1});
    builder.linear("w0", {1, 2, 3, 4, 5, 1.0 / 3}, 3).linear("wb", {7, 8, 9}, 3);
    builder.node("axons", "Delay").real("delay", {1e-6, 2e-6}, {2});
    cuba(builder, "hidden", 3, 0.5);
    builder.linear("w1", {1, 0, -1, 2, 2, 2}, 2);
    cuba(builder, "label", 2, 1);
    builder.output("out", {2});
    builder.edges({{"in", "axons"},
                   {"axons", "w0"},
                   {"w0", "hidden"},
                   {"bias", "wb"},
                   {"wb", "hidden"},
                   {"hidden", "w1"},
                   {"w1", "label"},
                   {last, "out"}});
    if (metadata) {
        builder.writer().scalar<double>("/node/metadata/ttfs/time_unit", 6e-6);
        builder.writer().scalar<double>("/node/metadata/ttfs/window", 8);
        builder.writer().array<double>("/node/metadata/ttfs/constant_times/bias",
                                       std::span<const double>(std::vector<double>{0.9}));
    }
}

}  // namespace

TEST_CASE("NIR with metadata/ttfs is read in doubles, with delays, biases and coding") {
    NirBuilder builder;
    build(builder);
    const auto read = read_timed_nir(builder.path());
    REQUIRE_MESSAGE(read.has_value(), to_text(read.error()));
    REQUIRE(read->has_value());
    const TimedNetwork& network = **read;
    REQUIRE(network.inputs.size() == 2);
    CHECK(network.inputs[0] == TimedInput{"bias", {1}, {0.9 * 6e-6}});
    CHECK(network.inputs[1].constant_times.empty());
    const Lif expected{.tau_mem = 12e-6, .tau_syn = 6e-6, .resistance = 2, .refractory = never};
    REQUIRE(network.populations.size() == 2);
    CHECK(network.populations[0].neurons == std::vector<AdEx>{AdEx{.lif = expected}});
    REQUIRE(network.coding);
    CHECK(network.coding->window_s == 8 * 6e-6);
    const auto from_input = std::find_if(network.projections.begin(), network.projections.end(),
                                         [](const TimedProjection& one) { return one.name == "in+axons+w0"; });
    REQUIRE(from_input != network.projections.end());
    CHECK(from_input->weights == std::vector<double>{0.5, 1.5, 2.5, 1, 2, 0.5 / 3});
    CHECK(from_input->delays == std::vector<double>{1e-6, 1e-6, 1e-6, 2e-6, 2e-6, 2e-6});
    CHECK(network.outputs == std::vector<PopulationId>{PopulationId(1)});
}

TEST_CASE("NIR without the metadata is not ours, and metadata that make no sense are refused") {
    NirBuilder plain;
    build(plain, false);
    const auto none = read_timed_nir(plain.path());
    REQUIRE(none);
    CHECK_FALSE(none->has_value());

    NirBuilder no_unit;
    build(no_unit, false);
    no_unit.writer().scalar<double>("/node/metadata/ttfs/window", 8);
    CHECK_FALSE(read_timed_nir(no_unit.path()));

    NirBuilder stray;
    build(stray);
    stray.writer().array<double>("/node/metadata/ttfs/constant_times/nobody",
                                 std::span<const double>(std::vector<double>{0.9}));
    CHECK_FALSE(read_timed_nir(stray.path()));

    NirBuilder wide;
    build(wide);
    wide.writer().array<double>("/node/metadata/ttfs/early", std::span<const double>(std::vector<double>{1, 2}));
    CHECK_FALSE(read_timed_nir(wide.path()));
}

TEST_CASE("nodes that have no place in a time-to-first-spike network are refused by their path") {
    NirBuilder builder;
    builder.lif("lif");
    build(builder, true, "lif");
    const auto read = read_timed_nir(builder.path());
    REQUIRE_FALSE(read);
    CHECK(to_text(read.error()).find("/node/nodes/lif") != std::string::npos);
}

}  // namespace spikeloom::compiler
