#include "runtime/workbench/float_synapse.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::runtime {

namespace {

using rules::Operand;

std::array<rules::TraceParameters, 3> post_parameters(const rules::Rule& rule) {
    return rule.post_traces == rules::PostTraces::spikes ? rule.y : std::array<rules::TraceParameters, 3>{};
}

/// `epoch` from 1.
bool is_due(const rules::ProductSeries& series, std::uint64_t epoch, bool first_is_due) {
    return series.decimation && (first_is_due ? epoch - 1 : epoch) % (std::uint64_t{1} << *series.decimation) == 0;
}

}  // namespace

FloatSynapse::FloatSynapse(const rules::Rule& rule, const SynapseValues& start, const FloatSynapseOptions& options)
    : rule_(rule),
      options_(options),
      values_(start),
      x_(rule.x, options.trace_most),
      y_(post_parameters(rule), options.trace_most) {}

/// As the engine takes payloads (core/learning/plastic_set.cpp): they change what the epoch began with, and x1's own
/// impulse comes on top.
void FloatSynapse::source_spike(std::int32_t payload) {
    constexpr double carried = 127;
    const double sum = x_.at(0, 0) + payload / 2.0;
    switch (rule_.graded) {
    case rules::GradedMode::regular_impulse:
        x_.spike(within_);
        return;
    case rules::GradedMode::overwrite:
        x_.spike(within_);
        x_.begin_with(0, payload / 2.0);
        return;
    case rules::GradedMode::add_with_saturation:
        x_.spike(within_);
        x_.begin_with(0, std::min(carried, sum));
        return;
    case rules::GradedMode::add_without_saturation:
        if (sum > carried) {
            x_.spike(within_);
        }
        x_.begin_with(0, sum > carried ? sum - carried : sum);
        return;
    }
}

void FloatSynapse::step(const SynapseEvents& events) {
    ++within_;
    if (events.source) {
        source_spike(events.payload);
    }
    if (events.target) {
        y_.spike(within_);
    }
    if (events.reward) {
        reward_ += *events.reward;
        rewarded_ = true;
    }
    for (std::size_t k = 0; k < events.third_factors.size(); ++k) {
        if (events.third_factors[k]) {
            y_.set(k, *events.third_factors[k]);
        }
    }
    if (within_ == rule_.epoch) {
        end_epoch();
    }
}

std::array<std::array<double, rules::operand_count>, 3> FloatSynapse::operands() const {
    const bool source = x_.last_spike() != 0;
    const bool target = y_.last_spike() != 0;
    const std::array<int, 3> when{x_.last_spike(), y_.last_spike(), rule_.epoch};
    std::array<std::array<double, rules::operand_count>, 3> all{};
    for (std::size_t dependency = 0; dependency < all.size(); ++dependency) {
        auto& values = all[dependency];
        const auto set = [&](Operand operand, double value) { values[static_cast<std::size_t>(operand)] = value; };
        set(Operand::x0, source ? 1 : 0);
        set(Operand::x1, x_.at(0, when[dependency]));
        set(Operand::x2, x_.at(1, when[dependency]));
        set(Operand::y0, target ? 1 : 0);
        set(Operand::y1, y_.at(0, when[dependency]));
        set(Operand::y2, y_.at(1, when[dependency]));
        set(Operand::y3, y_.at(2, when[dependency]));
        set(Operand::r0, rewarded_ ? 1 : 0);
        set(Operand::r1, reward_);
        set(Operand::w, values_.w);
        set(Operand::d, values_.d);
        set(Operand::t, values_.t);
    }
    return all;
}

void FloatSynapse::end_epoch() {
    ++epoch_;
    const auto seen = operands();
    const auto changed = [&](const rules::ProductSeries& series, double value) {
        return rules::accumulate_real(series, seen, is_due(series, epoch_, options_.first_epoch_is_due), value);
    };
    SynapseValues next;
    next.w = changed(rule_.dw, values_.w);
    next.d = changed(rule_.dd, values_.d);
    next.t = changed(rule_.dt, values_.t);
    const auto keep = [](const std::optional<RealRange>& range, double& value) {
        if (range) {
            value = std::clamp(value, range->least, range->most);
        }
    };
    keep(options_.weight, next.w);
    keep(options_.delay, next.d);
    values_ = next;
    x_.end_epoch(rule_.epoch);
    y_.end_epoch(rule_.epoch);
    if (rule_.post_traces == rules::PostTraces::neuron) {
        for (std::size_t k = 0; k < 3; ++k) {
            y_.set(k, 0);
        }
    }
    reward_ = rule_.reward_tau > 0 ? reward_ * std::exp(-rule_.epoch / rule_.reward_tau) : 0;
    rewarded_ = false;
    within_ = 0;
}

double FloatSynapse::trace(Operand operand) const {
    switch (operand) {
    case Operand::x1:
        return x_.at(0, 0);
    case Operand::x2:
        return x_.at(1, 0);
    case Operand::y1:
        return y_.at(0, 0);
    case Operand::y2:
        return y_.at(1, 0);
    case Operand::y3:
        return y_.at(2, 0);
    case Operand::r1:
        return reward_;
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
    case Operand::w:
    case Operand::d:
    case Operand::t:
    case Operand::constant:
        return 0;
    }
    return 0;
}

}  // namespace spikeloom::runtime
