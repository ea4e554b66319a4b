#include "core/ppu/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace spikeloom::ppu {

namespace {

Type vector_type(Type type) {
    return type == Type::mask8 ? Type::mod8 : type == Type::mask16 ? Type::mod16 : type;
}

}  // namespace

/// One call of a kernel.
class Machine::Run {
public:
    Run(Machine& machine, int rows, Surroundings& surroundings)
        : machine_(machine), program_(*machine.program_), surroundings_(surroundings), rows_(rows) {}

    Result<Counts> run(const Kernel& kernel) {
        block(kernel.body);
        if (fault_) {
            return fail(std::move(*fault_));
        }
        return counts_;
    }

private:
    [[nodiscard]] const Node& node(std::int32_t index) const { return program_.nodes[static_cast<std::size_t>(index)]; }
    [[nodiscard]] const Variable& variable(std::int32_t index) const {
        return program_.variables[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] Storage& storage(std::int32_t index) { return machine_.variables_[static_cast<std::size_t>(index)]; }
    Row& buffer(std::int32_t index) {
        return machine_.buffers_[static_cast<std::size_t>(machine_.buffer_of_[static_cast<std::size_t>(index)])];
    }
    /// The one vector of a variable, or this row's.
    Row& row_of(std::int32_t index) {
        return storage(index)
            .rows[variable(index).storage == ppu::Storage::row_state ? static_cast<std::size_t>(row_) : 0];
    }
    void fault(Place place, std::string found, std::string allowed) {
        if (!fault_) {
            fault_ = Diagnostic{Severity::error,
                                fmt::format("{}:{}:{}", program_.origin, place.line, place.column),
                                std::move(found),
                                std::move(allowed),
                                {}};
        }
    }
    void spend(const Counts& counts) {
        counts_ += counts;
        cycles_ += counts.cycles();
    }

    void block(const std::vector<Statement>& body) {
        for (const Statement& statement : body) {
            if (fault_) {
                return;
            }
            execute(statement);
            if (cycles_ > machine_.options_.most_cycles) {
                fault(statement.place, fmt::format("a kernel that runs for more than {} cycles", cycles_),
                      fmt::format("{}", machine_.options_.most_cycles));
            }
        }
    }

    void execute(const Statement& statement) {
        switch (statement.kind) {
        case Statement::Kind::assign:
            return assign(statement);
        case Statement::Kind::set_weights:
            return set_weights(statement);
        case Statement::Kind::reset_correlation:
            surroundings_.advance(cycles_);
            surroundings_.reset_correlation(row_);
            return spend(cost_of(program_, statement));
        case Statement::Kind::reset_rates:
            surroundings_.advance(cycles_);
            surroundings_.reset_rates();
            return spend(cost_of(program_, statement));
        case Statement::Kind::reset_neurons:
            surroundings_.advance(cycles_);
            surroundings_.reset_neurons();
            return spend(cost_of(program_, statement));
        case Statement::Kind::rows:
            for (row_ = 0; row_ < rows_ && !fault_; ++row_) {
                converted_ = false;
                spend(cost_of(program_, statement));
                block(statement.body);
            }
            converted_ = false;
            return;
        case Statement::Kind::loop:
            for (std::int32_t i = statement.first; i <= statement.last && !fault_; ++i) {
                storage(statement.variable).scalars[0].integer = i;
                spend(cost_of(program_, statement));
                block(statement.body);
            }
            return;
        case Statement::Kind::branch: {
            const bool taken = scalar(statement.value).integer != 0;
            spend(cost_of(program_, statement));
            return block(taken ? statement.body : statement.otherwise);
        }
        }
    }

    void assign(const Statement& statement) {
        const Variable& target = variable(statement.variable);
        const std::int32_t index = statement.index < 0 ? 0 : scalar(statement.index).integer;
        if (is_vector(target.type) && statement.index < 0) {
            row_of(statement.variable) = vector(statement.value);
        } else if (is_vector(target.type)) {
            const Lane value = scalar(statement.value).integer;
            if (index < 0 || index >= columns) {
                return fault(statement.place, fmt::format("column {}", index), fmt::format("0 to {}", columns - 1));
            }
            row_of(statement.variable)[static_cast<std::size_t>(index)] = cast_lane(target.type, value);
        } else {
            const Scalar value = scalar(statement.value);
            std::vector<Scalar>& scalars = storage(statement.variable).scalars;
            if (index < 0 || static_cast<std::size_t>(index) >= scalars.size()) {
                return fault(statement.place, fmt::format("{}[{}]", target.name, index),
                             fmt::format("0 to {}", scalars.size() - 1));
            }
            scalars[static_cast<std::size_t>(index)] = value;
        }
        spend(cost_of(program_, statement));
    }

    void set_weights(const Statement& statement) {
        const Row& values = vector(statement.value);
        Bytes bytes{};
        std::transform(values.begin(), values.end(), bytes.begin(),
                       [](Lane value) { return static_cast<std::uint8_t>(value & 63); });
        surroundings_.advance(cycles_);
        surroundings_.set_weights(row_, bytes);
        spend(cost_of(program_, statement));
    }

    /// A sensor's bytes as the node's lanes.
    template <class Read>
    const Row& sense(std::int32_t index, const Read& read) {
        surroundings_.advance(cycles_);
        Bytes bytes{};
        read(bytes);
        Row& out = buffer(index);
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    }

    const Row& vector(std::int32_t index) {
        const Node& at = node(index);
        const Row& result = compute(at, index);
        spend(cost_of(program_, at, converted_));
        converted_ = converted_ || at.op == Op::causal || at.op == Op::acausal;
        return result;
    }

    const Row& compute(const Node& at, std::int32_t index) {
        switch (at.op) {
        case Op::constant:
            return fill(index, at.value);
        case Op::variable:
            return row_of(at.value);
        case Op::weights:
            return sense(index, [&](Bytes& bytes) { surroundings_.weights(row_, bytes); });
        case Op::causal:
            return sense(index, [&](Bytes& bytes) { surroundings_.causal(row_, bytes); });
        case Op::acausal:
            return sense(index, [&](Bytes& bytes) { surroundings_.acausal(row_, bytes); });
        case Op::rates:
            return sense(index, [&](Bytes& bytes) { surroundings_.rates(bytes); });
        case Op::membranes:
            return sense(index, [&](Bytes& bytes) { surroundings_.membranes(bytes); });
        case Op::random:
            return sense(index, [&](Bytes& bytes) { machine_.generators_.draw(bytes); });
        case Op::convert:
            return convert(at, index);
        case Op::select:
            return select(at, index);
        case Op::compare:
            return compare(at, index);
        case Op::clip:
            return clip(at, index);
        case Op::round_stochastic:
            return round(at, index);
        case Op::contiguous:
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::negate:
        case Op::shift_left:
        case Op::shift_right:
            return arithmetic(at, index);
        case Op::element:
        case Op::lane:
        case Op::row:
        case Op::divide:
            break;
        }
        SPIKELOOM_ASSERT(false, "a scalar's operation among vectors");
        return buffer(index);
    }

    const Row& fill(std::int32_t index, Lane value) {
        Row& out = buffer(index);
        out.fill(value);
        return out;
    }

    const Row& compare(const Node& at, std::int32_t index) {
        const Row& a = vector(at.operands[0]);
        const Row& b = vector(at.operands[1]);
        Row& out = buffer(index);
        compare_lanes(at.condition, a, b, out);
        return out;
    }

    const Row& arithmetic(const Node& at, std::int32_t index) {
        const Row& a = vector(at.operands[0]);
        const Row& b = at.operands[1] < 0 ? a : vector(at.operands[1]);
        Row& out = buffer(index);
        compute_lanes(at.op, at.type, at.value, a, b, out);
        return out;
    }

    const Row& select(const Node& at, std::int32_t index) {
        const Row& condition = vector(at.operands[0]);
        const Row& a = vector(at.operands[1]);
        const Row& b = vector(at.operands[2]);
        Row& out = buffer(index);
        select_lanes(condition, a, b, out);
        return out;
    }

    const Row& clip(const Node& at, std::int32_t index) {
        const Row& a = vector(at.operands[0]);
        const Row& least = vector(at.operands[1]);
        const Row& most = vector(at.operands[2]);
        Row& out = buffer(index);
        clip_lanes(a, least, most, out);
        return out;
    }

    const Row& round(const Node& at, std::int32_t index) {
        const Row& a = vector(at.operands[0]);
        Row& out = buffer(index);
        if (at.value == 0) {
            out = a;
            return out;
        }
        Row noise{};
        draw_noise(at.type, machine_.generators_, noise);
        round_lanes(at.type, at.value, a, noise, out);
        return out;
    }

    const Row& convert(const Node& at, std::int32_t index) {
        Row& out = buffer(index);
        const Type from = node(at.operands[0]).type;
        if (!is_vector(from)) {
            const Lane value = scalar(at.operands[0]).integer;
            out.fill(cast_lane(at.type, value));
            return out;
        }
        const Row& a = vector(at.operands[0]);
        compute_lanes(at.op, at.type, 0, a, a, out);
        return out;
    }

    Scalar scalar(std::int32_t index) {
        const Node& at = node(index);
        const Scalar result = compute_scalar(at);
        spend(cost_of(program_, at, converted_));
        return result;
    }

    Scalar compute_scalar(const Node& at) {
        switch (at.op) {
        case Op::constant:
            return {at.value, at.real};
        case Op::variable:
            return storage(at.value).scalars[0];
        case Op::row:
            return {row_, 0};
        case Op::element: {
            const std::int32_t element = scalar(at.operands[0]).integer;
            const std::vector<Scalar>& scalars = storage(at.value).scalars;
            if (element < 0 || static_cast<std::size_t>(element) >= scalars.size()) {
                fault(at.place, fmt::format("{}[{}]", variable(at.value).name, element),
                      fmt::format("0 to {}", scalars.size() - 1));
                return {};
            }
            return scalars[static_cast<std::size_t>(element)];
        }
        case Op::lane:
            return lane(at);
        case Op::convert: {
            const Scalar value = scalar(at.operands[0]);
            return at.type == Type::real ? Scalar{0, static_cast<float>(value.integer)}
                                         : Scalar{truncated(value.real), 0};
        }
        case Op::compare:
            return compare_scalars(at);
        case Op::select: {
            const bool first = scalar(at.operands[0]).integer != 0;
            const Scalar a = scalar(at.operands[1]);
            const Scalar b = scalar(at.operands[2]);
            return first ? a : b;
        }
        case Op::clip: {
            const Scalar a = scalar(at.operands[0]);
            const Scalar least = scalar(at.operands[1]);
            return clipped(a, least, scalar(at.operands[2]));
        }
        case Op::shift_left:
            return {static_cast<std::int32_t>(word(scalar(at.operands[0]).integer) << at.value), 0};
        case Op::shift_right:
            return {scalar(at.operands[0]).integer >> at.value, 0};
        case Op::negate:
            return negated(scalar(at.operands[0]));
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
            return scalar_arithmetic(at);
        case Op::weights:
        case Op::causal:
        case Op::acausal:
        case Op::rates:
        case Op::membranes:
        case Op::random:
        case Op::round_stochastic:
        case Op::contiguous:
            break;
        }
        SPIKELOOM_ASSERT(false, "a vector's operation among scalars");
        return {};
    }

    Scalar lane(const Node& at) {
        const std::int32_t column = scalar(at.operands[1]).integer;
        if (column < 0 || column >= columns) {
            fault(at.place, fmt::format("column {}", column), fmt::format("0 to {}", columns - 1));
            return {};
        }
        const bool counter = node(at.operands[0]).op == Op::rates;
        const Row& values = counter ? compute(node(at.operands[0]), at.operands[0]) : vector(at.operands[0]);
        return {values[static_cast<std::size_t>(column)], 0};
    }

    Scalar compare_scalars(const Node& at) {
        const bool real = node(at.operands[0]).type == Type::real;
        const Scalar a = scalar(at.operands[0]);
        return compared(at.condition, real, a, scalar(at.operands[1]));
    }

    Scalar scalar_arithmetic(const Node& at) {
        const Scalar a = scalar(at.operands[0]);
        const std::optional<Scalar> result = combined(at.op, at.type == Type::real, a, scalar(at.operands[1]));
        if (!result) {
            fault(at.place, "a division by zero", {});
        }
        return result.value_or(Scalar{});
    }

    Machine& machine_;
    const Program& program_;
    Surroundings& surroundings_;
    int rows_;
    int row_ = 0;
    bool converted_ = false;
    Counts counts_;
    std::uint64_t cycles_ = 0;
    std::optional<Diagnostic> fault_;
};

Machine::Machine(const Program& program, const MachineOptions& options)
    : program_(&program), options_(options), generators_(options.random_seed, options.random_discarded) {
    for (const Variable& variable : program.variables) {
        Storage storage;
        if (is_vector(variable.type)) {
            const int count = variable.storage == ppu::Storage::row_state ? options.rows : 1;
            Row initial{};
            initial.fill(static_cast<Lane>(variable.initial));
            storage.rows.assign(static_cast<std::size_t>(count), initial);
        } else {
            const auto value = static_cast<float>(variable.initial);
            storage.scalars.assign(static_cast<std::size_t>(std::max(variable.count, 1)),
                                   variable.type == Type::real
                                       ? Scalar{0, value}
                                       : Scalar{static_cast<std::int32_t>(variable.initial), 0});
        }
        variables_.push_back(std::move(storage));
    }
    for (const Node& node : program.nodes) {
        const bool own = is_vector(vector_type(node.type)) && node.op != Op::variable;
        buffer_of_.push_back(own ? static_cast<std::int32_t>(buffers_.size()) : -1);
        if (own) {
            buffers_.emplace_back();
        }
    }
}

Result<Counts> Machine::call(int kernel, int rows, Surroundings& surroundings) {
    SPIKELOOM_ASSERT(rows >= 0 && rows <= options_.rows, std::to_string(rows));
    return Run(*this, rows, surroundings).run(program_->kernels[static_cast<std::size_t>(kernel)]);
}

bool Machine::set_parameter(std::string_view name, double value) {
    const int index = program_->find_variable(name, ppu::Storage::parameter);
    if (index < 0) {
        return false;
    }
    const bool real = program_->variables[static_cast<std::size_t>(index)].type == Type::real;
    const auto single = static_cast<float>(value);
    variables_[static_cast<std::size_t>(index)].scalars[0] = real ? Scalar{0, single} : Scalar{truncated(single), 0};
    return true;
}

double Machine::value(std::string_view name, int element) const {
    const int record = program_->find_variable(name, ppu::Storage::record);
    const int index = record < 0 ? program_->find_variable(name, ppu::Storage::state) : record;
    SPIKELOOM_ASSERT(index >= 0, std::string(name));
    const Scalar& scalar = variables_[static_cast<std::size_t>(index)].scalars.at(static_cast<std::size_t>(element));
    const bool real = program_->variables[static_cast<std::size_t>(index)].type == Type::real;
    return real ? static_cast<double>(scalar.real) : scalar.integer;
}

}  // namespace spikeloom::ppu
