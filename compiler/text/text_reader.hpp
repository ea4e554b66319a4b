// What the parts of the reader of network texts share: the parsed message, where its fields stood, the findings so
// far, and the network that grows. Checks come first, for everything; weights are drawn only when nothing was found.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/text/draw_rules.hpp"
#include "compiler/text/network.pb.h"
#include "compiler/text/network_text.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::compiler::text {

struct TextReader {
    const proto::NetworkProto& file;
    const files::TextPositions& positions;
    const NetworkTextLimits& limits;
    std::string directory;
    Network network;
    Diagnostics findings;
    std::vector<std::function<void()>> draws;  ///< what is left to do when there are no findings

    void say(const std::string& path, std::string found, std::string allowed = {}, std::string help = {});
    /// Says so unless least <= value <= most. Returns whether it is.
    bool in_range(const std::string& path, double value, double least, double most);
    /// A finding unless the value is a number; `path` as "a[3].value[7]".
    bool finite(const std::string& path, double value);
};

[[nodiscard]] std::string element(const std::string& field, int index);
[[nodiscard]] std::string shape_text(const Shape& shape);

/// A finding unless the name is 1 to 200 printable characters without '/'.
void check_name(TextReader& reader, const std::string& path, const std::string& name);
/// The shape at `path`, or an empty one after a finding.
[[nodiscard]] Shape read_shape(TextReader& reader, const std::string& path,
                               const google::protobuf::RepeatedField<std::uint32_t>& extents);

/// The block `registers` of a population.
void read_registers(TextReader& reader, const std::string& path, const proto::RegistersProto& block,
                    Population& population);
/// Block number i, appended to the network.
void read_population(TextReader& reader, int i);
void read_projections(TextReader& reader);

/// The rules of both blocks, checked.
[[nodiscard]] NumberRule read_uniform(TextReader& reader, const std::string& path, const proto::UniformProto& rule);
[[nodiscard]] NumberRule read_normal(TextReader& reader, const std::string& path, const proto::NormalProto& rule);

}  // namespace spikeloom::compiler::text
