// The chip as a textbook would write it: one compartment, one message, one synapse at a time, 64-bit integers, no
// tables, and no code of the emulator. Slow, and the yardstick of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chip/chip.hpp"
#include "chip/image/image.hpp"
#include "core/base/counters.hpp"

namespace spikeloom::test {

class NaiveChip {
public:
    /// Keeps a reference to the image. Noise is not modelled: the image must have none.
    explicit NaiveChip(const chip::Image& image);

    void step(std::span<const chip::InputSpike> inputs);

    [[nodiscard]] const std::vector<chip::CoreSpike>& spikes() const { return spikes_; }
    [[nodiscard]] const std::vector<Counters>& step_counts() const { return counts_; }
    [[nodiscard]] std::int64_t current(std::size_t core, std::size_t compartment) const {
        return cores_[core][compartment].u;
    }
    [[nodiscard]] std::int64_t voltage(std::size_t core, std::size_t compartment) const {
        return cores_[core][compartment].v;
    }

private:
    static constexpr std::size_t horizon = 256;
    struct Compartment {
        std::int64_t u = 0, v = 0, held = 0;
        std::int64_t residue = 0, error = 0, risen = 0, tired = 0;
        std::array<std::int64_t, horizon> arriving{};
    };

    void receive(const chip::OutputAxon& axon, bool from_outside, std::int64_t payload);
    void send(std::size_t core, std::span<const chip::OutputAxon> axons);
    [[nodiscard]] bool is_output(std::size_t core, std::size_t compartment) const;
    /// What the neuron sends; 0: nothing.
    std::int64_t update(std::size_t core, std::size_t index);
    std::int64_t update_leaky(std::size_t core, std::size_t index);
    std::int64_t update_own(std::size_t core, std::size_t index);
    [[nodiscard]] std::int64_t take_sum(std::size_t core, std::size_t index);

    const chip::Image& image_;
    std::vector<std::vector<Compartment>> cores_;
    std::vector<Counters> counts_;
    std::vector<chip::CoreSpike> spikes_;
    std::uint64_t now_ = 0;
};

}  // namespace spikeloom::test
