#include "core/files/hdf5_storage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5.h>

#include <algorithm>
#include <limits>

#include "core/files/hdf5_types.hpp"

namespace spikeloom::files::hdf5 {
namespace {

constexpr std::uint64_t deflate_ratio = 1032;        ///< zlib's largest compression
constexpr std::uint64_t storage_slack = 64 * 1024;   ///< a chunk may be larger than the dataset in it
constexpr std::uint64_t largest_chunk = 1ULL << 30;  ///< bytes

std::optional<std::string> unsound_chunks(hid_t properties, const Hdf5Info& info, std::uint64_t type_bytes) {
    hsize_t extents[H5S_MAX_RANK] = {};
    const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, extents);
    std::uint64_t chunk = type_bytes;
    for (int axis = 0; axis < rank; ++axis) {
        if (extents[axis] == 0 || chunk > largest_chunk / extents[axis]) {
            return "the chunks are larger than 1 GiB";
        }
        chunk *= extents[axis];
    }
    if (rank != static_cast<int>(info.shape.size())) {
        return "the chunks' rank is not that of the dataset";
    }
    return std::nullopt;
}

}  // namespace

std::optional<Diagnostic> check_storage(std::int64_t dataset, const Hdf5Info& info, std::uint64_t type_bytes,
                                        std::uint64_t file_bytes, const std::string& where) {
    const auto refuse = [&](std::string found, std::string help = "") {
        return Diagnostic{.where = where, .found = std::move(found), .help = std::move(help)};
    };
    const Hdf5Handle properties(H5Dget_create_plist(dataset));
    if (H5Pget_external_count(properties.id()) != 0) {
        return refuse("the data lie in another file; such datasets are not read");
    }
    const H5D_layout_t layout = H5Pget_layout(properties.id());
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
        return refuse("the data are a view of other files (virtual dataset); such datasets are not read");
    }
    const int filters = layout == H5D_CHUNKED ? H5Pget_nfilters(properties.id()) : 0;
    for (int index = 0; index < filters; ++index) {
        if (auto reason = hdf5::unreadable_filter(properties.id(), index)) {
            return refuse(*reason, "write the file again with gzip compression, or none");
        }
    }
    if (info.count == 0) {
        return std::nullopt;
    }
    if (info.count > std::numeric_limits<std::uint64_t>::max() / 8 / std::max<std::uint64_t>(type_bytes, 1)) {
        return refuse(fmt::format("the shape ({}) is absurd", fmt::join(info.shape, ", ")));
    }
    const std::uint64_t bytes = info.count * type_bytes;
    const std::uint64_t stored = H5Dget_storage_size(dataset);
    if (stored == 0) {
        return refuse(fmt::format("the dataset declares {} elements, but no data were ever written", info.count));
    }
    const std::string but = fmt::format("the dataset declares {} bytes, but the file stores {}", bytes, stored);
    if (stored > file_bytes) {
        return refuse(fmt::format("the dataset claims {} stored bytes, but the file has {}", stored, file_bytes));
    }
    if (layout == H5D_CHUNKED) {
        if (auto reason = unsound_chunks(properties.id(), info, type_bytes)) {
            return refuse(*reason);
        }
        const std::uint64_t room = filters > 0 ? stored * deflate_ratio + storage_slack : stored;
        if (bytes > room) {
            return refuse(but);
        }
        return std::nullopt;
    }
    if (stored < bytes) {
        return refuse(but);
    }
    if (layout == H5D_CONTIGUOUS) {
        const haddr_t offset = H5Dget_offset(dataset);
        if (offset == HADDR_UNDEF || offset > file_bytes || bytes > file_bytes - offset) {
            return refuse("the data lie beyond the end of the file: it is truncated or corrupt");
        }
    }
    return std::nullopt;
}

}  // namespace spikeloom::files::hdf5
