#include "chip/analog/calibration.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "chip/analog/bench.hpp"
#include "chip/analog/readout.hpp"

namespace spikeloom::chip::analog {
namespace {

constexpr double same = 1e-6;  // relative: targets that are computed on different ways

using Measure = std::function<std::vector<double>(const std::vector<Trims>&)>;

/// Binary search for the cells at which a measurement comes nearest to `wanted`, all circuits at once. The measurement
/// rises with the cell, or falls.
void search(const Bench& bench, MismatchOf of, bool rises, double wanted, const Measure& measure,
            std::vector<Trims>& trims) {
    const std::size_t cell = cell_of(of);
    const std::uint16_t most = bench.curves().most();
    for (Trims& circuit : trims) {
        circuit[cell] = 0;
    }
    std::uint32_t bit = 1;
    while (bit * 2 <= most) {
        bit *= 2;
    }
    for (; bit != 0; bit /= 2) {
        std::vector<Trims> tried = trims;
        for (Trims& circuit : tried) {
            circuit[cell] = static_cast<std::uint16_t>(std::min<std::uint32_t>(circuit[cell] + bit, most));
        }
        const std::vector<double> measured = measure(tried);
        for (std::size_t i = 0; i < trims.size(); ++i) {
            if (rises ? measured[i] <= wanted : measured[i] >= wanted) {
                trims[i][cell] = tried[i][cell];
            }
        }
    }
    // The cell found is the last on one side; its neighbour on the other may be nearer.
    std::vector<Trims> next = trims;
    for (Trims& circuit : next) {
        circuit[cell] = static_cast<std::uint16_t>(std::min<std::uint32_t>(circuit[cell] + 1U, most));
    }
    const std::vector<double> here = measure(trims);
    const std::vector<double> there = measure(next);
    for (std::size_t i = 0; i < trims.size(); ++i) {
        if (std::abs(there[i] - wanted) < std::abs(here[i] - wanted)) {
            trims[i][cell] = next[i][cell];
        }
    }
}

double deviation(const Deviations& deviations, MismatchOf of) {
    switch (of) {
    case MismatchOf::threshold:
        return deviations.threshold;
    case MismatchOf::leak:
        return deviations.leak;
    case MismatchOf::reset:
        return deviations.reset;
    case MismatchOf::tau_mem:
        return deviations.tau_mem;
    case MismatchOf::tau_syn:
        return deviations.tau_syn;
    case MismatchOf::weight:
        return deviations.weight;
    case MismatchOf::synaptic_weight:
    case MismatchOf::refractory:
        return 0;
    }
    return 0;
}

struct Moments {
    double mean = 0;
    double sigma = 0;
};

Moments moments(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    const auto n = static_cast<double>(values.size());
    const double mean = sum / n;
    double squares = 0;
    for (const double value : values) {
        squares += (value - mean) * (value - mean);
    }
    return {.mean = mean, .sigma = std::sqrt(squares / n)};
}

bool near(double a, double b) {
    return std::abs(a - b) <= same * std::abs(b);
}

}  // namespace

CalibrationTarget target_of(const AnalogRanges& ranges, const Lif& lif) {
    return {.leak_lsb = ranges.leak_lsb,
            .reset_lsb = lsb_of(ranges, lif, lif.reset),
            .threshold_lsb = ranges.threshold_lsb,
            .tau_mem_s = lif.tau_mem,
            .tau_syn_s = lif.tau_syn};
}

CalibrationTarget usual_target(const AnalogRanges& ranges) {
    return {.leak_lsb = ranges.leak_lsb, .reset_lsb = ranges.reset_lsb, .threshold_lsb = ranges.threshold_lsb};
}

Calibration calibrate(const AnalogSpec& chip, const InstanceOptions& options, const CalibrationTarget& target) {
    Bench bench(chip, options, target);
    std::vector<Trims> trims(static_cast<std::size_t>(chip.array.circuits()), bench.curves().usual(target));
    const auto find = [&](MismatchOf of, bool rises, double wanted,
                          std::vector<double> (Bench::*measure)(const std::vector<Trims>&)) {
        search(
            bench, of, rises, wanted, [&](const std::vector<Trims>& tried) { return (bench.*measure)(tried); }, trims);
    };
    find(MismatchOf::leak, true, target.threshold_lsb, &Bench::resting_lsb);
    find(MismatchOf::threshold, false, 0.5, &Bench::spiking_share);
    find(MismatchOf::reset, true, target.reset_lsb, &Bench::reset_lsb);
    find(MismatchOf::leak, true, target.leak_lsb, &Bench::resting_lsb);
    find(MismatchOf::tau_mem, false, bench.ideal_membrane_decay_s(), &Bench::membrane_decay_s);
    find(MismatchOf::tau_syn, false, bench.ideal_synaptic_decay_s(), &Bench::synaptic_decay_s);
    find(MismatchOf::weight, true, bench.ideal_psp_height_lsb(), &Bench::psp_height_lsb);
    return {.chip = chip.name,
            .seed = options.seed,
            .instance = options.instance,
            .target = target,
            .circuits = std::move(trims),
            .measurements = bench.measurements()};
}

std::vector<Residual> residuals(const AnalogSpec& chip, const InstanceOptions& options,
                                const Calibration& calibration) {
    const CellCurves curves(chip, uncalibrated_spread(chip, options), options.seed, options.instance);
    const Trims usual = curves.usual(calibration.target);
    std::vector<Residual> all;
    for (const MismatchOf of : trimmed) {
        Residual residual{.of = of};
        std::vector<double> before;
        std::vector<double> after;
        for (std::uint32_t i = 0; i < calibration.circuits.size(); ++i) {
            const Trims& trims = calibration.circuits[i];
            before.push_back(deviation(curves.deviations(i, usual, calibration.target), of));
            after.push_back(deviation(curves.deviations(i, trims, calibration.target), of));
            residual.at_limit += trims[cell_of(of)] == 0 || trims[cell_of(of)] == curves.most() ? 1 : 0;
        }
        residual.before = moments(before).sigma;
        residual.after = moments(after).sigma;
        residual.bias = moments(after).mean;
        all.push_back(residual);
    }
    return all;
}

double accepted_ratio(MismatchOf of) {
    switch (of) {
    case MismatchOf::threshold:
        return 0.35;
    case MismatchOf::leak:
        return 0.3;
    case MismatchOf::reset:
        return 0.2;
    case MismatchOf::tau_mem:
        return 0.45;
    case MismatchOf::tau_syn:
        return 0.2;
    case MismatchOf::weight:
    case MismatchOf::synaptic_weight:
    case MismatchOf::refractory:
        return 0;
    }
    return 0;
}

Diagnostics check_calibration(const Calibration& calibration, const AnalogSpec& chip, const InstanceOptions& options,
                              const CalibrationTarget& target) {
    Diagnostics findings;
    const auto say = [&](std::string found, std::string allowed, std::string help) {
        findings.push_back({.where = "calibration",
                            .found = std::move(found),
                            .allowed = std::move(allowed),
                            .help = std::move(help)});
    };
    if (calibration.chip != chip.name) {
        say(fmt::format("it is of chip '{}'", calibration.chip), fmt::format("chip '{}'", chip.name), "");
    }
    if (calibration.seed != options.seed || calibration.instance != options.instance) {
        say(fmt::format("it is of instance {} of seed {}", calibration.instance, calibration.seed),
            fmt::format("instance {} of seed {}", options.instance, options.seed), "calibrate that instance");
    }
    if (calibration.circuits.size() != static_cast<std::size_t>(chip.array.circuits())) {
        say(fmt::format("it has {} circuits", calibration.circuits.size()),
            fmt::format("the chip's {}", chip.array.circuits()), "");
    }
    const CalibrationTarget& own = calibration.target;
    if (!near(own.leak_lsb, target.leak_lsb) || !near(own.reset_lsb, target.reset_lsb) ||
        !near(own.threshold_lsb, target.threshold_lsb) || !near(own.tau_mem_s, target.tau_mem_s) ||
        !near(own.tau_syn_s, target.tau_syn_s)) {
        const auto words = [](const CalibrationTarget& t) {
            return fmt::format("leak {:.4g}, reset {:.4g}, threshold {:.4g} LSB, tau_mem {:.4g}, tau_syn {:.4g} us",
                               t.leak_lsb, t.reset_lsb, t.threshold_lsb, t.tau_mem_s * 1e6, t.tau_syn_s * 1e6);
        };
        say("its target is " + words(own), words(target), "calibrate for the network's targets");
    }
    return findings;
}

}  // namespace spikeloom::chip::analog
