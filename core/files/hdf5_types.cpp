#include "core/files/hdf5_types.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace spikeloom::files::hdf5 {
namespace {

/// IEEE 754 as every machine lays it out, in either byte order: bits of the exponent and of the mantissa by size.
bool plain_float(hid_t type) {
    const std::size_t size = H5Tget_size(type);
    std::size_t sign = 0;
    std::size_t exponent = 0;
    std::size_t exponent_bits = 0;
    std::size_t mantissa = 0;
    std::size_t mantissa_bits = 0;
    if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0) {
        return false;
    }
    const std::size_t bits = size * 8;
    const std::size_t expected = size == 2 ? 5 : size == 4 ? 8 : size == 8 ? 11 : 0;
    const H5T_order_t order = H5Tget_order(type);
    return expected != 0 && sign == bits - 1 && mantissa == 0 && exponent_bits == expected &&
           mantissa_bits == bits - 1 - expected && exponent == mantissa_bits && H5Tget_offset(type) == 0 &&
           H5Tget_precision(type) == bits && H5Tget_norm(type) == H5T_NORM_IMPLIED &&
           H5Tget_ebias(type) == (std::size_t{1} << (expected - 1)) - 1 &&
           (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
}

bool plain_integer(hid_t type) {
    const std::size_t size = H5Tget_size(type);
    const H5T_order_t order = H5Tget_order(type);
    return (size == 1 || size == 2 || size == 4 || size == 8) && H5Tget_precision(type) == size * 8 &&
           H5Tget_offset(type) == 0 && (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
}

/// h5py's bool: an enum over an 8-bit integer with FALSE = 0 and TRUE = 1.
bool plain_boolean(hid_t type) {
    const Hdf5Handle base(H5Tget_super(type));
    if (!base.valid() || H5Tget_class(base.id()) != H5T_INTEGER || H5Tget_size(base.id()) != 1 ||
        !plain_integer(base.id()) || H5Tget_nmembers(type) != 2) {
        return false;
    }
    const std::array<const char*, 2> names{"FALSE", "TRUE"};
    for (std::int8_t value = 0; value < 2; ++value) {
        std::array<char, 16> name{};
        if (H5Tenum_nameof(type, &value, name.data(), name.size()) < 0 || std::string(name.data()) != names[value]) {
            return false;
        }
    }
    return true;
}

const char* class_name(H5T_class_t type) {
    switch (type) {
    case H5T_TIME:
        return "times";
    case H5T_BITFIELD:
        return "bit fields";
    case H5T_OPAQUE:
        return "opaque bytes";
    case H5T_COMPOUND:
        return "compounds";
    case H5T_REFERENCE:
        return "references";
    case H5T_ENUM:
        return "an enumeration";
    case H5T_VLEN:
        return "lists of variable length";
    case H5T_ARRAY:
        return "arrays";
    case H5T_INTEGER:
        return "integers of an odd layout";
    case H5T_FLOAT:
        return "floats of an odd layout";
    case H5T_STRING:
        return "text";
    case H5T_NO_CLASS:
    case H5T_NCLASSES:
        break;
    }
    return "an unknown type";
}

}  // namespace

std::optional<Hdf5Info> describe(hid_t type, hid_t space) {
    Hdf5Info info;
    const H5T_class_t type_class = H5Tget_class(type);
    info.type_name = class_name(type_class);
    const std::size_t bits = H5Tget_size(type) * 8;
    if (type_class == H5T_INTEGER && plain_integer(type)) {
        info.type = Hdf5Class::integer;
        info.type_name = fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
    } else if (type_class == H5T_FLOAT && plain_float(type)) {
        info.type = Hdf5Class::real;
        info.type_name = fmt::format("float{}", bits);
    } else if (type_class == H5T_STRING) {
        info.type = Hdf5Class::text;
    } else if (type_class == H5T_ENUM && plain_boolean(type)) {
        info.type = Hdf5Class::boolean;
        info.type_name = "bool";
    }

    const H5S_class_t space_class = H5Sget_simple_extent_type(space);
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    const int rank = space_class == H5S_SIMPLE ? H5Sget_simple_extent_dims(space, extents.data(), nullptr) : 0;
    info.count = space_class == H5S_NULL ? 0 : 1;
    if (space_class == H5S_NULL) {
        info.shape = {0};
    }
    bool empty = info.count == 0;
    for (int axis = 0; axis < rank; ++axis) {
        info.shape.push_back(extents[static_cast<std::size_t>(axis)]);
        empty = empty || info.shape.back() == 0;
    }
    for (const std::uint64_t extent : info.shape) {
        if (!empty && info.count > std::numeric_limits<std::uint64_t>::max() / extent) {
            return std::nullopt;
        }
        info.count *= empty ? 0 : extent;
    }
    return info;
}

hid_t native_boolean() {
    const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    std::int8_t value = 0;
    H5Tenum_insert(type, "FALSE", &value);
    value = 1;
    H5Tenum_insert(type, "TRUE", &value);
    return type;
}

std::optional<std::string> unreadable_filter(hid_t properties, int index) {
    unsigned flags = 0;
    std::size_t values = 0;
    unsigned configuration = 0;
    std::array<char, 64> name{};
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(index), &flags, &values, nullptr,
                                               name.size(), name.data(), &configuration);
    if (filter < 0) {
        return "the compression of the dataset can't be made out";
    }
    const bool decodes = H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &configuration) >= 0 &&
                         (configuration & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
    H5Eclear2(H5E_DEFAULT);
    if (decodes) {
        return std::nullopt;
    }
    const std::string label = filter == 32000 ? "lzf" : filter == H5Z_FILTER_SZIP ? "szip" : name.data();
    return fmt::format("the data are compressed with {} (filter {}), which this HDF5 library can't read",
                       label.empty() ? "a plugin" : label, filter);
}

}  // namespace spikeloom::files::hdf5
