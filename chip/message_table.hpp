// What every source sends, for timing: of each message the core that it goes to and what the core has to read for it.
// Beside the chip's own tables, which know rows of synapses but no messages (chip/tables.hpp).
//
// A source is a compartment (by core of the image, then compartment) or an input channel (by port, then channel). A
// message takes as many bytes as its core's number and its work's class need together: 2 in B128, with 9 million.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// Synaptic events of one message, by SynapseEncoding.
using MessageWork = std::array<std::uint32_t, 3>;

class MessageTable {
public:
    struct Entry {
        std::uint32_t core = 0;  ///< of the image
        std::uint32_t work = 0;  ///< index into works()
    };

    /// The image passes check_image.
    explicit MessageTable(const Image& image);

    [[nodiscard]] std::uint32_t compartments(std::uint32_t core) const {
        return core_first_[core + 1] - core_first_[core];
    }
    [[nodiscard]] std::uint32_t source(std::uint32_t core, std::uint32_t compartment) const {
        return core_first_[core] + compartment;
    }
    [[nodiscard]] std::uint32_t input(std::uint32_t port, std::uint32_t channel) const {
        return port_first_[port] + channel;
    }
    [[nodiscard]] std::size_t sources() const { return first_.size() - 1; }
    [[nodiscard]] std::uint64_t messages(std::uint32_t source) const { return first_[source + 1] - first_[source]; }
    /// Calls visit(Entry) for the source's messages in the order in which its core sends them.
    template <class Visitor>
    void for_each(std::uint32_t source, const Visitor& visit) const {
        const std::uint8_t* word = words_.data() + first_[source] * stride_;
        const std::uint8_t* const last = words_.data() + first_[source + 1] * stride_;
        for (; word != last; word += stride_) {
            std::uint64_t bits = 0;
            std::memcpy(&bits, word, sizeof bits);
            bits &= mask_;
            visit(Entry{static_cast<std::uint32_t>(bits & core_mask_), static_cast<std::uint32_t>(bits >> core_bits_)});
        }
    }

    [[nodiscard]] std::span<const MessageWork> works() const { return works_; }
    [[nodiscard]] std::uint64_t messages() const { return first_.back(); }
    [[nodiscard]] std::size_t bytes_a_message() const { return stride_; }
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    static_assert(std::endian::native == std::endian::little, "words are read as the low bytes of a larger one");
    void add(std::span<const OutputAxon> outputs, const std::vector<std::vector<std::uint32_t>>& work_of_axon);

    std::vector<std::uint32_t> core_first_;  ///< cores + 1: source of the core's first compartment
    std::vector<std::uint32_t> port_first_;  ///< ports + 1
    std::vector<std::uint64_t> first_{0};    ///< sources + 1
    std::vector<std::uint8_t> words_;        ///< 8 bytes longer than they need, so that each can be read as 8
    std::vector<MessageWork> works_;
    std::size_t stride_ = 1;
    std::uint32_t core_bits_ = 1;
    std::uint64_t core_mask_ = 1;
    std::uint64_t mask_ = 0;
};

}  // namespace spikeloom::chip
