#include <algorithm>
#include <cmath>
#include <string>

#include "core/analog/stepped.hpp"

namespace spikeloom::core::analog {

SteppedOptions fast_and_deep(double dt, std::uint32_t steps) {
    return {.dt = dt,
            .steps = steps,
            .scheme = StepScheme::exponential,
            .drive = StepDrive::dt_over_tau,
            .order = StepOrder::membrane_first,
            .test = ThresholdTest::above,
            .rounding = StepRounding::reciprocal,
            .time = StepTime::begin,
            .arrival = StepArrival::by_time,
            .first_spike_only = true,
            .precision = StepPrecision::float64};
}

SteppedOptions hxtorch_mock(double dt, std::uint32_t steps) {
    return {.dt = dt,
            .steps = steps,
            .scheme = StepScheme::exponential,
            .drive = StepDrive::one_minus_decay,
            .order = StepOrder::membrane_first,
            .test = ThresholdTest::above,
            .rounding = StepRounding::nearest,
            .time = StepTime::begin,
            .arrival = StepArrival::by_step,
            .first_spike_only = false,
            .precision = StepPrecision::float32};
}

SteppedOptions hxtorch_euler(double dt, std::uint32_t steps) {
    SteppedOptions options = hxtorch_mock(dt, steps);
    options.scheme = StepScheme::forward_euler;
    return options;
}

std::optional<SteppedOptions> stepped_preset(std::string_view name, double dt, std::uint32_t steps) {
    if (name == "exponential") {
        return SteppedOptions{.dt = dt, .steps = steps};
    }
    if (name == "euler") {
        return SteppedOptions{.dt = dt, .steps = steps, .scheme = StepScheme::forward_euler};
    }
    if (name == "fast_and_deep") {
        return fast_and_deep(dt, steps);
    }
    if (name == "hxtorch_mock") {
        return hxtorch_mock(dt, steps);
    }
    if (name == "hxtorch_euler") {
        return hxtorch_euler(dt, steps);
    }
    return std::nullopt;
}

Diagnostics check_stepped(const Net& net, const SteppedOptions& options) {
    Diagnostics found;
    if (!(options.dt > 0) || !std::isfinite(options.dt) || !(options.unit > 0) || !std::isfinite(options.unit)) {
        found.push_back(
            {.where = "stepped options: dt",
             .found = "a step of " + std::to_string(options.dt) + " units of " + std::to_string(options.unit) + " s",
             .allowed = "more than 0"});
        return found;
    }
    const double step = options.dt * options.unit;
    constexpr std::uint32_t most_steps = 100'000'000;
    if (options.steps == 0 || options.steps > most_steps) {
        found.push_back({.where = "stepped options: steps",
                         .found = std::to_string(options.steps) + " steps",
                         .allowed = "1 .. " + std::to_string(most_steps),
                         .help = "choose a longer step, or a shorter run"});
    }
    double shortest = never;
    const auto see = [&](const Lif& lif) { shortest = std::min({shortest, lif.tau_mem, lif.tau_syn}); };
    std::for_each(net.neurons.begin(), net.neurons.end(), see);
    for (const AdaptiveEntry& entry : net.adaptive) {
        see(entry.model.lif);
        shortest = entry.model.tau_syn_inhibitory > 0 ? std::min(shortest, entry.model.tau_syn_inhibitory) : shortest;
        shortest = entry.model.adaptation ? std::min(shortest, entry.model.tau_w) : shortest;
    }
    const bool unstable = options.scheme == StepScheme::forward_euler && step >= 2 * shortest;
    if (unstable || step > shortest) {
        found.push_back({.severity = unstable ? Severity::error : Severity::warning,
                         .where = "stepped options: dt",
                         .found = "a step is " + std::to_string(step / shortest) + " of the shortest time constant" +
                                  (unstable ? ": forward Euler diverges" : ""),
                         .allowed = unstable ? "less than 2" : "",
                         .help = "shorter steps; spike times err by about one step"});
    }
    return found;
}

}  // namespace spikeloom::core::analog
