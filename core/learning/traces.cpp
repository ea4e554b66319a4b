#include "core/learning/traces.hpp"

#include <algorithm>
#include <cmath>

#include "core/aligned.hpp"

namespace spikeloom::core {
namespace {

double factor_of(double tau, const rules::LearningArithmetic& arithmetic, int epoch) {
    if (tau <= 0) {
        return 0;
    }
    switch (arithmetic.trace_decay) {
    case rules::TraceDecay::exponential_each_step:
        return std::exp(-1 / tau);
    case rules::TraceDecay::exponential_each_epoch:
        return std::exp(-epoch / tau);
    case rules::TraceDecay::first_order_each_step:
        return std::max(0.0, 1 - 1 / tau);
    }
    return 0;
}

std::uint32_t fraction_scale(const rules::LearningArithmetic& arithmetic) {
    return arithmetic.impulse_fraction == rules::ImpulseFraction::of_128 ? 128 : 256;
}

}  // namespace

TraceBank::TraceBank(const Layout& layout)
    : epoch_steps_(static_cast<std::uint32_t>(layout.epoch)),
      once_an_epoch_(layout.arithmetic.trace_decay == rules::TraceDecay::exponential_each_epoch),
      most_(layout.arithmetic.trace_most()),
      size_(layout.size),
      keys_(layout.size),
      spiked_at_(layout.size) {
    for (const rules::TraceParameters& parameters : layout.traces) {
        Trace& trace = traces_.emplace_back();
        trace.used = parameters.impulse != 0 || parameters.tau != 0;
        const double whole = std::floor(parameters.impulse);
        trace.impulse = static_cast<std::int32_t>(whole);
        trace.fraction =
            static_cast<std::uint32_t>(std::lround((parameters.impulse - whole) * fraction_scale(layout.arithmetic)));
        const bool holds = layout.holds && parameters.tau == 0;
        trace.used = trace.used || holds;
        const double factor = holds ? 1 : factor_of(parameters.tau, layout.arithmetic, layout.epoch);
        for (std::int32_t v = 0; v <= most_; ++v) {
            const double decayed = factor * v;
            const double integer = std::floor(decayed);
            trace.decayed.push_back(static_cast<std::uint16_t>(integer));
            trace.threshold.push_back(static_cast<std::uint64_t>(std::ceil(std::ldexp(decayed - integer, draw_bits))));
        }
        history_[traces_.size() - 1].resize(std::size_t{size_} * (epoch_steps_ + 1));
    }
}

std::uint16_t TraceBank::add_impulse(const Trace& trace, std::uint32_t value, std::uint32_t draw) const {
    const std::int32_t raised = static_cast<std::int32_t>(value) + trace.impulse + (draw < trace.fraction ? 1 : 0);
    return static_cast<std::uint16_t>(std::clamp(raised, 0, most_));
}

void TraceBank::mark_spike(std::uint32_t i, std::uint32_t within) {
    if (spiked_at_[i] == 0) {
        spiked_.push_back(i);
    }
    spiked_at_[i] = static_cast<std::uint8_t>(within);
}

void TraceBank::note_spike(std::uint32_t i, const SpikeTime& time, Injected injected) {
    if (spiked_at_[i] != 0) {
        for (std::size_t k = 0; k < traces_.size(); ++k) {
            const std::uint64_t draw = stream_draw(keys_[i], draw_number(time.epoch, time.within, most_traces + k));
            history_[k][i] =
                add_impulse(traces_[k], history_[k][i],
                            injected.impulse != nullptr ? injected.impulse[k] : static_cast<std::uint32_t>(draw >> 57));
        }
    }
    mark_spike(i, time.within);
}

void TraceBank::set_value(std::size_t trace, std::uint32_t i, std::int32_t value) {
    history_[trace][i] = static_cast<std::uint16_t>(std::clamp(value, 0, most_));
}

void TraceBank::run_epoch(std::uint64_t epoch, Injected injected) {
    for (std::size_t k = 0; k < traces_.size(); ++k) {
        if (traces_[k].used) {
            run_trace(k, epoch, injected);
        }
    }
}

void TraceBank::run_trace(std::size_t k, std::uint64_t epoch, Injected injected) {
    const Trace& trace = traces_[k];
    for (std::uint32_t t = 1; t <= epoch_steps_; ++t) {
        const std::uint16_t* const before = history_[k].data() + std::size_t{t - 1} * size_;
        std::uint16_t* const after = history_[k].data() + std::size_t{t} * size_;
        const bool decays = !once_an_epoch_ || t == 1;
        for (std::uint32_t i = 0; i < size_; ++i) {
            std::uint32_t value = before[i];
            if (value != 0 && decays) {
                const std::uint64_t draw = injected.decay != nullptr
                                               ? injected.decay[k]
                                               : stream_draw(keys_[i], draw_number(epoch, t, k)) >> (64 - draw_bits);
                value = trace.decayed[value] + (draw < trace.threshold[value] ? 1U : 0U);
            }
            after[i] = static_cast<std::uint16_t>(value);
        }
        for (const std::uint32_t i : spiked_) {
            if (spiked_at_[i] == t) {
                const std::uint64_t draw = stream_draw(keys_[i], draw_number(epoch, t, most_traces + k));
                after[i] = add_impulse(
                    trace, after[i],
                    injected.impulse != nullptr ? injected.impulse[k] : static_cast<std::uint32_t>(draw >> 57));
            }
        }
    }
}

void TraceBank::finish_epoch() {
    for (std::size_t k = 0; k < traces_.size(); ++k) {
        if (traces_[k].used) {
            const auto last = history_[k].end() - size_;
            std::copy(last, history_[k].end(), history_[k].begin());
        }
    }
    forget_spikes();
}

void TraceBank::forget_spikes() {
    for (const std::uint32_t i : spiked_) {
        spiked_at_[i] = 0;
    }
    spiked_.clear();
}

void TraceBank::reset() {
    forget_spikes();
    for (auto& history : history_) {
        std::fill(history.begin(), history.end(), std::uint16_t{0});
    }
}

std::size_t TraceBank::resident_bytes() const {
    std::size_t bytes = bytes_of(keys_) + bytes_of(spiked_at_) + bytes_of(spiked_);
    for (const auto& history : history_) {
        bytes += bytes_of(history);
    }
    for (const Trace& trace : traces_) {
        bytes += bytes_of(trace.decayed) + bytes_of(trace.threshold);
    }
    return bytes;
}

}  // namespace spikeloom::core
