// spikeloom report: the figures of a recorded run as text, JSON, or one HTML page.

#include "runtime/report.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <span>

#include "runtime/analog/timed_record.hpp"
#include "runtime/isolated_reading.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/cost_options.hpp"
#include "tools/figure_output.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

enum class Format : std::uint8_t { text, json, html };

Format chosen_format(const CommandLine& line) {
    constexpr std::array<std::pair<std::string_view, Format>, 3> formats{
        {{"text", Format::text}, {"json", Format::json}, {"html", Format::html}}};
    if (line.has("format")) {
        return line.choice<Format>("format", formats);
    }
    if (line.flag("json")) {
        return Format::json;
    }
    if (!line.has("output")) {
        return Format::text;
    }
    const std::string extension = std::filesystem::path(line.value<std::string>("output")).extension().string();
    if (extension == ".html" || extension == ".htm") {
        return Format::html;
    }
    if (extension == ".json") {
        return Format::json;
    }
    if (extension == ".txt" || extension == ".text") {
        return Format::text;
    }
    throw UsageError(fmt::format("--output {}: the extension tells no format; .html, .json or .txt, or --format",
                                 line.value<std::string>("output")));
}

std::string printed(const runtime::Report& report, Format format) {
    switch (format) {
    case Format::text:
        return runtime::report_text(report);
    case Format::json:
        return runtime::report_json(report);
    case Format::html:
        return runtime::report_html(report);
    }
    return {};
}

std::string printed(const runtime::TimedRecord& record, Format format) {
    switch (format) {
    case Format::text:
        return runtime::record_text(record);
    case Format::json:
        return runtime::record_json(record);
    case Format::html:
        return runtime::record_html(record);
    }
    return {};
}

Result<std::string> print_file(const std::string& path, Format format, const runtime::Repricing& repricing) {
    const auto kind = identify(path);
    if (kind && *kind == FileKind::analog_recording) {
        if (!repricing.tables.empty() || !repricing.settings.empty()) {
            return fail(Diagnostic{.where = path,
                                   .found = "a recording of an analog chip: its costs are of another kind",
                                   .allowed = "--costs and --set price recordings of chips with steps again"});
        }
        return runtime::read_isolated(path, [&]() -> Result<std::string> {
            return runtime::read_record(path).map(
                [format](const runtime::TimedRecord& record) { return printed(record, format); });
        });
    }
    if (kind && *kind == FileKind::spikes) {
        return fail(Diagnostic{.where = path,
                               .found = "spikes (and membranes) of a run on an analog chip, or of another program",
                               .allowed = "recordings of run on chips with steps, and of eval on any chip",
                               .help = "run printed its figures; spikes are SONATA, membranes lie under /membranes"});
    }
    return runtime::print_recording(
        path, [format](const runtime::Report& report) { return printed(report, format); }, repricing);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("RECORDING");
    line.add()("output,o", word("FILE"), "where to (default: text on stdout); .html, .json or .txt choose the format")(
        "format", word("FORMAT"), "text, json or html")("json", flag(), "the same as --format json");
    add_cost_options(line, "costs",
                     "price the run again, without running it, under the cost tables of this file: blocks costs { "
                     "... } alone, or a chip description");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const Format format = chosen_format(line);
    const auto repricing = repricing_options(line, "costs");
    if (!repricing) {
        print(repricing.error());
        return ExitStatus::failed;
    }
    const auto text = print_file(line.operand(), format, *repricing);
    if (!text) {
        print(text.error());
        return ExitStatus::failed;
    }
    if (!line.has("output")) {
        fmt::print("{}", *text);
        return ExitStatus::done;
    }
    const auto written = write_text_file(*text, line.value<std::string>("output"));
    if (!written) {
        print(written.error());
        return ExitStatus::failed;
    }
    return ExitStatus::done;
}

}  // namespace

const Subcommand report_subcommand{
    .name = "report",
    .summary = "a recorded run as text, JSON or one self-contained HTML page",
    .synopsis = "RECORDING [-o FILE] [--format text|json|html] [--costs FILE] [--set costs.CONSTANT=NUMBER]...",
    .text =
        "Prices the run under every cost table of its chip and shows accuracy, energy, latency, use of the chip,\n"
        "activity and the quantisation gap. The page needs no network.\n"
        "--costs and --set price it again under other tables or constants, without running it, and show the "
        "difference:\n"
        "energy from the recorded counts. Step times stay the recorded ones where constants of time differ.",
    .example =
        "  spikeloom report run.h5\n  spikeloom report run.h5 -o report.html\n"
        "  spikeloom report run.h5 --costs mychip.textproto\n"
        "  spikeloom report run.h5 --set costs.synaptic_op.energy_pj=20 --set costs.davies2018.hop_ns.energy_pj.high=6",
    .run = run,
};

}  // namespace spikeloom::tools
