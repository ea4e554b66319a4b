#include "chip/thread_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <vector>

namespace spikeloom::chip {

TEST_CASE("every item is done once, by a worker that there is, round after round") {
    for (const int workers : {1, 2, 5}) {
        ThreadPool pool(workers, 10);
        CHECK(pool.workers() <= workers);
        for (std::size_t items : {0, 1, 2, 7, 100}) {
            for (const std::size_t work : {std::size_t{0}, std::size_t{1} << 30}) {
                std::vector<std::atomic<int>> done(items);
                std::atomic<bool> in_range{true};
                pool.for_each(items, work, [&](std::size_t item, std::size_t worker) {
                    ++done[item];
                    if (worker >= static_cast<std::size_t>(pool.workers())) {
                        in_range = false;
                    }
                });
                CHECK(in_range);
                for (const auto& times : done) {
                    CHECK(times == 1);
                }
            }
        }
    }
}

TEST_CASE("no workers, or too many, are a few") {
    CHECK(ThreadPool(0, 0).workers() == 1);
    CHECK(ThreadPool(-3, 0).workers() == 1);
    CHECK(ThreadPool(100'000, 0).workers() <= ThreadPool::max_workers);
}

}  // namespace spikeloom::chip
