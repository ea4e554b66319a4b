#include "chip/image/image_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace spikeloom::chip {
namespace {

Diagnostic finding(const std::string& where, std::string found, std::string allowed = {}, std::string help = {}) {
    return {.severity = Severity::error,
            .where = where,
            .found = std::move(found),
            .allowed = std::move(allowed),
            .help = std::move(help)};
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// A new file beside the path, and its name.
std::pair<File, std::string> create_beside(const std::string& path) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        std::string name = fmt::format("{}.{}-{}.part", path, ::getpid(), attempt);
        const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            File file(::fdopen(descriptor, "wb"));
            if (!file) {
                ::close(descriptor);
                ::unlink(name.c_str());
            }
            return {std::move(file), std::move(name)};
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return {};
}

/// Why the path must not be replaced: "" if it is free, or an image, which may.
std::string why_not_replaced(const std::string& path) {
    constexpr std::string_view magic = "SPIKELOOM-";  // of both kinds of image
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return {};
    }
    if (!std::filesystem::is_regular_file(status)) {
        return "the name belongs to something that is not a regular file";
    }
    const File file(std::fopen(path.c_str(), "rb"));
    std::string head(magic.size(), '\0');
    head.resize(file ? std::fread(head.data(), 1, head.size(), file.get()) : 0);
    return head.empty() || head == magic ? "" : "the file that has this name is not an image: it is not replaced";
}

}  // namespace

std::uint32_t checksum(std::uint32_t before, std::string_view bytes) {
    if (bytes.empty()) {
        return before;  // zlib takes a null pointer for a wish to begin anew
    }
    return static_cast<std::uint32_t>(
        crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

Result<void> replace_file(const std::string& path, const std::function<std::string(const Sink&)>& write) {
    if (std::string wrong = why_not_replaced(path); !wrong.empty()) {
        return fail(finding(path, std::move(wrong), "a new name, or that of an image", "choose another name"));
    }
    auto [file, partial] = create_beside(path);
    if (!file) {
        return fail(finding(path, fmt::format("can't be created: {}", std::strerror(errno)),
                            "a path in a folder that can be written"));
    }
    std::string wrong = write([stream = file.get()](std::string_view bytes) {
        return std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size();
    });
    if (wrong.empty() && (std::fflush(file.get()) != 0 || ::fsync(::fileno(file.get())) != 0)) {
        wrong = std::strerror(errno);
    }
    if (std::fclose(file.release()) != 0 && wrong.empty()) {
        wrong = std::strerror(errno);
    }
    if (wrong.empty() && std::rename(partial.c_str(), path.c_str()) != 0) {
        wrong = std::strerror(errno);
    }
    if (!wrong.empty()) {
        ::unlink(partial.c_str());
        return fail(finding(path, fmt::format("the image can't be written: {}", wrong), {},
                            "what was at this path before is untouched"));
    }
    return {};
}

Result<std::uint64_t> size_of_file(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::is_regular_file(status)) {
        return fail(finding(path, std::filesystem::exists(status) ? "is no regular file" : "does not exist",
                            "an image as `spikeloom compile` writes it"));
    }
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) {
        return fail(finding(path, fmt::format("can't be read: {}", error.message())));
    }
    return size;
}

}  // namespace spikeloom::chip
