// A calendar of the near future: each of a fixed set of things (a buffer's head, a link's wake-up) has at most one
// event. The events of a cycle come out last in, first out: a total order that costs no branch. Cycles beyond the
// ring wait in a heap.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/model.hpp"

namespace spikeloom::router {

class EventRing {
public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    explicit EventRing(std::size_t things) : next_(things + 1) { first_.fill(none); }

    /// The time before which nothing will be pushed; the ring must be empty.
    void start(Cycle now) { now_ = now; }

    /// `at` is not before the cycle that is being taken.
    void push(Cycle at, std::uint32_t thing) { push_if(true, at, thing); }
    /// Without a condition that a processor would have to guess.
    void push_if(bool condition, Cycle at, std::uint32_t thing) {
        if (static_cast<std::uint64_t>(at - now_) >= size) {  // before now, too
            if (condition) {
                SPIKELOOM_ASSERT(at > now_, std::to_string(at) + " in cycle " + std::to_string(now_));
                later_.push_back({.at = at, .order = order_++, .thing = thing});
                std::push_heap(later_.begin(), later_.end());
            }
            return;
        }
        const std::uint64_t place = condition ? static_cast<std::uint64_t>(at) % size : size;
        put(place, condition ? thing : static_cast<std::uint32_t>(next_.size() - 1));
    }

    /// Goes to the first cycle with events; false if there are none left.
    bool advance() {
        const std::uint64_t here = static_cast<std::uint64_t>(now_) % size;
        std::uint64_t word = here / 64;
        std::uint64_t bits = occupied_[word] >> here % 64 << here % 64;
        for (std::uint64_t i = 0; bits == 0 && i < words; ++i) {
            word = (word + 1) % words;
            bits = occupied_[word];
        }
        if (bits == 0 && later_.empty()) {
            return false;
        }
        Cycle next = bits == 0 ? later_.front().at : 0;
        if (bits != 0) {
            const std::uint64_t place = word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
            next = now_ + static_cast<Cycle>((place + size - here) % size);
        }
        now_ = later_.empty() ? next : std::min(next, later_.front().at);
        while (!later_.empty() && later_.front().at == now_) {
            put(static_cast<std::uint64_t>(now_) % size, later_.front().thing);
            std::pop_heap(later_.begin(), later_.end());
            later_.pop_back();
        }
        return true;
    }
    [[nodiscard]] Cycle now() const { return now_; }

    /// The first event of the cycle that advance() went to; the others follow by after(). The ring forgets them.
    std::uint32_t take() {
        const std::uint64_t place = static_cast<std::uint64_t>(now_) % size;
        const std::uint32_t thing = first_[place];
        first_[place] = none;
        occupied_[place / 64] &= ~(std::uint64_t{1} << place % 64);
        return thing;
    }
    /// To be asked before `thing` is pushed again.
    [[nodiscard]] std::uint32_t after(std::uint32_t thing) const { return next_[thing]; }

private:
    static constexpr std::uint64_t size = 4096;
    static constexpr std::uint64_t words = size / 64;

    struct Later {
        Cycle at = 0;
        std::uint64_t order = 0;
        std::uint32_t thing = 0;
        friend bool operator<(const Later& a, const Later& b) {
            return a.at != b.at ? a.at > b.at : a.order > b.order;  // std's heaps have the greatest in front
        }
    };

    void put(std::uint64_t place, std::uint32_t thing) {
        next_[thing] = first_[place];
        first_[place] = thing;
        occupied_[place / 64] |= std::uint64_t{1} << place % 64;
    }

    Cycle now_ = 0;
    std::uint64_t order_ = 0;
    std::array<std::uint64_t, words + 1> occupied_{};  ///< one bit a cycle; the last ones for events that are none
    std::array<std::uint32_t, size + 1> first_{};
    std::vector<std::uint32_t> next_;
    std::vector<Later> later_;
};

}  // namespace spikeloom::router
