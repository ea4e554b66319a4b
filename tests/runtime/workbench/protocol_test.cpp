#include "runtime/workbench/protocol.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/runtime/workbench/rules.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

TEST_CASE("pairs have the difference that their point says, as often as asked") {
    const rules::Rule rule = test::pair_stdp();
    const auto series = make_protocol({.kind = ProtocolKind::pair, .range = 7, .repeats = 3}, rule);
    REQUIRE(series.size() == 1);
    REQUIRE(series[0].points.size() == 15);
    for (const ProtocolPoint& point : series[0].points) {
        REQUIRE(point.events.source.size() == 3);
        REQUIRE(point.events.target.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto difference =
                static_cast<double>(point.events.target[i]) - static_cast<double>(point.events.source[i]);
            CHECK(difference == point.x);
        }
        const std::uint64_t gap = point.events.source[1] - point.events.source[0];
        CHECK(gap >= static_cast<std::uint64_t>(quiet_steps(rule)));
        CHECK(point.events.steps > point.events.source[2] + static_cast<std::uint64_t>(quiet_steps(rule)));
    }
    CHECK(series[0].points.front().x == -7);
    CHECK(series[0].points.back().x == 7);
}

TEST_CASE("a stride that doesn't divide the range keeps 0 among the points") {
    const auto series = make_protocol({.kind = ProtocolKind::pair, .range = 10, .stride = 4}, test::pair_stdp());
    std::vector<double> differences;
    for (const ProtocolPoint& point : series[0].points) {
        differences.push_back(point.x);
    }
    CHECK(differences == std::vector<double>{-8, -4, 0, 4, 8});
}

TEST_CASE("triplets come in both orders over a grid") {
    const auto series = make_protocol({.kind = ProtocolKind::triplet, .range = 20, .stride = 10}, test::pair_stdp());
    REQUIRE(series.size() == 2);
    REQUIRE(series[0].points.size() == 4);
    const ProtocolPoint& source_outside = series[0].points[1];
    CHECK(source_outside.x == 20);
    CHECK(source_outside.y == 10);
    CHECK(source_outside.events.source == std::vector<std::uint64_t>{0, 30});
    CHECK(source_outside.events.target == std::vector<std::uint64_t>{20});
    CHECK(series[1].points[1].events.source == std::vector<std::uint64_t>{20});
    CHECK(series[1].points[1].events.target == std::vector<std::uint64_t>{0, 30});
}

TEST_CASE("a frequency sweep spaces its pairs by the rate, for both signs of the difference") {
    const ProtocolOptions options{
        .kind = ProtocolKind::frequency, .repeats = 4, .difference = 3, .rate_most_hz = 100, .step_s = 1e-3};
    const auto series = make_protocol(options, test::pair_stdp());
    REQUIRE(series.size() == 2);
    CHECK(series[0].points.front().x == doctest::Approx(5));
    CHECK(series[0].points.back().x == doctest::Approx(100));
    CHECK(series[0].points.back().events.source == std::vector<std::uint64_t>{0, 10, 20, 30});
    CHECK(series[0].points.back().events.target == std::vector<std::uint64_t>{3, 13, 23, 33});
    CHECK(series[1].points.back().events.source == std::vector<std::uint64_t>{3, 13, 23, 33});
}

TEST_CASE("the reward comes its delay after the pair's later spike") {
    rules::Rule rule = test::rule_of("u0*t*r1");
    rule.dt = test::series("x1*y0", rules::Variable::tag);
    const auto series = make_protocol({.kind = ProtocolKind::reward, .range = 5, .difference = -4, .reward = 9}, rule);
    CHECK(series[0].points[3].x == 3);
    CHECK(series[0].points[3].events.source == std::vector<std::uint64_t>{4});
    CHECK(series[0].points[3].events.rewards == std::vector<RewardEvent>{{.step = 7, .value = 9}});
}

TEST_CASE("repetitions closer than their pattern is long keep their events ascending") {
    rules::Rule rule = test::rule_of("u0*r1");
    const auto series =
        make_protocol({.kind = ProtocolKind::reward, .range = 9, .repeats = 3, .spacing = 4, .difference = 2}, rule);
    for (const ProtocolPoint& point : series[0].points) {
        REQUIRE(point.events.rewards.size() == 3);
        CHECK(point.events.rewards[0].step <= point.events.rewards[1].step);
        CHECK(point.events.rewards[1].step <= point.events.rewards[2].step);
        CHECK(std::ranges::is_sorted(point.events.source));
        CHECK(std::ranges::is_sorted(point.events.target));
    }
}

TEST_CASE("a point lasts a whole number of epochs, and of 2^k where the rule has u_k") {
    rules::Rule rule = test::rule_of("x1*y0 - u3*w");
    rule.epoch = 5;
    const auto series = make_protocol({}, rule);
    for (const ProtocolPoint& point : series[0].points) {
        CHECK(point.events.steps % 40 == 0);
        CHECK(shifted(point.events, 3, rule).steps % 40 == 0);
        CHECK(shifted(point.events, 3, rule).source[0] == point.events.source[0] + 3);
    }
}

TEST_CASE("options that make no sense are told with what is allowed") {
    const rules::Rule rule = test::pair_stdp();
    CHECK(check_protocol({}, rule).empty());
    CHECK(check_protocol({.range = 0}, rule)[0].where == "--range");
    CHECK(check_protocol({.range = 10, .stride = 11}, rule)[0].where == "--stride");
    CHECK(check_protocol({.repeats = 0}, rule)[0].where == "--pairs");
    CHECK(check_protocol({.repeats = 10000, .spacing = 1000}, rule)[0].where == "--pairs");
    CHECK(check_protocol({.kind = ProtocolKind::frequency, .rate_most_hz = 2000}, rule)[0].where == "--rate");
    CHECK(check_protocol({.kind = ProtocolKind::frequency, .step_s = 0}, rule)[0].where == "--step");
    const Diagnostics unrewarded = check_protocol({.kind = ProtocolKind::reward}, rule);
    REQUIRE(unrewarded.size() == 1);
    CHECK(unrewarded[0].found.find("r1") != std::string::npos);
}
