// Which HDF5 datatypes and filters the reader accepts. HDF5 can describe numbers of any width and bit layout, and its
// conversions of the odd ones are where corrupt files bring it down; what is let through is what tools write.
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>

#include "core/files/hdf5.hpp"

namespace spikeloom::files::hdf5 {

/// Nothing if the product of the extents overflows.
[[nodiscard]] std::optional<Hdf5Info> describe(hid_t type, hid_t space);

/// The 8-bit enum in memory that a bool on file converts to.
[[nodiscard]] hid_t native_boolean();

/// Why data behind this filter of the pipeline can't be read: "compressed with lzf (filter 32000), ...".
[[nodiscard]] std::optional<std::string> unreadable_filter(hid_t properties, int index);

}  // namespace spikeloom::files::hdf5
