#include "core/ppu/parse.hpp"

#include <doctest/doctest.h>

#include "tests/core/ppu/arrays.hpp"

namespace spikeloom::ppu {
namespace {

/// The first finding, "line:column found; help".
std::string refusal(const std::string& text) {
    const auto program = parse_program(text, "r");
    REQUIRE(!program.has_value());
    const Diagnostic& first = program.error()[0];
    return first.where.substr(2) + " " + first.found + (first.help.empty() ? "" : "; " + first.help);
}
std::string in_rows(const std::string& statements) {
    return refusal("kernel k { rows {\n" + statements + "\n} }");
}

TEST_CASE("what the vector unit has not is refused at its place, with what would help") {
    CHECK(in_rows("weights = weights + causal / 2;") == "2:28 a division of mod8; shift right: x >> 2 is x / 4");
    CHECK(in_rows("weights = weights - fracsat8(causal);") ==
          "2:19 '-' between mod8 and fracsat8; convert one: mod8(...)");
    CHECK(in_rows("weights = fracsat8(weights) + 1;") == "2:11 the value is a fracsat8; convert it: mod8(...)");
    CHECK(in_rows("weights = select(weights < 32, weights, 0);") == "2:26 '<' between mod8; compare as fracsat8(...)");
    CHECK(in_rows("let x = fracsat16(weights);") == "2:9 fracsat16 of a mod8; in two steps: fracsat16(fracsat8(...))");
    CHECK(in_rows("weights = weights + 300;") == "2:19 300 as mod8");
    CHECK(in_rows("weights = weights >> 8;") ==
          "2:22 a number of bits that mod8 has not; it is a part of the instruction, and can't be computed");
    CHECK(in_rows("weights = weights * 0.5;") ==
          "2:19 '*' between mod8 and float; first to an integer: mod8(int(...))");
    CHECK(in_rows("let s = select(fracsat16(1) > 0, weights, 0);") ==
          "2:9 a comparison of 16-bit lanes chooses between mod8; convert what is compared, or what is chosen");
    CHECK(in_rows("weights = clip(weights, 0, 63);") ==
          "2:11 clip of a mod8; unsigned lanes have no order on the vector unit; convert: clip(fracsat8(x), 0, 63)");
    CHECK(in_rows("if weights > 0 { weights = 0; }") ==
          "2:4 a comparison of 8-bit lanes as a condition; lanes are chosen by select(condition, a, b)");
    CHECK(in_rows("weights = weights & 3;") ==
          "2:19 '&' has no meaning in a rule; there is no logic on lanes: nest `select`");
    CHECK(in_rows("weights = weigths;") == "2:11 'weigths' names nothing here; did you mean 'weights'?");
}

TEST_CASE("names have their places") {
    CHECK(refusal("kernel k { let x = causal; }") ==
          "1:20 'causal' outside of a row; a kernel's other statements run once, and see no row");
    CHECK(refusal("parameter int p = 1; kernel k { p = 2; }") ==
          "1:33 the parameter 'p' can't be assigned to; keep what changes in a state");
    CHECK(refusal("kernel k { for i in 0 to 3 { i = 2; } }") == "1:30 'i' counts a loop");
    CHECK(refusal("kernel k { for i in 0 to 3 { let y = 1; } let z = y; }") == "1:51 'y' names nothing here");
    CHECK(refusal("kernel k { let let = 1; }") == "1:16 'let' is a word of the language");
    CHECK(refusal("state int x; state int x; kernel k { }") == "1:24 a second 'x'; the first is at line 1");
    CHECK(refusal("state int x;") == "1:1 a rule without a kernel");
    CHECK(refusal("weights = 0;") ==
          "1:1 'weights' can't stand here; statements stand in a kernel: kernel name { ... }");
}

TEST_CASE("memory and time are bounded") {
    CHECK(refusal("state float a[4096]; state float b[4096]; kernel k { }") ==
          "1:1 states of 32768 bytes; keep vectors "
          "by row (state row), which lie in external memory");
    CHECK(refusal("kernel k { for i in 0 to 65535 { for j in 0 to 65535 { } } }") == "1:34 loops of too many turns");
    std::string deep = "kernel k { let x = ";
    deep.append(500, '(');
    CHECK(refusal(deep).find("nested too deeply") != std::string::npos);
    std::string minus = "kernel k { let x = ";
    minus.append(500, '-');
    CHECK(refusal(minus).find("nested too deeply") != std::string::npos);
}

TEST_CASE("all findings are told at once") {
    const auto program =
        parse_program("kernel k {\n let x = 1 +;\n let y = nothing;\n rows { weights = 1 }\n}\n!", "r");
    REQUIRE(!program.has_value());
    CHECK(program.error().size() == 4);
}

TEST_CASE("numbers take the type of what they stand beside") {
    const Program program = testing::parsed(
        "parameter float f = 0.5; kernel k { let a = fracsat8(3) * 2; let b = f * 2; "
        "let c = 1 + 2 * 3; let d = -(4); }");
    CHECK(program.nodes[static_cast<std::size_t>(program.kernels[0].body[2].value)].value == 7);
    CHECK(program.nodes[static_cast<std::size_t>(program.kernels[0].body[3].value)].value == -4);
    CHECK(program.nodes[static_cast<std::size_t>(program.kernels[0].body[1].value)].type == Type::real);
}

}  // namespace
}  // namespace spikeloom::ppu
