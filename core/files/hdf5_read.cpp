#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "core/files/hdf5_internal.hpp"
#include "core/files/hdf5_storage.hpp"
#include "core/files/hdf5_types.hpp"

namespace spikeloom::files {
namespace {

constexpr std::size_t largest_listing = 32;  ///< names in a message

/// Refuses every link into another file.
herr_t refuse_external(const char*, const char*, const char*, const char*, unsigned*, hid_t, void*) {
    return -1;
}

Hdf5Handle local_links_only() {
    Hdf5Handle list(H5Pcreate(H5P_LINK_ACCESS));
    H5Pset_elink_cb(list.id(), refuse_external, nullptr);
    return list;
}

/// Why bytes can't be an HDF5 file, if so: the signature stands at 0, 512, 1024, 2048, ...
template <class ReadAt>
std::optional<std::string> foreign(std::uint64_t size, ReadAt read_at) {
    static constexpr char signature[] = "\x89HDF\r\n\x1a\n";
    if (size == 0) {
        return "the file is empty";
    }
    for (std::uint64_t offset = 0; offset + 8 <= size; offset = offset == 0 ? 512 : 2 * offset) {
        char bytes[8] = {};
        read_at(offset, bytes);
        if (std::memcmp(bytes, signature, 8) == 0) {
            return std::nullopt;
        }
    }
    return "this is not an HDF5 file (no HDF5 signature)";
}

std::string_view parent_of(const std::string& path, std::size_t slash) {
    return slash == 0 ? std::string_view("/") : std::string_view(path).substr(0, slash);
}

Hdf5Kind kind_of(H5O_type_t type) {
    switch (type) {
    case H5O_TYPE_GROUP:
        return Hdf5Kind::group;
    case H5O_TYPE_DATASET:
        return Hdf5Kind::dataset;
    case H5O_TYPE_NAMED_DATATYPE:
    case H5O_TYPE_UNKNOWN:
    case H5O_TYPE_NTYPES:
        break;
    }
    return Hdf5Kind::other;
}

}  // namespace

Result<Hdf5Reader> Hdf5Reader::open(const std::string& path) {
    hdf5::quiet();
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return fail({.where = path, .found = "there is no such file"});
    }
    if (!std::filesystem::is_regular_file(status)) {
        return fail({.where = path, .found = "this is not a regular file"});
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return fail({.where = path, .found = "the file can't be opened for reading"});
    }
    Hdf5Reader reader;
    reader.origin_ = path;
    reader.file_bytes_ = std::filesystem::file_size(path, error);
    const auto reason = foreign(reader.file_bytes_, [&](std::uint64_t offset, char* bytes) {
        stream.seekg(static_cast<std::streamoff>(offset));
        stream.read(bytes, 8);
    });
    if (reason) {
        return fail({.where = path, .found = *reason});
    }
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
    reader.file_ = Hdf5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
    if (!reader.file_.valid()) {
        return fail({.where = path, .found = "the file can't be opened as HDF5: " + hdf5::last_error()});
    }
    reader.link_access_ = local_links_only();
    return reader;
}

Result<Hdf5Reader> Hdf5Reader::from_bytes(std::span<const std::byte> bytes, const std::string& origin) {
    hdf5::quiet();
    const auto reason =
        foreign(bytes.size(), [&](std::uint64_t offset, char* out) { std::memcpy(out, bytes.data() + offset, 8); });
    if (reason) {
        return fail({.where = origin, .found = *reason});
    }
    Hdf5Reader reader;
    reader.origin_ = origin;
    reader.file_bytes_ = bytes.size();
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
    H5Pset_fapl_core(access.id(), 1U << 16, 0);
    // HDF5 copies the image; its parameter is not const only for the sake of its callbacks.
    H5Pset_file_image(access.id(), const_cast<std::byte*>(bytes.data()), bytes.size());
    reader.file_ = Hdf5Handle(H5Fopen(origin.c_str(), H5F_ACC_RDONLY, access.id()));
    if (!reader.file_.valid()) {
        return fail({.where = origin, .found = "the bytes can't be opened as HDF5: " + hdf5::last_error()});
    }
    reader.link_access_ = local_links_only();
    return reader;
}

Hdf5Kind Hdf5Reader::kind(const std::string& path) const {
    hdf5::quiet();
    H5O_info_t info{};
    if (H5Oget_info_by_name2(file_.id(), path.c_str(), &info, H5O_INFO_BASIC, link_access_.id()) < 0) {
        H5Eclear2(H5E_DEFAULT);
        return Hdf5Kind::other;
    }
    return kind_of(info.type);
}

/// Walks down the path to the first part that fails, and says why.
Diagnostic Hdf5Reader::missing(const std::string& path) const {
    hdf5::quiet();
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        H5L_info_t link{};
        if (part != "/" && H5Lget_info(file_.id(), part.c_str(), &link, link_access_.id()) < 0) {
            const std::size_t slash = part.rfind('/');
            const std::string parent(parent_of(part, slash == std::string::npos ? 0 : slash));
            std::vector<std::string> names;
            if (const auto found = members(parent)) {
                for (const Hdf5Member& member : *found) {
                    names.push_back(member.name);
                }
            }
            if (names.size() > largest_listing) {
                names.resize(largest_listing);
                names.emplace_back("...");
            }
            H5Eclear2(H5E_DEFAULT);
            return {.where = where(part),
                    .found = fmt::format("'{}' is missing", part.substr(slash + 1)),
                    .allowed = names.empty() ? "" : fmt::format("{} has {}", parent, fmt::join(names, ", "))};
        }
        if (part != "/" && link.type == H5L_TYPE_EXTERNAL) {
            return {.where = where(part), .found = "the link leads to another file; such links are not followed"};
        }
        if (part != "/" && kind(part) == Hdf5Kind::other) {
            return {.where = where(part),
                    .found = link.type == H5L_TYPE_SOFT ? "the soft link leads nowhere, or round in a circle"
                                                        : "the object can't be opened: the file is corrupt"};
        }
        if (end == std::string::npos) {
            return {.where = where(path), .found = "the object can't be opened"};
        }
    }
}

Result<std::vector<Hdf5Member>> Hdf5Reader::members(const std::string& path) const {
    hdf5::quiet();
    const Hdf5Kind found = kind(path);
    if (found == Hdf5Kind::other) {
        return fail(missing(path));
    }
    if (found == Hdf5Kind::dataset) {
        return fail({.where = where(path), .found = "this is a dataset where a group is expected"});
    }
    const Hdf5Handle group(H5Oopen(file_.id(), path.c_str(), link_access_.id()));
    if (!group.valid()) {
        return fail({.where = where(path), .found = "the group can't be opened: " + hdf5::last_error()});
    }
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
    };
    // In native order (they are sorted below): in any other, HDF5 1.10 builds a table, and frees what was never set
    // when the group is damaged.
    if (H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names) < 0) {
        return fail({.where = where(path), .found = "the group can't be listed: " + hdf5::last_error()});
    }
    std::vector<Hdf5Member> members;
    for (std::string& name : names) {
        Hdf5Member member{.name = std::move(name)};
        H5O_info_t info{};
        if (H5Oget_info_by_name2(group.id(), member.name.c_str(), &info, H5O_INFO_BASIC, link_access_.id()) >= 0) {
            member.kind = kind_of(info.type);
            member.object = info.addr;
        }
        members.push_back(std::move(member));
    }
    H5Eclear2(H5E_DEFAULT);
    std::sort(members.begin(), members.end(), [](const Hdf5Member& a, const Hdf5Member& b) { return a.name < b.name; });
    return members;
}

Result<Hdf5Reader::Opened> Hdf5Reader::open_dataset(const std::string& path) const {
    hdf5::quiet();
    const Hdf5Kind found = kind(path);
    if (found == Hdf5Kind::other) {
        return fail(missing(path));
    }
    if (found == Hdf5Kind::group) {
        return fail({.where = where(path), .found = "this is a group where a dataset is expected"});
    }
    Opened opened;
    opened.dataset = Hdf5Handle(H5Oopen(file_.id(), path.c_str(), link_access_.id()));
    opened.type = Hdf5Handle(opened.dataset.valid() ? H5Dget_type(opened.dataset.id()) : -1);
    const Hdf5Handle space(opened.dataset.valid() ? H5Dget_space(opened.dataset.id()) : -1);
    if (!opened.type.valid() || !space.valid()) {
        return fail({.where = where(path), .found = "the dataset can't be opened: " + hdf5::last_error()});
    }
    auto info = hdf5::describe(opened.type.id(), space.id());
    if (!info) {
        return fail({.where = where(path), .found = "the shape's product is beyond 64 bits"});
    }
    opened.info = std::move(*info);
    return opened;
}

Result<Hdf5Info> Hdf5Reader::describe(const std::string& path) const {
    auto opened = open_dataset(path);
    if (!opened) {
        return tl::unexpected<Diagnostics>(std::move(opened.error()));
    }
    return std::move(opened->info);
}

template <Hdf5Number T>
Result<Hdf5Array<T>> Hdf5Reader::read_selected(const std::string& path, const Opened& opened, std::uint64_t first,
                                               std::uint64_t rows) const {
    const Hdf5Info& info = opened.info;
    if (info.type != Hdf5Class::integer && info.type != Hdf5Class::real && info.type != Hdf5Class::boolean) {
        return fail({.where = where(path),
                     .found = fmt::format("the dataset holds {}", info.type_name),
                     .allowed = "integers, float16/32/64, bools"});
    }
    if (auto problem =
            hdf5::check_storage(opened.dataset.id(), info, H5Tget_size(opened.type.id()), file_bytes_, where(path))) {
        return fail(std::move(*problem));
    }
    Hdf5Array<T> array;
    array.shape = info.shape;
    std::uint64_t count = info.count;
    const bool partial = !info.shape.empty() && (first != 0 || rows != info.shape[0]);
    if (partial) {
        count = info.shape[0] == 0 ? 0 : info.count / info.shape[0] * rows;
        array.shape[0] = rows;
    }
    if (count == 0) {
        return array;
    }
    std::vector<hsize_t> block(array.shape.begin(), array.shape.end());
    std::vector<hsize_t> start(block.size(), 0);
    const Hdf5Handle file_space(H5Dget_space(opened.dataset.id()));
    const Hdf5Handle memory(block.empty() ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(static_cast<int>(block.size()), block.data(), nullptr));
    if (partial) {
        start[0] = first;
        H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr);
    }
    const auto failed = [&] {
        return fail({.where = where(path), .found = "the data can't be read: " + hdf5::last_error()});
    };
    if (std::is_integral_v<T> && info.type == Hdf5Class::real) {
        std::vector<double> reals(count);
        if (H5Dread(opened.dataset.id(), H5T_NATIVE_DOUBLE, memory.id(), file_space.id(), H5P_DEFAULT, reals.data()) <
            0) {
            return failed();
        }
        for (const double real : reals) {
            constexpr double limit = 9007199254740992.0;  // 2^53: exact in a double
            if (!(std::abs(real) <= limit) || std::floor(real) != real || (std::is_unsigned_v<T> && real < 0)) {
                return fail({.where = where(path), .found = fmt::format("{} where an integer is expected", real)});
            }
            array.values.push_back(static_cast<T>(real));
        }
        return array;
    }
    array.values.resize(count);
    // HDF5 has no conversion from an enum to a number; a bool is read as the integer beneath it.
    const Hdf5Handle boolean(info.type == Hdf5Class::boolean ? hdf5::native_boolean() : -1);
    if (boolean.valid()) {
        std::vector<std::int8_t> truths(count);
        if (H5Dread(opened.dataset.id(), boolean.id(), memory.id(), file_space.id(), H5P_DEFAULT, truths.data()) < 0) {
            return failed();
        }
        std::copy(truths.begin(), truths.end(), array.values.begin());
        return array;
    }
    if (H5Dread(opened.dataset.id(), hdf5::native_type<T>(), memory.id(), file_space.id(), H5P_DEFAULT,
                array.values.data()) < 0) {
        return failed();
    }
    return array;
}

template <Hdf5Number T>
Result<Hdf5Array<T>> Hdf5Reader::read(const std::string& path, std::uint64_t limit) const {
    auto opened = open_dataset(path);
    if (!opened) {
        return tl::unexpected<Diagnostics>(std::move(opened.error()));
    }
    if (opened->info.count > limit) {
        return fail({.where = where(path),
                     .found = fmt::format("{} elements", opened->info.count),
                     .allowed = fmt::format("at most {}", limit)});
    }
    return read_selected<T>(path, *opened, 0, opened->info.shape.empty() ? 1 : opened->info.shape[0]);
}

template <Hdf5Number T>
Result<Hdf5Array<T>> Hdf5Reader::read_rows(const std::string& path, std::uint64_t first, std::uint64_t count) const {
    auto opened = open_dataset(path);
    if (!opened) {
        return tl::unexpected<Diagnostics>(std::move(opened.error()));
    }
    const Hdf5Info& info = opened->info;
    if (info.shape.empty() || first > info.shape[0] || count > info.shape[0] - first) {
        return fail({.where = where(path),
                     .found = fmt::format("rows {} to {} were asked for", first, first + count),
                     .allowed = fmt::format("the shape is ({})", fmt::join(info.shape, ", "))});
    }
    return read_selected<T>(path, *opened, first, count);
}

#define SPIKELOOM_HDF5_READ(T)                                                                  \
    template Result<Hdf5Array<T>> Hdf5Reader::read<T>(const std::string&, std::uint64_t) const; \
    template Result<Hdf5Array<T>> Hdf5Reader::read_rows<T>(const std::string&, std::uint64_t, std::uint64_t) const;
SPIKELOOM_HDF5_READ(std::uint8_t)
SPIKELOOM_HDF5_READ(std::int16_t)
SPIKELOOM_HDF5_READ(std::int32_t)
SPIKELOOM_HDF5_READ(std::uint32_t)
SPIKELOOM_HDF5_READ(std::int64_t)
SPIKELOOM_HDF5_READ(std::uint64_t)
SPIKELOOM_HDF5_READ(float)
SPIKELOOM_HDF5_READ(double)
#undef SPIKELOOM_HDF5_READ

}  // namespace spikeloom::files
