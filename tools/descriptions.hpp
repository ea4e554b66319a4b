// What inspect says about each kind of value, as a JSON object (see outline.hpp).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "chip/image/analog_image.hpp"
#include "chip/image/image.hpp"
#include "chip/spec/analog_spec.hpp"
#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "core/rules/rule_file.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {

/// "mesh", "torus", "tree".
[[nodiscard]] boost::json::array model_names(const chip::NeuronFormat& neuron);
[[nodiscard]] std::string_view topology_name(router::Topology topology);

[[nodiscard]] boost::json::object describe(const chip::ChipSpec& chip);
[[nodiscard]] boost::json::object describe(const chip::AnalogSpec& chip);
[[nodiscard]] boost::json::object describe(const LoadedNetwork& loaded);
[[nodiscard]] boost::json::object describe(const LoadedTimedNetwork& loaded);
[[nodiscard]] boost::json::object describe(const rules::RuleFile& file);
[[nodiscard]] boost::json::object describe(const chip::Image& image);
[[nodiscard]] boost::json::object describe(const chip::AnalogImage& image);
[[nodiscard]] boost::json::array describe(const std::vector<compiler::Resolution>& resolutions);
[[nodiscard]] boost::json::array describe(const std::vector<chip::ProjectionLoss>& losses);

/// Arrays of an .npy, .npz or idx file; the populations of a SONATA spike file.
[[nodiscard]] Result<boost::json::object> describe_npy(const std::string& path);
[[nodiscard]] Result<boost::json::object> describe_npz(const std::string& path);
[[nodiscard]] Result<boost::json::object> describe_idx(const std::string& path);
[[nodiscard]] Result<boost::json::object> describe_spikes(const std::string& path);

}  // namespace spikeloom::tools
