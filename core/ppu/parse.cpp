#include "core/ppu/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/files/bytes.hpp"
#include "core/ppu/arithmetic.hpp"
#include "core/ppu/expressions.hpp"
#include "core/ppu/lexer.hpp"

namespace spikeloom::ppu {

namespace {

constexpr std::size_t most_characters = 100'000;
constexpr int most_block_depth = 8;
constexpr std::int64_t most_turns = 1'000'000;
constexpr std::int32_t most_elements = 4096;
constexpr std::size_t most_variables = 500;

class ProgramParser {
public:
    ProgramParser(std::string_view text, const std::string& origin, Diagnostics& findings)
        : cursor_(text, origin, findings) {}

    Program parse() {
        while (!cursor_.at_end() && !cursor_.gave_up()) {
            const bool good = parse_item();
            if (!good) {
                skip_statement();
                cursor_.take_if("}");
            }
        }
        if (program_.kernels.empty()) {
            cursor_.say({}, "a rule without a kernel", "kernel name { ... }");
        }
        check_memory();
        return std::move(program_);
    }

private:
    bool parse_item() {
        const Token& first = cursor_.peek();
        if (first.text == "kernel") {
            return parse_kernel();
        }
        if (first.text == "parameter" || first.text == "state" || first.text == "record") {
            return parse_declaration();
        }
        return cursor_.unexpected("parameter, state, record, kernel",
                                  "statements stand in a kernel: kernel name { ... }");
    }

    /// Up to and with the next ';', or in front of the next '}'.
    void skip_statement() {
        while (!cursor_.at_end() && !cursor_.at("}")) {
            if (cursor_.take().text == ";") {
                return;
            }
        }
    }

    std::optional<Token> parse_new_name(const std::string& what) {
        const Token name = cursor_.peek();
        if (name.kind != TokenKind::name) {
            cursor_.unexpected(what);
            return std::nullopt;
        }
        cursor_.take();
        if (is_reserved(name.text)) {
            cursor_.say(name.place, fmt::format("'{}' is a word of the language", name.text), what);
            return std::nullopt;
        }
        return name;
    }

    std::int32_t declare(const Token& name, Type type, Storage storage) {
        if (names_.find(program_, name.text) >= 0) {
            const Variable& other = program_.variables[static_cast<std::size_t>(names_.find(program_, name.text))];
            cursor_.say(name.place, fmt::format("a second '{}'", shown(name.text)), "names that differ",
                        fmt::format("the first is at line {}", other.place.line));
            return -1;
        }
        if (program_.variables.size() >= most_variables) {
            cursor_.say(name.place, "too many names", fmt::format("at most {}", most_variables));
            return -1;
        }
        program_.variables.push_back(
            {.name = std::string(name.text), .type = type, .storage = storage, .place = name.place});
        names_.visible.push_back(static_cast<std::int32_t>(program_.variables.size() - 1));
        return names_.visible.back();
    }

    bool parse_declaration() {
        const Token word = cursor_.take();
        Storage storage = word.text == "parameter" ? Storage::parameter
                          : word.text == "record"  ? Storage::record
                                                   : Storage::state;
        if (storage == Storage::state && cursor_.take_if("row")) {
            storage = Storage::row_state;
        }
        const std::optional<Type> type = find_type(cursor_.peek().text);
        if (!type) {
            return cursor_.unexpected("a type: mod8, mod16, fracsat8, fracsat16, int, float");
        }
        const Token type_word = cursor_.take();
        if (storage == Storage::row_state ? !is_vector(*type) : storage != Storage::state && is_vector(*type)) {
            return cursor_.say(type_word.place, fmt::format("a {} as {}", type_word.text, word.text),
                               storage == Storage::row_state ? "a vector" : "int or float",
                               storage == Storage::row_state ? "a scalar is kept by: state int name;" : "");
        }
        const std::optional<Token> name = parse_new_name("a name");
        if (!name) {
            return false;
        }
        const std::int32_t index = declare(*name, *type, storage);
        if (index < 0) {
            return false;
        }
        Variable variable = program_.variables[static_cast<std::size_t>(index)];
        const bool good = parse_array(variable) && parse_initial(variable);
        program_.variables[static_cast<std::size_t>(index)] = variable;
        return good && cursor_.expect(";", "behind the declaration");
    }

    bool parse_array(Variable& variable) {
        const Place place = cursor_.peek().place;
        if (!cursor_.take_if("[")) {
            return true;
        }
        if (variable.storage != Storage::state || is_vector(variable.type)) {
            return cursor_.say(place, fmt::format("an array of {}", name_of(variable.type)),
                               "arrays of int and float, as state", "for vectors: state row fracsat8 name;");
        }
        const std::optional<std::int32_t> count = parse_whole(1, most_elements, "the number of elements");
        variable.count = count.value_or(1);
        return count && cursor_.expect("]", "behind the number of elements");
    }

    bool parse_initial(Variable& variable) {
        if (!cursor_.take_if("=")) {
            return variable.storage != Storage::parameter || cursor_.unexpected("'=' and the parameter's usual value");
        }
        const Place place = cursor_.peek().place;
        const std::optional<double> value = ExpressionParser(cursor_, program_, names_).parse_number();
        if (!value) {
            return false;
        }
        variable.initial = *value;
        if (variable.type != Type::real && *value != std::floor(*value)) {
            return cursor_.say(place, fmt::format("{} as {}", *value, name_of(variable.type)), "a whole number");
        }
        if (is_vector(variable.type) && (*value < least_of(variable.type) || *value > most_of(variable.type))) {
            return cursor_.say(place, fmt::format("{} as {}", *value, name_of(variable.type)),
                               fmt::format("{} to {}", least_of(variable.type), most_of(variable.type)));
        }
        return true;
    }

    std::optional<std::int32_t> parse_whole(std::int32_t least, std::int32_t most, const std::string& what) {
        const Place place = cursor_.peek().place;
        const std::optional<double> value = ExpressionParser(cursor_, program_, names_).parse_number();
        if (!value) {
            return std::nullopt;
        }
        if (*value != std::floor(*value) || *value < least || *value > most) {
            cursor_.say(place, fmt::format("{} as {}", *value, what), fmt::format("{} to {}", least, most));
            return std::nullopt;
        }
        return static_cast<std::int32_t>(*value);
    }

    bool parse_kernel() {
        cursor_.take();
        const std::optional<Token> name = parse_new_name("the kernel's name");
        if (!name) {
            return false;
        }
        if (program_.find_kernel(name->text) >= 0) {
            cursor_.say(name->place, fmt::format("a second kernel '{}'", shown(name->text)), "names that differ");
        }
        program_.kernels.push_back({.name = std::string(name->text), .body = {}, .place = name->place});
        std::vector<Statement> body;
        const bool good = parse_block(body);
        program_.kernels.back().body = std::move(body);
        return good;
    }

    /// Statements in braces. Findings inside are told there; false: the braces are missing.
    bool parse_block(std::vector<Statement>& body) {
        const Place place = cursor_.peek().place;
        if (!cursor_.expect("{", "to begin a block")) {
            return false;
        }
        if (++block_depth_ > most_block_depth) {
            --block_depth_;
            return cursor_.say(place, "blocks nested too deeply", fmt::format("{} levels", most_block_depth));
        }
        const std::size_t outside = names_.visible.size();
        while (!cursor_.at_end() && !cursor_.at("}") && !cursor_.gave_up()) {
            Statement statement;
            statement.place = cursor_.peek().place;
            if (parse_statement(statement)) {
                body.push_back(std::move(statement));
            } else {
                skip_statement();
            }
        }
        names_.visible.resize(outside);
        --block_depth_;
        return cursor_.expect("}", "to end the block");
    }

    bool parse_statement(Statement& statement) {
        const Token& first = cursor_.peek();
        if (first.text == "let") {
            return parse_let(statement);
        }
        if (first.text == "reset") {
            return parse_reset(statement);
        }
        if (first.text == "rows") {
            return parse_rows(statement);
        }
        if (first.text == "for") {
            return parse_loop(statement);
        }
        if (first.text == "if") {
            return parse_branch(statement);
        }
        if (first.kind == TokenKind::name) {
            return parse_assignment(statement);
        }
        return cursor_.unexpected("let, a name, reset, rows, for, if");
    }

    bool parse_let(Statement& statement) {
        cursor_.take();
        const std::optional<Token> name = parse_new_name("a name");
        if (!name || !cursor_.expect("=", "and a value")) {
            return false;
        }
        const Place place = cursor_.peek().place;
        statement.value = ExpressionParser(cursor_, program_, names_).parse();
        if (statement.value < 0) {
            return false;
        }
        const Type type = program_.nodes[static_cast<std::size_t>(statement.value)].type;
        if (!is_vector(type) && !is_scalar(type)) {
            return cursor_.say(place, fmt::format("a {} with a name", name_of(type)), "values",
                               "compare where it is used: select(x > 0, a, b)");
        }
        statement.variable = declare(*name, type, Storage::local);
        return statement.variable >= 0 && cursor_.expect(";", "behind the statement");
    }

    bool parse_assignment(Statement& statement) {
        const Token name = cursor_.take();
        if (name.text == "weights") {
            return parse_weights(statement, name);
        }
        if (is_reserved(name.text)) {
            return cursor_.say(name.place, fmt::format("'{}' can't be assigned to", name.text),
                               "weights, states, records, names of `let`");
        }
        statement.variable = names_.find(program_, name.text);
        if (statement.variable < 0) {
            return cursor_.say(name.place, fmt::format("'{}' names nothing here", shown(name.text)),
                               "a name declared before", fmt::format("a new one: let {} = ...;", shown(name.text)));
        }
        const Variable variable = program_.variables[static_cast<std::size_t>(statement.variable)];
        if (!assignable(statement.variable, variable, name)) {
            return false;
        }
        ExpressionParser expressions(cursor_, program_, names_);
        Type type = variable.type;
        if (cursor_.at("[")) {
            if (variable.count == 0 && !is_vector(variable.type)) {
                return cursor_.unexpected("'='", fmt::format("'{}' is no array", name.text));
            }
            cursor_.take();
            statement.index = expressions.parse_as(Type::integer, "the index");
            if (statement.index < 0 || !cursor_.expect("]", "behind the index")) {
                return false;
            }
            type = is_vector(type) ? Type::integer : type;
        } else if (variable.count != 0) {
            return cursor_.unexpected(fmt::format("an element: {}[0]", name.text));
        }
        if (!cursor_.expect("=", "and a value")) {
            return false;
        }
        statement.value = expressions.parse_as(type, "the value");
        return statement.value >= 0 && cursor_.expect(";", "behind the statement");
    }

    bool assignable(std::int32_t index, const Variable& variable, const Token& name) {
        if (variable.storage == Storage::parameter) {
            return cursor_.say(name.place, fmt::format("the parameter '{}' can't be assigned to", name.text),
                               "states, records, names of `let`", "keep what changes in a state");
        }
        if (std::find(counting_.begin(), counting_.end(), index) != counting_.end()) {
            return cursor_.say(name.place, fmt::format("'{}' counts a loop", name.text), "another name");
        }
        return !(variable.storage == Storage::row_state && !names_.in_rows) ||
               cursor_.say(name.place, fmt::format("'{}' is kept for each row", name.text), "inside `rows { ... }`");
    }

    bool parse_weights(Statement& statement, const Token& name) {
        statement.kind = Statement::Kind::set_weights;
        if (!names_.in_rows) {
            return cursor_.say(name.place, "weights outside of a row", "inside `rows { ... }`");
        }
        if (!cursor_.expect("=", "and the new weights")) {
            return false;
        }
        statement.value = ExpressionParser(cursor_, program_, names_).parse_as(Type::mod8, "the value");
        return statement.value >= 0 && cursor_.expect(";", "behind the statement");
    }

    bool parse_reset(Statement& statement) {
        cursor_.take();
        const Token what = cursor_.peek();
        if (what.text == "correlation" && !names_.in_rows) {
            return cursor_.say(what.place, "a reset of correlation outside of a row", "inside `rows { ... }`");
        }
        if (what.text == "correlation") {
            statement.kind = Statement::Kind::reset_correlation;
        } else if (what.text == "rates") {
            statement.kind = Statement::Kind::reset_rates;
        } else if (what.text == "neurons") {
            statement.kind = Statement::Kind::reset_neurons;
        } else {
            return cursor_.unexpected("reset correlation, reset rates, reset neurons");
        }
        cursor_.take();
        return cursor_.expect(";", "behind the statement");
    }

    bool parse_rows(Statement& statement) {
        const Token word = cursor_.take();
        statement.kind = Statement::Kind::rows;
        const bool inside = names_.in_rows;
        if (inside) {
            cursor_.say(word.place, "rows in rows", "one after the other");
        }
        if (turns_ * most_rows > most_turns) {
            cursor_.say(word.place, "loops of too many turns", fmt::format("{} together", most_turns));
        }
        turns_ *= most_rows;
        names_.in_rows = true;
        const bool good = parse_block(statement.body);
        names_.in_rows = inside;
        turns_ /= most_rows;
        return good;
    }

    bool parse_loop(Statement& statement) {
        const Token word = cursor_.take();
        statement.kind = Statement::Kind::loop;
        const std::optional<Token> name = parse_new_name("a name that counts");
        if (!name || !cursor_.expect("in", "and a range: for i in 0 to 99 { ... }")) {
            return false;
        }
        const std::optional<std::int32_t> first = parse_whole(0, 65535, "a loop's first number");
        if (!first || !cursor_.expect("to", "and the last number")) {
            return false;
        }
        const std::optional<std::int32_t> last = parse_whole(*first, 65535, "a loop's last number");
        if (!last) {
            return false;
        }
        statement.first = *first;
        statement.last = *last;
        const std::int64_t turns = *last - *first + 1;
        if (turns_ * turns > most_turns) {
            return cursor_.say(word.place, "loops of too many turns", fmt::format("{} together", most_turns));
        }
        const std::size_t outside = names_.visible.size();
        statement.variable = declare(*name, Type::integer, Storage::local);
        if (statement.variable < 0) {
            return false;
        }
        turns_ *= turns;
        counting_.push_back(statement.variable);
        const bool good = parse_block(statement.body);
        counting_.pop_back();
        turns_ /= turns;
        names_.visible.resize(outside);
        return good;
    }

    bool parse_branch(Statement& statement) {
        cursor_.take();
        statement.kind = Statement::Kind::branch;
        statement.value = ExpressionParser(cursor_, program_, names_).parse_condition();
        return statement.value >= 0 && parse_block(statement.body) &&
               (!cursor_.take_if("else") || parse_block(statement.otherwise));
    }

    void check_memory() {
        if (program_.own_bytes() > own_memory_bytes) {
            cursor_.say({}, fmt::format("states of {} bytes", program_.own_bytes()),
                        fmt::format("{} bytes of the processor's memory, code included", own_memory_bytes),
                        "keep vectors by row (state row), which lie in external memory");
        }
        if (program_.external_bytes(1) > external_memory_bytes) {
            cursor_.say({}, fmt::format("states of {} bytes a row", program_.external_bytes(1)),
                        fmt::format("{} bytes of external memory for all rows", external_memory_bytes));
        }
    }

    Cursor cursor_;
    Program program_;
    Names names_;
    std::vector<std::int32_t> counting_;
    std::int64_t turns_ = 1;
    int block_depth_ = 0;
};

}  // namespace

Result<Program> parse_program(std::string_view text, const std::string& origin) {
    if (text.size() > most_characters) {
        return fail({Severity::error,
                     origin,
                     fmt::format("a text of {} characters", text.size()),
                     fmt::format("at most {}", most_characters),
                     {}});
    }
    Diagnostics findings;
    Program program = ProgramParser(text, origin, findings).parse();
    program.origin = origin;
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return program;
}

Result<Program> read_program(const std::string& path) {
    const auto bytes = files::read_bytes(path, most_characters + 1);
    if (!bytes) {
        return fail(bytes.error());
    }
    return parse_program(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()), path);
}

}  // namespace spikeloom::ppu
