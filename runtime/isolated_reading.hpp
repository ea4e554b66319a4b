// Files of others that HDF5 reads are read in a child process (core/files/isolated.hpp): a damaged one may bring the
// library down, and then the child falls and the user gets a diagnostic. The child answers with bytes; what they are
// worth is checked here, as a file's would be.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"
#include "runtime/report.hpp"

namespace spikeloom::runtime {

/// Runs `work` in a child process and gives what it gives: its bytes or its diagnostics. Where the child fell, the
/// error says so at `path`. No other thread may be at work.
[[nodiscard]] Result<std::string> read_isolated(const std::string& path,
                                                const std::function<Result<std::string>()>& work);

/// What `print` makes of the recording, read and printed in a child process.
[[nodiscard]] Result<std::string> print_recording(const std::string& recording_path,
                                                  const std::function<std::string(const Report&)>& print,
                                                  const Repricing& repricing = {});

/// A result as bytes, and back; nothing where they make no sense.
[[nodiscard]] std::string encode_result(const Result<std::string>& result);
[[nodiscard]] std::optional<Result<std::string>> decode_result(std::string_view bytes);

}  // namespace spikeloom::runtime
