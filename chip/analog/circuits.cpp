#include "chip/analog/circuits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloom::chip::analog {
namespace {

std::vector<CalibrationTarget> targets_of(const AnalogImage& image) {
    std::vector<CalibrationTarget> targets;
    for (const NeuronTarget& neuron : image.neurons) {
        const CalibrationTarget target = target_of(image.chip.ranges, neuron.model.lif);
        if (targets.empty() || targets.back() != target) {
            targets.push_back(target);
        }
    }
    std::ranges::sort(targets);
    const auto repeated = std::ranges::unique(targets);
    targets.erase(repeated.begin(), repeated.end());
    return targets;
}

std::vector<Deviations> trimmed_circuits(const AnalogSpec& chip, const InstanceOptions& options,
                                         const Calibration& calibration) {
    const CellCurves curves(chip, uncalibrated_spread(chip, options), options.seed, options.instance);
    std::vector<Deviations> circuits;
    for (std::uint32_t i = 0; i < calibration.circuits.size(); ++i) {
        circuits.push_back(curves.deviations(i, calibration.circuits[i], calibration.target));
    }
    return circuits;
}

}  // namespace

Result<Circuits> Circuits::make(const AnalogImage& image, const InstanceOptions& options, const Spread& spread) {
    Circuits circuits;
    if (!options.mismatch || options.calibration != CalibrationState::measured) {
        std::vector<Deviations> all;
        for (int i = 0; i < image.chip.array.circuits(); ++i) {
            all.push_back(deviations_of(spread, options.seed, options.instance, static_cast<std::uint32_t>(i)));
        }
        circuits.circuits_.push_back(std::move(all));
        return circuits;
    }
    circuits.targets_ = targets_of(image);
    if (!options.trims && circuits.targets_.size() > most_targets) {
        return fail({.where = "calibration",
                     .found = fmt::format("the image's neurons have {} different targets", circuits.targets_.size()),
                     .allowed = fmt::format("up to {}", most_targets),
                     .help = "take the expected calibration"});
    }
    Diagnostics findings;
    for (const CalibrationTarget& target : circuits.targets_) {
        if (options.trims) {
            Diagnostics unfit = check_calibration(*options.trims, image.chip, options, target);
            findings.insert(findings.end(), unfit.begin(), unfit.end());
            if (!findings.empty()) {
                return fail(std::move(findings));
            }
        }
        const Calibration own = options.trims ? *options.trims : calibrate(image.chip, options, target);
        circuits.circuits_.push_back(trimmed_circuits(image.chip, options, own));
    }
    return circuits;
}

std::vector<Deviations> Circuits::of(const AnalogImage& image, const AnalogRun& run) const {
    std::vector<Deviations> circuits = circuits_.front();
    if (targets_.empty()) {
        return circuits;
    }
    for (const PlacedNeuron& neuron : run.neurons) {
        const CalibrationTarget target = target_of(image.chip.ranges, image.neurons[neuron.neuron].model.lif);
        const auto set = static_cast<std::size_t>(std::ranges::lower_bound(targets_, target) - targets_.begin());
        for (const Circuit& circuit : neuron.circuits) {
            const auto i = static_cast<std::size_t>(circuit.hemisphere * image.chip.array.columns + circuit.column);
            circuits[i] = circuits_[set][i];
        }
    }
    return circuits;
}

}  // namespace spikeloom::chip::analog
