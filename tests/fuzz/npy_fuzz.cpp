// The readers of numpy's, zip's, gzip's and idx's files. The first byte chooses. What is read must print and read back
// as the same value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/files/gzip.hpp"
#include "core/files/idx.hpp"
#include "core/files/npy.hpp"

namespace {

using namespace spikeloom::files;

constexpr std::uint64_t cap = 1U << 22;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check(const Array& array) {
    const auto count = element_count(array.shape);
    require(count == array.size() && array.reals().size() == array.size() && array.integers().size() == array.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const ByteView bytes = std::as_bytes(std::span(data + 1, size - 1));
    switch (data[0] % 4) {
    case 0:
        if (const auto array = parse_npy(bytes, "fuzz")) {
            check(*array);
            require(parse_npy(print_npy(*array), "again") == *array);
        }
        break;
    case 1:
        if (const auto arrays = parse_npz(bytes, "fuzz", cap)) {
            for (const auto& [name, array] : *arrays) {
                check(array);
            }
            require(parse_npz(print_npz(*arrays, true), "again", 4 * cap) == *arrays);
        }
        break;
    case 2:
        if (const auto inflated = gunzip(bytes, "fuzz", cap)) {
            require(gunzip(gzip(*inflated), "again", cap) == *inflated);
        }
        break;
    default:
        if (const auto array = parse_idx(bytes, "fuzz")) {
            check(*array);
            require(parse_idx(print_idx(*array), "again") == *array);
        }
    }
    return 0;
}
