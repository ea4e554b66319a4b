#include "core/ppu/expressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/ppu/arithmetic.hpp"

namespace spikeloom::ppu {

namespace {

constexpr int most_depth = 40;
constexpr std::size_t most_nodes = 20'000;

constexpr std::array<std::string_view, 29> reserved{
    "parameter",  "state",   "row",       "record",   "kernel",          "let",    "rows",  "for",
    "in",         "to",      "if",        "else",     "reset",           "select", "clip",  "random",
    "contiguous", "mod8",    "mod16",     "fracsat8", "fracsat16",       "int",    "float", "causal",
    "rates",      "acausal", "membranes", "weights",  "round_stochastic"};

Type mask_of(Type type) {
    return bits_of(type) == 8 ? Type::mask8 : Type::mask16;
}

std::optional<Condition> find_condition(std::string_view sign) {
    constexpr std::array<std::pair<std::string_view, Condition>, 6> signs{{{"<", Condition::less},
                                                                           {"<=", Condition::less_equal},
                                                                           {">", Condition::greater},
                                                                           {">=", Condition::greater_equal},
                                                                           {"==", Condition::equal},
                                                                           {"!=", Condition::unequal}}};
    for (const auto& [text, condition] : signs) {
        if (text == sign) {
            return condition;
        }
    }
    return std::nullopt;
}

}  // namespace

bool converts(Type from, Type to) {
    switch (to) {
    case Type::mod8:
        return from == Type::mod16 || from == Type::fracsat8 || from == Type::integer;
    case Type::mod16:
        return from == Type::mod8 || from == Type::fracsat16 || from == Type::integer;
    case Type::fracsat8:
        return from == Type::mod8 || from == Type::fracsat16 || from == Type::integer;
    case Type::fracsat16:
        return from == Type::mod16 || from == Type::fracsat8 || from == Type::integer;
    case Type::integer:
        return from == Type::real;
    case Type::real:
        return from == Type::integer;
    case Type::mask8:
    case Type::mask16:
    case Type::truth:
        break;
    }
    return false;
}

std::string conversion_help(Type from, Type to) {
    if (from == to) {
        return "it is of that type already";
    }
    if (is_vector(to) && from == Type::real) {
        return fmt::format("first to an integer: {}(int(...))", name_of(to));
    }
    if (to == Type::integer && is_vector(from)) {
        return "an integer is one lane: x[column]";
    }
    if (is_vector(from) && is_vector(to)) {
        const Type between = is_saturating(to) ? (bits_of(from) == 8 ? Type::fracsat8 : Type::fracsat16)
                                               : (bits_of(from) == 8 ? Type::mod8 : Type::mod16);
        return fmt::format("in two steps: {}({}(...))", name_of(to), name_of(between));
    }
    return {};
}

std::int32_t Names::find(const Program& program, std::string_view name) const {
    for (auto variable = visible.rbegin(); variable != visible.rend(); ++variable) {
        if (program.variables[static_cast<std::size_t>(*variable)].name == name) {
            return *variable;
        }
    }
    return -1;
}

bool is_reserved(std::string_view word) {
    return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

std::optional<Type> find_type(std::string_view word) {
    for (const Type type : {Type::mod8, Type::mod16, Type::fracsat8, Type::fracsat16, Type::integer, Type::real}) {
        if (name_of(type) == word) {
            return type;
        }
    }
    return std::nullopt;
}

std::int32_t ExpressionParser::add(Node node) {
    if (program_.nodes.size() >= most_nodes) {
        return refuse(node.place, "a program too large", fmt::format("at most {} operations", most_nodes));
    }
    program_.nodes.push_back(node);
    return static_cast<std::int32_t>(program_.nodes.size() - 1);
}

std::int32_t ExpressionParser::parse() {
    if (depth_ >= most_depth) {
        return refuse(cursor_.peek().place, "an expression nested too deeply", fmt::format("{} levels", most_depth),
                      "give a part of it a name: let part = ...;");
    }
    ++depth_;
    const std::int32_t node = comparison();
    --depth_;
    return node;
}

std::int32_t ExpressionParser::parse_as(Type type, const std::string& what) {
    const Place place = cursor_.peek().place;
    const std::int32_t node = parse();
    return node < 0 ? -1 : as_type(type, node, place, what);
}

std::int32_t ExpressionParser::parse_condition() {
    const Place place = cursor_.peek().place;
    const std::int32_t node = parse();
    if (node >= 0 && at(node).type != Type::truth) {
        return refuse(place, fmt::format("a {} as a condition", name_of(at(node).type)), "a comparison of scalars",
                      is_vector(at(node).type) || at(node).type == Type::mask8 || at(node).type == Type::mask16
                          ? "lanes are chosen by select(condition, a, b)"
                          : "");
    }
    return node;
}

std::optional<double> ExpressionParser::parse_number() {
    const bool negative = cursor_.take_if("-");
    const Token token = cursor_.peek();
    if (token.kind != TokenKind::whole && token.kind != TokenKind::real) {
        cursor_.unexpected("a number");
        return std::nullopt;
    }
    cursor_.take();
    double value = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    return negative ? -value : value;
}

std::int32_t ExpressionParser::as_type(Type type, std::int32_t node, Place place, const std::string& what) {
    const Node& given = at(node);
    if (given.type == type) {
        return node;
    }
    if (is_number(node) && is_vector(type)) {
        if (given.value < least_of(type) || given.value > most_of(type)) {
            return refuse(place, fmt::format("{} as {}", given.value, name_of(type)),
                          fmt::format("{} to {}", least_of(type), most_of(type)));
        }
        Node constant = given;
        constant.type = type;
        return add(constant);
    }
    if (given.type == Type::integer && type == Type::real) {
        if (is_number(node)) {
            return add(
                {.op = Op::constant, .type = Type::real, .real = static_cast<float>(given.value), .place = place});
        }
        return add({.op = Op::convert, .type = Type::real, .operands = {node, -1, -1}, .place = place});
    }
    return refuse(place, fmt::format("{} is a {}", what, name_of(given.type)), std::string(name_of(type)),
                  converts(given.type, type) ? fmt::format("convert it: {}(...)", name_of(type))
                                             : conversion_help(given.type, type));
}

bool ExpressionParser::unify(const Token& at_sign, std::int32_t& left, std::int32_t& right) {
    const Type a = at(left).type;
    const Type b = at(right).type;
    if (a == b) {
        return true;
    }
    const bool left_gives_way = is_number(left) || (a == Type::integer && b == Type::real);
    const bool right_gives_way = is_number(right) || (b == Type::integer && a == Type::real);
    const bool possible = (is_vector(a) || is_scalar(a)) && (is_vector(b) || is_scalar(b));
    if (possible && left_gives_way && !is_number(right)) {
        left = as_type(b, left, at_sign.place, "the left side");
        return left >= 0;
    }
    if (possible && right_gives_way) {
        right = as_type(a, right, at_sign.place, "the right side");
        return right >= 0;
    }
    std::string help;
    if (is_vector(a) && is_vector(b)) {
        help = converts(b, a) ? fmt::format("convert one: {}(...)", name_of(a)) : conversion_help(b, a);
    } else if (is_vector(a) != is_vector(b)) {
        const Type vector = is_vector(a) ? a : b;
        const Type scalar = is_vector(a) ? b : a;
        help = scalar == Type::integer ? fmt::format("spread the scalar: {}(...)", name_of(vector))
                                       : conversion_help(scalar, vector);
    }
    return cursor_.say(at_sign.place, fmt::format("'{}' between {} and {}", at_sign.text, name_of(a), name_of(b)),
                       "two of one type", std::move(help));
}

std::int32_t ExpressionParser::binary(Op op, const Token& sign, std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0 || !unify(sign, left, right)) {
        return -1;
    }
    const Type type = at(left).type;
    if (!is_vector(type) && !is_scalar(type)) {
        return refuse(sign.place, fmt::format("'{}' between comparisons", sign.text), "values",
                      "choose one by select(condition, a, b)");
    }
    if (op == Op::divide && is_vector(type)) {
        return refuse(sign.place, fmt::format("a division of {}", name_of(type)), "division of scalars",
                      is_saturating(type) ? "multiply by a fraction (a * b is a b / 2^7, or 2^15), or shift right"
                                          : "shift right: x >> 2 is x / 4");
    }
    if (is_number(left) && is_number(right) && op != Op::divide) {
        const std::int64_t a = at(left).value;
        const std::int64_t b = at(right).value;
        const std::int64_t value = op == Op::add ? a + b : op == Op::subtract ? a - b : a * b;
        return add({.op = Op::constant,
                    .type = Type::integer,
                    .value = static_cast<std::int32_t>(value),
                    .place = sign.place});
    }
    return add({.op = op, .type = type, .operands = {left, right, -1}, .place = sign.place});
}

std::int32_t ExpressionParser::compare(Condition condition, const Token& sign, std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0 || !unify(sign, left, right)) {
        return -1;
    }
    const Type type = at(left).type;
    if (!is_vector(type) && !is_scalar(type)) {
        return refuse(sign.place, "a comparison of comparisons", "values");
    }
    if (!is_saturating(type) && is_vector(type)) {
        const bool with_zero = at(right).op == Op::constant && at(right).value == 0;
        const bool exists = condition == Condition::equal || condition == Condition::unequal ||
                            (with_zero && condition == Condition::greater);
        if (!exists) {
            return refuse(sign.place, fmt::format("'{}' between {}", sign.text, name_of(type)),
                          "== and !=, or > 0: lanes are compared with 0 after a subtraction, which wraps",
                          fmt::format("compare as {}", bits_of(type) == 8 ? "fracsat8(...)" : "fracsat16(...)"));
        }
    }
    return add({.op = Op::compare,
                .type = is_vector(type) ? mask_of(type) : Type::truth,
                .condition = condition,
                .operands = {left, right, -1},
                .place = sign.place});
}

std::int32_t ExpressionParser::comparison() {
    std::int32_t left = shift();
    while (left >= 0) {
        const std::optional<Condition> condition = find_condition(cursor_.peek().text);
        if (!condition || cursor_.peek().kind != TokenKind::sign) {
            break;
        }
        const Token sign = cursor_.take();
        left = compare(*condition, sign, left, shift());
    }
    return left;
}

std::int32_t ExpressionParser::shift() {
    std::int32_t left = sum();
    while (left >= 0 && (cursor_.at("<<") || cursor_.at(">>"))) {
        const Token sign = cursor_.take();
        const Type type = at(left).type;
        if (!is_vector(type) && type != Type::integer) {
            return refuse(sign.place, fmt::format("a shift of a {}", name_of(type)), "vectors and integers");
        }
        const std::optional<int> bits = literal_bits(type, sign.place);
        left = bits ? add({.op = sign.text == "<<" ? Op::shift_left : Op::shift_right,
                           .type = type,
                           .operands = {left, -1, -1},
                           .value = *bits,
                           .place = sign.place})
                    : -1;
    }
    return left;
}

std::optional<int> ExpressionParser::literal_bits(Type type, Place place) {
    const int most = type == Type::integer ? 31 : bits_of(type) - 1;
    const Token token = cursor_.peek();
    int bits = 0;
    const bool read = token.kind == TokenKind::whole &&
                      std::from_chars(token.text.data(), token.text.data() + token.text.size(), bits).ec == std::errc();
    if (!read || bits > most) {
        cursor_.say(read ? token.place : place, fmt::format("a number of bits that {} has not", name_of(type)),
                    fmt::format("a number, 0 to {}", most), "it is a part of the instruction, and can't be computed");
        return std::nullopt;
    }
    cursor_.take();
    return bits;
}

std::int32_t ExpressionParser::sum() {
    std::int32_t left = product();
    while (left >= 0 && (cursor_.at("+") || cursor_.at("-"))) {
        const Token sign = cursor_.take();
        left = binary(sign.text == "+" ? Op::add : Op::subtract, sign, left, product());
    }
    return left;
}

std::int32_t ExpressionParser::product() {
    std::int32_t left = unary();
    while (left >= 0 && (cursor_.at("*") || cursor_.at("/"))) {
        const Token sign = cursor_.take();
        left = binary(sign.text == "*" ? Op::multiply : Op::divide, sign, left, unary());
    }
    return left;
}

std::int32_t ExpressionParser::unary() {
    if (!cursor_.at("-")) {
        return postfix();
    }
    const Token sign = cursor_.take();
    if (depth_ >= most_depth) {
        return refuse(sign.place, "an expression nested too deeply", fmt::format("{} levels", most_depth));
    }
    ++depth_;
    const std::int32_t operand = unary();
    --depth_;
    return operand < 0 ? -1 : negate(sign, operand);
}

std::int32_t ExpressionParser::negate(const Token& sign, std::int32_t operand) {
    Node node = at(operand);
    if (!is_vector(node.type) && !is_scalar(node.type)) {
        return refuse(sign.place, "a comparison's negative", "a value");
    }
    if (node.op == Op::constant && is_scalar(node.type)) {
        node.value = static_cast<std::int32_t>(0U - static_cast<std::uint32_t>(node.value));
        node.real = -node.real;
        return add(node);
    }
    return add({.op = Op::negate, .type = node.type, .operands = {operand, -1, -1}, .place = sign.place});
}

std::int32_t ExpressionParser::postfix() {
    std::int32_t value = primary();
    while (value >= 0 && cursor_.at("[")) {
        const Token bracket = cursor_.take();
        if (!is_vector(at(value).type)) {
            return refuse(bracket.place, fmt::format("'[' behind a {}", name_of(at(value).type)),
                          "lanes of vectors, elements of arrays");
        }
        const std::int32_t index = parse_as(Type::integer, "the column");
        if (index < 0 || !cursor_.expect("]", "behind the column")) {
            return -1;
        }
        value = add({.op = Op::lane, .type = Type::integer, .operands = {value, index, -1}, .place = bracket.place});
    }
    return value;
}

std::int32_t ExpressionParser::number() {
    const Token token = cursor_.take();
    if (token.kind == TokenKind::real) {
        float value = 0;
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
        return add({.op = Op::constant, .type = Type::real, .real = value, .place = token.place});
    }
    std::int32_t value = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    return add({.op = Op::constant, .type = Type::integer, .value = value, .place = token.place});
}

std::int32_t ExpressionParser::primary() {
    const Token& token = cursor_.peek();
    if (token.kind == TokenKind::whole || token.kind == TokenKind::real) {
        return number();
    }
    if (cursor_.take_if("(")) {
        const std::int32_t inner = parse();
        return inner >= 0 && cursor_.expect(")", "to close the parenthesis") ? inner : -1;
    }
    if (token.kind == TokenKind::name) {
        const Token name = cursor_.take();
        return cursor_.at("(") ? call(name) : named(name);
    }
    cursor_.unexpected("a value");
    return -1;
}

}  // namespace spikeloom::ppu
