// A labelled set for networks in continuous time, by the name that a user gives it.
#pragma once

#include <optional>
#include <string>

#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_set.hpp"

namespace spikeloom::tools {

/// A file (runtime/analog/timed_set.hpp, also for `holds`), or yin-yang:SAMPLES:SEED, made on the spot
/// (runtime/analog/yin_yang.hpp).
[[nodiscard]] Result<runtime::TimedSet> open_timed_set(const std::string& name, const std::string& labels_path = "",
                                                       std::optional<runtime::TimedSet::Holds> holds = {});
/// SHA-256 of the file; empty for a set that is made on the spot, which its name says whole.
[[nodiscard]] Result<std::string> timed_set_sha256(const std::string& name);

}  // namespace spikeloom::tools
