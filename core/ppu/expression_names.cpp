// The names of expressions: variables, sensors, functions.
#include <fmt/format.h>

#include <array>

#include "core/files/strict_text.hpp"
#include "core/ppu/expressions.hpp"

namespace spikeloom::ppu {

std::int32_t ExpressionParser::sensor(const Token& name, Op op, Type type, bool of_row) {
    if (of_row && !names_.in_rows) {
        return refuse(name.place, fmt::format("'{}' outside of a row", name.text), "inside `rows { ... }`",
                      "a kernel's other statements run once, and see no row");
    }
    return add({.op = op, .type = type, .place = name.place});
}

std::int32_t ExpressionParser::named(const Token& name) {
    struct Sensor {
        std::string_view name;
        Op op;
        Type type;
        bool of_row;
    };
    constexpr std::array<Sensor, 7> sensors{{{"weights", Op::weights, Type::mod8, true},
                                             {"causal", Op::causal, Type::mod8, true},
                                             {"acausal", Op::acausal, Type::mod8, true},
                                             {"row", Op::row, Type::integer, true},
                                             {"rates", Op::rates, Type::mod8, false},
                                             {"membranes", Op::membranes, Type::mod8, false},
                                             {"random", Op::random, Type::mod8, false}}};
    for (const Sensor& known : sensors) {
        if (known.name == name.text) {
            return sensor(name, known.op, known.type, known.of_row);
        }
    }
    const std::int32_t found = names_.find(program_, name.text);
    if (found < 0) {
        std::vector<std::string> known;
        for (const std::int32_t variable : names_.visible) {
            known.push_back(program_.variables[static_cast<std::size_t>(variable)].name);
        }
        for (const Sensor& one : sensors) {
            known.emplace_back(one.name);
        }
        const std::string near = files::nearest_name(name.text, known);
        return refuse(name.place, fmt::format("'{}' names nothing here", shown(name.text)),
                      "a variable declared before, or a sensor: weights, causal, acausal, rates, membranes, random",
                      near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }
    const Variable& variable = program_.variables[static_cast<std::size_t>(found)];
    if (variable.storage == Storage::row_state && !names_.in_rows) {
        return refuse(name.place, fmt::format("'{}' is kept for each row", name.text), "inside `rows { ... }`");
    }
    if (variable.count == 0) {
        return add({.op = Op::variable, .type = variable.type, .value = found, .place = name.place});
    }
    const Type type = variable.type;
    if (!cursor_.take_if("[")) {
        return refuse(name.place, fmt::format("the array '{}' as a whole", name.text),
                      fmt::format("an element of it: {}[0]", name.text));
    }
    const std::int32_t index = parse_as(Type::integer, "the index");
    if (index < 0 || !cursor_.expect("]", "behind the index")) {
        return -1;
    }
    return add({.op = Op::element, .type = type, .operands = {index, -1, -1}, .value = found, .place = name.place});
}

std::vector<std::int32_t> ExpressionParser::arguments(const Token& name, std::size_t count) {
    std::vector<std::int32_t> all;
    cursor_.take();
    while (all.size() < count) {
        const std::int32_t argument = parse();
        if (argument < 0) {
            return {};
        }
        all.push_back(argument);
        const bool last = all.size() == count;
        if (!cursor_.take_if(last ? ")" : ",")) {
            cursor_.unexpected(fmt::format("'{}': {} takes {} values", last ? ")" : ",", name.text, count));
            return {};
        }
    }
    return all;
}

std::int32_t ExpressionParser::call(const Token& name) {
    if (const std::optional<Type> type = find_type(name.text)) {
        return convert(*type, name);
    }
    if (name.text == "select") {
        return select(name);
    }
    if (name.text == "clip") {
        return clip(name);
    }
    if (name.text == "round_stochastic") {
        return round(name);
    }
    if (name.text == "contiguous") {
        return contiguous(name);
    }
    const std::string near = files::nearest_name(name.text, {"select", "clip", "round_stochastic", "contiguous", "mod8",
                                                             "mod16", "fracsat8", "fracsat16", "int", "float"});
    return refuse(name.place, fmt::format("there is no function '{}'", shown(name.text)),
                  "select, clip, round_stochastic, contiguous; mod8, mod16, fracsat8, fracsat16, int, float",
                  near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

std::int32_t ExpressionParser::select(const Token& name) {
    const std::vector<std::int32_t> all = arguments(name, 3);
    if (all.empty()) {
        return -1;
    }
    std::int32_t first = all[1];
    std::int32_t second = all[2];
    const Type condition = at(all[0]).type;
    if (condition != Type::mask8 && condition != Type::mask16 && condition != Type::truth) {
        return refuse(name.place, fmt::format("select by a {}", name_of(condition)), "a comparison first: x > 0");
    }
    if (is_number(first) && is_number(second) && condition != Type::truth) {
        return refuse(name.place, "select between two plain numbers", "at least one vector",
                      fmt::format("say of what type: {}(1)", condition == Type::mask8 ? "fracsat8" : "fracsat16"));
    }
    if (!unify(name, first, second)) {
        return -1;
    }
    const Type type = at(first).type;
    const bool fits =
        condition == Type::truth ? is_scalar(type) : is_vector(type) && bits_of(type) == bits_of(condition);
    if (!fits) {
        return refuse(name.place, fmt::format("a {} chooses between {}", name_of(condition), name_of(type)),
                      "lanes of one width: 8 bits choose between 8 bits, 16 between 16, scalars between scalars",
                      "convert what is compared, or what is chosen");
    }
    return add({.op = Op::select, .type = type, .operands = {all[0], first, second}, .place = name.place});
}

std::int32_t ExpressionParser::clip(const Token& name) {
    const std::vector<std::int32_t> all = arguments(name, 3);
    if (all.empty()) {
        return -1;
    }
    const Type type = at(all[0]).type;
    if (!is_saturating(type) && !is_scalar(type)) {
        return refuse(name.place, fmt::format("clip of a {}", name_of(type)), "fracsat8, fracsat16, int, float",
                      "unsigned lanes have no order on the vector unit; convert: clip(fracsat8(x), 0, 63)");
    }
    const std::int32_t least = as_type(type, all[1], name.place, "the lower bound");
    const std::int32_t most = as_type(type, all[2], name.place, "the upper bound");
    return least < 0 || most < 0
               ? -1
               : add({.op = Op::clip, .type = type, .operands = {all[0], least, most}, .place = name.place});
}

std::int32_t ExpressionParser::round(const Token& name) {
    cursor_.take();
    const std::int32_t value = parse();
    if (value < 0 || !cursor_.expect(",", "and the number of bits")) {
        return -1;
    }
    const Type type = at(value).type;
    if (!is_vector(type)) {
        return refuse(name.place, fmt::format("round_stochastic of a {}", name_of(type)), "a vector");
    }
    const std::optional<int> bits = literal_bits(type, name.place);
    return bits && cursor_.expect(")", "behind the number of bits") ? add({.op = Op::round_stochastic,
                                                                           .type = type,
                                                                           .operands = {value, -1, -1},
                                                                           .value = *bits,
                                                                           .place = name.place})
                                                                    : -1;
}

std::int32_t ExpressionParser::contiguous(const Token& name) {
    const std::vector<std::int32_t> all = arguments(name, 1);
    if (all.empty()) {
        return -1;
    }
    switch (at(all[0]).type) {
    case Type::mod8:
        return add({.op = Op::contiguous, .type = Type::fracsat8, .operands = {all[0], -1, -1}, .place = name.place});
    case Type::mod16:
        return add({.op = Op::contiguous, .type = Type::fracsat16, .operands = {all[0], -1, -1}, .place = name.place});
    case Type::fracsat8:
        return add({.op = Op::contiguous, .type = Type::mod8, .operands = {all[0], -1, -1}, .place = name.place});
    case Type::fracsat16:
        return add({.op = Op::contiguous, .type = Type::mod16, .operands = {all[0], -1, -1}, .place = name.place});
    case Type::integer:
    case Type::real:
    case Type::mask8:
    case Type::mask16:
    case Type::truth:
        break;
    }
    return refuse(name.place, fmt::format("contiguous of a {}", name_of(at(all[0]).type)), "a vector");
}

std::int32_t ExpressionParser::convert(Type to, const Token& name) {
    const std::vector<std::int32_t> all = arguments(name, 1);
    if (all.empty()) {
        return -1;
    }
    if (is_number(all[0]) && to != Type::integer) {
        return as_type(to, all[0], name.place, "the number");
    }
    const Type from = at(all[0]).type;
    if (from == to) {
        return all[0];
    }
    if (!converts(from, to)) {
        return refuse(name.place, fmt::format("{} of a {}", name.text, name_of(from)), "a cast that the unit has",
                      conversion_help(from, to));
    }
    return add({.op = Op::convert, .type = to, .operands = {all[0], -1, -1}, .place = name.place});
}

}  // namespace spikeloom::ppu
