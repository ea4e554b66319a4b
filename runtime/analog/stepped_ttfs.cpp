#include "runtime/analog/stepped_ttfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "chip/thread_pool.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/session.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double most_steps = 1e6;       // of a sample
constexpr double rounding_slack = 1e-6;  // of a step: k * step may fall short of step k
constexpr std::size_t samples_a_turn = 8;

/// What one sample gave.
struct Outcome {
    std::int32_t answer = -1;
    std::int64_t decision_step = -1;
    Counters counters;
    Counters decision_counters;
    std::vector<SteppedPrice> prices;
};

/// Sees the steps of one sample.
class SampleSink : public Sink {
public:
    SampleSink(const chip::Image& image, PopulationId output)
        : image_(image), output_(output), tiles_(tiles_in_use(image)) {}

    void begin() {
        outcome_ = {};
        for (const chip::CostTable& table : image_.chip.costs) {
            outcome_.prices.push_back({.table = table.name});
        }
        step_ = 0;
    }

    Result<void> on_step(const StepView& view) override {
        const bool undecided = outcome_.answer < 0;
        for (const NetworkSpike& spike : view.spikes) {
            if (spike.population == output_ && outcome_.answer < 0) {
                outcome_.answer = static_cast<std::int32_t>(spike.neuron.value());
                outcome_.decision_step = step_;
            }
        }
        Counters total;
        for (const Counters& core : view.core_counts) {
            total += core;
        }
        outcome_.counters += total;
        if (undecided) {
            outcome_.decision_counters += total;
        }
        for (std::size_t t = 0; t < outcome_.prices.size(); ++t) {
            const double time = chip::step_time(view.core_counts, image_.chip.costs[t], tiles_).time_ns;
            outcome_.prices[t].time_ns += time;
            outcome_.prices[t].decision_time_ns += undecided ? time : 0;
        }
        ++step_;
        return {};
    }

    [[nodiscard]] Outcome& outcome() { return outcome_; }

private:
    const chip::Image& image_;
    PopulationId output_;
    int tiles_;
    Outcome outcome_;
    std::int64_t step_ = 0;
};

struct Worker {
    Session session;
    SampleSink sink;
    std::vector<core::analog::InputSpike> inputs;
};

class Run {
public:
    Run(const chip::Image& image, const chip::AnalogImage& timed, const TimedSet& set,
        const SteppedTtfsOptions& options, const TimedEncoder& encoder, std::uint64_t steps)
        : image_(image),
          timed_(timed),
          set_(set),
          options_(options),
          encoder_(encoder),
          steps_(steps),
          pool_(options.threads, 0) {}

    Result<SteppedTtfs> run(PopulationId output) {
        for (int worker = 0; worker < pool_.workers(); ++worker) {
            auto session = Session::open(image_, {});
            if (!session) {
                return tl::unexpected(std::move(session.error()));
            }
            workers_.push_back(std::make_unique<Worker>(
                Worker{.session = std::move(*session), .sink = SampleSink(image_, output), .inputs = {}}));
        }
        const std::size_t samples =
            options_.limit == 0 ? set_.samples : std::min<std::size_t>(options_.limit, set_.samples);
        std::vector<Outcome> outcomes(samples);
        std::size_t done = 0;
        bool interrupted = false;
        while (done < samples && !interrupted) {
            const std::size_t now = std::min(samples_a_turn * workers_.size(), samples - done);
            pool_.for_each(now, now, [&](std::size_t i, std::size_t worker) {
                outcomes[done + i] = sample(done + i, *workers_[worker]);
            });
            done += now;
            if (options_.progress) {
                options_.progress(done, samples);
            }
            interrupted = done < samples && options_.stop && options_.stop();
        }
        outcomes.resize(done);
        SteppedTtfs result = sum_up(outcomes);
        result.interrupted = interrupted;
        return result;
    }

private:
    Outcome sample(std::size_t i, Worker& worker) {
        encoder_.encode(set_.sample(i), worker.inputs);
        std::vector<SpikeEvent> events;
        for (const core::analog::InputSpike& spike : worker.inputs) {
            add_event(spike.time, spike.input, events);
        }
        for (const chip::AnalogInput& input : timed_.inputs) {
            for (const double time : input.constant_times) {
                for (std::uint32_t channel = 0; channel < input.count; ++channel) {
                    add_event(time, input.first_channel + channel, events);
                }
            }
        }
        const auto stimulus = make_event_stimulus(std::move(events), steps_);
        worker.session.reset_state();
        worker.sink.begin();
        Sink* const sink = &worker.sink;
        static_cast<void>(worker.session.run(steps_, *stimulus, std::span(&sink, 1)));  // this sink never fails
        return std::move(worker.sink.outcome());
    }

    void add_event(double time, std::uint32_t channel, std::vector<SpikeEvent>& events) const {
        const double step = std::floor(time / image_.step_s + rounding_slack);
        if (!(step < static_cast<double>(steps_))) {
            return;
        }
        std::uint32_t port = 0;
        while (channel - timed_.inputs[port].first_channel >= timed_.inputs[port].count) {
            ++port;
        }
        events.push_back({.step = static_cast<std::uint64_t>(step),
                          .port = port,
                          .channel = channel - timed_.inputs[port].first_channel});
    }

    SteppedTtfs sum_up(const std::vector<Outcome>& outcomes) const {
        SteppedTtfs result;
        result.samples = outcomes.size();
        result.steps = steps_;
        result.cores = static_cast<std::uint32_t>(image_.cores.size());
        for (const chip::CostTable& table : image_.chip.costs) {
            result.prices.push_back({.table = table.name});
        }
        double decisions = 0;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            const Outcome& outcome = outcomes[i];
            result.correct += outcome.answer == set_.labels[i] ? 1 : 0;
            result.silent += outcome.answer < 0 ? 1 : 0;
            decisions += static_cast<double>(outcome.decision_step + 1) * image_.step_s;  // silent: adds 0
            result.counters += outcome.counters;
            result.decision_counters += outcome.decision_counters;
            for (std::size_t t = 0; t < result.prices.size(); ++t) {
                result.prices[t].time_ns += outcome.prices[t].time_ns;
                result.prices[t].decision_time_ns += outcome.prices[t].decision_time_ns;
            }
        }
        if (result.silent < result.samples) {
            result.mean_decision_s = decisions / static_cast<double>(result.samples - result.silent);
        }
        return result;
    }

    const chip::Image& image_;
    const chip::AnalogImage& timed_;
    const TimedSet& set_;
    const SteppedTtfsOptions& options_;
    const TimedEncoder& encoder_;
    std::uint64_t steps_;
    chip::ThreadPool pool_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

bool same_inputs(const chip::Image& image, const chip::AnalogImage& timed) {
    return std::equal(image.inputs.begin(), image.inputs.end(), timed.inputs.begin(), timed.inputs.end(),
                      [](const chip::InputSymbol& port, const chip::AnalogInput& input) {
                          return port.name == input.name && port.size() == input.count;
                      });
}

}  // namespace

Result<SteppedTtfs> run_stepped_ttfs(const chip::Image& image, const chip::AnalogImage& timed, const TimedSet& set,
                                     const SteppedTtfsOptions& options) {
    const auto encoder = TimedEncoder::create(timed, set, options.encoder);
    if (!encoder) {
        return tl::unexpected(encoder.error());
    }
    const auto output = std::find_if(image.populations.begin(), image.populations.end(),
                                     [](const chip::PopulationSymbol& population) { return population.output; });
    if (!same_inputs(image, timed) || output == image.populations.end()) {
        return fail({.where = image.network_name,
                     .found = "images of different networks, or without an output",
                     .allowed = "the same inputs in the same order",
                     .help = {}});
    }
    const auto largest = *std::max_element(set.labels.begin(), set.labels.end());
    const double steps = std::ceil(options.encoder.coding.window_s / image.step_s - rounding_slack);
    if (static_cast<std::size_t>(largest) >= output->size() || !(steps >= 1 && steps <= most_steps)) {
        return fail({.where = set.name,
                     .found = fmt::format("labels up to {}, samples of {} steps", largest, steps),
                     .allowed = fmt::format("labels below {}, 1 to {} steps", output->size(), most_steps),
                     .help = {}});
    }
    const auto number = static_cast<std::uint32_t>(output - image.populations.begin());
    return Run(image, timed, set, options, *encoder, static_cast<std::uint64_t>(steps)).run(PopulationId(number));
}

}  // namespace spikeloom::runtime
