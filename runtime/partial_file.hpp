// A file that is being made: it stands beside its final name under one of its own until it is whole. Destroyed
// before publish(), it is removed, and the final name was never touched.
#pragma once

#include <string>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

class PartialFile {
public:
    PartialFile() = default;
    PartialFile(PartialFile&& other) noexcept;
    PartialFile& operator=(PartialFile&& other) noexcept;
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;
    ~PartialFile();

    /// Makes an empty file beside `final_path`. Errors: the final name is taken (unless `force`) or isn't a regular
    /// file, the folder is missing or not writable.
    [[nodiscard]] static Result<PartialFile> create(const std::string& final_path, bool force);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Everything to the disk, then the final name. Where that name was taken meanwhile (without `force`), the file
    /// is kept under its own name, and the error says so.
    [[nodiscard]] Result<void> publish();

private:
    std::string path_;  ///< empty: nothing to remove
    std::string final_path_;
    bool force_ = false;
};

}  // namespace spikeloom::runtime
