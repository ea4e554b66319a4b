#include "runtime/analog/yin_yang.hpp"

#include <fmt/format.h>

#include <cmath>

#include "runtime/analog/training_random.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double big_radius = 0.5;
constexpr double small_radius = 0.1;
constexpr std::uint64_t classes = 3;

/// The place of a draw within a sample: its class, or a coordinate of an attempt.
enum class Place : std::uint32_t { label = 0, x = 1, y = 2 };

}  // namespace

std::optional<std::int32_t> yin_yang_class(double x, double y) {
    if (std::hypot(x - big_radius, y - big_radius) > big_radius) {
        return std::nullopt;
    }
    const double right = std::hypot(x - 1.5 * big_radius, y - big_radius);
    const double left = std::hypot(x - 0.5 * big_radius, y - big_radius);
    if (right < small_radius || left < small_radius) {
        return 2;
    }
    const bool yin = right <= small_radius || (left > small_radius && left <= 0.5 * big_radius) ||
                     (y > big_radius && right > 0.5 * big_radius);
    return yin ? 1 : 0;
}

TimedSet make_yin_yang(std::size_t samples, std::uint64_t seed) {
    TimedSet set;
    set.name = fmt::format("yin-yang:{}:{}", samples, seed);
    set.samples = samples;
    set.channels = 4;
    set.values.reserve(samples * set.channels);
    set.labels.reserve(samples);
    for (std::size_t sample = 0; sample < samples; ++sample) {
        const auto key = [&](Place place, std::uint32_t attempt) {
            return training_key(seed, TrainingDraw::yin_yang, sample, static_cast<std::uint32_t>(place), attempt);
        };
        const auto label = static_cast<std::int32_t>(random_below(key(Place::label, 0), classes));
        for (std::uint32_t attempt = 0;; ++attempt) {
            const double x = random_uniform(key(Place::x, attempt));
            const double y = random_uniform(key(Place::y, attempt));
            if (yin_yang_class(x, y) == label) {
                for (const double value : {x, y, 1 - x, 1 - y}) {
                    set.values.push_back(value);
                }
                set.labels.push_back(label);
                break;
            }
        }
    }
    return set;
}

}  // namespace spikeloom::runtime
