// One plasticity processor: runs the kernels of a program on the rows of its hemisphere, keeps their states, and counts
// instructions. What it reads and writes is the Surroundings': the emulated chip's synapses, or a test's arrays. Before
// each access it says at which of its cycles, so that the chip can be brought to that time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/ppu/cost.hpp"
#include "core/ppu/program.hpp"
#include "core/ppu/random.hpp"
#include "core/ppu/scalar_unit.hpp"
#include "core/ppu/vector_unit.hpp"

namespace spikeloom::ppu {

using Bytes = std::array<std::uint8_t, columns>;

/// A hemisphere as the processor sees it. Rows are numbered in the kernel's view, from 0.
class Surroundings {
public:
    virtual ~Surroundings() = default;
    /// The accesses that follow happen so many cycles after the kernel's start; never decreasing.
    virtual void advance(std::uint64_t cycle) = 0;
    virtual void weights(int row, Bytes& values) = 0;
    virtual void set_weights(int row, const Bytes& values) = 0;  ///< 0..63
    virtual void causal(int row, Bytes& values) = 0;
    virtual void acausal(int row, Bytes& values) = 0;
    virtual void rates(Bytes& values) = 0;
    virtual void membranes(Bytes& values) = 0;
    virtual void reset_correlation(int row) = 0;
    virtual void reset_rates() = 0;
    virtual void reset_neurons() = 0;
};

struct MachineOptions {
    int rows = most_rows;                                ///< of the view; row states are kept for as many
    std::uint8_t random_seed = 1;                        ///< of the generators, 1..255
    int random_discarded = 234;                          ///< draws before the first
    std::uint64_t most_cycles = std::uint64_t{1} << 32;  ///< of one call; more is a fault
};

class Machine {
public:
    /// The program must outlive the machine.
    Machine(const Program& program, const MachineOptions& options);

    /// Runs a kernel once on the first `rows` rows of the view. A fault of the rule (a division by zero, an index
    /// beyond its array) ends it, and is said with its place.
    [[nodiscard]] Result<Counts> call(int kernel, int rows, Surroundings& surroundings);

    /// False: there is no such parameter.
    [[nodiscard]] bool set_parameter(std::string_view name, double value);
    /// A record's, or a scalar state's value; elements from 0. The name and the element must exist.
    [[nodiscard]] double value(std::string_view name, int element = 0) const;

private:
    struct Storage {
        std::vector<Scalar> scalars;
        std::vector<Row> rows;
    };
    class Run;

    const Program* program_;
    MachineOptions options_;
    std::vector<Storage> variables_;
    std::vector<std::int32_t> buffer_of_;  ///< by node
    std::vector<Row> buffers_;
    RandomGenerators generators_;
};

}  // namespace spikeloom::ppu
