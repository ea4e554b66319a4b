#include "runtime/partial_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace spikeloom::runtime {
namespace {

constexpr int most_attempts = 1000;

tl::unexpected<Diagnostics> system_failure(const std::string& path, const std::string& what, int error,
                                           std::string help = "") {
    return fail({.where = path,
                 .found = fmt::format("{}: {}", what, std::strerror(error)),
                 .allowed = {},
                 .help = std::move(help)});
}

bool synchronise(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool done = fsync(descriptor) == 0;
    const int error = errno;
    close(descriptor);
    errno = error;
    return done;
}

/// Renames without replacing; file systems that can't do so in one go get a check before.
bool rename_to_free_name(const std::string& from, const std::string& to) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (access(to.c_str(), F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return std::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), final_path_(std::move(other.final_path_)), force_(other.force_) {}

PartialFile& PartialFile::operator=(PartialFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(final_path_, other.final_path_);
    std::swap(force_, other.force_);
    return *this;
}

PartialFile::~PartialFile() {
    if (!path_.empty()) {
        unlink(path_.c_str());
    }
}

Result<PartialFile> PartialFile::create(const std::string& final_path, bool force) {
    if (final_path.empty() || final_path.back() == '/') {
        return fail({.where = fmt::format("output '{}'", final_path),
                     .found = "no name of a file",
                     .allowed = {},
                     .help = "name the file to write"});
    }
    struct stat status{};
    if (stat(final_path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) {
            return fail({.where = final_path,
                         .found = "the name belongs to something that is not a regular file",
                         .allowed = {},
                         .help = "choose another name"});
        }
        if (!force) {
            return fail({.where = final_path,
                         .found = "the file exists",
                         .allowed = {},
                         .help = "choose another name, or replace it with --force"});
        }
    }
    PartialFile file;
    file.final_path_ = final_path;
    file.force_ = force;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const std::string path = fmt::format("{}.{}-{}.partial", final_path, getpid(), attempt);
        const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            close(descriptor);
            file.path_ = path;
            return file;
        }
        if (errno != EEXIST) {
            return system_failure(final_path, "the file can't be created", errno,
                                  errno == ENOENT ? "make its folder first" : "");
        }
    }
    return system_failure(final_path, "the file can't be created", EEXIST, "remove the files *.partial beside it");
}

Result<void> PartialFile::publish() {
    if (!synchronise(path_)) {
        return system_failure(final_path_, "the file can't be written to the disk", errno);
    }
    const bool renamed =
        force_ ? std::rename(path_.c_str(), final_path_.c_str()) == 0 : rename_to_free_name(path_, final_path_);
    if (renamed) {
        path_.clear();
        return {};
    }
    const int error = errno;
    const std::string kept = std::exchange(path_, {});
    return system_failure(final_path_, "the finished file can't get its name", error, "it is kept as " + kept);
}

}  // namespace spikeloom::runtime
