#include "runtime/step_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "chip/stopwatch.hpp"

namespace spikeloom::runtime {
namespace {

/// A step on its way through a timer.
struct Job {
    Step step;
    bool trace = false;
    std::vector<Counters> cores;
    std::vector<chip::CoreSpike> spikes;
    std::vector<chip::InputSpike> inputs;

    bool done = false;  ///< guarded by the clock's mutex; all else belongs to the thread that has the job
    chip::StepTiming timing;
    std::vector<Counters> own_counts;
    std::vector<chip::StepTime> free_times;
    router::Outcome outcome;
    double cpu_s = 0;
    std::exception_ptr failure;
};

void time_step(chip::StepTimer& timer, Job& job, const chip::StepEvents& events,
               std::span<const chip::CostTable> tables) {
    chip::Stopwatch watch(true);
    job.cpu_s = 0;
    timer.set_trace(job.trace);
    job.timing = timer.step(events);
    job.outcome = timer.outcome();
    job.own_counts.assign(timer.counts().begin(), timer.counts().end());
    job.free_times.clear();
    for (const chip::CostTable& table : tables) {
        job.free_times.push_back(timer.free_time(table));
    }
    watch.lap(job.cpu_s);
}

Result<const chip::CostTable*> find_costs(const chip::ChipSpec& chip, const std::string& name) {
    if (name.empty() && !chip.costs.empty()) {
        return &chip.costs.front();
    }
    if (const chip::CostTable* found = chip.find_costs(name)) {
        return found;
    }
    std::string allowed;
    for (const chip::CostTable& table : chip.costs) {
        allowed += (allowed.empty() ? "" : ", ") + table.name;
    }
    return fail({.where = fmt::format("chip '{}'", chip.name),
                 .found = name.empty() ? "no cost table" : fmt::format("no cost table '{}'", name),
                 .allowed = allowed,
                 .help = {}});
}

}  // namespace

class StepClock::State {
public:
    State(chip::StepTimer timer, std::span<const chip::CostTable> tables, const chip::CostTable& costs,
          TimingOptions options, int threads)
        : tables_(tables), costs_(&costs), options_(std::move(options)), first_(std::move(timer)) {
        const std::size_t workers = threads > 1 ? static_cast<std::size_t>(threads) : 0;
        jobs_.resize(std::max<std::size_t>(1, 2 * workers));
        for (std::size_t worker = 0; worker < workers; ++worker) {
            try {
                threads_.emplace_back([this, own = first_.sibling()]() mutable { work(own); });
            } catch (const std::system_error&) {
                break;  // the system refuses a thread: there are fewer, or the caller times
            }
        }
    }
    ~State() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void add(Step step, const chip::StepEvents& events);
    Result<void> collect(std::size_t left, const Visit& visit);

    std::span<const chip::CostTable> tables_;  ///< of the image
    const chip::CostTable* costs_;
    TimingOptions options_;
    chip::StepTimer first_;
    std::vector<Job> jobs_;  ///< a ring
    bool trace_cut_ = false;
    double cpu_s_ = 0;

private:
    void work(chip::StepTimer& timer);
    [[nodiscard]] bool keeps(const router::Passage& passage) const;
    std::span<const router::Passage> filter(const Job& job);

    std::uint64_t added_ = 0, visited_ = 0;  ///< jobs; of the caller
    std::uint64_t taken_ = 0;                ///< by workers; guarded
    std::uint64_t queued_ = 0;               ///< added_, for workers; guarded
    std::uint64_t traced_ = 0;               ///< messages kept
    std::vector<router::Passage> kept_;

    std::mutex mutex_;
    std::condition_variable wake_;   ///< workers: a job, or the end
    std::condition_variable ready_;  ///< the caller: a job is done
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

void StepClock::State::work(chip::StepTimer& timer) {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stop_ || taken_ < queued_; });
        if (stop_) {
            return;
        }
        Job& job = jobs_[taken_++ % jobs_.size()];
        lock.unlock();
        try {
            time_step(timer, job, {.cores = job.cores, .spikes = job.spikes, .inputs = job.inputs}, tables_);
        } catch (...) {
            job.failure = std::current_exception();
        }
        lock.lock();
        job.done = true;
        ready_.notify_one();
    }
}

void StepClock::State::add(Step step, const chip::StepEvents& events) {
    SPIKELOOM_ASSERT(added_ - visited_ < jobs_.size(), "no room for a step to be timed");
    Job& job = jobs_[added_++ % jobs_.size()];
    const TraceFilter& trace = options_.trace;
    job.step = step;
    job.trace = trace.on && !trace_cut_ && step.value() >= trace.first_step && step.value() < trace.last_step;
    if (threads_.empty()) {
        time_step(first_, job, events, tables_);
        job.done = true;
        return;
    }
    job.cores.assign(events.cores.begin(), events.cores.end());
    job.spikes.assign(events.spikes.begin(), events.spikes.end());
    job.inputs.assign(events.inputs.begin(), events.inputs.end());
    {
        const std::lock_guard lock(mutex_);
        job.done = false;
        ++queued_;
    }
    wake_.notify_one();
}

Result<void> StepClock::State::collect(std::size_t left, const Visit& visit) {
    while (visited_ < added_) {
        Job& job = jobs_[visited_ % jobs_.size()];
        {
            std::unique_lock lock(mutex_);
            if (!job.done && added_ - visited_ <= left) {
                return {};
            }
            ready_.wait(lock, [&job] { return job.done; });
        }
        ++visited_;
        if (job.failure) {
            std::rethrow_exception(std::exchange(job.failure, nullptr));
        }
        cpu_s_ += job.cpu_s;
        if (auto taken = visit({.step = job.step,
                                .timing = job.timing,
                                .core_counts = job.own_counts,
                                .free_times = job.free_times,
                                .outcome = job.outcome,
                                .passages = filter(job)});
            !taken) {
            return taken;
        }
    }
    return {};
}

bool StepClock::State::keeps(const router::Passage& passage) const {
    const auto& places = options_.trace.places;
    return places.empty() || std::any_of(places.begin(), places.end(), [&](const auto& range) {
               const auto within = [&](std::uint32_t place) { return place >= range.first && place < range.second; };
               return within(passage.source) || within(passage.destination);
           });
}

/// What is cut is cut here, in the order of steps, so that threads don't matter.
std::span<const router::Passage> StepClock::State::filter(const Job& job) {
    kept_.clear();
    if (!job.trace || trace_cut_) {
        return {};
    }
    for (const router::Passage& passage : job.outcome.passages) {
        if (!keeps(passage)) {
            continue;
        }
        if (traced_ == options_.trace.limit) {
            trace_cut_ = true;
            break;
        }
        ++traced_;
        kept_.push_back(passage);
    }
    return kept_;
}

StepClock::StepClock(std::unique_ptr<State> state) : state_(std::move(state)) {}
StepClock::~StepClock() = default;

Result<std::unique_ptr<StepClock>> StepClock::create(const chip::Image& image, const TimingOptions& options,
                                                     int threads) {
    const auto costs = find_costs(image.chip, options.costs);
    if (!costs) {
        return tl::unexpected(costs.error());
    }
    auto timer = chip::StepTimer::create(image, **costs, {.model = options.model, .traffic = options.traffic});
    if (!timer) {
        return tl::unexpected(timer.error());
    }
    return std::unique_ptr<StepClock>(
        new StepClock(std::make_unique<State>(std::move(*timer), image.chip.costs, **costs, options, threads)));
}

void StepClock::add(Step step, const chip::StepEvents& events) {
    state_->add(step, events);
}
std::size_t StepClock::room() const {
    return state_->jobs_.size();
}
Result<void> StepClock::collect(std::size_t left, const Visit& visit) {
    return state_->collect(left, visit);
}
const TimingOptions& StepClock::options() const {
    return state_->options_;
}
const chip::CostTable& StepClock::costs() const {
    return *state_->costs_;
}
const chip::StepTimer& StepClock::timer() const {
    return state_->first_;
}
bool StepClock::trace_cut() const {
    return state_->trace_cut_;
}
double StepClock::cpu_seconds() const {
    return state_->cpu_s_;
}

}  // namespace spikeloom::runtime
