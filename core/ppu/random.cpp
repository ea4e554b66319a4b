#include "core/ppu/random.hpp"

#include <bit>

namespace spikeloom::ppu {

namespace {

/// a * b modulo the polynomial x^16 + low, over GF(2).
std::uint32_t multiply(std::uint32_t a, std::uint32_t b, std::uint32_t low) {
    std::uint32_t product = 0;
    for (int bit = 15; bit >= 0; --bit) {
        product = (product << 1) ^ ((product >> 15 & 1) != 0 ? 0x10000U | low : 0U);
        product ^= (b >> bit & 1) != 0 ? a : 0U;
    }
    return product;
}

std::uint32_t power(std::uint32_t exponent, std::uint32_t low) {
    std::uint32_t result = 1;
    std::uint32_t base = 2;
    for (; exponent != 0; exponent >>= 1) {
        result = (exponent & 1) != 0 ? multiply(result, base, low) : result;
        base = multiply(base, base, low);
    }
    return result;
}

/// x^16 + low has x of order 2^16 - 1 = 3 * 5 * 17 * 257.
bool primitive(std::uint32_t low) {
    constexpr std::uint32_t order = 65535;
    return power(order, low) == 1 && power(order / 3, low) != 1 && power(order / 5, low) != 1 &&
           power(order / 17, low) != 1 && power(order / 257, low) != 1;
}

std::array<std::uint16_t, columns> find_taps() {
    std::array<std::uint16_t, columns> taps{};
    std::uint32_t low = 1;
    for (std::uint16_t& tap : taps) {
        while (!primitive(low)) {
            low += 2;
        }
        // The new bit is the sum of s(n - 16 + k) over the terms x^k; the register's bit 15 - k holds s(n - 16 + k).
        std::uint16_t reversed = 0;
        for (int bit = 0; bit < 16; ++bit) {
            reversed = static_cast<std::uint16_t>(reversed | ((low >> bit & 1) << (15 - bit)));
        }
        tap = reversed;
        low += 2;
    }
    return taps;
}

}  // namespace

const std::array<std::uint16_t, columns>& generator_taps() {
    static const std::array<std::uint16_t, columns> taps = find_taps();
    return taps;
}

RandomGenerators::RandomGenerators(std::uint8_t value, int discarded) {
    state_.fill(value);
    std::array<std::uint8_t, columns> ignored{};
    for (int i = 0; i < discarded; ++i) {
        draw(ignored);
    }
}

void RandomGenerators::draw(std::array<std::uint8_t, columns>& values) {
    const auto& taps = generator_taps();
    for (std::size_t i = 0; i < columns; ++i) {
        const auto bit = static_cast<unsigned>(std::popcount(static_cast<unsigned>(state_[i] & taps[i]))) & 1U;
        state_[i] = static_cast<std::uint16_t>(static_cast<unsigned>(state_[i]) << 1 | bit);
        values[i] = static_cast<std::uint8_t>(state_[i]);
    }
}

}  // namespace spikeloom::ppu
