#include "chip/analog/trims.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::chip::analog {
namespace {

/// The potential at which a curve of another slope crosses the average one, but for its offset.
double pivot_lsb(const AnalogRanges& ranges, MismatchOf of) {
    if (of == MismatchOf::threshold) {
        return ranges.threshold_lsb;
    }
    return of == MismatchOf::reset ? ranges.reset_lsb : ranges.leak_lsb;
}

}  // namespace

CellCurves::CellCurves(const AnalogSpec& chip, const Spread& spread, std::uint64_t seed, std::uint32_t instance)
    : ranges_(chip.ranges),
      lsb_per_cell_(std::ldexp(1.0, chip.cadc.bits - chip.ranges.parameter_bits)),
      most_(static_cast<std::uint16_t>((1U << chip.ranges.parameter_bits) - 2)),
      usual_(static_cast<std::uint16_t>(std::max(std::lround(usual_cell * most_), 1L))) {
    const auto circuits = static_cast<std::uint32_t>(chip.array.circuits());
    for (std::uint32_t circuit = 0; circuit < circuits; ++circuit) {
        for (const MismatchOf of : trimmed) {
            curves_.push_back({.offset = spread.fixed_of(of) * mismatch_normal(seed, instance, of, circuit),
                               .slope = 1 + slope_sigma * mismatch_normal(seed, instance, of, circuit, 1)});
        }
        refractory_.push_back(spread.fixed_of(MismatchOf::refractory) *
                              mismatch_normal(seed, instance, MismatchOf::refractory, circuit));
    }
}

Trims CellCurves::usual(const CalibrationTarget& target) const {
    const auto cell = [&](double lsb) {
        return static_cast<std::uint16_t>(std::clamp(std::round(lsb / lsb_per_cell_), 0.0, static_cast<double>(most_)));
    };
    Trims trims{};
    trims[cell_of(MismatchOf::threshold)] = cell(target.threshold_lsb);
    trims[cell_of(MismatchOf::leak)] = cell(target.leak_lsb);
    trims[cell_of(MismatchOf::reset)] = cell(target.reset_lsb);
    trims[cell_of(MismatchOf::tau_mem)] = usual_;
    trims[cell_of(MismatchOf::tau_syn)] = usual_;
    trims[cell_of(MismatchOf::weight)] = usual_;
    return trims;
}

double CellCurves::potential_lsb(MismatchOf of, std::uint32_t circuit, std::uint16_t cell) const {
    const Curve& own = curve(of, circuit);
    const double pivot = pivot_lsb(ranges_, of);
    return pivot + own.offset * (ranges_.threshold_lsb - ranges_.leak_lsb) + own.slope * (lsb_per_cell_ * cell - pivot);
}

double CellCurves::factor(MismatchOf of, std::uint32_t circuit, std::uint16_t cell) const {
    const Curve& own = curve(of, circuit);
    const double line = std::max(1 + own.slope * (static_cast<double>(cell) / usual_ - 1), 0.01);
    return of == MismatchOf::weight ? positive_factor(own.offset) * line : positive_factor(own.offset) / line;
}

Deviations CellCurves::deviations(std::uint32_t circuit, const Trims& trims, const CalibrationTarget& target) const {
    const double span = target.threshold_lsb - target.leak_lsb;
    const auto potential = [&](MismatchOf of, double wanted) {
        return (potential_lsb(of, circuit, trims[cell_of(of)]) - wanted) / span;
    };
    const auto relative = [&](MismatchOf of) { return factor(of, circuit, trims[cell_of(of)]) - 1; };
    return {.threshold = potential(MismatchOf::threshold, target.threshold_lsb),
            .leak = potential(MismatchOf::leak, target.leak_lsb),
            .reset = potential(MismatchOf::reset, target.reset_lsb),
            .tau_mem = relative(MismatchOf::tau_mem),
            .tau_syn = relative(MismatchOf::tau_syn),
            .weight = relative(MismatchOf::weight),
            .refractory = refractory_[circuit]};
}

}  // namespace spikeloom::chip::analog
