#include "chip/analog/mismatch.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/random.hpp"

namespace spikeloom::chip::analog {
namespace {

/// Box-Muller on one block of random words.
double standard_normal(const RandomKey& key) {
    const auto block = random_block(key);
    const std::uint64_t first = (std::uint64_t{block[0]} << 32 | block[1]) >> 11;
    const std::uint64_t second = (std::uint64_t{block[2]} << 32 | block[3]) >> 11;
    const double radius = std::sqrt(-2 * std::log(static_cast<double>(first + 1) * 0x1.0p-53));
    return radius * std::cos(2 * std::numbers::pi * static_cast<double>(second) * 0x1.0p-53);
}

}  // namespace

Spread spread_of(const AnalogSpec& chip, const InstanceOptions& options) {
    Spread spread;
    for (const Mismatch& mismatch : chip.mismatch) {
        const auto kind = static_cast<std::size_t>(mismatch.of);
        if (options.mismatch) {
            spread.fixed[kind] = options.calibration == CalibrationState::expected ? mismatch.calibrated.value
                                                                                   : mismatch.uncalibrated.value;
        }
        if (options.noise) {
            spread.trial[kind] = mismatch.trial.value;
        }
    }
    for (const MismatchOverride& override_ : options.overrides) {
        spread.fixed[static_cast<std::size_t>(override_.of)] = override_.sigma;
        spread.trial[static_cast<std::size_t>(override_.of)] = override_.trial_sigma;
    }
    return spread;
}

Spread uncalibrated_spread(const AnalogSpec& chip, const InstanceOptions& options) {
    InstanceOptions uncalibrated = options;
    uncalibrated.mismatch = true;
    uncalibrated.calibration = CalibrationState::none;
    return spread_of(chip, uncalibrated);
}

double mismatch_normal(std::uint64_t seed, std::uint32_t instance, MismatchOf of, std::uint32_t index,
                       std::uint32_t draw) {
    return standard_normal({.seed = seed,
                            .purpose = RandomPurpose::analog_mismatch,
                            .step = instance,
                            .core = static_cast<std::uint32_t>(of),
                            .neuron = index,
                            .draw = draw});
}

double trial_normal(std::uint64_t seed, std::uint32_t instance, std::uint64_t trial, MismatchOf of,
                    std::uint32_t index) {
    // The instance takes the upper bits of the place; kinds are fewer than 16.
    return standard_normal({.seed = seed,
                            .purpose = RandomPurpose::analog_trial,
                            .step = trial,
                            .core = (instance << 4) | static_cast<std::uint32_t>(of),
                            .neuron = index,
                            .draw = instance >> 28});
}

double bench_normal(std::uint64_t seed, std::uint32_t instance, std::uint32_t measurement, std::uint32_t circuit,
                    std::uint32_t reading) {
    // Places below 16 are kinds of mismatch.
    return standard_normal({.seed = seed,
                            .purpose = RandomPurpose::analog_mismatch,
                            .step = instance,
                            .core = 16 + measurement,
                            .neuron = circuit,
                            .draw = reading});
}

double readout_normal(std::uint64_t seed, std::uint32_t instance, std::uint64_t trial, std::uint32_t neuron,
                      std::uint64_t sample) {
    // Place 15 is no kind of mismatch; the step's upper half is the sample's.
    return standard_normal({.seed = seed,
                            .purpose = RandomPurpose::analog_trial,
                            .step = trial ^ (sample >> 16) << 32,
                            .core = (instance << 4) | 15U,
                            .neuron = neuron,
                            .draw = static_cast<std::uint32_t>(sample & 0xFFFFU)});
}

Deviations deviations_of(const Spread& spread, std::uint64_t seed, std::uint32_t instance, std::uint32_t index) {
    const auto draw = [&](MismatchOf of) {
        const double sigma = spread.fixed_of(of);
        return sigma == 0 ? 0 : sigma * mismatch_normal(seed, instance, of, index);
    };
    return {.threshold = draw(MismatchOf::threshold),
            .leak = draw(MismatchOf::leak),
            .reset = draw(MismatchOf::reset),
            .tau_mem = draw(MismatchOf::tau_mem),
            .tau_syn = draw(MismatchOf::tau_syn),
            .weight = draw(MismatchOf::weight),
            .refractory = draw(MismatchOf::refractory)};
}

Deviations joined(std::span<const Deviations> circuits) {
    Deviations mean = circuits.front();
    mean.leak = 0;
    mean.tau_mem = 0;
    mean.tau_syn = 0;
    mean.weight = 0;
    for (const Deviations& circuit : circuits) {
        mean.leak += circuit.leak;
        mean.tau_mem += circuit.tau_mem;
        mean.tau_syn += circuit.tau_syn;
        mean.weight += circuit.weight;
    }
    const auto n = static_cast<double>(circuits.size());
    mean.leak /= n;
    mean.tau_mem /= n;
    mean.tau_syn /= n;
    mean.weight /= n;
    return mean;
}

double positive_factor(double deviation) {
    return std::max(1 + deviation, 0.05);
}

Lif deviating(const Lif& target, const Deviations& deviations) {
    const double span = target.threshold == never ? 1 : target.threshold - target.leak;
    Lif lif = target;
    lif.leak += deviations.leak * span;
    lif.threshold += deviations.threshold == 0 ? 0 : deviations.threshold * span;
    lif.reset += deviations.reset * span;
    if (lif.reset >= lif.threshold) {
        lif.reset = lif.threshold - 0.01 * span;
    }
    lif.tau_mem *= positive_factor(deviations.tau_mem);
    lif.tau_syn *= positive_factor(deviations.tau_syn);
    lif.refractory *= lif.refractory == never ? 1 : positive_factor(deviations.refractory);
    return lif;
}

}  // namespace spikeloom::chip::analog
