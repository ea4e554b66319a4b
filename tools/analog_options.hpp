// What the subcommands that run an analog image have in common: which copy of the chip it runs on, and what differs on
// that copy.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "chip/analog/analog_chip.hpp"
#include "runtime/analog/timed_set.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// --instance, --mismatch, --calibration, --trims, --noise, --exact-times.
void add_copy_options(CommandLine& line);
/// The same, and --seed, --threads.
void add_instance_options(CommandLine& line);
/// Throws UsageError on words that make no sense.
[[nodiscard]] chip::analog::InstanceOptions instance_options(const CommandLine& line);
/// The same with the calibration file of --trims, which is mismatch as the chip's and a measured calibration.
[[nodiscard]] Result<chip::analog::InstanceOptions> calibrated_instance(const CommandLine& line);
/// "chip 7, mismatch threshold 5 %, ..." for people.
[[nodiscard]] std::string instance_text(const chip::analog::InstanceOptions& options);

/// --data-holds; throws UsageError.
[[nodiscard]] std::optional<runtime::TimedSet::Holds> data_holds(const CommandLine& line);

/// Whether one of the words names a file that holds an analog image.
[[nodiscard]] bool names_analog_image(std::span<const std::string> arguments);
/// Empty unless the first word should be an image and there is no such file: which options it takes can't be said then.
[[nodiscard]] Diagnostics missing_image(std::span<const std::string> arguments);

/// --threads, within its range; throws UsageError.
[[nodiscard]] int thread_count(const CommandLine& line);

}  // namespace spikeloom::tools
