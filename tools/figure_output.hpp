// Where a result that is text, JSON or a picture goes: --output chooses the format by its extension, --format by name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/diagnostics.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// Writes beside the path and renames; replaces what stands there.
[[nodiscard]] Result<void> write_text_file(const std::string& text, const std::string& path);

/// --output, --format.
void add_figure_options(CommandLine& line);
struct FigureForms {
    std::function<std::string()> text;
    std::function<std::string()> json;
    std::function<std::string()> svg;
};
enum class FigureFormat : std::uint8_t { text, json, svg };
/// Throws UsageError; so it is asked before the work.
[[nodiscard]] FigureFormat figure_format(const CommandLine& line);
/// Prints the form, or writes it to --output.
[[nodiscard]] Result<void> deliver_figure(const CommandLine& line, const FigureForms& forms);
/// The same in a format that was chosen otherwise.
[[nodiscard]] Result<void> deliver_figure(const CommandLine& line, FigureFormat format, const FigureForms& forms);

}  // namespace spikeloom::tools
