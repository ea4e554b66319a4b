#include "compiler/legalise/retime.hpp"

#include <doctest/doctest.h>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using test::NetworkBuilder;

DenseWeights ones(std::size_t count) {
    return {.weights = std::vector<float>(count, 1.0F)};
}

/// in -> a -> b -> c, and in -> c past the others.
NetworkBuilder bypassed() {
    NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    const Source a = builder.population("a", {2});
    const Source b = builder.population("b", {2});
    const Source c = builder.population("c", {2});
    builder.connect(in, a, ones(4));
    builder.connect(a, b, ones(4));
    builder.connect(b, c, ones(4));
    builder.connect(in, c, ones(4));
    return builder;
}

std::vector<bool> detour_at(const Network& network, std::size_t projection) {
    std::vector<bool> detour(network.projections.size(), false);
    detour[projection] = true;
    return detour;
}

TEST_CASE("what lies behind a detour is as late, and what comes past it waits") {
    NetworkBuilder builder = bypassed();
    const Network& network = builder.network();
    const auto added = retime(network, detour_at(network, 1));
    REQUIRE(added);
    CHECK(*added == std::vector<int>{0, 1, 1});
    const Network later = with_added_steps(network, *added);
    CHECK(later.projections[0].delay_steps == 0);
    CHECK(later.projections[1].delay_steps == 1);
    CHECK(later.projections[2].delay_steps == 0);
    CHECK(later.projections[3].delay_steps == 1);
    CHECK(later.projections[3].aligned_steps == 1);
    CHECK(check_network(later).empty());
}

TEST_CASE("a delay that is there anyway takes up a detour") {
    NetworkBuilder builder = bypassed();
    builder.network().projections[1].delay_steps = 1;
    CHECK(retime(builder.network(), detour_at(builder.network(), 1)).value() == std::vector<int>{0, 0, 0});
}

TEST_CASE("what closes a loop without delay leads through no helper; with a delay it may") {
    NetworkBuilder builder = bypassed();
    builder.connect({Source::Kind::population, 2}, {Source::Kind::population, 0}, ones(4));
    const Network& network = builder.network();
    CHECK(open_to_detours(network, 0) == std::vector<bool>{true, false, false, false, false});
    CHECK(open_to_detours(network, 2) == std::vector<bool>{false, false, false, true, false});
    CHECK_FALSE(retime(network, detour_at(network, 4)));
    builder.network().projections[4].delay_steps = 1;
    CHECK(open_to_detours(network, 0) == std::vector<bool>{true, false, false, false, true});
    CHECK(retime(network, detour_at(network, 4)).value() == std::vector<int>{0, 0, 0});
    CHECK(retime(network, detour_at(network, 0)).value() == std::vector<int>{1, 1, 1});
}

TEST_CASE("nothing that learns is shifted") {
    NetworkBuilder builder = bypassed();
    builder.network().projections[2].learning = test::learning(test::pair_stdp(), 1);
    const auto refused = retime(builder.network(), detour_at(builder.network(), 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().where == "projection 'b->c'");
}

TEST_CASE("periodic resets come as much later") {
    ModelParameters parameters;
    CHECK(later_reset(parameters, 3) == parameters);
    parameters.reset_interval = 5;
    parameters.reset_offset = 3;
    CHECK(later_reset(parameters, 3).reset_offset == 1);
}

}  // namespace
}  // namespace spikeloom::compiler
