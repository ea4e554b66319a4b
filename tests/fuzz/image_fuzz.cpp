// Any bytes give an image or a finding; an image that was read is whole and can be written and read again. Half of the
// inputs get their checksums put right first, so that damage reaches what lies behind them.
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "chip/image/image_file.hpp"

namespace {

constexpr std::size_t prologue_bytes = 20;
constexpr std::size_t head_bytes = 12;

std::uint32_t sum(std::uint32_t before, const std::string& bytes, std::size_t at, std::size_t count) {
    return static_cast<std::uint32_t>(
        crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()) + at, count));
}

/// Walks over the records as long as their lengths make sense, and writes the checksum behind each.
void repair(std::string& bytes) {
    if (bytes.size() < prologue_bytes) {
        return;
    }
    std::uint32_t running = sum(0, bytes, 0, prologue_bytes);
    for (std::size_t at = prologue_bytes; bytes.size() - at >= head_bytes + 4;) {
        std::uint64_t length = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            length |= std::uint64_t{static_cast<unsigned char>(bytes[at + 4 + i])} << (8 * i);
        }
        if (length > bytes.size() - at - head_bytes - 4) {
            return;
        }
        running = sum(running, bytes, at, head_bytes + length);
        at += head_bytes + length;
        for (std::size_t i = 0; i < 4; ++i) {
            bytes[at + i] = static_cast<char>(running >> (8 * i) & 0xFFU);
        }
        at += 4;
    }
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
    const auto image = chip::parse_image(bytes, "fuzz");
    if (!image) {
        return has_error(image.error()) ? 0 : (std::abort(), 0);
    }
    const auto written = chip::serialise_image(*image);
    const auto again = written ? chip::parse_image(*written, "again") : image;
    if (!written || !again || chip::serialise_image(*again) != written) {
        std::abort();
    }
    return 0;
}
