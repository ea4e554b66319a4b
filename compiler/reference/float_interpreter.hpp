// The float reference: the Network, run as its equations stand, in the arithmetic of the framework that trained it.
// A plain interpreter, dense and slow, that shares no code with the emulator: the yardstick of the quantisation gap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

enum class Timing : std::uint8_t {
    same_step,  ///< ML frameworks: a layer sees its predecessor's spikes of the same step, a recurrence those of the
                ///< last
    next_step,  ///< chips: every message takes one step
};

enum class SubtractOrder : std::uint8_t { immediate, snntorch_delayed };  ///< ECOSYSTEM facts 1.5, last row

struct ReferenceOptions {
    Timing timing = Timing::same_step;
    bool single_precision = true;  ///< float32 state, as the frameworks; else double
    SubtractOrder subtract = SubtractOrder::immediate;
};

/// Runs a checked network (check_network is empty) step by step.
class FloatInterpreter {
public:
    FloatInterpreter(const Network& network, const ReferenceOptions& options);

    /// `inputs`: for every input port, one value a channel (spikes are 1; any real number is a graded input).
    void step(const std::vector<std::vector<float>>& inputs);
    void reset();

    [[nodiscard]] std::span<const std::uint8_t> spikes(PopulationId population) const;  ///< of the last step, 0 or 1
    [[nodiscard]] std::span<const double> membrane(PopulationId population) const;      ///< after reset
    [[nodiscard]] std::span<const double> synaptic_current(PopulationId population) const;

private:
    struct PopulationState {
        std::vector<double> s, v, x;
        std::vector<std::uint8_t> z, z_previous;
        std::vector<std::int32_t> refractory;
    };
    const Network* network_;
    ReferenceOptions options_;
    std::vector<PopulationState> states_;
    std::vector<std::uint32_t> order_;  ///< populations, sources before targets where no recurrence forbids it
    std::uint64_t now_ = 0;
};

}  // namespace spikeloom::compiler
