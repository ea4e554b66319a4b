// Work done in a child process, for libraries that a corrupt file can bring down: HDF5 1.10 crashes, corrupts the heap
// or never ends on about one of fifty files with a few flipped bytes. The child may fall; the caller hears about it.
// What it answers is bytes, and no more to be trusted than the file was.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <tl/expected.hpp>

namespace spikeloom::files {

struct IsolationLimits {
    unsigned cpu_seconds = 10;                ///< of the child
    std::uint64_t memory_bytes = 1ULL << 32;  ///< of address space beyond what the caller has; not under sanitizers
};

/// The bytes that `work` returns in a child process, which has a copy of everything and changes nothing here. The
/// error is a half sentence: "crashed (Segmentation fault)", "did not end within 10 s". Fork copies only the calling
/// thread: no other thread may hold a lock that `work` needs.
[[nodiscard]] tl::expected<std::string, std::string> run_isolated(const std::function<std::string()>& work,
                                                                  const IsolationLimits& limits = {});

}  // namespace spikeloom::files
