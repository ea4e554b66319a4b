#include "core/files/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace spikeloom::files {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

tl::unexpected<Diagnostics> system_failure(const std::string& path, const char* what, int error) {
    return fail({.where = path, .found = fmt::format("{}: {}", what, std::strerror(error)), .allowed = {}, .help = {}});
}

}  // namespace

Result<Bytes> read_bytes(const std::string& path, std::uint64_t cap) {
    const File file(std::fopen(path.c_str(), "rb"));
    if (!file) {
        return system_failure(path, "cannot be opened", errno);
    }
    Bytes bytes;
    constexpr std::size_t block = std::size_t{1} << 20;
    while (true) {
        const std::size_t held = bytes.size();
        bytes.resize(held + block);
        errno = 0;
        const std::size_t got = std::fread(bytes.data() + held, 1, block, file.get());
        const int error = errno;
        bytes.resize(held + got);
        if (bytes.size() > cap) {
            return fail({.where = path,
                         .found = "the file is too large",
                         .allowed = fmt::format("at most {} bytes", cap),
                         .help = {}});
        }
        if (got < block) {
            if (std::ferror(file.get()) != 0) {
                return system_failure(path, "cannot be read", error);
            }
            return bytes;
        }
    }
}

Result<void> write_bytes(const std::string& path, ByteView bytes) {
    File file(std::fopen(path.c_str(), "wb"));
    if (!file) {
        return system_failure(path, "cannot be opened for writing", errno);
    }
    errno = 0;
    const bool written = bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
    const bool closed = std::fclose(file.release()) == 0;
    if (!written || !closed) {
        return system_failure(path, "cannot be written", errno);
    }
    return {};
}

}  // namespace spikeloom::files
