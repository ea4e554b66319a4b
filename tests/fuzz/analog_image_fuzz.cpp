// Any bytes give an analog image or findings; an image that was read is sound and can be written and read again. Half
// of the inputs get their length and checksum put right first, so that damage reaches what lies behind them.
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/image/analog_image.hpp"

namespace {

constexpr std::size_t magic_bytes = 17;
constexpr std::size_t head_bytes = magic_bytes + 12;
constexpr std::size_t tail_bytes = 4;

void write_number(std::string& bytes, std::size_t at, std::uint64_t number, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        bytes[at + i] = static_cast<char>(number >> (8 * i) & 0xFFU);
    }
}

void repair(std::string& bytes) {
    if (bytes.size() < head_bytes + tail_bytes) {
        return;
    }
    const std::size_t end = bytes.size() - tail_bytes;
    write_number(bytes, magic_bytes + 4, end - head_bytes, 8);
    write_number(bytes, end, crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), end), tail_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    if (size == 0) {
        return 0;
    }
    std::string bytes(reinterpret_cast<const char*>(data), size);
    if (data[size - 1] % 2 == 0) {
        bytes.pop_back();
        repair(bytes);
    }
    const auto image = chip::parse_analog_image(bytes, "fuzz");
    if (!image) {
        return has_error(image.error()) ? 0 : (std::abort(), 0);
    }
    const auto written = chip::serialise_analog_image(*image);
    if (!written) {
        std::abort();
    }
    const auto again = chip::parse_analog_image(*written, "again");
    if (!again || *again != *image) {
        std::abort();
    }
    return 0;
}
