#include "compiler/convert/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace spikeloom::compiler {

PercentileCollector::PercentileCollector(std::uint64_t count, double percentile) {
    const auto rank = static_cast<std::uint64_t>(std::ceil(percentile / 100 * static_cast<double>(count)));
    kept_ = count - std::clamp<std::uint64_t>(rank, 1, std::max<std::uint64_t>(count, 1)) + 1;
}

void PercentileCollector::add(std::span<const float> values) {
    seen_ += values.size();
    for (const float value : values) {
        active_ += value > 0 ? 1 : 0;
        largest_ = std::max(largest_, value);
        if (heap_.size() < kept_) {
            heap_.push_back(value);
            std::ranges::push_heap(heap_, std::greater<>());
        } else if (value > heap_.front()) {
            std::ranges::pop_heap(heap_, std::greater<>());
            heap_.back() = value;
            std::ranges::push_heap(heap_, std::greater<>());
        }
    }
}

LayerRange PercentileCollector::range() const {
    return {.scale = heap_.empty() ? 0.0 : std::max(0.0, static_cast<double>(heap_.front())),
            .largest = largest_,
            .active = seen_ == 0 ? 0 : static_cast<double>(active_) / static_cast<double>(seen_)};
}

Calibration calibrate_ann(const Ann& ann, std::span<const float> inputs, std::uint64_t samples, double percentile) {
    Calibration calibration{.percentile = percentile, .samples = samples, .layers = {}};
    std::vector<PercentileCollector> collectors;
    for (const AnnLayer& layer : ann.layers) {
        collectors.emplace_back(samples * layer.size(), percentile);
    }
    for (std::uint64_t sample = 0; sample < samples; ++sample) {
        const auto values = run_ann(ann, inputs.subspan(sample * ann.input_size(), ann.input_size()));
        for (std::size_t layer = 0; layer < values.size(); ++layer) {
            collectors[layer].add(values[layer]);
        }
    }
    for (const PercentileCollector& collector : collectors) {
        calibration.layers.push_back(collector.range());
    }
    return calibration;
}

}  // namespace spikeloom::compiler
