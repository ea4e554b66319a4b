#include "core/files/idx.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/gzip.hpp"

namespace spikeloom::files {
namespace {

struct IdxType {
    unsigned code;
    ElementKind kind;
    int item_bytes;
};

constexpr std::array<IdxType, 6> idx_types{{{0x08, ElementKind::unsigned_integer, 1},
                                            {0x09, ElementKind::signed_integer, 1},
                                            {0x0B, ElementKind::signed_integer, 2},
                                            {0x0C, ElementKind::signed_integer, 4},
                                            {0x0D, ElementKind::floating, 4},
                                            {0x0E, ElementKind::floating, 8}}};

void to_big_endian(Array& array) {
    if (std::endian::native == std::endian::little) {
        const auto size = static_cast<std::ptrdiff_t>(array.item_bytes);
        for (auto item = array.bytes.begin(); item != array.bytes.end(); item += size) {
            std::reverse(item, item + size);
        }
    }
}

}  // namespace

Result<Array> parse_idx(ByteView bytes, const std::string& origin) {
    if (bytes.size() < 4 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0}) {
        return fail({.where = origin,
                     .found = bytes.empty() ? "the file is empty" : "not an idx file (no magic number)",
                     .allowed = "arrays: idx, .npy or .npz",
                     .help = {}});
    }
    const auto code = static_cast<unsigned>(bytes[2]);
    const auto* const type =
        std::find_if(idx_types.begin(), idx_types.end(), [&](const IdxType& t) { return t.code == code; });
    if (type == idx_types.end()) {
        return fail({.where = origin + ": byte 2",
                     .found = fmt::format("idx element type {:#04x}", code),
                     .allowed = "0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e",
                     .help = {}});
    }
    const auto dimensions = static_cast<std::size_t>(bytes[3]);
    const std::size_t begin = 4 + 4 * dimensions;
    if (dimensions == 0 || bytes.size() < begin) {
        return fail({.where = origin + ": byte 3",
                     .found = fmt::format("{} dimensions in a file of {} bytes", dimensions, bytes.size()),
                     .allowed = {},
                     .help = "the file is truncated"});
    }
    Array array;
    array.kind = type->kind;
    array.item_bytes = type->item_bytes;
    for (std::size_t d = 0; d < dimensions; ++d) {
        array.shape.push_back(load<std::uint32_t>(bytes, 4 + 4 * d, std::endian::big));
    }
    const auto count = element_count(array.shape);
    const auto wanted = count ? checked_product(*count, static_cast<std::uint64_t>(array.item_bytes)) : std::nullopt;
    const ByteView data = bytes.subspan(begin);
    if (wanted != data.size()) {
        return fail({.where = fmt::format("{}: byte {}", origin, begin),
                     .found = fmt::format("{} bytes of data for shape {}", data.size(), shape_text(array.shape)),
                     .allowed = wanted ? fmt::format("exactly {}", *wanted) : "a shape that fits into memory",
                     .help = {}});
    }
    array.bytes.assign(data.begin(), data.end());
    to_big_endian(array);
    return array;
}

Result<Array> read_idx(const std::string& path, std::uint64_t cap) {
    const auto bytes = read_maybe_gzip(path, cap);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    return parse_idx(*bytes, path);
}

Bytes print_idx(const Array& array) {
    const auto* const type = std::find_if(idx_types.begin(), idx_types.end(), [&](const IdxType& t) {
        return t.kind == array.kind && t.item_bytes == array.item_bytes;
    });
    SPIKELOOM_ASSERT(type != idx_types.end(), type_text(array));
    Bytes out{std::byte{0}, std::byte{0}, static_cast<std::byte>(type->code),
              static_cast<std::byte>(array.shape.size())};
    for (const std::size_t extent : array.shape) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.push_back(static_cast<std::byte>((extent >> shift) & 0xFFU));
        }
    }
    Array copy = array;
    to_big_endian(copy);
    append(out, copy.bytes);
    return out;
}

}  // namespace spikeloom::files
