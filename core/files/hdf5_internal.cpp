#include "core/files/hdf5_internal.hpp"

#include <utility>

// HDF5 1.10 forgets a few bytes of its own when it gives up on a broken file: not ours to free, nor to report.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char* __lsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
    return "leak:libhdf5\n";
}
#endif
#endif

namespace spikeloom::files {

Hdf5Handle& Hdf5Handle::operator=(Hdf5Handle&& other) noexcept {
    if (this != &other) {
        Hdf5Handle old(release());
        id_ = other.release();
    }
    return *this;
}

Hdf5Handle::~Hdf5Handle() {
    if (valid()) {
        hdf5::quiet();
        H5Idec_ref(id_);
    }
}

std::int64_t Hdf5Handle::release() {
    return std::exchange(id_, -1);
}

namespace hdf5 {

std::string last_error() {
    std::string innermost;
    const auto keep = [](unsigned, const H5E_error2_t* entry, void* out) -> herr_t {
        if (entry != nullptr && entry->desc != nullptr) {
            *static_cast<std::string*>(out) = entry->desc;
        }
        return 1;  // the first entry upwards is the innermost: stop
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep, &innermost);
    H5Eclear2(H5E_DEFAULT);
    return innermost;
}

}  // namespace hdf5
}  // namespace spikeloom::files
