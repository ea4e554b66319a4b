// A labelled set for networks in continuous time, by the name that a user gives it.
#pragma once

#include <string>

#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_set.hpp"

namespace spikeloom::tools {

/// A file (runtime/analog/timed_set.hpp), or yin-yang:SAMPLES:SEED, made on the spot (runtime/analog/yin_yang.hpp).
[[nodiscard]] Result<runtime::TimedSet> open_timed_set(const std::string& name, const std::string& labels_path = "");

}  // namespace spikeloom::tools
