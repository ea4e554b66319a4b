// Spikes that drive one run of an analog image, from a file: at real times, on the image's channels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "core/analog/net.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

/// From
/// - .csv: lines "time_s,channel" (of the only input that the data drive) or "time_s,input,channel" (by name), a header
///   and '#' comments allowed;
/// - SONATA .h5: /spikes/<input>/{timestamps, node_ids}, times in ms.
/// Times that are negative or not finite, unknown inputs and channels out of range are errors. Ascending by time.
[[nodiscard]] Result<std::vector<core::analog::InputSpike>> read_timed_stimulus(const std::string& path,
                                                                                const chip::AnalogImage& image);
[[nodiscard]] Result<std::vector<core::analog::InputSpike>> parse_timed_csv(std::string_view text,
                                                                            const std::string& origin,
                                                                            const chip::AnalogImage& image);

}  // namespace spikeloom::runtime
