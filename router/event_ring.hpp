// A calendar of the near future: each of a fixed set of things (a buffer's head, a channel's wake-up) has at most
// one event. Events of a cycle come out in the order in which they went in. Cycles beyond the ring wait in a heap.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "router/model.hpp"

namespace spikeloom::router {

class EventRing {
public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    explicit EventRing(std::size_t things) : next_(things), buckets_(size, Bucket{}) {}

    /// The time before which nothing will be pushed; the ring must be empty.
    void start(Cycle now) { now_ = now; }

    /// `at` is not before the cycle that is being popped.
    void push(Cycle at, std::uint32_t thing) {
        if (at - now_ >= Cycle{size}) {
            later_.push_back({.at = at, .order = order_++, .thing = thing});
            std::push_heap(later_.begin(), later_.end());
            return;
        }
        append(static_cast<std::uint64_t>(at) % size, thing);
    }
    [[nodiscard]] bool empty() const { return words_ == 0 && later_.empty(); }

    /// Goes to the first cycle with events; the ring must not be empty.
    Cycle advance() {
        if (words_ != 0) {
            now_ += first_bucket();
        }
        if (!later_.empty() && (words_ == 0 || later_.front().at < now_)) {
            now_ = later_.front().at;
        }
        while (!later_.empty() && later_.front().at == now_) {
            append(static_cast<std::uint64_t>(now_) % size, later_.front().thing);
            std::pop_heap(later_.begin(), later_.end());
            later_.pop_back();
        }
        return now_;
    }
    /// The next event of the cycle that advance() went to, or none.
    std::uint32_t pop() {
        const std::uint64_t place = static_cast<std::uint64_t>(now_) % size;
        Bucket& bucket = buckets_[place];
        const std::uint32_t thing = bucket.first;
        if (thing == none) {
            return none;
        }
        bucket.first = next_[thing];
        if (bucket.first == none) {
            occupied_[place / 64] &= ~(std::uint64_t{1} << place % 64);
            if (occupied_[place / 64] == 0) {
                words_ &= ~(std::uint64_t{1} << place / 64);
            }
        }
        return thing;
    }
    [[nodiscard]] std::size_t bytes() const {
        return next_.capacity() * sizeof(std::uint32_t) + size * sizeof(Bucket) + later_.capacity() * sizeof(Later);
    }

private:
    static constexpr std::uint64_t size = 4096;  // 64 words of 64 bits, one more word over them

    struct Bucket {
        std::uint32_t first = none;
        std::uint32_t last = none;
    };
    struct Later {
        Cycle at = 0;
        std::uint64_t order = 0;
        std::uint32_t thing = 0;
        friend bool operator<(const Later& a, const Later& b) {
            return a.at != b.at ? a.at > b.at : a.order > b.order;  // std's heaps have the greatest in front
        }
    };

    void append(std::uint64_t place, std::uint32_t thing) {
        Bucket& bucket = buckets_[place];
        next_[thing] = none;
        if (bucket.first == none) {
            bucket.first = thing;
            occupied_[place / 64] |= std::uint64_t{1} << place % 64;
            words_ |= std::uint64_t{1} << place / 64;
        } else {
            next_[bucket.last] = thing;
        }
        bucket.last = thing;
    }
    /// Cycles from now on to the first occupied bucket.
    [[nodiscard]] Cycle first_bucket() const {
        const std::uint64_t here = static_cast<std::uint64_t>(now_) % size;
        const std::uint64_t rest = occupied_[here / 64] >> here % 64;
        if (rest != 0) {
            return std::countr_zero(rest);
        }
        const auto turn = static_cast<int>(here / 64 + 1) % 64;
        const std::uint64_t word =
            (here / 64 + 1 + static_cast<std::uint64_t>(std::countr_zero(std::rotr(words_, turn)))) % 64;
        const std::uint64_t place = word * 64 + static_cast<std::uint64_t>(std::countr_zero(occupied_[word]));
        return static_cast<Cycle>((place + size - here) % size);
    }

    Cycle now_ = 0;
    std::uint64_t order_ = 0;
    std::uint64_t words_ = 0;  ///< which words of occupied_ are not 0
    std::uint64_t occupied_[64] = {};
    std::vector<std::uint32_t> next_;
    std::vector<Bucket> buckets_;
    std::vector<Later> later_;
};

}  // namespace spikeloom::router
