#include "compiler/passes/weight_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spikeloom::compiler {
namespace {

constexpr std::int32_t largest_contribution = 32767;  // (2^21 - 2^6) / 2^6: more would wrap the accumulator

struct Extremes {
    double least = 0;
    double most = 0;
};

/// The smallest exponent whose lattice reaches both ends (or the largest that there is).
int reaching_exponent(Extremes wanted, chip::WeightFormat format, const chip::IntRange& exponents) {
    for (auto exponent = static_cast<int>(exponents.least); exponent < exponents.most; ++exponent) {
        format.weight_exponent = exponent;
        const WeightLattice lattice(format);
        if (lattice.reaches(wanted.least) && lattice.reaches(wanted.most)) {
            return exponent;
        }
    }
    return static_cast<int>(exponents.most);
}

double squared_error(std::span<const float> samples, double factor, const chip::WeightFormat& format, int sign) {
    const WeightLattice lattice(format);
    double sum = 0;
    for (const float sample : samples) {
        const double wanted = sample * factor;
        if (sign == 0 || (sign > 0) == (wanted > 0)) {
            const double error = lattice.nearest(wanted) - wanted;
            sum += error * error;
        }
    }
    return sum;
}

struct OneFit {
    chip::WeightFormat format;
    double error = std::numeric_limits<double>::infinity();
};

/// Best exponent of one sign mode: the one that reaches the extremes, or one less, which clips them.
OneFit fit_one(std::span<const float> samples, double factor, chip::WeightFormat format, Extremes extremes, int sign,
               const chip::IntRange& exponents) {
    const int reaching = reaching_exponent(extremes, format, exponents);
    OneFit best;
    for (int exponent = reaching; exponent >= std::max<std::int64_t>(reaching - 1, exponents.least); --exponent) {
        format.weight_exponent = exponent;
        const double error = squared_error(samples, factor, format, sign);
        if (error < best.error) {
            best = {.format = format, .error = error};
        }
    }
    return best;
}

}  // namespace

WeightLattice::WeightLattice(const chip::WeightFormat& format) : exponent(format.weight_exponent) {
    const bool mixed = format.sign_mode == chip::SignMode::mixed;
    const int lsb = (mixed ? 9 : 8) - format.weight_bits;
    step = 1 << std::max(0, lsb + exponent);
    const chip::IntRange range = chip::weight_range(format.sign_mode);
    const auto scaled = [&](std::int64_t magnitude) {
        const std::int64_t truncated = (magnitude >> lsb) << lsb;
        const std::int64_t value = exponent >= 0 ? truncated << exponent : truncated >> -exponent;
        return static_cast<std::int32_t>(std::min<std::int64_t>(value, largest_contribution) / step * step);
    };
    least = -scaled(-range.least);
    most = scaled(range.most);
}

std::int32_t WeightLattice::nearest(double wanted) const {
    const double clamped = std::clamp(wanted, static_cast<double>(least), static_cast<double>(most));
    return static_cast<std::int32_t>(std::lround(clamped / step)) * step;
}

std::int16_t WeightLattice::mantissa(std::int32_t contribution) const {
    return static_cast<std::int16_t>(exponent >= 0 ? contribution / (1 << exponent) : contribution * (1 << -exponent));
}

FormatFit fit_formats(std::span<const float> samples, double factor, int weight_bits, const chip::SynapseMemory& memory,
                      SignSplit split) {
    Extremes extremes;
    double sum_of_squares = 0;
    for (const float sample : samples) {
        const double wanted = sample * factor;
        extremes.least = std::min(extremes.least, wanted);
        extremes.most = std::max(extremes.most, wanted);
        sum_of_squares += wanted * wanted;
    }
    const auto one = [&](chip::SignMode mode, Extremes ends, int sign) {
        return fit_one(samples, factor, {.weight_bits = weight_bits, .sign_mode = mode}, ends, sign,
                       memory.weight_exponent);
    };
    const auto relative = [&](double error) { return sum_of_squares > 0 ? error / sum_of_squares : 0.0; };
    if (extremes.least == 0) {
        const OneFit fit = one(chip::SignMode::excitatory, extremes, 0);
        return {{fit.format, fit.format}, relative(fit.error)};
    }
    if (extremes.most == 0) {
        const OneFit fit = one(chip::SignMode::inhibitory, extremes, 0);
        return {{fit.format, fit.format}, relative(fit.error)};
    }
    if (split == SignSplit::always || weight_bits == 1) {  // the one bit of a mixed format is its sign
        const OneFit positive = one(chip::SignMode::excitatory, {0, extremes.most}, 1);
        const OneFit negative = one(chip::SignMode::inhibitory, {extremes.least, 0}, -1);
        return {{positive.format, negative.format}, relative(positive.error + negative.error)};
    }
    const OneFit fit = one(chip::SignMode::mixed, extremes, 0);
    return {{fit.format, fit.format}, relative(fit.error)};
}

int widest_weight(const chip::SynapseMemory& memory, int most) {
    int best = 0;
    for (const int width : memory.weight_bits) {
        if (width <= most) {
            best = std::max(best, width);
        }
    }
    return best;
}

int narrowest_weight(const chip::SynapseMemory& memory, chip::SignMode mode, int trailing_zeros, int weight_bits) {
    const int needed = std::max(1, (mode == chip::SignMode::mixed ? 9 : 8) - trailing_zeros);
    int best = weight_bits;
    for (const int width : memory.weight_bits) {
        if (width >= needed) {
            best = std::min(best, width);
        }
    }
    return best;
}

}  // namespace spikeloom::compiler
