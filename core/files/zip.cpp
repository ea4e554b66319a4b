#include "core/files/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/files/gzip.hpp"

namespace spikeloom::files {
namespace {

constexpr std::uint32_t local_signature = 0x04034B50;
constexpr std::uint32_t central_signature = 0x02014B50;
constexpr std::uint32_t end_signature = 0x06054B50;
constexpr std::uint32_t end64_signature = 0x06064B50;
constexpr std::uint32_t locator64_signature = 0x07064B50;
constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22, locator64_bytes = 20, end64_bytes = 56;
constexpr std::uint32_t in_zip64 = 0xFFFFFFFF;
constexpr std::uint16_t stored = 0, deflated = 8;

std::uint16_t u16(ByteView bytes, std::size_t at) {
    return load<std::uint16_t>(bytes, at, std::endian::little);
}
std::uint32_t u32(ByteView bytes, std::size_t at) {
    return load<std::uint32_t>(bytes, at, std::endian::little);
}
std::uint64_t u64(ByteView bytes, std::size_t at) {
    return load<std::uint64_t>(bytes, at, std::endian::little);
}

/// Whether `size` bytes from `at` lie within the bytes.
bool within(ByteView bytes, std::uint64_t at, std::uint64_t size) {
    return at <= bytes.size() && size <= bytes.size() - at;
}

tl::unexpected<Diagnostics> damaged(const std::string& origin, std::uint64_t at, const std::string& what) {
    return fail({.where = fmt::format("{}: byte {}", origin, at),
                 .found = what,
                 .allowed = {},
                 .help = "the archive is damaged or truncated"});
}

struct Directory {
    std::uint64_t at = 0;
    std::uint64_t entries = 0;
};

Result<Directory> find_directory(ByteView bytes, const std::string& origin) {
    std::optional<std::size_t> end;
    const std::size_t least = bytes.size() > end_bytes + 0xFFFF ? bytes.size() - end_bytes - 0xFFFF : 0;
    for (std::size_t at = bytes.size() >= end_bytes ? bytes.size() - end_bytes + 1 : 0; at-- > least && !end;) {
        if (u32(bytes, at) == end_signature && at + end_bytes + u16(bytes, at + 20) == bytes.size()) {
            end = at;
        }
    }
    if (!end) {
        return damaged(origin, bytes.size(), "not a zip archive (no end of central directory)");
    }
    Directory directory{u32(bytes, *end + 16), u16(bytes, *end + 10)};
    const bool split = u16(bytes, *end + 4) != 0;
    if (*end >= locator64_bytes && u32(bytes, *end - locator64_bytes) == locator64_signature) {
        const std::uint64_t at = u64(bytes, *end - locator64_bytes + 8);
        if (!within(bytes, at, end64_bytes) || u32(bytes, at) != end64_signature) {
            return damaged(origin, *end - locator64_bytes, "the zip64 directory is not where it is said to be");
        }
        directory = {u64(bytes, at + 48), u64(bytes, at + 32)};
    }
    if (split) {
        return damaged(origin, *end, "an archive split over several files");
    }
    return directory;
}

struct Entry {
    std::string name;
    std::uint16_t flags = 0, method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed = 0, size = 0, local = 0;
};

/// Replaces the fields that the zip64 extra field holds instead; false where it is missing or short.
bool apply_zip64(ByteView extra, Entry& entry) {
    const bool wants_size = entry.size == in_zip64, wants_packed = entry.packed == in_zip64,
               wants_local = entry.local == in_zip64;
    if (!wants_size && !wants_packed && !wants_local) {
        return true;
    }
    for (std::size_t at = 0; at + 4 <= extra.size();) {
        const std::size_t length = u16(extra, at + 2);
        if (length > extra.size() - at - 4) {
            return false;
        }
        if (u16(extra, at) == 1) {
            const ByteView field = extra.subspan(at + 4, length);
            std::size_t next = 0;
            for (auto [wanted, value] : {std::pair{wants_size, &entry.size}, std::pair{wants_packed, &entry.packed},
                                         std::pair{wants_local, &entry.local}}) {
                if (wanted) {
                    if (field.size() < next + 8) {
                        return false;
                    }
                    *value = u64(field, next);
                    next += 8;
                }
            }
            return true;
        }
        at += 4 + length;
    }
    return false;
}

/// Reads the directory entry at `at` and moves `at` behind it.
Result<Entry> read_entry(ByteView bytes, const std::string& origin, std::uint64_t& at) {
    if (!within(bytes, at, central_bytes) || u32(bytes, at) != central_signature) {
        return damaged(origin, at, "no directory entry where one should be");
    }
    Entry entry;
    entry.flags = u16(bytes, at + 8);
    entry.method = u16(bytes, at + 10);
    entry.crc = u32(bytes, at + 16);
    entry.packed = u32(bytes, at + 20);
    entry.size = u32(bytes, at + 24);
    entry.local = u32(bytes, at + 42);
    const std::uint64_t name = u16(bytes, at + 28), extra = u16(bytes, at + 30), comment = u16(bytes, at + 32);
    if (!within(bytes, at + central_bytes, name + extra + comment)) {
        return damaged(origin, at, "a directory entry that runs over the end");
    }
    entry.name.assign(reinterpret_cast<const char*>(bytes.data()) + at + central_bytes, name);
    if (!apply_zip64(bytes.subspan(at + central_bytes + name, extra), entry)) {
        return damaged(origin, at, "a zip64 entry without its sizes");
    }
    at += central_bytes + name + extra + comment;
    return entry;
}

Result<Bytes> unpack(ByteView bytes, const Entry& entry, const std::string& origin) {
    if ((entry.flags & 1U) != 0 || (entry.method != stored && entry.method != deflated)) {
        return fail({.where = origin,
                     .found = (entry.flags & 1U) != 0 ? "an encrypted member"
                                                      : fmt::format("compression method {}", entry.method),
                     .allowed = "stored (0) or deflated (8), not encrypted",
                     .help = "save it with numpy.savez or numpy.savez_compressed"});
    }
    if (!within(bytes, entry.local, local_bytes) || u32(bytes, entry.local) != local_signature) {
        return damaged(origin, entry.local, "no member where the directory says");
    }
    const std::uint64_t begin = entry.local + local_bytes + u16(bytes, entry.local + 26) + u16(bytes, entry.local + 28);
    if (!within(bytes, begin, entry.packed)) {
        return damaged(origin, begin, fmt::format("a member of {} bytes runs over the end", entry.packed));
    }
    const ByteView packed = bytes.subspan(begin, entry.packed);
    Bytes out;
    if (entry.method == stored) {
        if (entry.size != entry.packed) {
            return damaged(origin, begin, "a stored member with two sizes");
        }
        out.assign(packed.begin(), packed.end());
    } else {
        auto inflated = inflate_raw(packed, entry.size, origin);
        if (!inflated) {
            return inflated;
        }
        out = std::move(*inflated);
    }
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size());
    if (!out.empty() && crc != entry.crc) {
        return damaged(origin, begin, "the member's checksum does not match");
    }
    return out;
}

/// The fields that the local header and the directory entry share, from "version needed" on.
void append_common(Bytes& out, const ZipMember& member, ByteView packed, bool compressed) {
    constexpr std::uint16_t version = 20, flags = 0, time = 0, date = 0x21;  // 1980-01-01: the same bytes each time
    append_little(out, version);
    append_little(out, flags);
    append_little(out, compressed ? deflated : stored);
    append_little(out, time);
    append_little(out, date);
    append_little(out, static_cast<std::uint32_t>(
                           crc32_z(0, reinterpret_cast<const Bytef*>(member.bytes.data()), member.bytes.size())));
    append_little(out, static_cast<std::uint32_t>(packed.size()));
    append_little(out, static_cast<std::uint32_t>(member.bytes.size()));
    append_little(out, static_cast<std::uint16_t>(member.name.size()));
    append_little(out, std::uint16_t{0});
}

}  // namespace

Result<std::vector<ZipMember>> parse_zip(ByteView bytes, const std::string& origin, std::uint64_t cap) {
    const auto directory = find_directory(bytes, origin);
    if (!directory) {
        return tl::unexpected(directory.error());
    }
    std::vector<ZipMember> members;
    std::uint64_t at = directory->at;
    std::uint64_t left = cap;
    for (std::uint64_t i = 0; i < directory->entries; ++i) {
        const auto entry = read_entry(bytes, origin, at);
        if (!entry) {
            return tl::unexpected(entry.error());
        }
        if (entry->size > left) {
            return fail({.where = fmt::format("{}:{}", origin, entry->name),
                         .found = fmt::format("a member of {} bytes", entry->size),
                         .allowed = fmt::format("at most {} bytes in all members", cap),
                         .help = {}});
        }
        left -= entry->size;
        auto unpacked = unpack(bytes, *entry, fmt::format("{}:{}", origin, entry->name));
        if (!unpacked) {
            return tl::unexpected(unpacked.error());
        }
        members.push_back({.name = entry->name, .bytes = std::move(*unpacked)});
    }
    return members;
}

Bytes print_zip(const std::vector<ZipMember>& members, bool compressed) {
    Bytes out;
    Bytes directory;
    for (const ZipMember& member : members) {
        const Bytes packed = compressed ? deflate_raw(member.bytes) : member.bytes;
        const auto local = static_cast<std::uint32_t>(out.size());
        append_little(out, local_signature);
        append_common(out, member, packed, compressed);
        append_text(out, member.name);
        append(out, packed);

        append_little(directory, central_signature);
        append_little(directory, std::uint16_t{20});
        append_common(directory, member, packed, compressed);
        append_little(directory, std::uint16_t{0});  // comment
        append_little(directory, std::uint16_t{0});  // disk
        append_little(directory, std::uint16_t{0});  // internal attributes
        append_little(directory, std::uint32_t{0});  // external attributes
        append_little(directory, local);
        append_text(directory, member.name);
    }
    const auto at = static_cast<std::uint32_t>(out.size());
    append(out, directory);
    append_little(out, end_signature);
    append_little(out, std::uint32_t{0});  // disks
    append_little(out, static_cast<std::uint16_t>(members.size()));
    append_little(out, static_cast<std::uint16_t>(members.size()));
    append_little(out, static_cast<std::uint32_t>(directory.size()));
    append_little(out, at);
    append_little(out, std::uint16_t{0});
    return out;
}

}  // namespace spikeloom::files
