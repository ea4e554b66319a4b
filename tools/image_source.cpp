#include "tools/image_source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "compiler/compile.hpp"
#include "core/files/sha256.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {
namespace {

bool is_network(FileKind kind) {
    return kind == FileKind::nir || kind == FileKind::netx || kind == FileKind::network_text;
}

Result<chip::Image> compiled(const CommandLine& line) {
    const auto chip = open_chip(line.value<std::string>("chip"));
    if (!chip) {
        return fail(chip.error());
    }
    auto loaded = load_network(line.operand(), line);
    if (!loaded) {
        return fail(std::move(loaded.error()));
    }
    print(loaded->remarks);
    compiler::CompileOptions options;
    options.seed = line.value<std::uint64_t>("seed");
    auto result = compiler::compile(loaded->network, *chip, options);
    if (!result) {
        return fail(std::move(result.error()));
    }
    print(result->remarks);
    if (auto added = add_provenance(result->image, line.operand(), line, loaded->resolutions); !added) {
        return fail(std::move(added.error()));
    }
    return std::move(result->image);
}

}  // namespace

Result<void> add_provenance(chip::Image& image, const std::string& path, const CommandLine& line,
                            const std::vector<compiler::Resolution>& resolutions) {
    auto hash = files::sha256_file(path);
    if (!hash) {
        return fail(std::move(hash.error()));
    }
    image.provenance.program = std::string("spikeloom ") + SPIKELOOM_VERSION;
    image.provenance.network_file = std::filesystem::path(path).filename().string();
    image.provenance.network_sha256 = *hash;
    const std::vector<std::string>& given = line.given();
    image.provenance.options.insert(image.provenance.options.begin(), given.begin(), given.end());
    for (const compiler::Resolution& resolution : resolutions) {
        image.provenance.rules.push_back(to_text(resolution));
    }
    return {};
}

Result<chip::Image> image_of(const CommandLine& line) {
    const auto kind = identify(line.operand());
    const bool network = kind && is_network(*kind);
    if (network != line.has("chip") && kind) {
        return fail({.where = line.operand(),
                     .found = network ? "a network that is not compiled" : "--chip, and this is no network",
                     .allowed = network ? "an image as `spikeloom compile` writes it" : "",
                     .help = network ? "--chip CHIP compiles it on the way" : "an image has its chip already"});
    }
    return network ? compiled(line) : chip::read_image(line.operand());
}

}  // namespace spikeloom::tools
