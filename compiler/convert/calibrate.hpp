// How large the values of an ANN's layers get over a calibration set: what a firing rate of one spike a step shall
// stand for. A percentile rather than the largest value, since a single outlier would slow down all others (Rueckauer
// et al. 2017, "Conversion of Continuous-Valued Deep Networks to Efficient Event-Driven Networks", 99.9 by default; the
// largest value is Diehl et al. 2015, data-based normalisation).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/convert/ann.hpp"

namespace spikeloom::compiler {

struct LayerRange {
    double scale = 0;    ///< the percentile of the values over all neurons and samples; 0: nothing is above 0
    double largest = 0;  ///< the largest value
    double active = 0;   ///< fraction of the values above 0
    friend bool operator==(const LayerRange&, const LayerRange&) = default;
};

/// Collects the values of one layer; exact, and holds no more of them than lie above the percentile.
class PercentileCollector {
public:
    /// Of `count` values to come, the percentile in 0..100 (nearest rank).
    PercentileCollector(std::uint64_t count, double percentile);
    void add(std::span<const float> values);
    [[nodiscard]] LayerRange range() const;

private:
    std::uint64_t kept_;       ///< how many of the largest values matter
    std::vector<float> heap_;  ///< those, the least on top
    std::uint64_t seen_ = 0;
    std::uint64_t active_ = 0;
    float largest_ = 0;
};

struct Calibration {
    double percentile = 99.9;
    std::uint64_t samples = 0;
    std::vector<LayerRange> layers;  ///< one a layer of the ANN
    friend bool operator==(const Calibration&, const Calibration&) = default;
};

/// Runs the first `samples` samples of the set, [sample][input], through the ANN. At least one; the percentile lies in
/// 0 < p <= 100.
[[nodiscard]] Calibration calibrate_ann(const Ann& ann, std::span<const float> inputs, std::uint64_t samples,
                                        double percentile);

}  // namespace spikeloom::compiler
