// A virtual file driver for the writer. HDF5 1.10 loses its footing when the disk is full: the file can't be closed
// any more, and the process may crash at its end. This driver remembers the first write that failed, keeps what
// follows in memory, and tells HDF5 that all is well, so that the file closes and the writer can say why it failed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/files/hdf5.hpp"

namespace spikeloom::files::hdf5 {

struct WriteStatus {
    int error = 0;  ///< errno of the first write that failed
};

struct WriteDriver {
    Hdf5Handle driver;  ///< to be closed after the file
    Hdf5Handle access;  ///< a file access property list
};

/// The status must outlive the file.
[[nodiscard]] WriteDriver make_write_driver(WriteStatus& status);

}  // namespace spikeloom::files::hdf5
