// What a kernel takes: its instructions by class, and from them cycles of the 250 MHz clock. Counting is a pure
// function of the text, in the worst case of its branches; the machine counts what really ran, by the same rules.
//
// Where the cycles come from: memory accesses were measured by libnux' own hardware test (tests/hw/libnux/vx/
// test_speed_memory.cpp); the rest is inferred from them or guessed, and says so. Instructions follow one another:
// nothing is taken to overlap, registers are taken to suffice.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

enum class Instruction : std::uint8_t {
    vector_arithmetic,  ///< on 128 bytes
    own_load,           ///< of 128 bytes
    own_store,
    external_load,
    external_store,
    synapse_load,  ///< half a row of weights
    synapse_store,
    cadc_conversion,  ///< of a row, and the transfer of both halves of one kind of sensor
    cadc_buffered,    ///< half a row of a conversion that was made
    random_draw,      ///< half a row
    neuron_access,    ///< one neuron's counter
    integer,
    real,
};
inline constexpr std::size_t instruction_kinds = 13;

enum class CycleTrust : std::uint8_t { measured, inferred, guessed };

struct InstructionCost {
    Instruction instruction;
    std::string_view name;
    std::string_view unit;
    int cycles;
    CycleTrust trust;
    std::string_view source;
};
[[nodiscard]] const std::array<InstructionCost, instruction_kinds>& instruction_costs();
[[nodiscard]] std::string_view name_of(CycleTrust trust);

struct Counts {
    std::array<std::uint64_t, instruction_kinds> of{};

    [[nodiscard]] std::uint64_t& operator[](Instruction instruction) {
        return of[static_cast<std::size_t>(instruction)];
    }
    [[nodiscard]] std::uint64_t operator[](Instruction instruction) const {
        return of[static_cast<std::size_t>(instruction)];
    }
    Counts& operator+=(const Counts& other);
    [[nodiscard]] Counts times(std::uint64_t factor) const;
    [[nodiscard]] std::uint64_t cycles() const;
    /// Instructions of the vector unit, memory accesses included.
    [[nodiscard]] std::uint64_t vector_instructions() const;
    friend bool operator==(const Counts&, const Counts&) = default;
};

/// Of one node, its operands not included. `converted`: this row's sensors have been read already.
[[nodiscard]] Counts cost_of(const Program& program, const Node& node, bool converted);
/// Of one statement itself: what stores take, and a turn of a loop; not of expressions and bodies.
[[nodiscard]] Counts cost_of(const Program& program, const Statement& statement);

struct KernelCost {
    Counts all;  ///< of one call with so many rows
    Counts row;  ///< of them, in one row: the dearest `rows` block's
    friend bool operator==(const KernelCost&, const KernelCost&) = default;
};
[[nodiscard]] KernelCost analyse(const Program& program, const Kernel& kernel, int rows);

}  // namespace spikeloom::ppu
