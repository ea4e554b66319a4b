// Between an Image's parts and their messages, both ways. Reading checks that every number fits its field and that
// lists which belong together are of one length; what the numbers mean is check_image's business.
// Private to chip/image, but for learning profiles, which a stored network keeps too.
#pragma once

#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/image/image.pb.h"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip {

[[nodiscard]] proto::ImageHeaderProto header_to_proto(const Image& image);
/// Learning profiles are part of the header.
[[nodiscard]] proto::LearningProfileProto learning_to_proto(const LearningProfile& profile);
[[nodiscard]] std::string learning_from_proto(const proto::LearningProfileProto& message, LearningProfile& profile);

void to_proto(const Provenance& provenance, proto::ProvenanceProto& message);
[[nodiscard]] Provenance from_proto(const proto::ProvenanceProto& message);

/// The parts of a core's message. Those that read say what is wrong; "" when nothing is.
void registers_to(const CoreImage& core, proto::CoreImageProto& message);
[[nodiscard]] std::string registers_from(const proto::CoreImageProto& message, CoreImage& core);
void entries_to(const CoreImage& core, proto::CoreImageProto& message);
[[nodiscard]] std::string entries_from(const proto::CoreImageProto& message, CoreImage& core);
void synapses_to(const std::vector<Synapse>& synapses, proto::CoreImageProto& message);
[[nodiscard]] std::string synapses_from(const proto::CoreImageProto& message, std::vector<Synapse>& synapses);

/// Models and parameters of a core's groups; the groups are there already when they are read.
void models_to(const std::vector<CompartmentGroup>& groups, proto::CoreImageProto& message);
[[nodiscard]] std::string models_from(const proto::CoreImageProto& message, std::vector<CompartmentGroup>& groups);

[[nodiscard]] proto::CoreImageProto core_to_proto(const CoreImage& core);
[[nodiscard]] proto::InputSymbolProto input_to_proto(const InputSymbol& input);

/// Each fills its value or says what is wrong with the message; "" when nothing is.
[[nodiscard]] std::string header_from_proto(const proto::ImageHeaderProto& message, Image& image);
[[nodiscard]] std::string core_from_proto(const proto::CoreImageProto& message, CoreImage& core);
[[nodiscard]] std::string input_from_proto(const proto::InputSymbolProto& message, InputSymbol& input);

}  // namespace spikeloom::chip
