#include "compiler/placement/qap_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "compiler/partition/hypergraph.hpp"
#include "compiler/placement/partition_flows.hpp"
#include "support/placement_problems.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_placement;

TEST_CASE("the published solutions cost what is published") {
    for (const char* name : {"nug12", "nug20", "nug30", "sko100a"}) {
        const auto data = test::reference_data(std::string("mapping/qap/") + name + ".dat");
        const auto solution = test::reference_data(std::string("mapping/qap/") + name + ".sln");
        if (!data || !solution) {
            return;
        }
        CAPTURE(std::string(name));
        const auto instance = read_qap(*data);
        REQUIRE(instance);
        CHECK(instance->grid);
        // The cost, with or without the size before it, and the permutation; some put commas between its indices.
        std::ifstream file(*solution);
        std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        std::replace(text.begin(), text.end(), ',', ' ');
        std::istringstream words(text);
        const std::vector<std::int64_t> numbers((std::istream_iterator<std::int64_t>(words)),
                                                std::istream_iterator<std::int64_t>());
        REQUIRE(numbers.size() > instance->size);
        const auto first_index = numbers.end() - instance->size;
        const std::int64_t cost = *(first_index - 1);
        Arrangement permutation;
        std::transform(first_index, numbers.end(), std::back_inserter(permutation),
                       [](std::int64_t index) { return static_cast<std::uint32_t>(index - 1); });
        // Files differ in which matrix the permutation applies to.
        const Arrangement inverse = items_of(permutation);
        const bool either = qap_cost(*instance, permutation) == cost || qap_cost(*instance, inverse) == cost;
        CHECK(either);
        CHECK(cost_of(problem_of(*instance), permutation) == qap_cost(*instance, permutation));
    }
}

TEST_CASE("any two matrices of which one is symmetric, with the same costs as by definition") {
    test::Draws draws(4);
    for (int round = 0; round < 20; ++round) {
        std::string text = "6\n";
        for (int matrix = 0; matrix < 2; ++matrix) {
            std::vector<std::int64_t> values(36);
            for (std::size_t i = 0; i < 6; ++i) {
                for (std::size_t j = 0; j < 6; ++j) {
                    const bool copied = j < i && matrix == round % 2;  // this one is symmetric
                    values[i * 6 + j] = copied ? values[j * 6 + i] : draws.integer(0, 9);
                }
                values[i * 6 + i] = matrix == 0 ? draws.integer(0, 9) : 0;
            }
            for (const std::int64_t value : values) {
                text += std::to_string(value) + " ";
            }
        }
        const auto instance = parse_qap(text, "random");
        REQUIRE(instance);
        const PlacementProblem problem = problem_of(*instance);
        for (int i = 0; i < 10; ++i) {
            const Arrangement slot_of = random_arrangement(draws, 6);
            CHECK(cost_of(problem, slot_of) == qap_cost(*instance, slot_of));
        }
    }
}

TEST_CASE("hostile files are refused with their place") {
    const auto said = [](const std::string& text, std::optional<QapGrid> grid = std::nullopt) {
        const auto instance = parse_qap(text, "f", grid);
        return instance ? std::string("taken") : to_text(instance.error());
    };
    CHECK(said("").find("f:1: error: the file ends") != std::string::npos);
    CHECK(said("x").find("'x'") != std::string::npos);
    CHECK(said("0").find("1 to 4096") != std::string::npos);
    CHECK(said("999999999999999999999 1").find("'999999999999999999999'") != std::string::npos);
    CHECK(said("4000 1 1").find("too short") != std::string::npos);
    CHECK(said("2\n0 1 1 0\n0 2 -2 0").find("f:3: error: '-2'") != std::string::npos);
    CHECK(said("2\n0 1 1 0\n0 1.5 2 0").find("'1.5'") != std::string::npos);
    CHECK(said("2\n0 1 1 0\n0 2 2 0 7").find("more numbers") != std::string::npos);
    CHECK(said("2\n0 1 2 0\n0 3 4 0").find("neither matrix is symmetric") != std::string::npos);
    CHECK(said("2\n1 1 1 0\n1 2 2 0").find("diagonal") != std::string::npos);
    CHECK(said("2\n0 1 1 0\n0 2 2 0", QapGrid{.columns = 3, .rows = 1}).find("2 places") != std::string::npos);
    CHECK(said("2\n0 4 4 0\n0 2 2 0", QapGrid{.columns = 2, .rows = 1}).find("neither matrix is the Manhattan") !=
          std::string::npos);
    CHECK(said("2\n0 1000000000 1000000000 0\n0 1000000000 1000000000 0").find("2^52") != std::string::npos);
    CHECK(said("2\n0 1 1 0\n0 2 2 0") == "taken");
    CHECK(said("1 0 0") == "taken");
}

TEST_CASE("flows of a partition are its copies, from each source") {
    // Nets hold the vertex of their number: 0 -> {1, 2, 3}, 1 -> {3}, 2 -> {0, 1}; vertex 3 has no net.
    const Hypergraph graph{
        .vertices = 4, .net_begin = {0, 4, 6, 9}, .pins = {0, 1, 2, 3, 1, 3, 0, 1, 2}, .net_weight = {5, 2, 1}};
    const std::vector<std::uint32_t> part_of{0, 1, 2, 1};
    const CoreFlows flows = flows_of_partition(graph, part_of, 3);
    CHECK(flows.flows == std::vector<CoreFlow>{{0, 1, 5, 5}, {0, 2, 5, 5}, {2, 0, 1, 1}, {2, 1, 1, 1}});
    CHECK(total_messages(flows) == copies(graph, part_of));
    // Where a net lacks it, sources are the first pins.
    const Hypergraph other{.vertices = 3, .net_begin = {0, 2}, .pins = {2, 1}};
    CHECK(flows_of_partition(other, std::vector<std::uint32_t>{0, 1, 2}, 3).flows ==
          std::vector<CoreFlow>{{2, 1, 1, 1}});
}

TEST_CASE("a file of parts must have one for each vertex") {
    CHECK(*parse_parts("0\n2\r\n1\n", "p", 3, 3) == std::vector<std::uint32_t>{0, 2, 1});
    CHECK(*parse_parts("0\n2\n1", "p", 3, 3) == std::vector<std::uint32_t>{0, 2, 1});
    for (const char* text :
         {"0\n2\n", "0\n2\n1\n0\n", "0\n3\n1\n", "0\n\n1\n", "0\nx\n1\n", "", "0 1\n2\n1\n", "0\n-1\n1\n"}) {
        CAPTURE(std::string(text));
        CHECK(!parse_parts(text, "p", 3, 3));
    }
}

}  // namespace
}  // namespace spikeloom::compiler
