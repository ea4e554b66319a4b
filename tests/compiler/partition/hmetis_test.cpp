#include "compiler/partition/hmetis.hpp"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <vector>

namespace spikeloom::compiler {
namespace {

Result<Hypergraph> read(const std::string& text) {
    return read_hmetis(std::as_bytes(std::span(text)), "net.hgr");
}

TEST_CASE("hMETIS's four formats, with comments") {
    const auto plain = read("% a comment\n2 4\n1 2\n% another\n4 3 1\n");
    REQUIRE(plain);
    CHECK(plain->vertices == 4);
    CHECK(plain->pins == std::vector<std::uint32_t>{0, 1, 3, 2, 0});
    CHECK(plain->net_begin == std::vector<std::uint64_t>{0, 2, 5});
    CHECK(plain->net_weight.empty());
    CHECK(read("2 4 0\n1 2\n4 3 1\n")->pins == plain->pins);

    const auto nets = read("2 4 1\n7 1 2\r\n5 4\t3 1\n");
    REQUIRE(nets);
    CHECK(nets->pins == plain->pins);
    CHECK(nets->net_weight == std::vector<std::uint32_t>{7, 5});

    const auto vertices = read("1 2 10\n1 2\n3\n4");
    REQUIRE(vertices);
    CHECK(vertices->vertex_weight == std::vector<std::uint32_t>{3, 4});

    const auto both = read("1 2 11\n9 1 2\n3\n4\n\n");
    REQUIRE(both);
    CHECK(both->net_weight == std::vector<std::uint32_t>{9});
    CHECK(both->vertex_weight == std::vector<std::uint32_t>{3, 4});
}

TEST_CASE("a vertex named twice counts once") {
    const auto graph = read("2 2\n1 1 2 1\n1 1\n");
    REQUIRE(graph);
    CHECK(graph->pins == std::vector<std::uint32_t>{0, 1, 0});
}

TEST_CASE("hostile files are refused with their line") {
    struct Case {
        std::string text;
        std::string where;
        std::string found;
    };
    for (const Case& c : std::vector<Case>{
             {"", "net.hgr:0", "an empty file"},
             {"% only\n", "net.hgr:1", "an empty file"},
             {"2\n", "net.hgr:1", "a header of 1 numbers"},
             {"1 2 3\n1 2\n", "net.hgr:1", "format 3"},
             {"1 2\n1 3\n", "net.hgr:2", "vertex 3"},
             {"1 2\n0 1\n", "net.hgr:2", "vertex 0"},
             {"1 2\n\n1 2\n", "net.hgr:2", "a net without pins"},
             {"1 2 1\n5\n", "net.hgr:2", "a net without pins"},
             {"2 2\n1 2\n", "net.hgr:2", "1 nets"},
             {"1 2\n1 2\n1 2\n", "net.hgr:3", "more lines"},
             {"1 2\n1 x\n", "net.hgr:2", "'x'"},
             {"1 2\n1 -2\n", "net.hgr:2", "'-2'"},
             {"1 2\n1 \x1b[2J\n", "net.hgr:2", R"('\x1B[2J')"},
             {"1 2\n1 99999999999999999999999\n", "net.hgr:2", "'99999999999999999999'"},
             {"4294967295 2\n1 2\n", "net.hgr:1", "4294967295 nets announced"},
             {"1 4294967295\n1 2\n", "net.hgr:1", "4294967295 vertices announced"},
             {"1 2 10\n1 2\n3\n", "net.hgr:3", "weights of 1 vertices"},
             {"1 2 10\n1 2\n3 4\n5\n", "net.hgr:3", "2 numbers"},
         }) {
        const auto graph = read(c.text);
        CAPTURE(c.text);
        REQUIRE_FALSE(graph);
        REQUIRE(graph.error().size() == 1);
        CHECK(graph.error()[0].where == c.where);
        CHECK(graph.error()[0].found.find(c.found) != std::string::npos);
    }
}

}  // namespace
}  // namespace spikeloom::compiler
