#include "chip/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace spikeloom::chip {
class ThreadPool::Threads {
public:
    explicit Threads(int count) {
        try {
            for (int i = 0; i < count; ++i) {
                threads_.emplace_back([this, worker = static_cast<std::size_t>(i) + 1] { serve(worker); });
            }
        } catch (const std::system_error&) {
            // Fewer threads: the result is the same, later.
        }
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

    [[nodiscard]] std::size_t count() const { return threads_.size(); }

    void run(std::size_t items, const Task& task) {
        {
            const std::lock_guard lock(mutex_);
            task_ = &task;
            items_ = items;
            next_ = 0;
            busy_ = threads_.size();
            ++round_;
        }
        wake_.notify_all();
        take_items(0);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
    }

private:
    void take_items(std::size_t worker) {
        for (std::size_t item = next_++; item < items_; item = next_++) {
            (*task_)(item, worker);
        }
    }

    void serve(std::size_t worker) {
        std::uint64_t seen = 0;
        while (true) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return stop_ || round_ != seen; });
                if (stop_) {
                    return;
                }
                seen = round_;
            }
            take_items(worker);
            const std::lock_guard lock(mutex_);
            if (--busy_ == 0) {
                done_.notify_one();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    const Task* task_ = nullptr;
    std::size_t items_ = 0;
    std::atomic<std::size_t> next_{0};
    std::size_t busy_ = 0;
    std::uint64_t round_ = 0;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

ThreadPool::ThreadPool(int workers, std::size_t least_work) : least_work_(least_work) {
    if (workers > 1) {
        threads_ = std::make_unique<Threads>(std::min(workers, max_workers) - 1);
    }
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::workers() const {
    return threads_ == nullptr ? 1 : static_cast<int>(threads_->count()) + 1;
}

void ThreadPool::for_each(std::size_t items, std::size_t work, const Task& task) {
    if (workers() == 1 || items < 2 || work < least_work_) {
        for (std::size_t item = 0; item < items; ++item) {
            task(item, 0);
        }
        return;
    }
    threads_->run(items, task);
}

}  // namespace spikeloom::chip
