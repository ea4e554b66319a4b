#include "runtime/analog/timed_evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>

#include "chip/analog/analog_cost.hpp"
#include "chip/thread_pool.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t samples_a_turn = 64;  ///< between two looks at progress and stop

class Run {
public:
    Run(const chip::analog::AnalogChip& chip, const TimedSet& set, const TimedEvaluationOptions& options,
        const TimedEncoder& encoder, std::uint32_t output)
        : image_(chip.image()),
          set_(set),
          options_(options),
          encoder_(encoder),
          output_(output),
          pool_(options.threads, 0) {
        const std::uint64_t left = set.samples - options.first;
        const std::uint64_t samples = options.limit == 0 ? left : std::min(options.limit, left);
        result_.first = options.first;
        result_.outputs = image_.populations[output].count;
        result_.samples.resize(samples);
        result_.first_spikes.assign(samples * result_.outputs, never);
        if (options.keep_spikes) {
            result_.spikes.resize(samples);
        }
        for (int worker = 0; worker < pool_.workers(); ++worker) {
            workers_.push_back({chip::analog::AnalogTrial(chip), {}, {}});
            workers_.back().population_spikes.resize(image_.populations.size());
        }
    }

    /// All trials in steps, as many as the window has.
    Result<void> step(core::analog::SteppedOptions stepped) {
        constexpr double most = std::numeric_limits<std::uint32_t>::max();
        const double steps = std::ceil(encoder_.options().coding.window_s / (stepped.dt * stepped.unit) * (1 - 1e-12));
        stepped.steps = steps >= 0 && steps < most ? static_cast<std::uint32_t>(steps) : 0;
        for (Worker& worker : workers_) {
            if (auto taken = worker.trial.step(stepped); !taken) {
                return taken;
            }
        }
        return {};
    }

    TimedEvaluation run() {
        const std::size_t turn = samples_a_turn * workers_.size();
        std::size_t done = 0;
        while (done < result_.samples.size()) {
            const std::size_t now = std::min(turn, result_.samples.size() - done);
            pool_.for_each(now, now, [&](std::size_t i, std::size_t worker) { sample(done + i, workers_[worker]); });
            done += now;
            if (options_.progress) {
                options_.progress(done, result_.samples.size());
            }
            if (options_.stop && options_.stop() && done < result_.samples.size()) {
                cut(done);
            }
        }
        sum_up();
        return std::move(result_);
    }

private:
    struct Worker {
        chip::analog::AnalogTrial trial;
        std::vector<core::analog::InputSpike> inputs;
        std::vector<std::uint64_t> population_spikes;
    };

    void sample(std::size_t i, Worker& worker) {
        const std::size_t number = options_.first + i;
        encoder_.encode(set_.sample(number), worker.inputs);
        chip::analog::TrialOptions trial{.window_s = encoder_.options().coding.window_s, .trial = number};
        if (options_.stop_at_first_spike) {
            trial.stop_at_first = output_;
        }
        worker.trial.run(worker.inputs, trial);
        const auto spikes = worker.trial.spikes();
        const chip::AnalogPopulation& output = image_.populations[output_];
        const auto first = std::span(result_.first_spikes).subspan(i * result_.outputs, result_.outputs);
        for (const core::analog::Spike& spike : spikes) {
            ++worker.population_spikes[population_of(spike.neuron)];
            if (spike.neuron - output.first_neuron < output.count) {  // unsigned: smaller ones wrap
                double& earliest = first[spike.neuron - output.first_neuron];
                earliest = std::min(earliest, spike.time);
            }
        }
        if (options_.keep_spikes) {
            result_.spikes[i].assign(spikes.begin(), spikes.end());
        }
        TimedSample& outcome = result_.samples[i];
        outcome.label = set_.labels[number];
        outcome.counts = worker.trial.counts();
        const auto winner = std::min_element(first.begin(), first.end());
        outcome.decision_s = *winner;
        outcome.answer = *winner == never ? -1 : static_cast<std::int32_t>(winner - first.begin());
    }

    [[nodiscard]] std::size_t population_of(std::uint32_t neuron) const {
        std::size_t population = 0;
        while (neuron - image_.populations[population].first_neuron >= image_.populations[population].count) {
            ++population;
        }
        return population;
    }

    void cut(std::size_t done) {
        result_.interrupted = true;
        result_.samples.resize(done);
        result_.first_spikes.resize(done * result_.outputs);
        if (options_.keep_spikes) {
            result_.spikes.resize(done);
        }
    }

    /// In the order of the samples, so that sums of reals don't depend on threads.
    void sum_up() {
        for (const TimedSample& outcome : result_.samples) {
            result_.correct += outcome.answer == outcome.label ? 1 : 0;
            result_.silent += outcome.answer < 0 ? 1 : 0;
            result_.counts += outcome.counts;
        }
        result_.missing =
            static_cast<std::uint64_t>(std::count(result_.first_spikes.begin(), result_.first_spikes.end(), never));
        result_.population_spikes.resize(image_.populations.size());
        for (const Worker& worker : workers_) {
            for (std::size_t p = 0; p < result_.population_spikes.size(); ++p) {
                result_.population_spikes[p] += worker.population_spikes[p];
            }
        }
    }

    const chip::AnalogImage& image_;
    const TimedSet& set_;
    const TimedEvaluationOptions& options_;
    const TimedEncoder& encoder_;
    std::uint32_t output_;
    chip::ThreadPool pool_;
    std::vector<Worker> workers_;
    TimedEvaluation result_;
};

}  // namespace

double TimedEvaluation::mean_decision_s() const {
    double sum = 0;
    std::uint64_t answered = 0;
    for (const TimedSample& sample : samples) {
        if (sample.decision_s != never) {
            sum += sample.decision_s;
            ++answered;
        }
    }
    return answered == 0 ? never : sum / static_cast<double>(answered);
}

Result<std::uint32_t> timed_output(const chip::AnalogImage& image, const std::string& name) {
    if (name.empty() && !image.outputs.empty()) {
        return image.outputs.front();
    }
    std::string names;
    for (std::size_t p = 0; p < image.populations.size(); ++p) {
        if (!name.empty() && image.populations[p].name == name) {
            return static_cast<std::uint32_t>(p);
        }
        names += (names.empty() ? "" : ", ") + image.populations[p].name;
    }
    return fail({.where = image.network_name,
                 .found = name.empty() ? "no output population" : fmt::format("no population is called '{}'", name),
                 .allowed = names,
                 .help = name.empty() ? "--decide-by names one" : ""});
}

Result<TimedEvaluation> evaluate_timed(const chip::analog::AnalogChip& chip, const TimedSet& set,
                                       const TimedEvaluationOptions& options) {
    const chip::AnalogImage& image = chip.image();
    const auto output = timed_output(image, options.output);
    if (!output) {
        return tl::unexpected(output.error());
    }
    const auto encoder = TimedEncoder::create(image, set, options.encoder);
    if (!encoder) {
        return tl::unexpected(encoder.error());
    }
    if (options.first >= set.samples) {
        return fail({.where = set.name,
                     .found = fmt::format("the first sample shall be number {} of {}", options.first, set.samples),
                     .allowed = fmt::format("0..{}", set.samples - 1),
                     .help = {}});
    }
    const auto largest = *std::max_element(set.labels.begin(), set.labels.end());
    if (static_cast<std::uint32_t>(largest) >= image.populations[*output].count) {
        return fail({.where = set.name,
                     .found = fmt::format("label {}", largest),
                     .allowed = fmt::format("0..{}: '{}' has a neuron for each class",
                                            image.populations[*output].count - 1, image.populations[*output].name),
                     .help = {}});
    }
    Run run(chip, set, options, *encoder, *output);
    if (options.stepped) {
        if (auto stepped = run.step(*options.stepped); !stepped) {
            return fail(std::move(stepped.error()));
        }
    }
    return run.run();
}

}  // namespace spikeloom::runtime
