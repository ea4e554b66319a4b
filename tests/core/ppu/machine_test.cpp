#include "core/ppu/machine.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/core/ppu/arrays.hpp"

namespace spikeloom::ppu {
namespace {

using testing::Arrays;
using testing::parsed;

/// Lane 0 of an expression without sensors, as the low 8 bits or, of 16-bit types, both bytes in two weights.
int lane(const std::string& expression, Type type) {
    const std::string low = bits_of(type) == 8 ? "x" : "mod8(mod16(x))";
    const std::string high = bits_of(type) == 8 ? "x" : "mod8(mod16(x) >> 8)";
    const auto nibbles = [&](const std::string& byte) {
        return "rows { if row == 0 { weights = mod8(" + byte + ") >> 4; } else { weights = (mod8(" + byte +
               ") << 4) >> 4; } }";
    };
    int bytes = 0;
    for (const std::string& byte : {low, high}) {
        const Program program = parsed("kernel k { let x = " + expression + "; " + nibbles(byte) + " }");
        Machine machine(program, {});
        Arrays arrays(2);
        REQUIRE(machine.call(0, 2, arrays).has_value());
        bytes = bytes << 8 | arrays.weight[0][0] << 4 | arrays.weight[1][0];
    }
    const int sixteen = (bytes & 0xFF) << 8 | bytes >> 8;
    switch (type) {
    case Type::fracsat8:
        return static_cast<std::int8_t>(bytes >> 8);
    case Type::fracsat16:
        return static_cast<std::int16_t>(sixteen);
    case Type::mod8:
        return bytes >> 8;
    default:
        return sixteen;
    }
}

TEST_CASE("the types compute as libnux' hardware tests expect") {
    CHECK(lane("fracsat8(-12) * 42", Type::fracsat8) == -4);
    CHECK(lane("fracsat8(-4) * 42", Type::fracsat8) == -2);
    CHECK(lane("fracsat8(68) + 80", Type::fracsat8) == 127);
    CHECK(lane("fracsat8(-72) - 60", Type::fracsat8) == -128);
    CHECK(lane("fracsat8(-128) * fracsat8(-128)", Type::fracsat8) == 127);
    CHECK(lane("mod8(150) + 140", Type::mod8) == 34);
    CHECK(lane("mod8(10) - 130", Type::mod8) == 136);
    CHECK(lane("mod8(120) * 12", Type::mod8) == 160);
    CHECK(lane("fracsat16(17000) + 20000", Type::fracsat16) == 32767);
    CHECK(lane("fracsat16(-32768) * fracsat16(16384)", Type::fracsat16) == -16384);
    CHECK(lane("contiguous(mod8(12))", Type::fracsat8) == -116);
    CHECK(lane("contiguous(fracsat8(-12))", Type::mod8) == 116);
    CHECK(lane("mod8(fracsat8(-12))", Type::mod8) == 244);
}

TEST_CASE("shifts lose bits, and keep the sign of fracsat lanes to the right") {
    CHECK(lane("fracsat8(-80) >> 2", Type::fracsat8) == -20);
    CHECK(lane("fracsat8(-5) << 2", Type::fracsat8) == -20);
    CHECK(lane("fracsat8(100) << 1", Type::fracsat8) == -56);
    CHECK(lane("mod8(160) >> 2", Type::mod8) == 40);
    CHECK(lane("fracsat16(-1) >> 15", Type::fracsat16) == -1);
}

TEST_CASE("a widened lane keeps its value, a narrowed one its low bits") {
    CHECK(lane("fracsat16(fracsat8(-12))", Type::fracsat16) == -12);
    CHECK(lane("fracsat8(fracsat16(300))", Type::fracsat8) == 44);
    CHECK(lane("mod16(mod8(200))", Type::mod16) == 200);
}

TEST_CASE("a rounded number is one of its neighbours, and on the average itself") {
    const Program program = parsed("kernel k { rows { weights = round_stochastic(mod8(21), 3); } }");
    Machine machine(program, {.random_seed = 77});
    Arrays arrays(256);
    REQUIRE(machine.call(0, 256, arrays).has_value());
    std::map<int, int> found;
    double sum = 0;
    for (const Bytes& row : arrays.weight) {
        for (const std::uint8_t value : row) {
            ++found[value];
            sum += value;
        }
    }
    REQUIRE(found.size() == 2);
    CHECK(found.begin()->first == 16);
    CHECK(found.rbegin()->first == 24);
    CHECK(sum / 65536 == doctest::Approx(21).epsilon(0.01));
}

TEST_CASE("generators differ by column, run through all states, and give one new bit a draw") {
    RandomGenerators generators(1, 0);
    Bytes before{};
    Bytes now{};
    generators.draw(before);
    for (int i = 0; i < 100; ++i) {
        generators.draw(now);
        for (std::size_t c = 0; c < columns; ++c) {
            CHECK_MESSAGE((now[c] & 0xFE) == ((before[c] << 1) & 0xFE), c);
        }
        before = now;
    }
    const auto& taps = generator_taps();
    for (std::size_t c = 1; c < columns; ++c) {
        CHECK(taps[c] != taps[c - 1]);
    }
    // One register by hand: back at the start after 2^16 - 1 steps, and not before.
    for (const std::size_t c : {std::size_t{0}, std::size_t{100}, std::size_t{255}}) {
        unsigned state = 1;
        unsigned steps = 0;
        do {
            state = (state << 1 | (static_cast<unsigned>(__builtin_popcount(state & taps[c])) & 1U)) & 0xFFFFU;
            ++steps;
        } while (state != 1 && steps < 70000);
        CHECK(steps == 65535);
    }
}

TEST_CASE("a fault of the rule is said with its place") {
    const Program program =
        parsed("state int x = 0;\nstate int a[3];\nkernel k { x = 1 / x; }\nkernel l { a[x + 3] = 1; }");
    Machine machine(program, {});
    Arrays arrays(1);
    const auto divided = machine.call(0, 1, arrays);
    REQUIRE(!divided.has_value());
    CHECK(divided.error()[0].where == "rule:3:18");
    const auto beyond = machine.call(1, 1, arrays);
    REQUIRE(!beyond.has_value());
    CHECK(beyond.error()[0].found == "a[3]");
}

TEST_CASE("a kernel's states last, rows and scalars each their own") {
    const Program program = parsed(
        "state row mod8 seen = 5; state float mean[2] = 1; record int calls;\n"
        "kernel k { rows { weights = seen; seen = seen + 1; } mean[1] = mean[1] * 0.5; calls = calls + 1; }");
    Machine machine(program, {.rows = 3});
    Arrays arrays(3);
    REQUIRE(machine.call(0, 3, arrays).has_value());
    CHECK(arrays.weight[2][255] == 5);
    arrays.now = 0;
    REQUIRE(machine.call(0, 2, arrays).has_value());
    CHECK(arrays.weight[1][0] == 6);
    CHECK(arrays.weight[2][0] == 5);
    CHECK(machine.value("mean", 1) == 0.25);
    CHECK(machine.value("mean", 0) == 1);
    CHECK(machine.value("calls") == 2);
}

TEST_CASE("what ran took what the analysis says") {
    const Program program = parsed(
        "state row fracsat8 offset; state fracsat16 all;\n"
        "kernel k { for i in 0 to 4 { all = all + fracsat16(fracsat8(random)); }\n"
        "  rows { for j in 0 to 2 { offset = offset + fracsat8(causal >> 1) - fracsat8(acausal >> 1); }\n"
        "    weights = mod8(clip(offset, 0, 63)); reset correlation; } reset rates; let n = int(2.5) + rates[3]; }");
    Machine machine(program, {});
    Arrays arrays(7);
    const auto ran = machine.call(0, 7, arrays);
    REQUIRE(ran.has_value());
    const KernelCost cost = analyse(program, program.kernels[0], 7);
    CHECK(*ran == cost.all);
    CHECK((*ran)[Instruction::cadc_conversion] == 7);
    CHECK((*ran)[Instruction::cadc_buffered] == 7 * 5 * 2);
    CHECK(cost.row.cycles() > 410);
}

}  // namespace
}  // namespace spikeloom::ppu
