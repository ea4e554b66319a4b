// A labelled set for networks in continuous time: values in 0..1 that an encoder turns into spike times, or the spike
// times themselves. Values keep the precision of their file: nothing is rounded to float on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

struct TimedSet {
    enum class Holds : std::uint8_t {
        values,      ///< 0..1
        time_units,  ///< spike times in the network's time unit; infinity: no spike
        seconds,     ///< the same in seconds
    };
    std::string name;
    std::size_t samples = 0;
    std::size_t channels = 0;
    Holds holds = Holds::values;
    std::vector<double> values{};        ///< S x N
    std::vector<std::int32_t> labels{};  ///< S

    [[nodiscard]] std::span<const double> sample(std::size_t i) const {
        return std::span(values).subspan(i * channels, channels);
    }
    friend bool operator==(const TimedSet&, const TimedSet&) = default;
};

/// From
/// - .npz with one array named inputs, x, data or images (values), times (time units) or times_s (seconds), S x N or of
///   more dimensions, flattened; and one named labels, y or targets (S integers);
/// - .npy of values with `labels_path` (.npy or idx);
/// - an idx image file (gz too); its labels are labels_path, or the same name with images-idx3 replaced by labels-idx1.
/// Unsigned bytes are divided by 255 in 32-bit floats, as torchvision does (unless none is above 1); other values must
/// lie in 0..1, times be 0 or more. `holds`: what the numbers are, whatever the array's name. All findings at once.
[[nodiscard]] Result<TimedSet> read_timed_set(const std::string& path, const std::string& labels_path = "",
                                              std::optional<TimedSet::Holds> holds = {});

}  // namespace spikeloom::runtime
