#include "tools/network_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>

#include "compiler/text/network_text.hpp"
#include "compiler/timed/timed_nir.hpp"
#include "compiler/timed/ttfs_text.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

using Words = std::string_view;

/// "3,66,200".
compiler::Shape extents_option(const CommandLine& line, const char* name) {
    constexpr std::uint64_t most = 1U << 24;
    compiler::Shape shape;
    const std::string& text = line.value<std::string>(name);
    const char* at = text.data();
    const char* const end = at + text.size();
    std::uint64_t neurons = 1;
    while (true) {
        std::uint32_t extent = 0;
        const auto [stop, error] = std::from_chars(at, end, extent);
        neurons *= extent;
        if (error != std::errc() || extent == 0 || neurons > most || shape.size() == 3) {
            throw UsageError(fmt::format("--{}: one to three extents, as 3,66,200, at most {} neurons", name, most));
        }
        shape.push_back(extent);
        if (stop == end) {
            return shape;
        }
        at = *stop == ',' ? stop + 1 : end;
    }
}

compiler::NirOptions nir_options(const CommandLine& line) {
    compiler::NirOptions options;
    if (line.has("nir-time-unit")) {
        constexpr std::array<std::pair<Words, compiler::NirTimeUnit>, 3> units{
            {{"s", compiler::NirTimeUnit::seconds},
             {"ms", compiler::NirTimeUnit::milliseconds},
             {"steps", compiler::NirTimeUnit::steps}}};
        options.time_unit = line.choice<compiler::NirTimeUnit>("nir-time-unit", units);
    }
    options.step_s = line.optional<double>("nir-dt");
    if (options.step_s && !(*options.step_s > 0)) {
        throw UsageError("--nir-dt: a step lasts more than 0 seconds");
    }
    if (line.has("nir-reset")) {
        constexpr std::array<std::pair<Words, compiler::ResetRule>, 2> rules{
            {{"zero", compiler::ResetRule::to_value}, {"subtract", compiler::ResetRule::subtract_threshold}}};
        options.reset = line.choice<compiler::ResetRule>("nir-reset", rules);
    }
    if (line.has("nir-recurrent-bias")) {
        constexpr std::array<std::pair<Words, bool>, 2> times{{{"start", true}, {"late", false}}};
        options.recurrent_bias_at_start = line.choice<bool>("nir-recurrent-bias", times);
    }
    constexpr std::array<std::pair<Words, bool>, 2> ways{{{"as-is", false}, {"dt", true}}};
    if (line.has("nir-w-in")) {
        options.scale_w_in_by_dt = line.choice<bool>("nir-w-in", ways);
    }
    if (line.has("nir-r")) {
        options.scale_r_by_dt = line.choice<bool>("nir-r", ways);
    }
    options.ignore_port_shapes = line.flag("nir-ignore-port-shapes");
    return options;
}

constexpr std::int64_t most_option = 1 << 20;  ///< of layers, and of steps between resets

/// "FIRST:END", "STEPS,OFFSET": two numbers of 0 to most_option; the second may be absent, where `wanted` says so.
std::pair<std::int64_t, std::optional<std::int64_t>> number_pair(const CommandLine& line, const char* name,
                                                                 char between, const char* wanted) {
    const std::string& text = line.value<std::string>(name);
    std::pair<std::int64_t, std::optional<std::int64_t>> pair;
    const char* const end = text.data() + text.size();
    const auto read = [&](const char* from, std::int64_t& number) {
        const auto [stop, error] = std::from_chars(from, end, number);
        return error == std::errc() && number >= 0 && number <= most_option ? stop : nullptr;
    };
    const char* at = read(text.data(), pair.first);
    if (at != nullptr && at != end && *at == between) {
        ++at;
        if (at != end || between != ':') {
            at = read(at, pair.second.emplace());
        }
    }
    if (at != end) {
        throw UsageError(fmt::format("--{}: {}", name, wanted));
    }
    return pair;
}

compiler::NetxOptions netx_options(const CommandLine& line) {
    compiler::NetxOptions options;
    if (line.has("netx-input")) {
        constexpr std::array<std::pair<Words, compiler::NetxInput>, 2> ways{
            {{"neurons", compiler::NetxInput::neurons}, {"spikes", compiler::NetxInput::spikes}}};
        options.input = line.choice<compiler::NetxInput>("netx-input", ways);
    }
    if (line.has("netx-input-shape")) {
        options.input_shape = extents_option(line, "netx-input-shape");
    }
    if (line.has("netx-layers")) {
        const auto [first, end] = number_pair(line, "netx-layers", ':', "numbers of layers, as 1:9, 0:5 or 1:");
        options.first_layer = static_cast<std::uint64_t>(first);
        options.end_layer = end ? std::optional(static_cast<std::uint64_t>(*end)) : std::nullopt;
    }
    if (line.has("netx-reset")) {
        const auto [interval, offset] = number_pair(line, "netx-reset", ',', "steps, and an offset, as 16 or 16,1");
        options.reset_interval = static_cast<std::int32_t>(interval);
        options.reset_offset = static_cast<std::int32_t>(offset.value_or(0));
    }
    return options;
}

bool any_netx_option(const CommandLine& line) {
    return line.has("netx-input") || line.has("netx-input-shape") || line.has("netx-layers") || line.has("netx-reset");
}

bool any_nir_option(const CommandLine& line) {
    for (const char* name : {"nir-time-unit", "nir-dt", "nir-reset", "nir-recurrent-bias", "nir-w-in", "nir-r"}) {
        if (line.has(name)) {
            return true;
        }
    }
    return line.flag("nir-ignore-port-shapes");
}

}  // namespace

void add_nir_options(CommandLine& line) {
    line.add()("nir-time-unit", word("UNIT"), "NIR: unit of time constants: s, ms or steps (default: detected)")(
        "nir-dt", boost::program_options::value<double>()->value_name("SECONDS"),
        "NIR: length of a step (default: from r * dt / tau = 1, else the unit's usual)")(
        "nir-reset", word("RULE"), "NIR: after a spike: zero (to v_reset, the default) or subtract (the threshold)")(
        "nir-recurrent-bias", word("WHEN"),
        "NIR: bias of a recurrent branch acts from the start (snnTorch, the default) or late (Norse)")(
        "nir-w-in", word("WAY"), "NIR: w_in as-is (the default), or dt: a spike adds w_in whatever the step")(
        "nir-r", word("WAY"), "NIR: r as-is (the default), or dt: the input adds r s whatever the step")(
        "nir-ignore-port-shapes", flag(), "NIR: wrong shapes of inner Input and Output nodes are remarks, not errors")(
        "netx-input", word("neurons|spikes"),
        "netx: what computes the input layer: neurons of the chip, whose biases come as graded spikes (default), or "
        "the driver, whose port brings its spikes")(
        "netx-input-shape", word("C,H,W"), "netx: shape of the input (default: the input layer's, or as weights fit)")(
        "netx-layers", word("FIRST:END"),
        "netx: only these layers of the file, END not included; the port brings what the layer before would send")(
        "netx-reset", word("STEPS[,OFFSET]"),
        "netx: u and v become 0 every STEPS steps, each layer a step after the one before it (its reset_interval and "
        "reset_offset)");
}

Result<LoadedNetwork> load_network(const std::string& path, const CommandLine& line) {
    const auto options = nir_options(line);
    const auto netx = netx_options(line);
    const auto kind = identify(path);
    if (!kind) {
        return fail(kind.error());
    }
    if (any_netx_option(line) && *kind != FileKind::netx) {
        throw UsageError(fmt::format("--netx options are for netx files; {} holds: {}", path, describe(*kind)));
    }
    LoadedNetwork loaded;
    if (*kind == FileKind::nir || *kind == FileKind::hdf5) {
        auto import = compiler::read_nir(path, options);
        if (!import) {
            return fail(std::move(import.error()));
        }
        loaded = {std::move(import->network), "NIR " + import->nir_version, std::move(import->resolutions),
                  std::move(import->remarks)};
        return loaded;
    }
    if (any_nir_option(line)) {
        throw UsageError(fmt::format("--nir options are for NIR files; {} holds: {}", path, describe(*kind)));
    }
    if (*kind == FileKind::netx) {
        auto import = compiler::read_netx(path, netx);
        if (!import) {
            return fail(std::move(import.error()));
        }
        loaded = {std::move(import->network), "netx", std::move(import->resolutions), std::move(import->remarks)};
        return loaded;
    }
    if (*kind != FileKind::network_text) {
        return fail(
            Diagnostic{.where = path,
                       .found = *kind == FileKind::unknown ? "not a network, nor any kind of file that spikeloom knows"
                                                           : fmt::format("not a network: {}", describe(*kind)),
                       .allowed = "a NIR or netx file (HDF5) or a network in text form",
                       .help = *kind == FileKind::image ? "an image is compiled already: spikeloom run"
                               : *kind == FileKind::ttfs_text
                                   ? "a TTFS network has no steps: compile it for a chip in continuous time; spikeloom "
                                     "compare puts it in steps"
                                   : ""});
    }
    auto network = compiler::read_network_text(path);
    if (!network) {
        return fail(std::move(network.error()));
    }
    loaded.network = std::move(*network);
    loaded.format = "text";
    return loaded;
}

Result<std::optional<LoadedTimedNetwork>> load_first_spike_network(const std::string& path, const CommandLine& line) {
    const auto kind = identify(path);
    if (!kind) {
        return fail(kind.error());
    }
    if (*kind == FileKind::ttfs_text) {
        if (any_nir_option(line)) {
            throw UsageError(fmt::format("--nir options are for NIR files; {} holds: {}", path, describe(*kind)));
        }
        auto network = compiler::read_ttfs_text(path);
        if (!network) {
            return fail(std::move(network.error()));
        }
        return LoadedTimedNetwork{std::move(*network), "TTFS text", {}, {}};
    }
    if (*kind == FileKind::nir && !any_nir_option(line)) {
        auto first_spike = compiler::read_timed_nir(path);
        if (!first_spike) {
            return fail(std::move(first_spike.error()));
        }
        if (*first_spike) {
            return LoadedTimedNetwork{std::move(**first_spike), "NIR with metadata/ttfs", {}, {}};
        }
    }
    return std::nullopt;
}

Result<LoadedTimedNetwork> load_timed_network(const std::string& path, const CommandLine& line) {
    auto first_spike = load_first_spike_network(path, line);
    if (!first_spike) {
        return fail(std::move(first_spike.error()));
    }
    if (*first_spike) {
        return std::move(**first_spike);
    }
    auto stepped = load_network(path, line);
    if (!stepped) {
        return fail(std::move(stepped.error()));
    }
    auto network = compiler::to_timed(stepped->network);
    if (!network) {
        for (Diagnostic& finding : network.error()) {
            finding.where = fmt::format("{}: {}", path, finding.where);
        }
        return fail(std::move(network.error()));
    }
    return LoadedTimedNetwork{std::move(*network), stepped->format, std::move(stepped->resolutions),
                              std::move(stepped->remarks)};
}

std::string to_text(const compiler::Resolution& resolution) {
    return fmt::format("{}: {} ({}{}{})", resolution.topic, resolution.choice, resolution.reason,
                       resolution.option.empty() ? "" : "; ", resolution.option);
}

std::string shape_text(const compiler::Shape& shape) {
    return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

}  // namespace spikeloom::tools
