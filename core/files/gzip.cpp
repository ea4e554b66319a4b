#include "core/files/gzip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace spikeloom::files {
namespace {

constexpr int gzip_window = 15 + 16;
constexpr int raw_window = -15;
constexpr std::uint64_t first_block = std::uint64_t{1} << 16;
constexpr std::size_t most_at_once = std::size_t{1} << 30;  // zlib counts in 32 bits

class Inflater {
public:
    explicit Inflater(int window) {
        if (inflateInit2(&stream_, window) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    z_stream& stream() { return stream_; }

private:
    z_stream stream_{};
};

/// Runs one stream to its end, appending to `out`; gives the compressed bytes that it took.
Result<std::size_t> inflate_stream(ByteView compressed, int window, const std::string& origin, std::uint64_t cap,
                                   Bytes& out) {
    Inflater inflater(window);
    z_stream& stream = inflater.stream();
    std::size_t taken = 0;
    std::uint64_t block = first_block;
    while (true) {
        const std::size_t offered = std::min(compressed.size() - taken, most_at_once);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data() + taken));
        stream.avail_in = static_cast<uInt>(offered);
        const std::size_t held = out.size();
        const std::uint64_t room = std::min(block, cap - held + 1);  // one more, to see that the cap is passed
        out.resize(held + room);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + held);
        stream.avail_out = static_cast<uInt>(room);
        const int status = inflate(&stream, Z_NO_FLUSH);
        taken += offered - stream.avail_in;
        out.resize(held + room - stream.avail_out);
        if (out.size() > cap) {
            return fail({.where = origin,
                         .found = "the compressed data are larger than allowed",
                         .allowed = fmt::format("at most {} bytes", cap),
                         .help = {}});
        }
        if (status == Z_STREAM_END) {
            return taken;
        }
        if (status != Z_OK || (taken == compressed.size() && stream.avail_out > 0)) {
            const char* reason = stream.msg != nullptr ? stream.msg : "they end too early";
            return fail({.where = fmt::format("{}: byte {}", origin, taken),
                         .found = fmt::format("the compressed data are damaged: {}", reason),
                         .allowed = {},
                         .help = "fetch or write the file again"});
        }
        block = std::min<std::uint64_t>(block * 2, std::uint64_t{1} << 26);
    }
}

Bytes deflated(ByteView bytes, int window) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    Bytes out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
    std::size_t written = 0;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        if (stream.avail_in == 0) {
            const ByteView next = bytes.first(std::min(bytes.size(), most_at_once));
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(next.data()));
            stream.avail_in = static_cast<uInt>(next.size());
            bytes = bytes.subspan(next.size());
        }
        if (written == out.size()) {
            out.resize(2 * out.size());
        }
        const std::size_t room = std::min(out.size() - written, most_at_once);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
        stream.avail_out = static_cast<uInt>(room);
        state = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
        written += room - stream.avail_out;
    }
    deflateEnd(&stream);
    out.resize(written);
    return out;
}

bool starts_gzip(ByteView bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

}  // namespace

Result<Bytes> gunzip(ByteView compressed, const std::string& origin, std::uint64_t cap) {
    if (!starts_gzip(compressed)) {
        return fail({.where = origin, .found = "not a gzip file (no magic number)", .allowed = {}, .help = {}});
    }
    Bytes out;
    while (starts_gzip(compressed)) {
        const auto taken = inflate_stream(compressed, gzip_window, origin, cap, out);
        if (!taken) {
            return tl::unexpected(taken.error());
        }
        compressed = compressed.subspan(*taken);
    }
    if (!compressed.empty()) {
        return fail({.where = origin,
                     .found = fmt::format("{} bytes follow the gzip stream", compressed.size()),
                     .allowed = {},
                     .help = {}});
    }
    return out;
}

Result<Bytes> inflate_raw(ByteView compressed, std::uint64_t size, const std::string& origin) {
    Bytes out;
    const auto taken = inflate_stream(compressed, raw_window, origin, size, out);
    if (!taken) {
        return tl::unexpected(taken.error());
    }
    if (out.size() != size) {
        return fail({.where = origin,
                     .found = fmt::format("inflates to {} bytes where {} are declared", out.size(), size),
                     .allowed = {},
                     .help = {}});
    }
    return out;
}

Result<Bytes> read_maybe_gzip(const std::string& path, std::uint64_t cap) {
    auto bytes = read_bytes(path, cap);
    if (!bytes || !starts_gzip(*bytes)) {
        return bytes;
    }
    return gunzip(*bytes, path, cap);
}

Bytes gzip(ByteView bytes) {
    return deflated(bytes, gzip_window);
}

Bytes deflate_raw(ByteView bytes) {
    return deflated(bytes, raw_window);
}

}  // namespace spikeloom::files
