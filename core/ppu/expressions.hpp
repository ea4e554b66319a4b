// Expressions: read, typed, and refused where the vector unit has no such operation. Internal to core/ppu.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ppu/lexer.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

/// What may be named where the parser stands.
struct Names {
    std::vector<std::int32_t> visible;  ///< variables, innermost last
    bool in_rows = false;

    [[nodiscard]] std::int32_t find(const Program& program, std::string_view name) const;
};

/// Words that name no variable: keywords, types, functions, sensors.
[[nodiscard]] bool is_reserved(std::string_view word);
[[nodiscard]] std::optional<Type> find_type(std::string_view word);

/// Whether there is a cast of elements.
[[nodiscard]] bool converts(Type from, Type to);
/// How to get there where there is none.
[[nodiscard]] std::string conversion_help(Type from, Type to);

class ExpressionParser {
public:
    ExpressionParser(Cursor& cursor, Program& program, const Names& names)
        : cursor_(cursor), program_(program), names_(names) {}

    /// The node of an expression; -1: it was refused, and said so.
    [[nodiscard]] std::int32_t parse();
    /// The same, as a value of the type: numbers become vectors, integers reals. `what` names it in findings.
    [[nodiscard]] std::int32_t parse_as(Type type, const std::string& what);
    [[nodiscard]] std::int32_t parse_condition();
    /// A number with or without '-'.
    [[nodiscard]] std::optional<double> parse_number();

private:
    std::int32_t comparison();
    std::int32_t shift();
    std::int32_t sum();
    std::int32_t product();
    std::int32_t unary();
    std::int32_t postfix();
    std::int32_t primary();
    std::int32_t number();
    std::int32_t named(const Token& name);
    std::int32_t sensor(const Token& name, Op op, Type type, bool of_row);
    std::int32_t call(const Token& name);
    std::int32_t select(const Token& name);
    std::int32_t clip(const Token& name);
    std::int32_t round(const Token& name);
    std::int32_t contiguous(const Token& name);
    std::int32_t convert(Type to, const Token& name);

    std::int32_t binary(Op op, const Token& sign, std::int32_t left, std::int32_t right);
    std::int32_t compare(Condition condition, const Token& sign, std::int32_t left, std::int32_t right);
    std::int32_t negate(const Token& sign, std::int32_t operand);
    /// Makes both of one type where a number or a real allows it; false: said why not.
    bool unify(const Token& at, std::int32_t& left, std::int32_t& right);
    std::int32_t as_type(Type type, std::int32_t node, Place place, const std::string& what);
    std::optional<int> literal_bits(Type type, Place place);
    std::vector<std::int32_t> arguments(const Token& name, std::size_t count);

    std::int32_t add(Node node);
    [[nodiscard]] const Node& at(std::int32_t node) const { return program_.nodes[static_cast<std::size_t>(node)]; }
    [[nodiscard]] bool is_number(std::int32_t node) const {
        return at(node).op == Op::constant && at(node).type == Type::integer;
    }
    std::int32_t refuse(Place place, std::string found, std::string allowed = {}, std::string help = {}) {
        cursor_.say(place, std::move(found), std::move(allowed), std::move(help));
        return -1;
    }

    Cursor& cursor_;
    Program& program_;
    const Names& names_;
    int depth_ = 0;
};

}  // namespace spikeloom::ppu
