// Random expressions against a naive interpreter that shares nothing with the machine: plain 64-bit integers, a lane at
// a time, from a tree of its own.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <functional>
#include <string>

#include "core/base/random.hpp"
#include "tests/core/ppu/arrays.hpp"

namespace spikeloom::ppu {
namespace {

using testing::Arrays;
using testing::parsed;

enum class Kind { mod8, mod16, frac8, frac16 };

constexpr const char* names[] = {"mod8", "mod16", "fracsat8", "fracsat16"};

bool is_signed(Kind kind) {
    return kind == Kind::frac8 || kind == Kind::frac16;
}
int width(Kind kind) {
    return kind == Kind::mod16 || kind == Kind::frac16 ? 16 : 8;
}

/// Two's complement of the width, or the unsigned remainder.
long cut(Kind kind, long value) {
    const long size = 1L << width(kind);
    long low = value % size;
    low = low < 0 ? low + size : low;
    return is_signed(kind) && low >= size / 2 ? low - size : low;
}
long settle(Kind kind, long value) {
    if (!is_signed(kind)) {
        return cut(kind, value);
    }
    const long most = (1L << (width(kind) - 1)) - 1;
    return value > most ? most : value < -most - 1 ? -most - 1 : value;
}
long floor_divide(long a, long b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// What one lane has before it: the row's readings.
struct Inputs {
    long weights;
    long causal;
    long acausal;
};

struct Tree {
    std::string text;
    Kind kind;
    std::function<long(const Inputs&)> value;
};

class Generator {
public:
    explicit Generator(std::uint64_t seed) : key_{.seed = seed, .purpose = RandomPurpose::test} {}

    Tree expression(Kind kind, int depth) {
        if (depth == 0) {
            return leaf(kind);
        }
        switch (below(9)) {
        case 0:
            return sum(kind, depth, true);
        case 1:
            return sum(kind, depth, false);
        case 2:
            return product(kind, depth);
        case 3:
            return shift(kind, depth);
        case 4:
            return negative(kind, depth);
        case 5:
            return conversion(kind, depth);
        case 6:
            return selection(kind, depth);
        case 7:
            return is_signed(kind) ? clipped(kind, depth) : leaf(kind);
        default:
            return leaf(kind);
        }
    }

private:
    int below(int bound) {
        ++key_.step;
        return static_cast<int>(random_below(key_, static_cast<std::uint64_t>(bound)));
    }

    Tree constant(Kind kind) {
        const long value = cut(kind, below(1 << width(kind)));
        return {fmt::format("{}({})", names[static_cast<int>(kind)], value), kind,
                [value](const Inputs&) { return value; }};
    }

    Tree leaf(Kind kind) {
        switch (below(4)) {
        case 0:
            return constant(kind);
        case 1:
            return reading(kind, "weights", [](const Inputs& in) { return in.weights; });
        case 2:
            return reading(kind, "causal", [](const Inputs& in) { return in.causal; });
        default:
            return reading(kind, "acausal", [](const Inputs& in) { return in.acausal; });
        }
    }
    static Tree reading(Kind kind, const std::string& name, const std::function<long(const Inputs&)>& read) {
        switch (kind) {
        case Kind::mod8:
            return {name, kind, read};
        case Kind::mod16:
            return {"mod16(" + name + ")", kind, read};
        case Kind::frac8:
            return {"fracsat8(" + name + ")", kind, [read](const Inputs& in) { return cut(Kind::frac8, read(in)); }};
        case Kind::frac16:
            return {"fracsat16(mod16(" + name + "))", kind, read};
        }
        return {};
    }

    Tree sum(Kind kind, int depth, bool plus) {
        const Tree a = expression(kind, depth - 1);
        const Tree b = expression(kind, depth - 1);
        return {fmt::format("({} {} {})", a.text, plus ? '+' : '-', b.text), kind,
                [=](const Inputs& in) { return settle(kind, a.value(in) + (plus ? b.value(in) : -b.value(in))); }};
    }
    Tree product(Kind kind, int depth) {
        const Tree a = expression(kind, depth - 1);
        const Tree b = expression(kind, depth - 1);
        return {fmt::format("({} * {})", a.text, b.text), kind, [=](const Inputs& in) {
                    const long full = a.value(in) * b.value(in);
                    return settle(kind, is_signed(kind) ? floor_divide(full, 1L << (width(kind) - 1)) : full);
                }};
    }
    Tree shift(Kind kind, int depth) {
        const Tree a = expression(kind, depth - 1);
        const int bits = below(width(kind));
        const bool left = below(2) == 0;
        return {fmt::format("({} {} {})", a.text, left ? "<<" : ">>", bits), kind, [=](const Inputs& in) {
                    const long factor = 1L << bits;
                    return left ? cut(kind, a.value(in) * factor) : floor_divide(a.value(in), factor);
                }};
    }
    Tree negative(Kind kind, int depth) {
        const Tree a = expression(kind, depth - 1);
        return {fmt::format("(-{})", a.text), kind, [=](const Inputs& in) { return settle(kind, -a.value(in)); }};
    }
    Tree conversion(Kind kind, int depth) {
        const bool offset = below(3) == 0;
        const bool same_width = offset || below(2) == 0;
        const Kind from = same_width ? (kind == Kind::mod8    ? Kind::frac8
                                        : kind == Kind::frac8 ? Kind::mod8
                                        : kind == Kind::mod16 ? Kind::frac16
                                                              : Kind::mod16)
                                     : (kind == Kind::mod8    ? Kind::mod16
                                        : kind == Kind::mod16 ? Kind::mod8
                                        : kind == Kind::frac8 ? Kind::frac16
                                                              : Kind::frac8);
        const Tree a = expression(from, depth - 1);
        if (offset) {
            const long half = 1L << (width(kind) - 1);
            return {fmt::format("contiguous({})", a.text), kind,
                    [=](const Inputs& in) { return a.value(in) + (is_signed(kind) ? -half : half); }};
        }
        return {fmt::format("{}({})", names[static_cast<int>(kind)], a.text), kind,
                [=](const Inputs& in) { return cut(kind, a.value(in)); }};
    }
    Tree selection(Kind kind, int depth) {
        const Kind compared = below(2) == 0 ? kind : (width(kind) == 8 ? Kind::frac8 : Kind::frac16);
        const Tree x = expression(compared, depth - 1);
        const Tree y = is_signed(compared) || below(2) == 0 ? expression(compared, depth - 1) : constant(compared);
        const Tree a = expression(kind, depth - 1);
        const Tree b = expression(kind, depth - 1);
        const int condition = is_signed(compared) ? below(6) : below(2);
        constexpr const char* signs[] = {"==", "!=", "<", "<=", ">", ">="};
        return {fmt::format("select({} {} {}, {}, {})", x.text, signs[condition], y.text, a.text, b.text), kind,
                [=](const Inputs& in) {
                    const long p = x.value(in);
                    const long q = y.value(in);
                    const bool results[] = {p == q, p != q, p<q, p <= q, p> q, p >= q};
                    return results[condition] ? a.value(in) : b.value(in);
                }};
    }
    Tree clipped(Kind kind, int depth) {
        const Tree a = expression(kind, depth - 1);
        const Tree low = constant(kind);
        const Tree high = constant(kind);
        return {fmt::format("clip({}, {}, {})", a.text, low.text, high.text), kind, [=](const Inputs& in) {
                    long value = a.value(in);
                    value = value < low.value(in) ? low.value(in) : value;
                    return value > high.value(in) ? high.value(in) : value;
                }};
    }

    RandomKey key_;
};

/// The expression's bits in two (or four) rows of 6-bit weights: 4 bits a row.
std::string readable(const Tree& tree) {
    const std::string wide = tree.kind == Kind::mod8    ? "mod16(x)"
                             : tree.kind == Kind::frac8 ? "mod16(fracsat16(x))"
                             : tree.kind == Kind::mod16 ? "x"
                                                        : "mod16(x)";
    return fmt::format(
        "kernel k {{ rows {{ let x = {}; let y = {};\n"
        "if row == 0 {{ weights = mod8(y) - ((mod8(y) >> 4) << 4); }}\n"
        "if row == 1 {{ weights = mod8(y) >> 4; }}\n"
        "if row == 2 {{ weights = mod8(y >> 8) - ((mod8(y >> 8) >> 4) << 4); }}\n"
        "if row == 3 {{ weights = mod8(y >> 8) >> 4; }} }} }}",
        tree.text, wide);
}

TEST_CASE("random expressions are what plain integers say, lane by lane") {
    std::uint64_t programs = 0;
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        const auto kind = static_cast<Kind>(seed % 4);
        const Tree tree = Generator(seed).expression(kind, 1 + static_cast<int>(seed / 4 % 5));
        const Program program = parsed(readable(tree));
        Machine machine(program, {});
        Arrays arrays(4);
        for (std::uint32_t c = 0; c < columns; ++c) {
            const auto bytes = random_block({.seed = seed, .purpose = RandomPurpose::test, .core = 1, .neuron = c});
            for (std::size_t row = 0; row < 4; ++row) {
                arrays.weight[row][c] = static_cast<std::uint8_t>(bytes[0] & 63);
                arrays.causal_code[row][c] = static_cast<std::uint8_t>(bytes[1]);
                arrays.acausal_code[row][c] = static_cast<std::uint8_t>(bytes[2]);
            }
        }
        const Arrays before = arrays;
        REQUIRE(machine.call(0, 4, arrays).has_value());
        for (std::size_t c = 0; c < columns; ++c) {
            const Inputs inputs{before.weight[0][c], before.causal_code[0][c], before.acausal_code[0][c]};
            long found = 0;
            for (std::size_t row = 4; row-- > 0;) {
                found = found << 4 | arrays.weight[row][c];
            }
            const Kind wide = is_signed(kind) ? Kind::frac16 : Kind::mod16;
            const long expected = tree.value(inputs);
            REQUIRE_MESSAGE(cut(wide, found) == expected, tree.text, " column ", c);
        }
        ++programs;
    }
    CHECK(programs == 600);
}

}  // namespace
}  // namespace spikeloom::ppu
