// The closing lines of run and eval: what a recording says about work, time and energy, in a few lines or as JSON.
// The full account is the report.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/report.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

/// With a fitting unit: 1234.5 pJ is "1.23 nJ".
[[nodiscard]] std::string energy_text(double picojoules);
[[nodiscard]] std::string time_text(double nanoseconds);

/// Lines on steps, spikes, and time and energy under every cost table; of a labelled run also accuracy, and figures
/// an inference.
[[nodiscard]] std::string figures_text(const runtime::Report& report, const std::string& path);

enum class Interrupted : std::uint8_t { is_fine, is_failure };

/// Prints the figures of a recording. Fails where it can't be read, or if the run was cut short and that matters.
[[nodiscard]] ExitStatus print_figures(const std::string& recording_path, bool json, Interrupted interrupted);

}  // namespace spikeloom::tools
