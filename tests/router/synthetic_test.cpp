#include "router/synthetic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace spikeloom::router {
namespace {

constexpr Mesh eight_by_eight{.columns = 8, .rows = 8, .cores_per_tile = 1};

TrafficSource source_of(std::string_view text, const Mesh& mesh, std::uint64_t seed = 1) {
    auto traffic = parse_traffic(text);
    REQUIRE(traffic);
    REQUIRE(check_traffic(*traffic, mesh).empty());
    return {*traffic, mesh, seed};
}

std::uint32_t sent_to(std::string_view pattern, std::uint32_t from, const Mesh& mesh = eight_by_eight) {
    return source_of(pattern, mesh).destination(from, 0);
}

/// Created cycles of an endpoint's messages.
std::vector<Cycle> made(const Workload& workload, std::uint32_t endpoint) {
    std::vector<Cycle> cycles;
    Cycle now = 0;
    for (std::uint64_t at = workload.first[endpoint]; at < workload.first[endpoint + 1]; ++at) {
        now += workload.messages[at].work;
        cycles.push_back(now);
    }
    return cycles;
}

}  // namespace

TEST_CASE("nodes are numbered row by row, endpoints column by column, chip by chip") {
    CHECK(endpoint_of_node(eight_by_eight, 1) == 8);
    CHECK(endpoint_of_node(eight_by_eight, 8) == 1);
    const Mesh board{.columns = 3, .rows = 2, .cores_per_tile = 2, .chip_columns = 2, .chip_rows = 2};
    std::vector<bool> seen(static_cast<std::size_t>(board.cores()));
    for (std::uint32_t node = 0; node < seen.size(); ++node) {
        const std::uint32_t endpoint = endpoint_of_node(board, node);
        CHECK(node_of_endpoint(board, endpoint) == node);
        CHECK(board.column(static_cast<int>(endpoint)) == static_cast<int>(node) / 2 % 6);
        CHECK(board.row(static_cast<int>(endpoint)) == static_cast<int>(node) / 12);
        seen[endpoint] = true;
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == board.cores());
}

TEST_CASE("permutations are those of BookSim 2") {
    CHECK(sent_to("transpose", 0b001'101) == 0b101'001);
    CHECK(sent_to("bitcomp", 0b001'101) == 0b110'010);
    CHECK(sent_to("bitrev", 0b001'101) == 0b101'100);
    CHECK(sent_to("shuffle", 0b101'101) == 0b011'011);
    CHECK(sent_to("neighbor", 63) == 0);
    CHECK(sent_to("neighbor", 7) == 8);
    CHECK(sent_to("tornado", 0) == 3 * 8 + 3);
    CHECK(sent_to("tornado", 63) == 2 * 8 + 2);
    CHECK(sent_to("allto:27", 5) == 27);
}

TEST_CASE("permutations reach every node once") {
    const Mesh concentrated{.columns = 4, .rows = 2, .cores_per_tile = 4, .chip_columns = 1, .chip_rows = 2};
    for (const char* pattern : {"transpose", "bitcomp", "bitrev", "shuffle", "neighbor", "tornado"}) {
        const TrafficSource source = source_of(pattern, concentrated);
        std::vector<int> reached(static_cast<std::size_t>(concentrated.cores()));
        for (std::uint32_t node = 0; node < reached.size(); ++node) {
            const std::uint32_t to = source.destination(node, 3);
            CHECK(to % 4 == node % 4);
            ++reached.at(to);
        }
        CHECK_MESSAGE(std::all_of(reached.begin(), reached.end(), [](int count) { return count == 1; }), pattern);
    }
}

TEST_CASE("drawn destinations have their weights") {
    constexpr int packets = 2000;
    const auto counts = [](std::string_view text) {
        const TrafficSource source = source_of(text, eight_by_eight);
        std::array<int, 64> all{};
        for (std::uint32_t node = 0; node < 64; ++node) {
            for (std::uint64_t packet = 0; packet < packets; ++packet) {
                ++all.at(source.destination(node, packet));
            }
        }
        return all;
    };
    const auto near = [](int count, double share) {
        const double expected = 64.0 * packets * share;
        return std::abs(count - expected) < 4.5 * std::sqrt(expected);
    };
    for (const int count : counts("uniform")) {
        CHECK(near(count, 1.0 / 64));
    }
    const auto hot = counts("hotspot:27=8,3=0");
    CHECK(near(hot[27], 8.0 / 70));
    CHECK(hot[3] == 0);
    CHECK(near(hot[0], 1.0 / 70));
    CHECK(near(hot[63], 1.0 / 70));
}

TEST_CASE("a batch makes a packet a cycle from cycle 0") {
    const Workload workload = source_of("transpose", eight_by_eight).batch(3);
    REQUIRE(workload.first.size() == 65);
    REQUIRE(workload.messages.size() == 192);
    CHECK(made(workload, 17) == std::vector<Cycle>{0, 1, 2});
    const std::uint32_t endpoint = endpoint_of_node(eight_by_eight, 3);
    CHECK(workload.messages[workload.first[endpoint]].destination == endpoint_of_node(eight_by_eight, 24));
}

TEST_CASE("Bernoulli sources keep their rate, and depend on the seed") {
    const TrafficSource source = source_of("uniform", eight_by_eight);
    constexpr Cycle horizon = 4000;
    for (const double probability : {0.001, 0.3, 1.0}) {
        const Workload workload = source.bernoulli(probability, horizon);
        const double expected = probability * 64 * horizon;
        CHECK(std::abs(static_cast<double>(workload.messages.size()) - expected) <=
              4 * std::sqrt(expected * (1 - probability)));
        for (std::uint32_t endpoint = 0; endpoint < 64; ++endpoint) {
            const auto cycles = made(workload, endpoint);
            CHECK(std::adjacent_find(cycles.begin(), cycles.end(), std::greater_equal<>()) == cycles.end());
            CHECK((cycles.empty() || cycles.back() < horizon));
        }
    }
    CHECK(made(source.bernoulli(0.1, horizon), 5) == made(source.bernoulli(0.1, horizon), 5));
    CHECK(made(source.bernoulli(0.1, horizon), 5) !=
          made(source_of("uniform", eight_by_eight, 2).bernoulli(0.1, horizon), 5));
}

TEST_CASE("a list of packets says who sends, to whom, and when") {
    const Mesh mesh{.columns = 2, .rows = 2, .cores_per_tile = 1};
    auto timed = parse_traffic_csv("source,destination,cycle\n1,2,30\n1,0,10 # first\n\n3, 3, 5\r\n", "t.csv");
    REQUIRE(timed);
    CHECK(timed->timed);
    CHECK(check_traffic(*timed, mesh).empty());
    const Workload workload = TrafficSource(*timed, mesh, 0).batch(1);
    const std::uint32_t endpoint = endpoint_of_node(mesh, 1);
    CHECK(made(workload, endpoint) == std::vector<Cycle>{10, 30});
    CHECK(workload.messages[workload.first[endpoint]].destination == 0);
    CHECK(workload.messages.size() == 3);

    auto plain = parse_traffic_csv("0,1\n0,2\n", "t.csv");
    REQUIRE(plain);
    const TrafficSource source(*plain, mesh, 0);
    CHECK(made(source.batch(2), 0) == std::vector<Cycle>{0, 1, 2, 3});
    CHECK(source.sends(0));
    CHECK(!source.sends(1));
    CHECK(source.bernoulli(0.5, 100).first.back() == source.bernoulli(0.5, 100).first[1]);
}

TEST_CASE("what is no traffic, or not for this board, is refused with its place") {
    CHECK(!parse_traffic("transposed"));
    CHECK(!parse_traffic("transpose:3"));
    CHECK(!parse_traffic("allto"));
    CHECK(!parse_traffic("allto:-1"));
    CHECK(!parse_traffic("hotspot"));
    CHECK(
        !parse_traffic("hotspot:27=8,"
                       "x"));
    CHECK(!parse_traffic(""));
    const auto bad = parse_traffic_csv("0,1,5\n0,1\n0,x\n", "t.csv");
    REQUIRE(!bad);
    REQUIRE(bad.error().size() == 2);
    CHECK(bad.error()[0].where == "t.csv:2");
    CHECK(bad.error()[1].where == "t.csv:3");
    CHECK(!parse_traffic_csv("# nothing\n", "t.csv"));
    const Mesh flat{.columns = 6, .rows = 4, .cores_per_tile = 1};
    for (const char* pattern : {"transpose", "bitcomp", "bitrev", "shuffle", "allto:24", "hotspot:99=3"}) {
        const auto traffic = parse_traffic(pattern);
        REQUIRE(traffic);
        CHECK_MESSAGE(has_error(check_traffic(*traffic, flat)), pattern);
    }
    const auto nobody = parse_traffic("hotspot:0=0");
    REQUIRE(nobody);
    CHECK(has_error(check_traffic(*nobody, {.columns = 1, .rows = 1, .cores_per_tile = 1})));
}

}  // namespace spikeloom::router
