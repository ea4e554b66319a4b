// Between the AnalogSpec and its schema, as chip_spec_proto.hpp. Private to chip/spec and chip/image.
#pragma once

#include "chip/spec/analog_spec.hpp"
#include "chip/spec/analog_spec.pb.h"
#include "chip/spec/chip_spec_proto.hpp"

namespace spikeloom::chip {

/// Of an ideal chip, only what ideal chips have: the rest keeps AnalogSpec's initial values.
[[nodiscard]] AnalogSpec from_proto(const proto::AnalogSpecProto& message);
[[nodiscard]] proto::AnalogSpecProto to_proto(const AnalogSpec& spec);

[[nodiscard]] Diagnostics check_analog_spec_proto(const proto::AnalogSpecProto& message, const Where& where,
                                                  ChipSpecPart part);

}  // namespace spikeloom::chip
