// Synapses of a shard, as a stream of 32-bit words. What one source sends into the shard is a row: segments one
// behind the other, the last one marked. A segment holds synapses of one delay and one encoding (which only the
// counters care for), in one of these forms:
//     sparse    one word a synapse: weight (16 bits) | opens a message (1) | slot (15)
//     dense     slots in a line: {messages (16) | first slot (15)}, then the weights, two a word
//     messages  messages that carry no synapse: one word, the block that receives them
//     shared    another row, whose slots are moved: one word, where it begins (in the header, by how many slots)
// A slot is a compartment's place in the shard; a block is a power-of-two stretch of slots, the compartments of one
// core. Delivery adds weights by slot and counts messages and synaptic events by block.
#pragma once

#include <cstdint>
#include <span>

#include "core/aligned.hpp"

namespace spikeloom::core {

inline constexpr std::uint32_t max_slots = 1U << 15;
inline constexpr std::uint32_t max_delay = 255;
/// Encodings that are counted apart.
inline constexpr std::uint32_t load_kinds = 3;
/// Shortest line of slots that is worth a dense segment.
inline constexpr std::size_t dense_run = 16;

/// A synapse on its way into a stream, as one integer: sorted by delay, kind, slot.
class RowSynapse {
public:
    struct Fields {
        std::uint32_t slot = 0;   ///< below max_slots
        std::int32_t weight = 0;  ///< units of 2^6, -32768..32767
        std::uint32_t delay = 0;  ///< 0..max_delay
        std::uint32_t kind = 0;   ///< below load_kinds
        bool opens_message = false;
    };
    explicit constexpr RowSynapse(const Fields& f)
        : key_(std::uint64_t{f.delay} << 48 | std::uint64_t{f.kind} << 40 | std::uint64_t{f.slot} << 20 |
               std::uint64_t{f.opens_message} << 16 | (static_cast<std::uint32_t>(f.weight) & 0xFFFFU)) {}

    [[nodiscard]] constexpr std::uint32_t slot() const { return static_cast<std::uint32_t>(key_ >> 20) & 0xFFFFFU; }
    [[nodiscard]] constexpr std::uint32_t weight_bits() const { return static_cast<std::uint32_t>(key_) & 0xFFFFU; }
    [[nodiscard]] constexpr bool opens_message() const { return (key_ >> 16 & 1U) != 0; }
    [[nodiscard]] constexpr std::uint32_t kind() const { return static_cast<std::uint32_t>(key_ >> 40) & 0xFFU; }
    [[nodiscard]] constexpr std::uint32_t delay() const { return static_cast<std::uint32_t>(key_ >> 48); }
    [[nodiscard]] constexpr bool same_segment(RowSynapse other) const { return key_ >> 40 == other.key_ >> 40; }
    friend constexpr auto operator<=>(RowSynapse, RowSynapse) = default;

private:
    std::uint64_t key_;
};

/// Messages without synapses, for one block.
struct BareMessages {
    std::uint32_t block = 0;
    std::uint32_t count = 0;
};

/// A row of the same stream, of synapses within one block, that delivers to slots moved within that block.
struct SharedRow {
    std::uint32_t begin = 0;
    std::uint32_t slots = 0;     ///< added to every slot, 0..SegmentHeader::max_count
    std::uint32_t synapses = 0;  ///< that it delivers
};

/// Appends one row; sorts `synapses`. A row may be empty, and then takes one word. Returns where it begins.
std::uint32_t append_row(std::span<RowSynapse> synapses, std::span<const BareMessages> bare,
                         std::span<const SharedRow> shared, unsigned block_shift, AlignedVector<std::uint32_t>& stream);

/// Where delivered weights and counts go.
template <class Sum>
struct DeliveryTarget {
    Sum* sums = nullptr;             ///< ring_depth times `slots` sums, the ring of delays
    std::uint32_t slots = 0;         ///< of one ring position
    std::uint32_t position = 0;      ///< ring position of this step
    std::uint32_t ring_mask = 0;     ///< ring depth (a power of two) - 1
    std::uint64_t* loads = nullptr;  ///< load_kinds times `blocks`: synaptic events | messages << 32
    std::uint32_t blocks = 0;
    unsigned block_shift = 0;
    std::uint32_t row_lines = 1;  ///< cache lines of a usual row, to prefetch
};

/// Delivers the rows that begin at these words of the stream.
void deliver(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
             const DeliveryTarget<std::int16_t>& target);
void deliver(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
             const DeliveryTarget<std::int32_t>& target);

/// A row and what its spike sends.
struct ValuedRow {
    std::uint32_t begin = 0;
    std::int32_t payload = 1;
};
/// As deliver, weights times payloads; products and sums wrap at 32 bits.
void deliver_values(const std::uint32_t* stream, std::span<const ValuedRow> rows,
                    const DeliveryTarget<std::int32_t>& target);

/// Header word of a segment.
struct SegmentHeader {
    enum class Form : std::uint32_t { sparse, dense, messages, shared };
    static constexpr std::uint32_t max_count = 0xFFFF;

    std::uint32_t count = 0;  ///< synapses, messages, or slots to move by; 0..max_count
    std::uint32_t delay = 0;
    std::uint32_t kind = 0;
    Form form = Form::sparse;
    bool last = false;

    static constexpr std::uint32_t last_bit = 1U << 31;

    [[nodiscard]] constexpr std::uint32_t word() const {
        return count | delay << 16 | kind << 24 | static_cast<std::uint32_t>(form) << 26 | (last ? last_bit : 0);
    }
    [[nodiscard]] static constexpr SegmentHeader of(std::uint32_t word) {
        return {word & 0xFFFFU, word >> 16 & 0xFFU, word >> 24 & 3U, static_cast<Form>(word >> 26 & 3U),
                (word & last_bit) != 0};
    }
};

}  // namespace spikeloom::core
