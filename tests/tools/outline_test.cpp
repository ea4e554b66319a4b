#include "tools/outline.hpp"

#include <doctest/doctest.h>

namespace spikeloom::tools {
namespace {

namespace json = boost::json;

TEST_CASE("members line up, nested objects are indented") {
    const json::object value{{"kind", "chip"}, {"cores", 128}, {"limits", json::object{{"axons", 4096}}}};
    CHECK(outline(value) == "kind:  chip\ncores: 128\nlimits:\n  axons: 4096\n");
}

TEST_CASE("arrays of objects are tables, numbers to the right, text to the left") {
    const json::object value{{"rows", json::array{json::object{{"name", "a"}, {"count", 5}},
                                                  json::object{{"name", "long"}, {"count", 1234}}}}};
    CHECK(outline(value) ==
          "rows:\n"
          "  name  count\n"
          "  a         5\n"
          "  long   1234\n");
}

TEST_CASE("lists of words stand one a line, empty lists say so, characters count and not bytes") {
    const json::object value{{"words", json::array{"one", "two"}}, {"none", json::array{}}};
    CHECK(outline(value) == "words:\n  one\n  two\nnone: none\n");
    const json::object table{
        {"t", json::array{json::object{{"n", "µs"}, {"v", 1}}, json::object{{"n", "ms"}, {"v", 2}}}}};
    CHECK(outline(table) == "t:\n  n   v\n  µs  1\n  ms  2\n");
}

}  // namespace
}  // namespace spikeloom::tools
