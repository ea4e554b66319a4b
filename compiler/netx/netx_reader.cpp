#include "compiler/netx/netx_reader.hpp"

#include <filesystem>
#include <functional>
#include <utility>

#include "core/files/hdf5_isolated.hpp"

namespace spikeloom::compiler {
namespace {

Result<NetxFile> parse_isolated(std::function<Result<files::Hdf5Reader>()> open, std::uint64_t bytes,
                                const std::string& origin) {
    const auto tell = [&origin](Result<files::Hdf5Reader> file) {
        return encode_netx(file ? parse_netx(*file, origin) : Result<NetxFile>(fail(std::move(file.error()))));
    };
    const auto answer =
        files::ask_isolated({.open = std::move(open), .tell = tell, .file_bytes = bytes, .origin = origin});
    if (!answer) {
        return fail(answer.error());
    }
    auto parsed = decode_netx(*answer);
    return parsed ? std::move(*parsed) : fail(files::corrupt_hdf5(origin, "read nonsense from it"));
}

Result<NetxImport> import(const Result<NetxFile>& file, const NetxOptions& options) {
    return file ? import_netx(*file, options) : fail(file.error());
}

}  // namespace

Result<NetxFile> read_netx_file(const std::string& path) {
    std::error_code ignored;
    const std::uintmax_t bytes = std::filesystem::file_size(path, ignored);
    return parse_isolated([&] { return files::Hdf5Reader::open(path); }, ignored ? 0 : bytes, path);
}

Result<NetxImport> read_netx(const std::string& path, const NetxOptions& options) {
    return import(read_netx_file(path), options);
}

Result<NetxImport> read_netx_bytes(std::span<const std::byte> bytes, const std::string& origin,
                                   const NetxOptions& options) {
    return import(parse_isolated([&] { return files::Hdf5Reader::from_bytes(bytes, origin); }, bytes.size(), origin),
                  options);
}

}  // namespace spikeloom::compiler
