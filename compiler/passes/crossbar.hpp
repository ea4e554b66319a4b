// What integer weights take of a crossbar (TrueNorth, MAPPING facts 5): a bit joins an axon with a neuron or does not,
// an axon has one of a few types, and each neuron one signed weight for each type. So a weight is written in binary
// digits: digit i of all weights of a source is an axon of type i, and a neuron's weight for that type is what its
// digit i counts. Every neuron has a unit and signs of its own; the last digit of a neuron with weights of both signs
// is negative (two's complement). A source takes one axon for each digit that any of its weights in the core has, and
// for each delay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_synapses.hpp"

namespace spikeloom::compiler {

/// How the weights into one neuron are written: the largest unit of which all are multiples, the fewest digits.
struct WeightDigits {
    enum class Signs : std::uint8_t { positive, negative, both };
    Signs signs = Signs::positive;
    std::uint8_t unit = 0;   ///< digit i counts 2^(unit + i), in contributions to u of 2^6
    std::uint8_t count = 0;  ///< digits, and so axon types; 0: no weights

    /// The digits of a weight into this neuron, bit i for digit i.
    [[nodiscard]] std::uint32_t of(std::int32_t contribution) const;
    friend bool operator==(const WeightDigits&, const WeightDigits&) = default;
};

class Crossbar {
public:
    /// Without a crossbar on the chip, nothing is kept.
    Crossbar(const FanInTable& table, const chip::ChipSpec& chip);
    Crossbar() = default;

    /// Of a neuron.
    [[nodiscard]] const WeightDigits& digits(std::uint32_t neuron) const { return digits_[neuron]; }
    /// Axons of a crossbar that synapses of one source to one core take, at least one. Targets ascend; they are
    /// compartments of the core, which holds `neurons`.
    [[nodiscard]] std::int64_t axons(std::span<const CoreSynapse> synapses, std::span<const chip::WeightFormat> formats,
                                     std::span<const std::uint32_t> neurons) const;

private:
    chip::Conventions::NegativeMixedWeight rounding_ = chip::Conventions::NegativeMixedWeight::floor;
    std::vector<WeightDigits> digits_;  ///< by neuron
};

}  // namespace spikeloom::compiler
