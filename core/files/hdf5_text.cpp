#include <fmt/format.h>

#include <algorithm>

#include "core/files/hdf5_internal.hpp"
#include "core/files/hdf5_storage.hpp"

namespace spikeloom::files {

Result<Hdf5Array<std::string>> Hdf5Reader::read_texts(const std::string& path, std::uint64_t limit) const {
    auto opened = open_dataset(path);
    if (!opened) {
        return tl::unexpected<Diagnostics>(std::move(opened.error()));
    }
    const Hdf5Info& info = opened->info;
    if (info.type != Hdf5Class::text) {
        return fail(
            {.where = where(path), .found = fmt::format("the dataset holds {}", info.type_name), .allowed = "strings"});
    }
    if (info.count > limit) {
        return fail({.where = where(path),
                     .found = fmt::format("{} strings", info.count),
                     .allowed = fmt::format("at most {}", limit)});
    }
    const std::uint64_t bytes = H5Tis_variable_str(opened->type.id()) > 0 ? 16 : H5Tget_size(opened->type.id());
    if (auto problem = hdf5::check_storage(opened->dataset.id(), info, bytes, file_bytes_, where(path))) {
        return fail(std::move(*problem));
    }
    return texts_of(opened->dataset.id(), opened->type.id(), info, false, where(path));
}

Result<std::string> Hdf5Reader::read_text(const std::string& path) const {
    auto texts = read_texts(path, 1);
    if (!texts) {
        return tl::unexpected<Diagnostics>(std::move(texts.error()));
    }
    if (texts->values.size() != 1) {
        return fail({.where = where(path), .found = "no string", .allowed = "one string"});
    }
    return std::move(texts->values[0]);
}

Result<Hdf5Array<std::string>> Hdf5Reader::texts_of(std::int64_t object, std::int64_t type, const Hdf5Info& info,
                                                    bool attribute, const std::string& place) const {
    Hdf5Array<std::string> texts;
    texts.shape = info.shape;
    if (info.count == 0) {
        return texts;
    }
    const auto transfer = [&](hid_t memory, void* out) {
        return attribute ? H5Aread(object, memory, out) : H5Dread(object, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    };
    if (H5Tis_variable_str(type) > 0) {
        const Hdf5Handle memory = hdf5::text_type(H5Tget_cset(type));
        std::vector<char*> pointers(info.count, nullptr);
        if (transfer(memory.id(), pointers.data()) < 0) {
            return fail({.where = place, .found = "the strings can't be read: " + hdf5::last_error()});
        }
        for (const char* pointer : pointers) {
            texts.values.emplace_back(pointer == nullptr ? "" : pointer);
        }
        const Hdf5Handle space(attribute ? H5Aget_space(object) : H5Dget_space(object));
        H5Dvlen_reclaim(memory.id(), space.id(), H5P_DEFAULT, pointers.data());
        return texts;
    }
    const std::size_t width = H5Tget_size(type);
    std::vector<char> bytes(info.count * width);
    if (transfer(type, bytes.data()) < 0) {
        return fail({.where = place, .found = "the strings can't be read: " + hdf5::last_error()});
    }
    const bool space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    for (std::uint64_t index = 0; index < info.count; ++index) {
        std::string value(bytes.data() + index * width, width);
        value.resize(std::min(value.size(), value.find('\0')));
        if (space_padded) {
            value.resize(value.find_last_not_of(' ') + 1);
        }
        texts.values.push_back(std::move(value));
    }
    return texts;
}

}  // namespace spikeloom::files
