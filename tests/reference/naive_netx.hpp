// The rule that netx nets run by (ECOSYSTEM facts 2.2), written down once more and slowly, straight from the numbers
// of the file: no Network, no synapse list, no code shared with the compiler or the emulator.
//   u = tz(u (4096 - iDecay)) + 64 sum w s;  v = clip(tz(v (4096 - vDecay)) + u + 64 bias);  spike v > 64 vThMant; v =
//   0
// A layer hears what the one before sent a step earlier; the first hears the input in the step it comes in. A delay d
// makes it d steps more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/netx_layers.hpp"

namespace spikeloom::test {

class NaiveNetx {
public:
    /// Layers of type input and flatten have no neurons and are passed over; `input` is (channels, height, width).
    NaiveNetx(std::vector<NetxTestLayer> layers, std::vector<std::int64_t> input);

    /// netx's reset_interval and reset_offset: in netx's step m, counted from 1, layer l begins from rest where
    /// m mod interval is offset + 1 + l. The layers here hear each other as netx's do, but the first hears its input a
    /// step earlier than netx's: m is one more than the steps here. 0: never.
    void reset_every(std::int64_t interval, std::int64_t offset) {
        reset_interval_ = interval;
        reset_offset_ = offset;
    }
    /// One step; `input` holds 0 or 1 a channel.
    void step(const std::vector<std::uint8_t>& input);
    /// Spikes of the last step, 0 or 1 a neuron, of the layer-th layer with neurons.
    [[nodiscard]] const std::vector<std::uint8_t>& spikes(std::size_t layer) const {
        return states_[layer].sent.back();
    }
    [[nodiscard]] const std::vector<std::int64_t>& voltage(std::size_t layer) const { return states_[layer].v; }
    [[nodiscard]] std::size_t layers() const { return states_.size(); }

private:
    using Spikes = std::vector<std::uint8_t>;
    struct State {
        NetxTestLayer layer;
        std::vector<std::int64_t> from;  ///< shape of what it hears
        std::vector<std::int64_t> u, v;
        std::vector<Spikes> sent;  ///< of all steps
    };

    [[nodiscard]] static std::uint8_t heard(const std::vector<Spikes>& sent, std::size_t ago, std::size_t source);
    [[nodiscard]] static std::int64_t drive(const State& state, const std::vector<Spikes>& sent, std::size_t ago,
                                            std::size_t target);
    [[nodiscard]] static std::int64_t delay_of(const NetxTestLayer& layer, std::size_t target, std::size_t source);

    std::int64_t reset_interval_ = 0;
    std::int64_t reset_offset_ = 0;
    std::vector<State> states_;
    std::vector<Spikes> input_;
};

}  // namespace spikeloom::test
