#include <fmt/format.h>

#include "core/files/hdf5_internal.hpp"
#include "core/files/hdf5_types.hpp"

namespace spikeloom::files {
namespace {

constexpr std::uint64_t largest_attribute = 1U << 20;  ///< elements

struct Attribute {
    Hdf5Handle object;
    Hdf5Handle attribute;
    Hdf5Handle type;
    Hdf5Info info;
};

std::optional<Attribute> open_attribute(std::int64_t file, std::int64_t link_access, const std::string& path,
                                        const std::string& name) {
    hdf5::quiet();
    Attribute opened;
    opened.object = Hdf5Handle(H5Oopen(file, path.c_str(), link_access));
    if (!opened.object.valid() || H5Aexists(opened.object.id(), name.c_str()) <= 0) {
        return std::nullopt;
    }
    opened.attribute = Hdf5Handle(H5Aopen(opened.object.id(), name.c_str(), H5P_DEFAULT));
    if (!opened.attribute.valid()) {
        return std::nullopt;
    }
    opened.type = Hdf5Handle(H5Aget_type(opened.attribute.id()));
    const Hdf5Handle space(H5Aget_space(opened.attribute.id()));
    auto info = hdf5::describe(opened.type.id(), space.id());
    if (!info || info->count > largest_attribute ||
        info->count * H5Tget_size(opened.type.id()) > H5Aget_storage_size(opened.attribute.id())) {
        return std::nullopt;
    }
    opened.info = std::move(*info);
    return opened;
}

}  // namespace

bool Hdf5Reader::has_attribute(const std::string& path, const std::string& name) const {
    return open_attribute(file_.id(), link_access_.id(), path, name).has_value();
}

Result<std::vector<std::string>> Hdf5Reader::attribute_texts(const std::string& path, const std::string& name) const {
    const std::string place = where(path) + "@" + name;
    auto opened = open_attribute(file_.id(), link_access_.id(), path, name);
    if (!opened) {
        return fail({.where = place, .found = "the attribute is missing"});
    }
    if (opened->info.type != Hdf5Class::text) {
        return fail({.where = place,
                     .found = fmt::format("the attribute holds {}", opened->info.type_name),
                     .allowed = "strings"});
    }
    auto texts = texts_of(opened->attribute.id(), opened->type.id(), opened->info, true, place);
    if (!texts) {
        return tl::unexpected<Diagnostics>(std::move(texts.error()));
    }
    return std::move(texts->values);
}

Result<std::string> Hdf5Reader::attribute_text(const std::string& path, const std::string& name) const {
    auto texts = attribute_texts(path, name);
    if (!texts) {
        return tl::unexpected<Diagnostics>(std::move(texts.error()));
    }
    if (texts->size() != 1) {
        return fail({.where = where(path) + "@" + name,
                     .found = fmt::format("{} strings", texts->size()),
                     .allowed = "one string"});
    }
    return std::move(texts->front());
}

Result<std::vector<double>> Hdf5Reader::attribute_numbers(const std::string& path, const std::string& name) const {
    const std::string place = where(path) + "@" + name;
    auto opened = open_attribute(file_.id(), link_access_.id(), path, name);
    if (!opened) {
        return fail({.where = place, .found = "the attribute is missing"});
    }
    const Hdf5Info& info = opened->info;
    std::vector<double> numbers(info.count);
    if (info.count == 0) {
        return numbers;
    }
    if (H5Tget_class(opened->type.id()) == H5T_ENUM) {
        // The value of an enum is that of the integer beneath it, byte for byte.
        const Hdf5Handle base(H5Tget_super(opened->type.id()));
        std::vector<std::uint8_t> bytes(info.count);
        if (H5Tget_class(base.id()) == H5T_INTEGER && H5Tget_size(base.id()) == 1 &&
            H5Aread(opened->attribute.id(), opened->type.id(), bytes.data()) >= 0) {
            numbers.assign(bytes.begin(), bytes.end());
            return numbers;
        }
    } else if ((info.type == Hdf5Class::integer || info.type == Hdf5Class::real) &&
               H5Aread(opened->attribute.id(), H5T_NATIVE_DOUBLE, numbers.data()) >= 0) {
        return numbers;
    }
    return fail({.where = place,
                 .found = fmt::format("the attribute holds {}", info.type_name),
                 .allowed = "integers, floats, bools, 8-bit enums"});
}

}  // namespace spikeloom::files
