// Processor time of the calling thread, lap by lap; or nothing, at no cost.
#pragma once

#include <ctime>

namespace spikeloom::chip {

class Stopwatch {
public:
    explicit Stopwatch(bool on) : on_(on), last_(on ? now() : 0) {}

    /// Adds the seconds since the last lap, or since the start.
    void lap(double& seconds) {
        if (on_) {
            const double current = now();
            seconds += current - last_;
            last_ = current;
        }
    }

private:
    static double now() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }

    bool on_;
    double last_;
};

}  // namespace spikeloom::chip
