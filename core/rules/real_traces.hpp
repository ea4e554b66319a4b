// Traces in real numbers: what x1, x2 (or y1..y3) of a neuron would be without widths and roundings, in the epochs of
// the learning engine. Within an epoch only the last spike's time is kept; an earlier spike of the same epoch adds its
// impulse to the value that the epoch began with (LOIHI facts 2.2). So in an epoch of E steps, with the last spike in
// step s (1..E) and v the value at the epoch's beginning,
//     x(t) = v exp(-t / tau)                                          t < s
//     x(t) = v exp(-t / tau) + impulse exp(-(t - s) / tau)            t >= s
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include "core/rules/rule.hpp"

namespace spikeloom::rules {

template <std::size_t Count>
class RealTraces {
public:
    /// `most`: values saturate there, as registers do; none: they don't.
    explicit RealTraces(const std::array<TraceParameters, Count>& parameters, std::optional<double> most = std::nullopt)
        : parameters_(parameters), most_(most) {}

    /// A spike in step `within` of the epoch, from 1; later than those before.
    void spike(int within) {
        for (std::size_t k = 0; k < Count; ++k) {
            spike(k, within, parameters_[k].impulse);
        }
        last_ = within;
    }
    /// A graded spike's part in a trace: what the epoch began with becomes `value`, and decays from there.
    void begin_with(std::size_t trace, double value) {
        start_[trace] = clipped(value);
        if (last_ != 0) {
            after_[trace] = clipped(start_[trace] * decay(trace, last_) + earlier_[trace]);
        }
    }
    /// A value from outside, from the epoch's beginning: a third factor.
    void set(std::size_t trace, double value) { start_[trace] = value; }

    /// Step of the last spike in this epoch; 0: none.
    [[nodiscard]] int last_spike() const { return last_; }
    [[nodiscard]] double at(std::size_t trace, int within) const {
        return last_ != 0 && within >= last_ ? after_[trace] * decay(trace, within - last_)
                                             : start_[trace] * decay(trace, within);
    }
    /// After an epoch of so many steps.
    void end_epoch(int steps) {
        for (std::size_t k = 0; k < Count; ++k) {
            start_[k] = at(k, steps);
        }
        last_ = 0;
    }

private:
    void spike(std::size_t trace, int within, double impulse) {
        if (parameters_[trace].tau <= 0) {
            return;
        }
        if (last_ != 0) {
            start_[trace] = clipped(start_[trace] + earlier_[trace]);
        }
        earlier_[trace] = impulse;
        after_[trace] = clipped(start_[trace] * decay(trace, within) + impulse);
    }
    [[nodiscard]] double decay(std::size_t trace, int steps) const {
        return parameters_[trace].tau > 0 ? std::exp(-steps / parameters_[trace].tau) : 1;
    }
    [[nodiscard]] double clipped(double value) const { return most_ ? std::clamp(value, 0.0, *most_) : value; }

    std::array<TraceParameters, Count> parameters_;
    std::optional<double> most_;
    std::array<double, Count> start_{};    ///< before the epoch's first step
    std::array<double, Count> earlier_{};  ///< impulse of the epoch's last spike
    std::array<double, Count> after_{};    ///< at the epoch's last spike, its impulse included
    int last_ = 0;
};

}  // namespace spikeloom::rules
