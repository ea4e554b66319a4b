// Whether a dataset can be read: that its data lie in this file, all of them, behind filters that the library has.
// Asked before any memory is, since a file of a few bytes can declare a shape of 2^60 elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/files/hdf5.hpp"

namespace spikeloom::files {

struct Hdf5Reader::Opened {
    Hdf5Handle dataset;
    Hdf5Handle type;
    Hdf5Info info;
};

namespace hdf5 {

/// Everything about a dataset's storage that would make a read fail, or ask for memory that no data justifies.
[[nodiscard]] std::optional<Diagnostic> check_storage(std::int64_t dataset, const Hdf5Info& info,
                                                      std::uint64_t type_bytes, std::uint64_t file_bytes,
                                                      const std::string& where);

}  // namespace hdf5
}  // namespace spikeloom::files
