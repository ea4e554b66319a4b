// Independent tasks on several threads. Each writes to its own place only, so results do not depend on the threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace spikeloom::compiler {

/// Calls task(i) once for each i below `tasks`, on at most `threads` threads, of which the caller's is one. What a task
/// throws is thrown again when all have ended.
template <class Task>
void side_by_side(std::size_t tasks, std::size_t threads, const Task& task) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr thrown;
    std::mutex throwing;
    const auto work = [&] {
        try {
            for (std::size_t i = next++; i < tasks; i = next++) {
                task(i);
            }
        } catch (...) {
            const std::scoped_lock lock(throwing);
            thrown = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> helpers;
        while (helpers.size() + 1 < threads && helpers.size() + 1 < tasks) {
            helpers.emplace_back(work);
        }
        work();
    }
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

}  // namespace spikeloom::compiler
