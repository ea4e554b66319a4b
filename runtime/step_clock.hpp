// The time of each step, beside the emulation: what the chip did goes in, what it took comes out, in order. With
// several threads, several steps are timed at once while the chip goes on (a step's time depends on nothing but its own
// events); with one, each is timed where it stands. The results are the same.
//
// Memory: the events and the outcome of two steps a thread, and the network model's own, once a thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chip/step_timing.hpp"
#include "core/base/ids.hpp"

namespace spikeloom::runtime {

/// Which messages a trace keeps.
struct TraceFilter {
    bool on = false;
    std::uint64_t first_step = 0;
    std::uint64_t last_step = ~std::uint64_t{0};  ///< behind the last
    /// Places on the mesh, [first, last); a message is kept if it leaves or reaches one of them. Empty: all.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> places{};
    std::uint64_t limit = 1'000'000;  ///< messages
};

struct TimingOptions {
    router::Model model = router::Model::queued;
    std::string costs{};  ///< the cost table whose times count; "": the chip's first
    bool traffic = true;  ///< false: links may be left uncounted where the time doesn't need them
    TraceFilter trace{};
};

/// What a step took. Lives until the sink returns.
struct TimingView {
    Step step;
    const chip::StepTiming& timing;
    std::span<const Counters> core_counts;       ///< with the step's own messages (StepTimer::counts)
    std::span<const chip::StepTime> free_times;  ///< by the chip's cost tables: the step under `free`
    const router::Outcome& outcome;
    std::span<const router::Passage> passages;  ///< those that the trace keeps
};

class StepClock {
public:
    using Visit = std::function<Result<void>(const TimingView&)>;

    /// Errors: a cost table that the chip doesn't have, and StepTimer's.
    [[nodiscard]] static Result<std::unique_ptr<StepClock>> create(const chip::Image& image,
                                                                   const TimingOptions& options, int threads);
    ~StepClock();
    StepClock(const StepClock&) = delete;
    StepClock& operator=(const StepClock&) = delete;

    /// A step to be timed; there must be room: fewer than room() are not collected.
    void add(Step step, const chip::StepEvents& events);
    [[nodiscard]] std::size_t room() const;
    /// Visits what is ready, oldest first, and waits until no more than `left` steps are not visited.
    Result<void> collect(std::size_t left, const Visit& visit);

    [[nodiscard]] const TimingOptions& options() const;
    [[nodiscard]] const chip::CostTable& costs() const;  ///< of the image
    [[nodiscard]] const chip::StepTimer& timer() const;  ///< for its graph and cycle
    [[nodiscard]] bool trace_cut() const;                ///< messages were left out at the limit
    [[nodiscard]] double cpu_seconds() const;            ///< that timing took, of the steps visited

private:
    class State;
    explicit StepClock(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::runtime
