#include "tools/figure_output.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <span>

#include "core/files/bytes.hpp"
#include "runtime/partial_file.hpp"

namespace spikeloom::tools {

Result<void> write_text_file(const std::string& text, const std::string& path) {
    auto file = runtime::PartialFile::create(path, true);
    if (!file) {
        return fail(std::move(file.error()));
    }
    auto written = files::write_bytes(file->path(), std::as_bytes(std::span(text)));
    return written ? file->publish() : written;
}

void add_figure_options(CommandLine& line) {
    line.add()("output,o", word("FILE"), "where to (default: text on stdout); .svg, .json or .txt choose the format")(
        "format", word("FORMAT"), "text, json or svg");
}

FigureFormat figure_format(const CommandLine& line) {
    constexpr std::array<std::pair<std::string_view, FigureFormat>, 3> formats{
        {{"text", FigureFormat::text}, {"json", FigureFormat::json}, {"svg", FigureFormat::svg}}};
    if (line.has("format")) {
        return line.choice<FigureFormat>("format", formats);
    }
    if (!line.has("output")) {
        return FigureFormat::text;
    }
    const std::string path = line.value<std::string>("output");
    const std::string extension = std::filesystem::path(path).extension().string();
    if (extension == ".svg") {
        return FigureFormat::svg;
    }
    if (extension == ".json") {
        return FigureFormat::json;
    }
    if (extension == ".txt" || extension == ".text") {
        return FigureFormat::text;
    }
    throw UsageError(fmt::format("--output {}: the extension tells no format; .svg, .json or .txt, or --format", path));
}

Result<void> deliver_figure(const CommandLine& line, const FigureForms& forms) {
    return deliver_figure(line, figure_format(line), forms);
}

Result<void> deliver_figure(const CommandLine& line, FigureFormat format, const FigureForms& forms) {
    const auto chosen = [&] {
        switch (format) {
        case FigureFormat::text:
            return forms.text();
        case FigureFormat::json:
            return forms.json();
        case FigureFormat::svg:
            return forms.svg();
        }
        return std::string();
    };
    const std::string text = chosen();
    if (line.has("output")) {
        return write_text_file(text, line.value<std::string>("output"));
    }
    fmt::print("{}", text);
    return {};
}

}  // namespace spikeloom::tools
