#include "compiler/nir/nir_reader.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "compiler/nir/nir_codec.hpp"
#include "compiler/nir/nir_conventions.hpp"
#include "compiler/nir/nir_flat.hpp"
#include "compiler/nir/nir_graph.hpp"
#include "compiler/nir/nir_lower.hpp"
#include "compiler/nir/nir_shapes.hpp"
#include "core/files/hdf5_isolated.hpp"

namespace spikeloom::compiler {
namespace {

void append(Diagnostics& all, Diagnostics more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void tell_flatten(const NirFlatGraph& graph, const NirShapes& shapes, std::vector<Resolution>& resolutions) {
    for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
        if (shapes.old_flatten[index]) {
            resolutions.push_back({"flatten",
                                   fmt::format("'{}' counts the batch as dimension 0", graph.nodes[index].name),
                                   "start_dim is at least 1, and only so do the next weights fit what arrives", ""});
        }
    }
}

/// Parses in a child process: see core/files/isolated.hpp.
Result<NirFile> parse_isolated(std::function<Result<files::Hdf5Reader>()> open, std::uint64_t bytes,
                               const std::string& origin) {
    const auto tell = [&origin](Result<files::Hdf5Reader> file) {
        return encode_nir(file ? parse_nir(*file, origin) : Result<NirFile>(fail(std::move(file.error()))));
    };
    const auto answer =
        files::ask_isolated({.open = std::move(open), .tell = tell, .file_bytes = bytes, .origin = origin});
    if (!answer) {
        return fail(answer.error());
    }
    auto parsed = decode_nir(*answer);
    return parsed ? std::move(*parsed) : fail(files::corrupt_hdf5(origin, "read nonsense from it"));
}

Result<NirImport> import_nir(Result<NirFile> parsed, const std::string& origin, const NirOptions& options) {
    if (options.step_s && !(std::isfinite(*options.step_s) && *options.step_s > 0)) {
        return fail({.where = "--nir-dt",
                     .found = fmt::format("the step is {} s", *options.step_s),
                     .allowed = "a positive number of seconds"});
    }
    if (!parsed) {
        return fail(std::move(parsed.error()));
    }
    const auto graph = flatten_nir(*parsed);
    if (!graph) {
        return fail(graph.error());
    }
    auto shapes = infer_shapes(*parsed, *graph, {.ignore_port_shapes = options.ignore_port_shapes});
    if (!shapes) {
        return fail(std::move(shapes.error()));
    }
    const std::string stem = std::filesystem::path(origin).stem().string();
    NirConventions conventions = settle_conventions(*graph, stem, options);
    auto lowered = lower_nir(*parsed, *graph, *shapes, conventions);
    if (!lowered) {
        return fail(std::move(lowered.error()));
    }
    NirImport import;
    import.network = std::move(lowered->network);
    import.network.name = stem;
    import.nir_version = parsed->version;
    import.resolutions = std::move(conventions.resolutions);
    tell_flatten(*graph, *shapes, import.resolutions);
    import.remarks = std::move(parsed->remarks);
    append(import.remarks, std::move(shapes->remarks));
    append(import.remarks, std::move(lowered->remarks));
    return import;
}

}  // namespace

Result<NirFile> read_nir_file(const std::string& path) {
    std::error_code ignored;
    const std::uintmax_t bytes = std::filesystem::file_size(path, ignored);
    return parse_isolated([&] { return files::Hdf5Reader::open(path); }, ignored ? 0 : bytes, path);
}

Result<NirImport> read_nir(const std::string& path, const NirOptions& options) {
    return import_nir(read_nir_file(path), path, options);
}

Result<NirImport> read_nir_bytes(std::span<const std::byte> bytes, const std::string& origin,
                                 const NirOptions& options) {
    auto parsed = parse_isolated([&] { return files::Hdf5Reader::from_bytes(bytes, origin); }, bytes.size(), origin);
    return import_nir(std::move(parsed), origin, options);
}

Result<NirImport> import_nir_file(NirFile file, const NirOptions& options) {
    const std::string origin = file.origin;
    return import_nir(std::move(file), origin, options);
}

}  // namespace spikeloom::compiler
