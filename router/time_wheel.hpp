// Events of the near future, by cycle: a ring of buckets. Whoever asks for the next cycle with events skips idle time.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/model.hpp"

namespace spikeloom::router {

template <class Event>
class TimeWheel {
public:
    /// Events lie at most `reach` cycles ahead of the cycle that is being taken.
    explicit TimeWheel(Cycle reach)
        : buckets_(std::bit_ceil(static_cast<std::uint64_t>(reach) + 1)), mask_(buckets_.size() - 1) {}

    void push(Cycle at, const Event& event) {
        buckets_[static_cast<std::uint64_t>(at) & mask_].push_back(event);
        ++pending_;
    }
    [[nodiscard]] bool empty() const { return pending_ == 0; }
    /// The first cycle from `now` on that has events; the wheel must not be empty.
    [[nodiscard]] Cycle next(Cycle now) const {
        while (buckets_[static_cast<std::uint64_t>(now) & mask_].empty()) {
            ++now;
        }
        return now;
    }
    /// The events of a cycle; they are gone from the wheel, and stand until the next take().
    [[nodiscard]] const std::vector<Event>& take(Cycle now) {
        taken_.clear();
        taken_.swap(buckets_[static_cast<std::uint64_t>(now) & mask_]);
        pending_ -= taken_.size();
        return taken_;
    }

private:
    std::vector<std::vector<Event>> buckets_;
    std::vector<Event> taken_;
    std::uint64_t mask_;
    std::uint64_t pending_ = 0;
};

}  // namespace spikeloom::router
