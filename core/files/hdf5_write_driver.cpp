#include "core/files/hdf5_write_driver.hpp"

#include <fcntl.h>
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

namespace spikeloom::files::hdf5 {
namespace {

/// H5FD_t must come first: HDF5 fills it and hands it back.
struct File {
    H5FD_t base{};
    int descriptor = -1;
    haddr_t allocated = 0;  ///< HDF5's "eoa"
    haddr_t written = 0;    ///< HDF5's "eof"
    WriteStatus* status = nullptr;
    std::map<haddr_t, std::vector<unsigned char>> unwritten;  ///< what did not reach the disk
};

File* as_file(H5FD_t* base) {
    return reinterpret_cast<File*>(base);
}
const File* as_file(const H5FD_t* base) {
    return reinterpret_cast<const File*>(base);
}

H5FD_t* open_file(const char* name, unsigned flags, hid_t access, haddr_t) {
    const int mode = O_RDWR | O_CLOEXEC | ((flags & H5F_ACC_TRUNC) != 0U ? O_TRUNC : 0) |
                     ((flags & H5F_ACC_CREAT) != 0U ? O_CREAT : 0);
    const auto* status = static_cast<WriteStatus* const*>(H5Pget_driver_info(access));
    if (status == nullptr) {
        return nullptr;
    }
    const int descriptor = ::open(name, mode, 0666);
    if (descriptor < 0) {
        (*status)->error = errno;
        return nullptr;
    }
    auto file = std::make_unique<File>();
    file->descriptor = descriptor;
    file->status = *status;
    return &file.release()->base;
}

herr_t close_file(H5FD_t* base) {
    const std::unique_ptr<File> file(as_file(base));
    if (::close(file->descriptor) != 0 && file->status->error == 0) {
        file->status->error = errno;
    }
    return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

haddr_t allocated(const H5FD_t* base, H5FD_mem_t) {
    return as_file(base)->allocated;
}
herr_t set_allocated(H5FD_t* base, H5FD_mem_t, haddr_t end) {
    as_file(base)->allocated = end;
    return 0;
}
haddr_t written(const H5FD_t* base, H5FD_mem_t) {
    return as_file(base)->written;
}

herr_t read_file(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
    const File& file = *as_file(base);
    auto* bytes = static_cast<unsigned char*>(buffer);
    std::memset(bytes, 0, size);
    for (size_t done = 0; done < size;) {
        const ssize_t count = ::pread(file.descriptor, bytes + done, size - done, static_cast<off_t>(address + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;  // beyond the end: zeros
        }
        done += static_cast<size_t>(count);
    }
    for (const auto& [start, kept] : file.unwritten) {
        const haddr_t from = std::max(start, address);
        const haddr_t to = std::min(start + kept.size(), address + size);
        if (from < to) {
            std::memcpy(bytes + (from - address), kept.data() + (from - start), to - from);
        }
    }
    return 0;
}

herr_t write_file(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
    File& file = *as_file(base);
    const auto* bytes = static_cast<const unsigned char*>(buffer);
    file.written = std::max(file.written, address + size);
    for (size_t done = 0; done < size && file.status->error == 0;) {
        const ssize_t count = ::pwrite(file.descriptor, bytes + done, size - done, static_cast<off_t>(address + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            file.status->error = count < 0 ? errno : EIO;
            break;
        }
        done += static_cast<size_t>(count);
    }
    if (file.status->error != 0) {
        file.unwritten[address].assign(bytes, bytes + size);
    }
    return 0;
}

herr_t truncate_file(H5FD_t* base, hid_t, hbool_t) {
    File& file = *as_file(base);
    if (file.written != file.allocated && file.status->error == 0 &&
        ::ftruncate(file.descriptor, static_cast<off_t>(file.allocated)) != 0) {
        file.status->error = errno;
    }
    file.written = file.allocated;
    return 0;
}

}  // namespace

WriteDriver make_write_driver(WriteStatus& status) {
    H5FD_class_t driver{};
    driver.name = "spikeloom-write";
    driver.maxaddr = (haddr_t{1} << 62) - 1;
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(WriteStatus*);
    driver.open = open_file;
    driver.close = close_file;
    driver.query = query;
    driver.get_eoa = allocated;
    driver.set_eoa = set_allocated;
    driver.get_eof = written;
    driver.read = read_file;
    driver.write = write_file;
    driver.truncate = truncate_file;
    const H5FD_mem_t map[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), std::begin(driver.fl_map));

    WriteDriver made{Hdf5Handle(H5FDregister(&driver)), Hdf5Handle(H5Pcreate(H5P_FILE_ACCESS))};
    WriteStatus* pointer = &status;
    H5Pset_driver(made.access.id(), made.driver.id(), &pointer);
    H5Pset_fclose_degree(made.access.id(), H5F_CLOSE_STRONG);
    return made;
}

}  // namespace spikeloom::files::hdf5
