// Delivery, compiled for every vector target. The sparse loop is scalar and has no branch but its own end; what
// costs is the memory behind it, so the rows to come are prefetched.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/deliver.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <cstring>

#include "core/synapse_stream.hpp"

HWY_BEFORE_NAMESPACE();
namespace spikeloom::core::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// What a spike's weights are multiplied by; Unit, for spikes that are 1, costs nothing.
struct Unit {
    static std::int32_t times(std::int32_t weight) { return weight; }
};
struct Payload {
    std::int32_t value;
    [[nodiscard]] std::int32_t times(std::int32_t weight) const {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(weight) * static_cast<std::uint32_t>(value));
    }
};

template <class Sum, class Factor>
HWY_INLINE void add_sparse(const std::uint32_t* HWY_RESTRICT words, std::uint32_t count, Sum* HWY_RESTRICT sums,
                           std::uint64_t* HWY_RESTRICT loads, unsigned block_shift, Factor factor) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t word = words[i];
        const std::uint32_t slot = word & 0x7FFFU;
        const std::int32_t weight = factor.times(static_cast<std::int32_t>(word) >> 16);
        // Unsigned addition: the sums wrap, by design in 16 bits.
        using Unsigned = std::make_unsigned_t<Sum>;
        sums[slot] = static_cast<Sum>(static_cast<Unsigned>(sums[slot]) + static_cast<Unsigned>(weight));
        loads[slot >> block_shift] += 1U + (std::uint64_t{word & 0x8000U} << 17);
    }
}

template <class Sum>
HWY_INLINE void add_dense(const std::uint32_t* HWY_RESTRICT words, std::uint32_t count, Sum* HWY_RESTRICT sums) {
    const hn::ScalableTag<Sum> d;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    const auto* weights = reinterpret_cast<const std::int16_t*>(words);
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto weight = hn::LoadU(d16, weights + i);
        if constexpr (sizeof(Sum) == 2) {
            hn::StoreU(hn::Add(hn::LoadU(d, sums + i), weight), d, sums + i);
        } else {
            hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::PromoteTo(d, weight)), d, sums + i);
        }
    }
    for (; i < count; ++i) {
        using Unsigned = std::make_unsigned_t<Sum>;
        std::int16_t weight = 0;
        std::memcpy(&weight, weights + i, sizeof(weight));
        sums[i] = static_cast<Sum>(static_cast<Unsigned>(sums[i]) + static_cast<Unsigned>(weight));
    }
}

HWY_INLINE void add_dense(const std::uint32_t* HWY_RESTRICT words, std::uint32_t count, std::int32_t* HWY_RESTRICT sums,
                          Payload payload) {
    const hn::ScalableTag<std::int32_t> d;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    const auto* weights = reinterpret_cast<const std::int16_t*>(words);
    const std::size_t lanes = hn::Lanes(d);
    const auto factor = hn::Set(d, payload.value);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto product = hn::Mul(hn::PromoteTo(d, hn::LoadU(d16, weights + i)), factor);
        hn::StoreU(hn::Add(hn::LoadU(d, sums + i), product), d, sums + i);
    }
    for (; i < count; ++i) {
        std::int16_t weight = 0;
        std::memcpy(&weight, weights + i, sizeof(weight));
        sums[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) +
                                            static_cast<std::uint32_t>(payload.times(weight)));
    }
}

template <class Sum>
HWY_INLINE void add_dense(const std::uint32_t* words, std::uint32_t count, Sum* sums, Unit /*factor*/) {
    add_dense(words, count, sums);
}

enum class SharedSegments : std::uint8_t { none, followed };

/// One row: its segments up to the one marked last. A row that others share has no shared segments itself.
template <SharedSegments shared, class Sum, class Factor>
HWY_INLINE void deliver_row(const std::uint32_t* stream, const std::uint32_t* words, const DeliveryTarget<Sum>& target,
                            Factor factor) {
    for (bool last = false; !last;) {
        const SegmentHeader header = SegmentHeader::of(*words++);
        last = header.last;
        Sum* const sums = target.sums + std::size_t{(target.position + header.delay) & target.ring_mask} * target.slots;
        std::uint64_t* const loads = target.loads + std::size_t{header.kind} * target.blocks;
        switch (header.form) {
        case SegmentHeader::Form::sparse:
            add_sparse(words, header.count, sums, loads, target.block_shift, factor);
            words += header.count;
            break;
        case SegmentHeader::Form::dense: {
            const std::uint32_t slot = *words & 0x7FFFU;
            loads[slot >> target.block_shift] += header.count + (std::uint64_t{*words >> 16} << 32);
            add_dense(words + 1, header.count, sums + slot, factor);
            words += 1 + (header.count + 1) / 2;
            break;
        }
        case SegmentHeader::Form::messages:
            loads[*words++] += std::uint64_t{header.count} << 32;
            break;
        case SegmentHeader::Form::shared:
            if constexpr (shared == SharedSegments::followed) {
                DeliveryTarget<Sum> moved = target;
                moved.sums += header.count;
                deliver_row<SharedSegments::none>(stream, stream + *words, moved, factor);
            }
            ++words;
            break;
        }
    }
}

std::uint32_t begin_of(std::uint32_t row) {
    return row;
}
std::uint32_t begin_of(const ValuedRow& row) {
    return row.begin;
}
Unit factor_of(std::uint32_t /*row*/) {
    return {};
}
Payload factor_of(const ValuedRow& row) {
    return {row.payload};
}

template <class Sum, class Row>
HWY_INLINE void deliver_rows(const std::uint32_t* stream, std::span<const Row> rows,
                             const DeliveryTarget<Sum>& target) {
    constexpr std::size_t ahead = 14;
    constexpr std::size_t line_words = 16;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i + ahead < rows.size()) {
            const std::uint32_t* const next = stream + begin_of(rows[i + ahead]);
            for (std::uint32_t line = 0; line < target.row_lines; ++line) {
                __builtin_prefetch(next + line * line_words);
            }
        }
        deliver_row<SharedSegments::followed>(stream, stream + begin_of(rows[i]), target, factor_of(rows[i]));
    }
}

void deliver16(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
               const DeliveryTarget<std::int16_t>& target) {
    deliver_rows(stream, rows, target);
}

void deliver32(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
               const DeliveryTarget<std::int32_t>& target) {
    deliver_rows(stream, rows, target);
}

void deliver_values32(const std::uint32_t* stream, std::span<const ValuedRow> rows,
                      const DeliveryTarget<std::int32_t>& target) {
    deliver_rows(stream, rows, target);
}

}  // namespace spikeloom::core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloom::core {

HWY_EXPORT(deliver16);
HWY_EXPORT(deliver32);
HWY_EXPORT(deliver_values32);

void deliver(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
             const DeliveryTarget<std::int16_t>& target) {
    HWY_DYNAMIC_DISPATCH(deliver16)(stream, rows, target);
}

void deliver(const std::uint32_t* stream, std::span<const std::uint32_t> rows,
             const DeliveryTarget<std::int32_t>& target) {
    HWY_DYNAMIC_DISPATCH(deliver32)(stream, rows, target);
}

void deliver_values(const std::uint32_t* stream, std::span<const ValuedRow> rows,
                    const DeliveryTarget<std::int32_t>& target) {
    HWY_DYNAMIC_DISPATCH(deliver_values32)(stream, rows, target);
}

}  // namespace spikeloom::core
#endif
