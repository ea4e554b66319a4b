#include "compiler/legalise/retime.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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

Detours split_at(const Network& network, const std::vector<std::uint32_t>& populations) {
    std::vector<bool> split(network.populations.size(), false);
    for (const std::uint32_t population : populations) {
        split[population] = true;
    }
    auto detours = choose_detours(network, split);
    REQUIRE_MESSAGE(detours, to_text(detours.error()));
    return *std::move(detours);
}

TEST_CASE("what lies behind a detour is as late, and what comes past it waits") {
    NetworkBuilder builder = bypassed();
    const Network& network = builder.network();
    const std::vector<int> added = split_at(network, {1}).added;
    CHECK(added == std::vector<int>{0, 1, 1});
    const Network later = with_added_steps(network, added);
    CHECK(later.projections[0].delay_steps == 0);
    CHECK(later.projections[1].delay_steps == 1);
    CHECK(later.projections[2].delay_steps == 0);
    CHECK(later.projections[3].delay_steps == 1);
    CHECK(later.projections[3].aligned_steps == 1);
    CHECK(check_network(later).empty());
}

TEST_CASE("a delay that is there anyway takes up a detour, before it or behind") {
    NetworkBuilder builder = bypassed();
    builder.network().projections[1].delay_steps = 1;
    CHECK(split_at(builder.network(), {1}).added == std::vector<int>{0, 0, 0});
    builder.network().projections[1].delay_steps = 0;
    builder.network().projections[2].delay_steps = 3;
    const std::vector<int> added = split_at(builder.network(), {1}).added;
    CHECK(added == std::vector<int>{0, 1, 0});
    const Network later = with_added_steps(builder.network(), added);
    CHECK(later.projections[2].delay_steps == 2);
    CHECK(later.projections[2].aligned_steps == -1);
    CHECK(check_network(later).empty());
}

TEST_CASE("what closes a loop without delay leads through no helper; with a delay anywhere on it it may") {
    NetworkBuilder builder = bypassed();
    builder.connect({Source::Kind::population, 2}, {Source::Kind::population, 0}, ones(4));
    Network& network = builder.network();
    CHECK(split_at(network, {0}).through_helpers == std::vector<bool>{true, false, false, false, false});
    CHECK(split_at(network, {0}).added == std::vector<int>{1, 1, 1});
    CHECK(split_at(network, {2}).through_helpers == std::vector<bool>{false, false, false, true, false});
    CHECK(closing_loops(network, 0) == std::vector<std::size_t>{4});
    for (const std::size_t delayed : {1, 2, 4}) {
        CAPTURE(delayed);
        network.projections[delayed].delay_steps = 1;
        CHECK(split_at(network, {0}).through_helpers == std::vector<bool>{true, false, false, false, true});
        const Network later = with_added_steps(network, split_at(network, {0}).added);
        CHECK(later.projections[delayed].delay_steps == (delayed == 4 ? 1 : 0));
        CHECK(later.projections[4].delay_steps == 1);
        network.projections[delayed].delay_steps = 0;
    }
    // One delay is enough for one split of the loop, not for two.
    network.projections[4].delay_steps = 1;
    const Detours both = split_at(network, {0, 1});
    CHECK(std::ranges::count(both.through_helpers, true) == 2);
    CHECK(both.through_helpers[0]);
}

TEST_CASE("nothing that learns is shifted") {
    NetworkBuilder builder = bypassed();
    builder.network().projections[2].learning = test::learning(test::pair_stdp(), 1);
    const auto refused = choose_detours(builder.network(), {false, true, false});
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
