#include "runtime/analog/coded_evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "chip/analog/analog_cost.hpp"
#include "chip/thread_pool.hpp"
#include "runtime/analog/timed_evaluation.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t coded_samples_a_turn = 16;  ///< between two looks at progress and stop
constexpr double most_readings = 1 << 20;         ///< of a membrane, a sample
constexpr double ticks_a_step = 1 << 20;          ///< in which the tally compares spike times

struct Outcome {
    std::int32_t answer = -1;
    double first_spike_s = never;
    chip::analog::AnalogCounts counts;
};

/// What the options come to on this chip and set.
struct Plan {
    std::uint32_t output = 0;
    std::uint32_t first_channel = 0;
    std::uint64_t first = 0;
    std::uint64_t samples = 0;
    std::uint64_t steps = 0;
    Decision decision = Decision::automatic;
};

class Run {
public:
    Run(const chip::analog::AnalogChip& chip, const LabelledSet& set, const CodedEvaluationOptions& options,
        const Plan& plan)
        : image_(chip.image()), set_(set), options_(options), plan_(plan), pool_(options.threads, 0) {
        for (int worker = 0; worker < pool_.workers(); ++worker) {
            workers_.push_back({.trial = chip::analog::AnalogTrial(chip),
                                .tally = OutputTally(output().count, plan.decision),
                                .inputs = {}});
        }
    }

    Result<void> probe() {
        std::vector<chip::analog::MembraneProbe> probes;
        for (std::uint32_t i = 0; by_voltage(plan_.decision) && i < output().count; ++i) {
            probes.push_back({.neuron = output().first_neuron + i});
        }
        for (Worker& worker : workers_) {
            if (auto taken = worker.trial.record(probes); !taken) {
                return taken;
            }
        }
        return {};
    }

    CodedEvaluation run() {
        std::vector<Outcome> outcomes(plan_.samples);
        std::size_t done = 0;
        bool interrupted = false;
        while (done < outcomes.size() && !interrupted) {
            const std::size_t now = std::min(coded_samples_a_turn * workers_.size(), outcomes.size() - done);
            pool_.for_each(now, now, [&](std::size_t i, std::size_t worker) {
                outcomes[done + i] = sample(plan_.first + done + i, workers_[worker]);
            });
            done += now;
            if (options_.progress) {
                options_.progress(done, outcomes.size());
            }
            interrupted = done < outcomes.size() && options_.stop && options_.stop();
        }
        outcomes.resize(done);
        CodedEvaluation result = sum_up(outcomes);
        result.interrupted = interrupted;
        return result;
    }

private:
    struct Worker {
        chip::analog::AnalogTrial trial;
        OutputTally tally;
        std::vector<core::analog::InputSpike> inputs;
    };

    [[nodiscard]] const chip::AnalogPopulation& output() const { return image_.populations[plan_.output]; }

    Outcome sample(std::uint64_t number, Worker& worker) {
        worker.inputs.clear();
        for (const SpikeEvent& event : encode_sample(set_, number, options_.steps.encoder)) {
            worker.inputs.push_back({.time = static_cast<double>(event.step) * options_.step_s,
                                     .input = plan_.first_channel + event.channel});
        }
        worker.trial.run(worker.inputs,
                         {.window_s = static_cast<double>(plan_.steps) * options_.step_s, .trial = number});
        worker.tally.clear();
        Outcome outcome{.counts = worker.trial.counts()};
        for (const core::analog::Spike& spike : worker.trial.spikes()) {
            const std::uint32_t neuron = spike.neuron - output().first_neuron;
            if (neuron < output().count) {  // unsigned: smaller ones wrap
                worker.tally.add_spike(std::llround(spike.time / options_.step_s * ticks_a_step), neuron);
            }
        }
        for (const chip::analog::MembraneTrace& trace : worker.trial.traces()) {
            add_trace(trace, worker.tally);
        }
        outcome.answer = worker.tally.answer();
        for (const core::analog::Spike& spike : worker.trial.spikes()) {
            if (std::cmp_equal(spike.neuron, std::int64_t{output().first_neuron} + outcome.answer)) {
                outcome.first_spike_s = spike.time;  // in order of time
                break;
            }
        }
        return outcome;
    }

    void add_trace(const chip::analog::MembraneTrace& trace, OutputTally& tally) const {
        const std::uint32_t neuron = trace.probe.neuron - output().first_neuron;
        if (trace.codes.empty()) {
            for (const double potential : trace.potentials) {
                tally.add_voltage(neuron, potential);
            }
            return;
        }
        for (const std::uint16_t code : trace.codes) {
            tally.add_voltage(neuron, code);
        }
    }

    /// In the order of the samples, so that sums of reals don't depend on threads.
    [[nodiscard]] CodedEvaluation sum_up(const std::vector<Outcome>& outcomes) const {
        CodedEvaluation result{.samples = outcomes.size(), .steps = plan_.steps, .counts = {}};
        double first_spikes = 0;
        std::uint64_t spiking = 0;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            result.correct += outcomes[i].answer == set_.labels[plan_.first + i] ? 1 : 0;
            result.silent += outcomes[i].answer < 0 ? 1 : 0;
            result.counts += outcomes[i].counts;
            if (outcomes[i].first_spike_s != never) {
                first_spikes += outcomes[i].first_spike_s;
                ++spiking;
            }
        }
        if (spiking > 0) {
            result.mean_first_spike_s = first_spikes / static_cast<double>(spiking);
        }
        return result;
    }

    const chip::AnalogImage& image_;
    const LabelledSet& set_;
    const CodedEvaluationOptions& options_;
    const Plan& plan_;
    chip::ThreadPool pool_;
    std::vector<Worker> workers_;
};

/// The only input that the data drive, with the set's channels; nothing where there is none.
const chip::AnalogInput* driven_input(const chip::AnalogImage& image, const LabelledSet& set) {
    const chip::AnalogInput* found = nullptr;
    for (const chip::AnalogInput& input : image.inputs) {
        if (input.constant_times.empty()) {
            if (found != nullptr) {
                return nullptr;
            }
            found = &input;
        }
    }
    return found != nullptr && found->count == set.channels ? found : nullptr;
}

bool output_spikes(const chip::AnalogImage& image, const chip::AnalogPopulation& output) {
    return std::any_of(image.neurons.begin() + output.first_neuron,
                       image.neurons.begin() + output.first_neuron + output.count,
                       [](const chip::NeuronTarget& neuron) { return neuron.model.lif.threshold != never; });
}

void check_input(const chip::AnalogImage& image, const LabelledSet& set, const CodedEvaluationOptions& options,
                 Plan& plan, Diagnostics& findings) {
    if (const chip::AnalogInput* input = driven_input(image, set); input != nullptr) {
        plan.first_channel = input->first_channel;
    } else {
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("samples of {} channels", set.channels),
                            .allowed = "one input of the network, with as many channels"});
    }
    if (options.steps.encoder.encoding == Encoding::values) {
        findings.push_back({.where = "--encode",
                            .found = "values, which graded spikes carry",
                            .allowed = "latency, rate, constant, regular, events: spikes of analog chips carry none"});
    }
    if (!(options.step_s > 0 && std::isfinite(options.step_s))) {
        findings.push_back({.where = "step", .found = fmt::format("{} s", options.step_s), .allowed = "more than 0"});
    }
}

void check_answer(const chip::AnalogImage& image, const LabelledSet& set, const Plan& plan, Diagnostics& findings) {
    const chip::AnalogPopulation& output = image.populations[plan.output];
    if (!by_voltage(plan.decision) && !output_spikes(image, output)) {
        findings.push_back({.where = "--decision",
                            .found = fmt::format("by spikes, which '{}' has none of", output.name),
                            .allowed = "voltage_last or voltage_max"});
    }
    if (set.classes() > output.count) {
        findings.push_back(
            {.where = fmt::format("labelled set '{}'", set.name),
             .found = fmt::format("labels up to {}", set.classes() - 1),
             .allowed = fmt::format("0..{}: '{}' has {} neurons", output.count - 1, output.name, output.count)});
    }
}

}  // namespace

Result<CodedEvaluation> evaluate_coded(const chip::analog::AnalogChip& chip, const LabelledSet& set,
                                       const CodedEvaluationOptions& options) {
    const chip::AnalogImage& image = chip.image();
    const auto output = timed_output(image, options.steps.output);
    if (!output) {
        return fail(output.error());
    }
    const chip::AnalogPopulation& population = image.populations[*output];
    Plan plan{.output = *output,
              .first = options.steps.first,
              .decision = settled(options.steps.decision, output_spikes(image, population))};
    Diagnostics findings = check_encoder(set, options.steps.encoder);
    check_input(image, set, options, plan, findings);
    check_answer(image, set, plan, findings);
    if (plan.first >= set.samples) {
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("first sample {} of {}", plan.first, set.samples),
                            .allowed = "a sample of the set"});
    }
    plan.steps = std::uint64_t{sample_steps(set, options.steps.encoder)} + options.steps.drain_steps;
    const double readings = static_cast<double>(plan.steps) * options.step_s / image.chip.cadc.period_s;
    if (by_voltage(plan.decision) && !(readings <= most_readings)) {
        findings.push_back({.where = "--steps",
                            .found = fmt::format("samples of {} steps, in which a membrane is read {:.3g} times",
                                                 plan.steps, readings),
                            .allowed = fmt::format("{:.0f} readings of a membrane a sample", most_readings)});
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    const std::uint64_t left = set.samples - plan.first;
    plan.samples = options.steps.limit == 0 ? left : std::min(options.steps.limit, left);
    Run run(chip, set, options, plan);
    if (auto probed = run.probe(); !probed) {
        return fail(std::move(probed.error()));
    }
    return run.run();
}

}  // namespace spikeloom::runtime
