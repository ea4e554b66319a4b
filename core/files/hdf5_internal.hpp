// What the HDF5 reader and writer share: quiet calls, HDF5's own account of a failure, and the C++ -> HDF5 types.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "core/files/hdf5.hpp"

namespace spikeloom::files::hdf5 {

/// Stops HDF5 from printing its error stack on this thread.
inline void quiet() {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

/// The innermost message of HDF5's error stack: what really happened. "" when it has none.
[[nodiscard]] std::string last_error();

template <Hdf5Number T>
[[nodiscard]] hid_t native_type() {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
        return H5T_NATIVE_UINT8;
    } else if constexpr (std::is_same_v<T, std::int16_t>) {
        return H5T_NATIVE_INT16;
    } else if constexpr (std::is_same_v<T, std::int32_t>) {
        return H5T_NATIVE_INT32;
    } else if constexpr (std::is_same_v<T, std::uint32_t>) {
        return H5T_NATIVE_UINT32;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        return H5T_NATIVE_INT64;
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
        return H5T_NATIVE_UINT64;
    } else if constexpr (std::is_same_v<T, float>) {
        return H5T_NATIVE_FLOAT;
    } else {
        return H5T_NATIVE_DOUBLE;
    }
}

/// A variable-length UTF-8 (or, to read old files, ASCII) string type.
[[nodiscard]] inline Hdf5Handle text_type(H5T_cset_t characters = H5T_CSET_UTF8) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.id(), H5T_VARIABLE);
    H5Tset_cset(type.id(), characters);
    return type;
}

}  // namespace spikeloom::files::hdf5
