// Between an AnalogImage and its message, both ways. Reading checks that every number fits its field and that lists
// which belong together are of one length; what the numbers mean is check_analog_image's business. Private to
// chip/image.
#pragma once

#include <string>

#include "chip/image/analog_image.hpp"
#include "chip/image/analog_image.pb.h"

namespace spikeloom::chip {

void to_proto(const AnalogRun& run, proto::AnalogRunProto& message);
/// Fills the run; nullptr or what of it does not fit together.
[[nodiscard]] const char* from_proto(const proto::AnalogRunProto& message, AnalogRun& run);

[[nodiscard]] proto::AnalogImageProto to_proto(const AnalogImage& image);
/// Fills all but the chip, which the caller has checked and converted; "" or what is wrong.
[[nodiscard]] std::string from_proto(const proto::AnalogImageProto& message, AnalogImage& image);

}  // namespace spikeloom::chip
