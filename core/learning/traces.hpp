// The traces of one side of a rule's synapses: x1, x2 of all sources, or y1..y3 of all targets. A trace is an unsigned
// integer of few bits that decays exponentially with stochastic rounding and jumps at a spike. Within an epoch only the
// last spike's time is kept; an earlier spike of the same epoch adds its impulse to the value that the epoch began
// with (LOIHI facts 2.2, as Lava). The values at every step of the epoch, which products need, are computed at its end.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/learning/draws.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::core {

struct SpikeTime {
    std::uint64_t epoch = 1;   ///< from 1
    std::uint32_t within = 1;  ///< step of the epoch, from 1
};

class TraceBank {
public:
    struct Layout {
        std::span<const rules::TraceParameters> traces;  ///< 2 or 3
        rules::LearningArithmetic arithmetic;
        int epoch = 1;
        std::uint32_t size = 0;  ///< neurons
        bool holds = false;      ///< a trace without a time constant keeps its value: somebody else writes it
    };
    /// Random numbers that replace those of the neurons, or null.
    struct Injected {
        const std::uint64_t* decay = nullptr;
        const std::uint32_t* impulse = nullptr;
    };
    [[nodiscard]] static Injected injected_x(const EpochDraws* draws) {
        return draws == nullptr ? Injected{} : Injected{draws->x_decay.data(), draws->x_impulse.data()};
    }
    [[nodiscard]] static Injected injected_y(const EpochDraws* draws) {
        return draws == nullptr ? Injected{} : Injected{draws->y_decay.data(), draws->y_impulse.data()};
    }

    TraceBank() = default;
    explicit TraceBank(const Layout& layout);

    void set_key(std::uint32_t i, std::uint64_t key) { keys_[i] = key; }

    void note_spike(std::uint32_t i, const SpikeTime& time, Injected injected);
    /// Marks a spike without its impulses.
    void mark_spike(std::uint32_t i, std::uint32_t within);
    void set_value(std::size_t trace, std::uint32_t i, std::int32_t value);

    /// Computes the values of all steps of the epoch.
    void run_epoch(std::uint64_t epoch, Injected injected);
    /// What run_epoch computed: the value in step t of the epoch, 0 (before it) .. epoch.
    [[nodiscard]] const std::uint16_t* history(std::size_t trace) const { return history_[trace].data(); }
    /// The last step's values become the next epoch's first; spikes are forgotten.
    void finish_epoch();
    void forget_spikes();

    [[nodiscard]] std::uint32_t size() const { return size_; }
    /// Step of the last spike in this epoch, 0: none.
    [[nodiscard]] std::uint32_t spiked_at(std::uint32_t i) const { return spiked_at_[i]; }
    /// Neurons that spiked in this epoch, in the order of their first spikes.
    [[nodiscard]] std::span<const std::uint32_t> spiked() const { return spiked_; }
    [[nodiscard]] std::int32_t value(std::size_t trace, std::uint32_t i) const { return history_[trace][i]; }

    /// A random number of a neuron and an epoch that no trace uses.
    [[nodiscard]] std::uint64_t epoch_draw(std::uint32_t i, std::uint64_t epoch) const {
        return stream_draw(keys_[i], draw_number(epoch, 0, 0));
    }

    void reset();
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    struct Trace {
        bool used = false;
        std::int32_t impulse = 0;
        std::uint32_t fraction = 0;            ///< of 128 (or doubled: of 256)
        std::vector<std::uint16_t> decayed;    ///< of each value: the integer part after a step
        std::vector<std::uint64_t> threshold;  ///< and its fraction, of 2^53, rounded up
    };
    static constexpr std::size_t most_traces = 3;

    [[nodiscard]] std::uint16_t add_impulse(const Trace& trace, std::uint32_t value, std::uint32_t draw) const;
    [[nodiscard]] static std::uint64_t draw_number(std::uint64_t epoch, std::uint32_t within, std::size_t which) {
        return (epoch * 64 + within) * (2 * most_traces) + which;
    }
    void run_trace(std::size_t k, std::uint64_t epoch, Injected injected);

    std::vector<Trace> traces_;
    std::uint32_t epoch_steps_ = 1;
    bool once_an_epoch_ = false;
    std::int32_t most_ = 127;
    std::uint32_t size_ = 0;
    std::vector<std::uint64_t> keys_;
    std::array<std::vector<std::uint16_t>, most_traces> history_;  ///< (epoch + 1) times size; row 0 is the state
    std::vector<std::uint8_t> spiked_at_;
    std::vector<std::uint32_t> spiked_;
};

}  // namespace spikeloom::core
