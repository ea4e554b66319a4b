// What a fuzzer that builds values instead of files reads its input as.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spikeloom::test {

/// Draws decisions from the input; zeros when it is used up.
class DecisionBytes {
public:
    DecisionBytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    [[nodiscard]] bool empty() const { return size_ == 0; }
    std::uint8_t byte() {
        if (size_ == 0) {
            return 0;
        }
        --size_;
        return *data_++;
    }
    std::uint8_t below(unsigned limit) { return static_cast<std::uint8_t>(byte() % limit); }

private:
    const std::uint8_t* data_;
    std::size_t size_;
};

}  // namespace spikeloom::test
