#include "chip/analog/earliest_deadline.hpp"

#include <algorithm>

namespace spikeloom::chip::analog {

EarliestDeadline::EarliestDeadline(std::span<const PlasticTask> tasks, std::uint8_t hemisphere)
    : tasks_(tasks), hemisphere_(hemisphere), done_(tasks.size(), 0) {}

std::optional<Execution> EarliestDeadline::next(double free_s) const {
    std::vector<Execution> waiting;
    double first_release = never;
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
        const Timer& timer = tasks_[i].timer;
        if (tasks_[i].hemisphere != hemisphere_ || done_[i] == timer.count) {
            continue;
        }
        const double release = timer.start_s + done_[i] * timer.period_s;
        const double deadline = timer.start_s + (done_[i] + 1.0) * timer.period_s;
        waiting.push_back({.task = i, .number = done_[i], .release_s = release, .deadline_s = deadline});
        first_release = std::min(first_release, release);
    }
    if (waiting.empty()) {
        return std::nullopt;
    }
    const double begin = std::max(free_s, first_release);
    std::erase_if(waiting, [&](const Execution& one) { return one.release_s > begin; });
    Execution chosen = *std::ranges::min_element(waiting, {}, &Execution::deadline_s);
    chosen.begin_s = begin;
    return chosen;
}

std::vector<Execution> schedule(std::span<const PlasticTask> tasks, std::span<const double> durations,
                                std::uint8_t hemisphere) {
    EarliestDeadline queue(tasks, hemisphere);
    std::vector<Execution> executions;
    double free_s = 0;
    while (const std::optional<Execution> next = queue.next(free_s)) {
        executions.push_back(*next);
        free_s = next->begin_s + durations[next->task];
        executions.back().end_s = free_s;
        queue.begin(*next);
    }
    return executions;
}

}  // namespace spikeloom::chip::analog
