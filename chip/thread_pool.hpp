// Threads that wait asleep between steps: with a spinning barrier, a third process on two cores slowed a run a
// hundredfold (PERFORMANCE facts, section 3). A step that is too small to pay for waking them runs on the caller's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace spikeloom::chip {

class ThreadPool {
public:
    static constexpr int max_workers = 256;
    using Task = std::function<void(std::size_t item, std::size_t worker)>;

    /// The caller is the first worker. If the system refuses a thread, there are fewer. Work below `least_work` is
    /// done by the caller alone.
    ThreadPool(int workers, std::size_t least_work);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    [[nodiscard]] int workers() const;

    /// Calls task(item, worker) once for every item below `items`, worker < workers(); returns when all are done.
    /// `work`: how much there is to do, in the unit of least_work.
    void for_each(std::size_t items, std::size_t work, const Task& task);

private:
    class Threads;
    std::size_t least_work_;
    std::unique_ptr<Threads> threads_;
};

}  // namespace spikeloom::chip
