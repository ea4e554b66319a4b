// What run and eval have in common: the image, a session on it, a recorder behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "chip/image/image.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"
#include "tools/command_line.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

void add_session_options(CommandLine& line);

/// Throws UsageError where --threads, --noc or what a trace keeps makes no sense.
[[nodiscard]] Result<runtime::Session> open_session(const chip::Image& image, const CommandLine& line);

/// A recorder on --output; `stimulus` is hashed if it is a file. `planned_steps` spread the rows of what is learned.
[[nodiscard]] Result<std::unique_ptr<runtime::Recorder>> open_recorder(const runtime::Session& session,
                                                                       const CommandLine& line,
                                                                       const std::string& stimulus,
                                                                       std::uint64_t planned_steps);

/// A warning where --trace has left messages out.
[[nodiscard]] Diagnostics check_trace(const runtime::Session& session);

/// Writes --save-image, if it is given: the image with the weights and delays that the session's chip learned.
[[nodiscard]] Result<void> save_image(const runtime::Session& session, const CommandLine& line);

/// Reads the image that the command line names, lets `work` run it into --output, and prints the recording's figures.
/// Whatever fails is printed.
ExitStatus run_image(const CommandLine& line,
                     const std::function<Result<void>(const chip::Image&, const CommandLine&)>& work);

}  // namespace spikeloom::tools
