// Learning of one plastic projection in the reference: every synapse visited one after the other, at the end of every
// epoch. In reals, or on registers of any widths, which then differ from the chip's engine only by whose random numbers
// round: so the interpreter can tell what learning's arithmetic does from what the neurons' does. Shares no code with
// the emulator; rules::accumulate is the one definition of a rule's arithmetic.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "compiler/network.hpp"
#include "core/rules/arithmetic.hpp"

namespace spikeloom::compiler {

struct ReferenceLearning {
    bool on = false;  ///< off: weights stay
    /// Absent: real numbers. Else integers of these widths; rules are written for `written_for` and
    /// adapted (core/rules/adapt.hpp).
    std::optional<rules::LearningArithmetic> registers{};
    rules::LearningArithmetic written_for{};
    std::uint64_t seed = 0;              ///< of stochastic rounding
    std::optional<double> trace_most{};  ///< of real traces: where they stop, as registers do; absent: nowhere
};

/// A synapse that learns, and the place of its weight in Projection::weights.
struct PlasticPlace {
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    std::size_t index = 0;
};
/// Ascending by source, target, then as the projection lists them. A single weight of a one-to-one projection
/// has index 0 in all places (give_own_weights).
[[nodiscard]] std::vector<PlasticPlace> plastic_places(const Projection& projection, std::size_t sources,
                                                       std::size_t targets);
/// The weights with one value a synapse, where one value stood for all of a one-to-one projection.
void give_own_weights(Projection& projection, std::size_t targets);
/// What the reference does not follow of a network's learning: graded payloads and third factors.
[[nodiscard]] Diagnostics check_reference_learning(const Network& network);

class ReferenceLearner {
public:
    virtual ~ReferenceLearner() = default;
    ReferenceLearner(const ReferenceLearner&) = delete;
    ReferenceLearner& operator=(const ReferenceLearner&) = delete;

    /// One step: whose spikes arrive, who spikes, and the sum of rewards if there was one. True if weights changed.
    virtual bool step(std::span<const std::uint8_t> sources, std::span<const std::uint8_t> targets,
                      std::optional<double> reward) = 0;
    /// Weights in the network's units, in the order of plastic_places.
    [[nodiscard]] virtual std::vector<double> weights() const = 0;
    /// The largest trace that an epoch ended with since the last reset, in units of the chip's registers.
    [[nodiscard]] virtual double highest_trace() const = 0;
    virtual void reset() = 0;

protected:
    ReferenceLearner() = default;
};

/// `number`: of the projection, for the random numbers.
[[nodiscard]] std::unique_ptr<ReferenceLearner> make_learner(const Network& network, std::uint32_t number,
                                                             const ReferenceLearning& options);

}  // namespace spikeloom::compiler
