// spikeloom inspect: what a file contains, whichever of the known kinds it is, by content and not by name.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <functional>
#include <sstream>
#include <utility>

#include "chip/image/analog_image.hpp"
#include "chip/image/image.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "compiler/compile.hpp"
#include "compiler/text/network_print.hpp"
#include "compiler/timed/timed_nir.hpp"
#include "runtime/report.hpp"
#include "tools/analog_eval.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/core_map_svg.hpp"
#include "tools/descriptions.hpp"
#include "tools/figure_output.hpp"
#include "tools/figures.hpp"
#include "tools/model_files.hpp"
#include "tools/net_graph.hpp"
#include "tools/network_source.hpp"
#include "tools/outline.hpp"
#include "tools/ppu_source.hpp"

namespace spikeloom::tools {

namespace {

/// The picture that --svg asks for.
Result<void> deliver_svg(const CommandLine& line, const std::function<std::string()>& picture) {
    return line.has("svg") ? write_text_file(picture(), line.value<std::string>("svg")) : Result<void>{};
}

/// Of an image also whether it keeps the chip's limits, recomputed here.
Result<boost::json::object> inspect_image(const std::string& path, const CommandLine& line) {
    const auto image = chip::read_image(path);
    if (!image) {
        return fail(image.error());
    }
    boost::json::object described = describe(*image);
    if (auto drawn = deliver_svg(line, [&image] { return core_map_svg(*image); }); !drawn) {
        return fail(std::move(drawn.error()));
    }
    const Diagnostics broken = compiler::verify(*image);
    described["limits"] = has_error(broken) ? "broken" : "all met";
    print(broken);
    return described;
}

Result<boost::json::object> inspect_analog_image(const std::string& path) {
    const auto image = chip::read_analog_image(path);
    if (!image) {
        return fail(image.error());
    }
    boost::json::object described = describe(*image);
    const Diagnostics broken = compiler::verify_analog(*image);
    described["limits"] = has_error(broken) ? "broken" : "all met";
    print(broken);
    return described;
}

Result<boost::json::object> inspect_network(const std::string& path, const CommandLine& line) {
    auto loaded = load_network(path, line);
    if (!loaded) {
        return fail(std::move(loaded.error()));
    }
    print(loaded->remarks);
    const NetGraph graph = net_graph(loaded->network);
    if (auto drawn = deliver_svg(line, [&graph] { return graph_svg(graph); }); !drawn) {
        return fail(std::move(drawn.error()));
    }
    if (line.has("text")) {
        const std::string comment = fmt::format("The network of {} ({}).", path, loaded->format);
        if (auto written = compiler::write_network_text(loaded->network, line.value<std::string>("text"), comment);
            !written) {
            return fail(std::move(written.error()));
        }
    }
    boost::json::object described = describe(*loaded);
    boost::json::array lines;
    std::istringstream text(graph_text(graph));
    for (std::string drawn; std::getline(text, drawn);) {
        lines.emplace_back(drawn);
    }
    described["graph"] = std::move(lines);
    return described;
}

Result<boost::json::object> inspect_timed_network(const std::string& path, const CommandLine& line) {
    return load_timed_network(path, line).map([](const LoadedTimedNetwork& loaded) {
        print(loaded.remarks);
        return describe(loaded);
    });
}

/// Metadata that make no sense are told when it is loaded.
bool is_first_spike_network(const std::string& path) {
    const auto network = compiler::read_timed_nir(path);
    return !network || network->has_value();
}

Result<boost::json::object> inspect(const std::string& path, FileKind kind, const CommandLine& line) {
    switch (kind) {
    case FileKind::nir:
        return !line.has("text") && is_first_spike_network(path) ? inspect_timed_network(path, line)
                                                                 : inspect_network(path, line);
    case FileKind::netx:
    case FileKind::network_text:
        return inspect_network(path, line);
    case FileKind::ttfs_text:
        return inspect_timed_network(path, line);
    case FileKind::chip_text:
    case FileKind::analog_chip_text:
        return read_any_chip(path).map(
            [](const AnyChip& chip) { return std::visit([](const auto& spec) { return describe(spec); }, chip); });
    case FileKind::rule_text:
        return rules::read_rule_file(path).map([](const rules::RuleFile& file) { return describe(file); });
    case FileKind::ppu_rule:
    case FileKind::ppu_experiment:
        return open_ppu(path).map([](const PpuSource& source) { return describe(source); });
    case FileKind::image:
        return inspect_image(path, line);
    case FileKind::analog_image:
        return inspect_analog_image(path);
    case FileKind::spikes:
        return describe_spikes(path);
    case FileKind::npy:
        return describe_npy(path);
    case FileKind::npz:
        return describe_npz(path);
    case FileKind::idx:
    case FileKind::gzip:
        return describe_idx(path);
    case FileKind::hdf5:
    case FileKind::recording:
    case FileKind::analog_recording:
    case FileKind::unknown:
        break;
    }
    return fail(Diagnostic{
        .where = path,
        .found = kind == FileKind::hdf5 ? "an HDF5 file that is neither network nor recording, or is damaged"
                                        : "a file of no kind that spikeloom knows",
        .allowed = "NIR (.nir), network, TTFS, chip or rule text (.textproto), image (.loom), recording (.h5), "
                   "SONATA spikes, .npy, .npz, idx"});
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("FILE");
    line.add()("json", flag(), "print JSON")("svg", word("FILE"),
                                             "draw the graph of a network, or the cores of an image, into this file")(
        "text", word("FILE"), "write a network with steps in its text form, long lists as .npy files beside it");
    add_nir_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto kind = identify(line.operand());
    if (!kind) {
        print(kind.error());
        return ExitStatus::failed;
    }
    if (*kind == FileKind::analog_recording) {
        return print_record(line.operand(), line.flag("json"));
    }
    if (*kind == FileKind::recording) {
        return print_figures(line.operand(), line.flag("json"), Interrupted::is_fine);
    }
    const bool network = *kind == FileKind::nir || *kind == FileKind::netx || *kind == FileKind::network_text;
    const bool readable = *kind != FileKind::hdf5 && *kind != FileKind::unknown;
    if (line.has("svg") && readable && !network && *kind != FileKind::image) {
        throw UsageError(fmt::format("--svg draws networks with steps and their images; {} holds: {}", line.operand(),
                                     describe(*kind)));
    }
    if (line.has("text") && readable && !network) {
        throw UsageError(
            fmt::format("--text writes networks with steps; {} holds: {}", line.operand(), describe(*kind)));
    }
    const auto described = inspect(line.operand(), *kind, line);
    if (!described) {
        print(described.error());
        return ExitStatus::failed;
    }
    fmt::print("{}", line.flag("json") ? boost::json::serialize(*described) + "\n" : outline(*described));
    return ExitStatus::done;
}

}  // namespace

const Subcommand inspect_subcommand{
    .name = "inspect",
    .summary = "what a file contains: network, chip, rule, image, recording, spikes, arrays",
    .synopsis = "FILE [--json] [--svg PICTURE] [--text NETWORK] [--nir-...]",
    .text =
        "Tells the kind of the file from its content and prints its structure. Of an image, the chip's limits are\n"
        "recomputed. A network is drawn layer by layer: '<-' is an edge from a layer above, '<~' one that closes a\n"
        "cycle. --svg draws a network's graph, or an image's cores on the mesh, coloured by population. --text writes\n"
        "a network as text, which reads back as it was. The --nir and --netx options are those of compile.",
    .example = "  spikeloom inspect models/networks/yinyang/yinyang.nir --svg yinyang.svg",
    .run = run,
};

}  // namespace spikeloom::tools
