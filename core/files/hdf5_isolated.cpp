#include "core/files/hdf5_isolated.hpp"

#include <algorithm>

#include "core/files/isolated.hpp"

namespace spikeloom::files {
namespace {

constexpr unsigned least_cpu_seconds = 3;
constexpr std::uint64_t bytes_a_second = 10'000'000;  ///< slow, for a reader of HDF5
constexpr std::uint64_t most_cpu_seconds = 3600;

constexpr std::uint64_t least_memory = 1ULL << 31;
constexpr std::uint64_t memory_a_byte = 40;  ///< of the file: a weight is read as a double, and then told

}  // namespace

Diagnostic corrupt_hdf5(const std::string& origin, const std::string& how) {
    return {.where = origin, .found = "the file is corrupt: the HDF5 library " + how};
}

Result<std::string> ask_isolated(const Hdf5Question& question) {
    const auto seconds = static_cast<unsigned>(
        std::min<std::uint64_t>(least_cpu_seconds + question.file_bytes / bytes_a_second, most_cpu_seconds));
    auto answer =
        run_isolated([&] { return question.tell(question.open()); },
                     {.cpu_seconds = seconds, .memory_bytes = least_memory + memory_a_byte * question.file_bytes});
    if (!answer) {
        return fail(corrupt_hdf5(question.origin, answer.error() + " while it read it"));
    }
    return std::move(*answer);
}

}  // namespace spikeloom::files
