// Plastic projections on the chip: the format of their synapses, what a unit of their weights stands for, and the
// learning profile that they share. Unlike fixed weights (weight_fit.hpp) they are stored to the last bit of the
// engine's register, whose largest value shall be the largest weight that learning may reach.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

[[nodiscard]] chip::SignMode sign_mode(Learning::Sign sign);

/// The largest |weight| that a plastic projection has or may learn, in the network's units.
[[nodiscard]] double learning_reach(const Projection& projection);

/// The largest mantissa of the engine's registers.
[[nodiscard]] int largest_mantissa(const chip::ChipSpec& chip);

/// A unit of a plastic register of the format adds 2^this to u, in units of 2^6. Registers of other than 8 bits
/// (hypothetical chips) resolve the range of 8 bits more or less finely.
[[nodiscard]] int unit_exponent(const chip::WeightFormat& format, const chip::ChipSpec& chip);

/// The format whose largest mantissa reaches `reach` (a contribution to u, in units of 2^6): its exponent is the least
/// that does, or the largest that there is. Delay bits are left at 0.
[[nodiscard]] chip::WeightFormat fit_plastic(double reach, const Learning& learning, const chip::ChipSpec& chip);

/// What that format leaves to be wished for, squared: by how much the register's end misses the reach, and what the
/// chip's unit of 2^6 takes from small weights.
[[nodiscard]] double plastic_loss(double reach, const chip::WeightFormat& format, const chip::ChipSpec& chip);

/// The mantissa nearest to a wanted contribution; `clipped`: it lies beyond the register's range.
struct PlasticMantissa {
    std::int16_t value = 0;
    bool clipped = false;
};
[[nodiscard]] PlasticMantissa plastic_mantissa(double wanted, const chip::WeightFormat& format,
                                               const chip::ChipSpec& chip);

/// Whether the chip's engine can follow the network's rules at all.
void check_plastic(const Network& network, const chip::ChipSpec& chip, Diagnostics& findings);

/// Of a projection that learns, in a checked network.
[[nodiscard]] chip::LearningProfile learning_profile(const Network& network, const Projection& projection,
                                                     double weight_per_unit);

/// A register of a plastic weight stands for the network's weight times its target's gain: gains must be positive, and
/// are remarked on where they differ.
void check_gains(const Network& network, const std::vector<PopulationModel>& models, Diagnostics& findings);

/// Says so where the register's end is not where learning was to end.
void remark_reach(const Projection& projection, const chip::LearningProfile& profile, const chip::ChipSpec& chip,
                  Diagnostics& remarks);

}  // namespace spikeloom::compiler
