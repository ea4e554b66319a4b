// Where the reference data of others lies: $SPIKELOOM_REFERENCE_DATA, default ../shared/data beside the project.
// A test that needs it returns early when it is absent, and says so on stderr.
#pragma once

#include <optional>
#include <string>

namespace spikeloom::test {

/// The path of a file or folder of the reference data, or nothing (after saying which one is missing).
[[nodiscard]] std::optional<std::string> reference_data(const std::string& relative_path);

}  // namespace spikeloom::test
