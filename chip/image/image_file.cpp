#include "chip/image/image_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "chip/image/image_bytes.hpp"
#include "chip/image/image_stream.hpp"

namespace spikeloom::chip {
namespace {

Diagnostic finding(const std::string& where, std::string found) {
    return {.severity = Severity::error, .where = where, .found = std::move(found)};
}

}  // namespace

Result<std::string> serialise_image(const Image& image) {
    if (Diagnostics findings = check_image(image); !findings.empty()) {
        return fail(std::move(findings));
    }
    std::string bytes;
    const std::string wrong = write_stream(image, [&](std::string_view more) {
        bytes += more;
        return true;
    });
    if (!wrong.empty()) {
        return fail(finding("image", wrong));
    }
    return bytes;
}

Result<Image> parse_image(std::string_view bytes, const std::string& origin) {
    const Source source = [rest = bytes](std::string& buffer, std::size_t count) mutable {
        buffer.assign(rest.substr(0, count));
        rest.remove_prefix(count);
        return true;
    };
    return read_stream(source, bytes.size(), origin);
}

Result<void> write_image(const Image& image, const std::string& path) {
    if (Diagnostics findings = check_image(image); !findings.empty()) {
        return fail(std::move(findings));
    }
    return replace_file(path, [&](const Sink& sink) { return write_stream(image, sink); });
}

Result<Image> read_image(const std::string& path) {
    const auto size = size_of_file(path);
    if (!size) {
        return fail(size.error());
    }
    const auto close = [](std::FILE* stream) { std::fclose(stream); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
    if (!file) {
        return fail(finding(path, fmt::format("can't be read: {}", std::strerror(errno))));
    }
    const Source source = [&](std::string& buffer, std::size_t count) {
        buffer.resize(count);
        errno = EIO;
        return std::fread(buffer.data(), 1, count, file.get()) == count;
    };
    return read_stream(source, *size, path);
}

}  // namespace spikeloom::chip
