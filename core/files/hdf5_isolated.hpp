// An HDF5 file read in a child process (isolated.hpp says why), within time and memory that its size allows.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/files/hdf5.hpp"

namespace spikeloom::files {

/// What a child process opens and tells of it, as bytes (byte_coder.hpp).
struct Hdf5Question {
    std::function<Result<Hdf5Reader>()> open;
    std::function<std::string(Result<Hdf5Reader>)> tell;
    std::uint64_t file_bytes = 0;
    std::string origin;  ///< names the file in diagnostics
};

/// The bytes that `tell` returned, or that the file is corrupt: the library fell over it.
[[nodiscard]] Result<std::string> ask_isolated(const Hdf5Question& question);

/// That the file is corrupt, and what became of the library that read it.
[[nodiscard]] Diagnostic corrupt_hdf5(const std::string& origin, const std::string& how);

}  // namespace spikeloom::files
