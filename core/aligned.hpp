// Memory for the hot arrays: cache-line aligned, so that vector loads don't straddle lines, and on huge pages where
// it is large, so that a random row of a synapse stream doesn't cost a page walk.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace spikeloom::core {

template <class T>
struct AlignedAllocator {
    using value_type = T;
    static constexpr std::size_t huge_page = std::size_t{2} << 20;

    AlignedAllocator() = default;
    template <class U>
    explicit AlignedAllocator(const AlignedAllocator<U>&) {}

    static constexpr std::align_val_t alignment(std::size_t bytes) {
        return std::align_val_t{bytes >= 2 * huge_page ? huge_page : 64};
    }

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        void* memory = ::operator new(bytes, alignment(bytes));
#if defined(__linux__)
        if (bytes >= 2 * huge_page) {
            // Whole pages only, so that the tail doesn't round the resident memory up. A refusal costs speed only.
            (void)madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
        }
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        const std::size_t bytes = count * sizeof(T);
        ::operator delete(memory, bytes, alignment(bytes));
    }
    friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

template <class Vector>
[[nodiscard]] std::size_t bytes_of(const Vector& vector) {
    return vector.capacity() * sizeof(typename Vector::value_type);
}

}  // namespace spikeloom::core
