#include "core/ppu/cost.hpp"

#include <algorithm>

namespace spikeloom::ppu {

namespace {

using I = Instruction;

bool is_zero(const Program& program, std::int32_t index) {
    const Node& node = program.nodes[static_cast<std::size_t>(index)];
    return node.op == Op::constant && node.value == 0;
}

const Variable& variable_of(const Program& program, std::int32_t index) {
    return program.variables[static_cast<std::size_t>(index)];
}

Counts one(Instruction instruction, int count = 1) {
    Counts counts;
    counts[instruction] = static_cast<std::uint64_t>(count);
    return counts;
}

/// `count` instructions of the unit that the type lives on.
Counts arithmetic(Type type, int count) {
    switch (type) {
    case Type::integer:
    case Type::truth:
        return one(I::integer, count);
    case Type::real:
        return one(I::real, count);
    case Type::mod8:
    case Type::mod16:
    case Type::fracsat8:
    case Type::fracsat16:
    case Type::mask8:
    case Type::mask16:
        break;
    }
    return one(I::vector_arithmetic, count * instructions_of(type));
}

Counts load(const Variable& variable) {
    if (!is_vector(variable.type)) {
        return one(I::integer, variable.storage == Storage::local ? 0 : 1);
    }
    switch (variable.storage) {
    case Storage::state:
        return one(I::own_load, instructions_of(variable.type));
    case Storage::row_state:
        return one(I::external_load, instructions_of(variable.type));
    case Storage::parameter:
    case Storage::record:
    case Storage::local:
        break;
    }
    return {};
}

Counts conversion(const Program& program, const Node& node) {
    const Type from = program.nodes[static_cast<std::size_t>(node.operands[0])].type;
    if (!is_vector(node.type) || !is_vector(from)) {
        return arithmetic(is_vector(node.type) ? node.type : Type::real, 1);
    }
    // The same bits read otherwise cost nothing; halves of 64 lanes are packed to 128, or unpacked.
    return bits_of(from) == bits_of(node.type) ? Counts{} : one(I::vector_arithmetic, 4);
}

Counts clipping(const Program& program, const Node& node) {
    Counts counts;
    for (const std::size_t bound : {std::size_t{1}, std::size_t{2}}) {
        counts += arithmetic(node.type, is_zero(program, node.operands[bound]) ? 2 : 3);
    }
    return counts;
}

Counts rounding(const Node& node) {
    if (node.value == 0) {
        return {};
    }
    Counts counts = one(I::random_draw, instructions_of(node.type));
    counts += arithmetic(node.type, 4);
    return counts;
}

Counts comparison(const Program& program, const Node& node) {
    return arithmetic(node.type, is_scalar(program.nodes[static_cast<std::size_t>(node.operands[0])].type) ||
                                         is_zero(program, node.operands[1])
                                     ? 1
                                     : 2);
}

Counts lane(const Program& program, const Node& node) {
    const bool counter = program.nodes[static_cast<std::size_t>(node.operands[0])].op == Op::rates;
    if (counter) {
        return one(I::neuron_access);
    }
    Counts counts = one(I::own_store);
    counts += one(I::integer, 2);
    return counts;
}

/// Walks a kernel in the order in which the machine runs it.
class Analysis {
public:
    Analysis(const Program& program, int rows) : program_(program), rows_(static_cast<std::uint64_t>(rows)) {}

    Counts block(const std::vector<Statement>& body) {
        Counts counts;
        for (const Statement& statement : body) {
            counts += of(statement);
        }
        return counts;
    }
    [[nodiscard]] const Counts& dearest_row() const { return dearest_row_; }

private:
    Counts of(const Statement& statement) {
        const Counts own = cost_of(program_, statement);
        switch (statement.kind) {
        case Statement::Kind::rows:
            return rows(statement, own);
        case Statement::Kind::loop:
            return loop(statement, own);
        case Statement::Kind::branch:
            return branch(statement, own);
        case Statement::Kind::assign:
        case Statement::Kind::set_weights:
        case Statement::Kind::reset_correlation:
        case Statement::Kind::reset_rates:
        case Statement::Kind::reset_neurons:
            break;
        }
        Counts counts = statement.index < 0 ? Counts{} : expression(statement.index);
        counts += statement.value < 0 ? Counts{} : expression(statement.value);
        counts += own;
        return counts;
    }

    Counts rows(const Statement& statement, const Counts& own) {
        converted_ = false;
        Counts row = block(statement.body);
        row += own;
        converted_ = false;
        if (row.cycles() > dearest_row_.cycles()) {
            dearest_row_ = row;
        }
        return row.times(rows_);
    }

    Counts loop(const Statement& statement, const Counts& own) {
        const auto turns = static_cast<std::uint64_t>(statement.last - statement.first + 1);
        Counts first = block(statement.body);
        first += own;
        Counts counts = first;
        if (turns > 1) {
            Counts next = block(statement.body);
            next += own;
            counts += next.times(turns - 1);
        }
        return counts;
    }

    Counts branch(const Statement& statement, const Counts& own) {
        Counts counts = expression(statement.value);
        counts += own;
        const bool before = converted_;
        const Counts taken = block(statement.body);
        const bool after = converted_;
        converted_ = before;
        const Counts not_taken = block(statement.otherwise);
        converted_ = converted_ && after;
        counts += taken.cycles() >= not_taken.cycles() ? taken : not_taken;
        return counts;
    }

    Counts expression(std::int32_t index) {
        const Node& node = program_.nodes[static_cast<std::size_t>(index)];
        Counts counts;
        const bool counter =
            node.op == Op::lane && program_.nodes[static_cast<std::size_t>(node.operands[0])].op == Op::rates;
        for (std::size_t i = 0; i < node.operands.size(); ++i) {
            if (node.operands[i] >= 0 && !(counter && i == 0)) {
                counts += expression(node.operands[i]);
            }
        }
        counts += cost_of(program_, node, converted_);
        converted_ = converted_ || node.op == Op::causal || node.op == Op::acausal;
        return counts;
    }

    const Program& program_;
    std::uint64_t rows_;
    bool converted_ = false;
    Counts dearest_row_;
};

}  // namespace

const std::array<InstructionCost, instruction_kinds>& instruction_costs() {
    constexpr std::string_view measured = "libnux tests/hw/libnux/vx/test_speed_memory.cpp";
    static constexpr std::array<InstructionCost, instruction_kinds> costs{
        {{I::vector_arithmetic, "vector arithmetic", "128 bytes", 5, CycleTrust::guessed,
          "in order, each waiting for the one before; no public measurement"},
         {I::own_load, "load", "128 bytes", 49, CycleTrust::measured, measured},
         {I::own_store, "store", "128 bytes", 47, CycleTrust::measured, measured},
         {I::external_load, "external load", "128 bytes", 344, CycleTrust::measured, measured},
         {I::external_store, "external store", "128 bytes", 38, CycleTrust::measured,
          "the same test, of one store alone; more in a row take longer"},
         {I::synapse_load, "weights read", "half a row", 20, CycleTrust::measured, measured},
         {I::synapse_store, "weights written or sensors reset", "half a row", 20, CycleTrust::measured,
          "the same test, of weights and neuron resets; of sensors inferred"},
         {I::cadc_conversion, "CADC conversion", "row", 410, CycleTrust::measured,
          "the same test: 1.64 us, as the facts' least period of 1.7 us"},
         {I::cadc_buffered, "CADC values read", "half a row", 20, CycleTrust::inferred, "as weights"},
         {I::random_draw, "random draw", "half a row", 20, CycleTrust::inferred, "as weights: the same bus"},
         {I::neuron_access, "rate counter", "neuron", 30, CycleTrust::guessed,
          "a scalar access to the on-chip bus, somewhat slower than one to the synapses"},
         {I::integer, "integer", "operation", 2, CycleTrust::guessed, "in-order core, some loads among them"},
         {I::real, "software real", "operation", 100, CycleTrust::guessed, "usual for soft-float without a unit"}}};
    return costs;
}

std::string_view name_of(CycleTrust trust) {
    switch (trust) {
    case CycleTrust::measured:
        return "measured";
    case CycleTrust::inferred:
        return "inferred";
    case CycleTrust::guessed:
        return "guessed";
    }
    return {};
}

Counts& Counts::operator+=(const Counts& other) {
    for (std::size_t i = 0; i < of.size(); ++i) {
        of[i] += other.of[i];
    }
    return *this;
}

Counts Counts::times(std::uint64_t factor) const {
    Counts product = *this;
    for (std::uint64_t& count : product.of) {
        count *= factor;
    }
    return product;
}

std::uint64_t Counts::cycles() const {
    std::uint64_t all = 0;
    for (const InstructionCost& cost : instruction_costs()) {
        all += (*this)[cost.instruction] * static_cast<std::uint64_t>(cost.cycles);
    }
    return all;
}

std::uint64_t Counts::vector_instructions() const {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(I::random_draw); ++i) {
        all += of[i];
    }
    return all;
}

Counts cost_of(const Program& program, const Node& node, bool converted) {
    switch (node.op) {
    case Op::constant:
    case Op::row:
        return {};
    case Op::variable:
        return load(variable_of(program, node.value));
    case Op::element:
        return one(I::integer, 2);
    case Op::lane:
        return lane(program, node);
    case Op::weights:
        return one(I::synapse_load, 2);
    case Op::causal:
    case Op::acausal:
        return converted ? one(I::cadc_buffered, 2) : one(I::cadc_conversion);
    case Op::membranes:
        return one(I::cadc_conversion);
    case Op::rates:
        return one(I::neuron_access, columns);
    case Op::random:
        return one(I::random_draw, 2);
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::negate:
    case Op::shift_left:
    case Op::shift_right:
    case Op::contiguous:
    case Op::select:
        return arithmetic(node.type, 1);
    case Op::compare:
        return comparison(program, node);
    case Op::clip:
        return clipping(program, node);
    case Op::round_stochastic:
        return rounding(node);
    case Op::convert:
        return conversion(program, node);
    }
    return {};
}

Counts cost_of(const Program& program, const Statement& statement) {
    switch (statement.kind) {
    case Statement::Kind::assign: {
        const Variable& variable = variable_of(program, statement.variable);
        if (statement.index >= 0 || !is_vector(variable.type)) {
            return one(I::integer, statement.index >= 0 ? 2 : 1);
        }
        const int count = instructions_of(variable.type);
        return variable.storage == Storage::state       ? one(I::own_store, count)
               : variable.storage == Storage::row_state ? one(I::external_store, count)
                                                        : Counts{};
    }
    case Statement::Kind::set_weights:
    case Statement::Kind::reset_correlation:
    case Statement::Kind::reset_neurons:
        return one(I::synapse_store, 2);
    case Statement::Kind::reset_rates:
        return one(I::neuron_access, columns);
    case Statement::Kind::rows:
    case Statement::Kind::loop:
        return one(I::integer, 3);
    case Statement::Kind::branch:
        return one(I::integer);
    }
    return {};
}

KernelCost analyse(const Program& program, const Kernel& kernel, int rows) {
    Analysis analysis(program, rows);
    KernelCost cost;
    cost.all = analysis.block(kernel.body);
    cost.row = analysis.dearest_row();
    return cost;
}

}  // namespace spikeloom::ppu
