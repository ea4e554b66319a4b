// A plasticity program as a value: what its text (parse.hpp) says, with every expression typed. Vectors are rows of 256
// columns, as libnux' VectorRowMod8, VectorRowMod16, VectorRowFracSat8 and VectorRowFracSat16; the vector unit works on
// halves of them (even and odd columns), 128 lanes of 8 bits or 64 of 16. Scalars are the processor's 32-bit integers
// and software reals. Expressions are nodes in one array, statements a tree. arithmetic.hpp says what the operations
// compute, cost.hpp what they take, machine.hpp runs a kernel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spikeloom::ppu {

inline constexpr int columns = 256;  ///< of a hemisphere, and so of a row vector
inline constexpr int most_rows = 256;

enum class Type : std::uint8_t {
    mod8,       ///< unsigned, wrapping
    mod16,      ///< unsigned, wrapping
    fracsat8,   ///< signed, saturating; a product is a * b / 128
    fracsat16,  ///< signed, saturating; a product is a * b / 32768
    integer,    ///< scalar, 32 bits, wrapping
    real,       ///< scalar, single precision in software
    mask8,      ///< lanes of a comparison; only `select` takes it
    mask16,
    truth,  ///< a scalar comparison
};
[[nodiscard]] std::string_view name_of(Type type);
[[nodiscard]] constexpr bool is_vector(Type type) {
    return type <= Type::fracsat16;
}
[[nodiscard]] constexpr bool is_saturating(Type type) {
    return type == Type::fracsat8 || type == Type::fracsat16;
}
[[nodiscard]] constexpr bool is_scalar(Type type) {
    return type == Type::integer || type == Type::real;
}
/// Bits of a lane.
[[nodiscard]] constexpr int bits_of(Type type) {
    return type == Type::mod16 || type == Type::fracsat16 || type == Type::mask16 ? 16 : 8;
}
/// Vector instructions for one operation on a whole row: 2 on 8 bits, 4 on 16.
[[nodiscard]] constexpr int instructions_of(Type type) {
    return bits_of(type) / 4;
}

enum class Op : std::uint8_t {
    constant,   ///< Node::value or Node::real
    variable,   ///< Node::value: index into Program::variables
    element,    ///< an array's: value: variable, operands[0]: index
    lane,       ///< a vector's, as an integer: operands[0]: the vector, operands[1]: column
    weights,    ///< the row's 6-bit weights, 0..63
    causal,     ///< the row's sensors, 8 bits; all of a row's readings are of one conversion
    acausal,    //
    rates,      ///< spike counters of the columns' neurons, 8 bits
    membranes,  ///< membrane voltages of the columns' neurons, 8 bits
    random,     ///< a draw of the generators: mod8
    row,        ///< number of the row in the kernel's view, from 0: an integer
    add,
    subtract,
    multiply,
    divide,  ///< scalars only
    negate,
    shift_left,   ///< value: bits
    shift_right,  //
    compare,
    select,
    clip,              ///< operands: x, least, most
    round_stochastic,  ///< value: bits
    convert,           ///< to Node::type, as a cast of every element
    contiguous,        ///< between mod and fracsat of one width by an offset: 0 <-> least
};

enum class Condition : std::uint8_t { less, less_equal, greater, greater_equal, equal, unequal };

/// Line and column in the text, from 1.
struct Place {
    int line = 1;
    int column = 1;
    friend bool operator==(const Place&, const Place&) = default;
};

struct Node {
    Op op = Op::constant;
    Type type = Type::integer;
    Condition condition = Condition::equal;
    std::array<std::int32_t, 3> operands{-1, -1, -1};
    std::int32_t value = 0;
    float real = 0;
    Place place;
    friend bool operator==(const Node&, const Node&) = default;
};

enum class Storage : std::uint8_t {
    parameter,  ///< a scalar that the experiment may set
    state,      ///< kept from call to call, one for each hemisphere, in the processor's own memory
    row_state,  ///< a vector for each row, in external memory
    record,     ///< a scalar noted at the end of every call
    local,
};

struct Variable {
    std::string name;
    Type type = Type::integer;
    Storage storage = Storage::local;
    std::int32_t count = 0;  ///< elements of an array of scalars; 0: no array
    double initial = 0;
    Place place;
    friend bool operator==(const Variable&, const Variable&) = default;
};

struct Statement {
    enum class Kind : std::uint8_t {
        assign,       ///< variable (or its element, or lane, [index]) = value
        set_weights,  ///< of the row, the low 6 bits
        reset_correlation,
        reset_rates,
        reset_neurons,
        rows,  ///< body, once for each row
        loop,  ///< body, for variable = first .. last
        branch,
    };
    Kind kind = Kind::assign;
    std::int32_t variable = -1;
    std::int32_t index = -1;  ///< node
    std::int32_t value = -1;  ///< node; of a branch its condition
    std::int32_t first = 0;
    std::int32_t last = 0;
    std::vector<Statement> body;
    std::vector<Statement> otherwise;
    Place place;
    friend bool operator==(const Statement&, const Statement&) = default;
};

struct Kernel {
    std::string name;
    std::vector<Statement> body;
    Place place;
    friend bool operator==(const Kernel&, const Kernel&) = default;
};

struct Program {
    std::string origin;  ///< of the text, for findings
    std::vector<Variable> variables;
    std::vector<Node> nodes;
    std::vector<Kernel> kernels;

    /// Bytes of the processor's own memory, and of external memory, with row states for `rows` rows.
    [[nodiscard]] std::int64_t own_bytes() const;
    [[nodiscard]] std::int64_t external_bytes(int rows) const;
    /// Index; -1: there is none.
    [[nodiscard]] int find_kernel(std::string_view name) const;
    [[nodiscard]] int find_variable(std::string_view name, Storage storage) const;
    friend bool operator==(const Program&, const Program&) = default;
};

/// Memory that a program's states may take (halco ppu.h: 16 KiB, of which the code takes what it needs; halco fpga.h:
/// 128 KiB external).
inline constexpr std::int64_t own_memory_bytes = 16 * 1024;
inline constexpr std::int64_t external_memory_bytes = 128 * 1024;

}  // namespace spikeloom::ppu
