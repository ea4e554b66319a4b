#include "runtime/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace spikeloom::runtime {
namespace {

/// Watches the output population over one sample.
class OutputWatch : public Sink {
public:
    /// `labels`: EvaluationOptions::neuron_labels.
    OutputWatch(const Session& session, PopulationId output, Decision decision, std::span<const std::int32_t> labels)
        : session_(session),
          output_(output),
          by_voltage_(by_voltage(decision)),
          size_(session.image().populations[output.value()].size()),
          tally_(size_, decision),
          labels_(labels),
          classes_(labels.empty() ? 0 : static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())) + 1,
                   decision) {}

    void begin() {
        tally_.clear();
        classes_.clear();
        step_ = 0;
    }

    Result<void> on_step(const StepView& view) override {
        const auto first = std::ranges::lower_bound(view.spikes, output_, {}, &NetworkSpike::population);
        for (auto spike = first; spike != view.spikes.end() && spike->population == output_; ++spike) {
            tally_.add_spike(step_, spike->neuron.value());
            if (!labels_.empty() && labels_[spike->neuron.value()] >= 0) {
                classes_.add_spike(step_, static_cast<std::uint32_t>(labels_[spike->neuron.value()]));
            }
        }
        for (std::uint32_t neuron = 0; by_voltage_ && neuron < size_; ++neuron) {
            tally_.add_voltage(neuron, session_.voltage(output_, NeuronId{neuron}));
        }
        ++step_;
        return {};
    }

    [[nodiscard]] SampleOutcome outcome(std::int32_t label) const {
        const OutputTally& answering = labels_.empty() ? tally_ : classes_;
        const std::int32_t answer = answering.answer();
        return {.label = label,
                .predicted = answer,
                .steps = static_cast<std::uint32_t>(step_),
                .first_spike_step = answer < 0 ? -1 : answering.first_spike(static_cast<std::uint32_t>(answer)),
                .output_spikes = tally_.spikes(),
                .output_values = by_voltage_ ? tally_.voltages() : std::vector<double>{}};
    }

private:
    const Session& session_;
    PopulationId output_;
    bool by_voltage_;
    std::uint32_t size_;
    OutputTally tally_;  ///< of neurons
    std::span<const std::int32_t> labels_;
    OutputTally classes_;  ///< of the classes that neurons stand for; empty without labels
    std::int64_t step_ = 0;
};

/// A sample's spikes, with a spike of the teacher in every step.
class TaughtStimulus : public Stimulus {
public:
    TaughtStimulus(std::unique_ptr<Stimulus> sample, chip::InputSpike teacher)
        : sample_(std::move(sample)), teacher_(teacher) {}
    void spikes(Step step, std::vector<chip::InputSpike>& out) override {
        sample_->spikes(step, out);
        const auto before = [](const chip::InputSpike& a, const chip::InputSpike& b) { return a.port < b.port; };
        out.insert(std::upper_bound(out.begin(), out.end(), teacher_, before), teacher_);
    }
    [[nodiscard]] std::uint64_t steps() const override { return sample_->steps(); }

private:
    std::unique_ptr<Stimulus> sample_;
    chip::InputSpike teacher_;
};

std::string ports_text(const chip::Image& image) {
    std::string ports;
    for (const chip::InputSymbol& port : image.inputs) {
        ports += fmt::format("{}'{}' with {} channels", ports.empty() ? "" : ", ", port.name, port.size());
    }
    return ports;
}

std::optional<std::uint32_t> find_port(const chip::Image& image, const std::string& name) {
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        if (image.inputs[port].name == name) {
            return port;
        }
    }
    return std::nullopt;
}

/// The port that samples enter by: the only one beside the teacher's with their channels.
std::optional<std::uint32_t> sample_port(const chip::Image& image, const LabelledSet& set,
                                         const EvaluationOptions& options) {
    std::optional<std::uint32_t> found;
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        const chip::InputSymbol& input = image.inputs[port];
        if (input.size() == set.channels && (options.teacher.empty() || input.name != options.teacher)) {
            if (found) {
                return std::nullopt;
            }
            found = port;
        }
    }
    return found;
}

void check_ports(const chip::Image& image, const LabelledSet& set, const EvaluationOptions& options,
                 Diagnostics& findings) {
    if (!sample_port(image, set, options)) {
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("samples of {} channels for {} input ports: {}", set.channels,
                                                 image.inputs.size(), ports_text(image)),
                            .allowed = "one input port with as many channels as a sample has",
                            .help = {}});
    } else if (const chip::InputSymbol& port = image.inputs[*sample_port(image, set, options)];
               port.graded != (options.encoder.encoding == Encoding::values)) {
        findings.push_back(
            {.where = "--encode",
             .found = fmt::format("{} for the port '{}', whose spikes {}", encoding_name(options.encoder.encoding),
                                  port.name, port.graded ? "carry values" : "carry none"),
             .allowed = port.graded ? "values" : "latency, rate, constant, regular, events",
             .help = {}});
    }
    if (options.teacher.empty()) {
        return;
    }
    const auto teacher = find_port(image, options.teacher);
    if (!teacher || image.inputs[*teacher].size() < set.classes()) {
        findings.push_back(
            {.where = fmt::format("teacher '{}'", options.teacher),
             .found = teacher ? fmt::format("{} channels for {} classes", image.inputs[*teacher].size(), set.classes())
                              : "no input port of this name",
             .allowed = fmt::format("an input port with a channel a class; there are: {}", ports_text(image)),
             .help = {}});
    }
}

void check_neuron_labels(const chip::PopulationSymbol& answers, const EvaluationOptions& options,
                         Diagnostics& findings) {
    if (options.neuron_labels.size() != answers.size()) {
        findings.push_back({.where = fmt::format("output '{}'", answers.name),
                            .found = fmt::format("classes for {} neurons, and the output has {}",
                                                 options.neuron_labels.size(), answers.size()),
                            .allowed = "one class a neuron of the output",
                            .help = "assign them by a recording of this network and output"});
    }
    if (by_voltage(settled(options.decision, answers.spikes))) {
        findings.push_back({.where = fmt::format("output '{}'", answers.name),
                            .found = "voltages decide, and neurons stand for classes by their spikes",
                            .allowed = "spike_count, first_spike",
                            .help = {}});
    }
}

Diagnostics check_evaluation(const chip::Image& image, const LabelledSet& set, const EvaluationOptions& options,
                             PopulationId output) {
    Diagnostics findings = check_encoder(set, options.encoder);
    const chip::PopulationSymbol& answers = image.populations[output.value()];
    check_ports(image, set, options, findings);
    if (!options.neuron_labels.empty()) {
        check_neuron_labels(answers, options, findings);
    } else if (set.classes() > answers.size()) {
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("label {} for the output '{}' of {} neurons", set.classes() - 1,
                                                 answers.name, answers.size()),
                            .allowed = fmt::format("labels 0..{}", answers.size() - 1),
                            .help = "choose the population that answers by the option `output`"});
    }
    const Decision decision = options.decision;
    if (!answers.spikes && decision != Decision::automatic && !by_voltage(decision)) {
        findings.push_back({.where = fmt::format("output '{}'", answers.name),
                            .found = "it doesn't spike, and spikes should decide",
                            .allowed = "voltage_last, voltage_max",
                            .help = {}});
    }
    if (options.first >= set.samples) {
        findings.push_back(
            {.where = fmt::format("labelled set '{}'", set.name),
             .found = fmt::format("first sample {}", options.first),
             .allowed = set.samples == 0 ? "none: the set is empty" : fmt::format("0..{}", set.samples - 1),
             .help = {}});
    }
    return findings;
}

struct SampleWay {
    std::uint64_t steps = 0;
    std::uint32_t port = 0;
    std::optional<std::uint32_t> teacher{};  ///< its port
};
std::unique_ptr<Stimulus> sample_stimulus(const LabelledSet& set, std::size_t sample, const EvaluationOptions& options,
                                          const SampleWay& way) {
    std::vector<SpikeEvent> events = encode_sample(set, sample, options.encoder);
    for (SpikeEvent& event : events) {
        event.port = way.port;
    }
    auto stimulus = make_event_stimulus(std::move(events), way.steps);
    if (!way.teacher) {
        return stimulus;
    }
    return std::make_unique<TaughtStimulus>(std::move(stimulus),
                                            chip::InputSpike{.port = *way.teacher,
                                                             .channel = static_cast<std::uint32_t>(set.labels[sample]),
                                                             .payload = options.teacher_payload});
}

/// Counts outcomes as they come.
void add_outcome(Evaluation& evaluation, SampleOutcome outcome, std::uint64_t& answered, double& first_spikes) {
    evaluation.correct += outcome.predicted == outcome.label ? 1 : 0;
    evaluation.silent += outcome.predicted < 0 ? 1 : 0;
    if (outcome.first_spike_step >= 0) {
        ++answered;
        first_spikes += outcome.first_spike_step;
        evaluation.mean_first_spike_step = first_spikes / static_cast<double>(answered);
    }
    evaluation.outcomes.push_back(std::move(outcome));
}

/// options.first lies within the set.
std::uint64_t samples_a_pass(const LabelledSet& set, const EvaluationOptions& options) {
    const std::uint64_t room = set.samples - options.first;
    return options.limit == 0 ? room : std::min(options.limit, room);
}

std::uint64_t steps_a_sample(const LabelledSet& set, const EvaluationOptions& options) {
    return std::uint64_t{sample_steps(set, options.encoder)} + options.drain_steps;
}

}  // namespace

Result<PopulationId> output_population(const chip::Image& image, const std::string& name) {
    std::string outputs;
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        const chip::PopulationSymbol& population = image.populations[p];
        if (name.empty() ? population.output : population.name == name) {
            return PopulationId{p};
        }
        outputs += (outputs.empty() ? "" : ", ") + population.name;
    }
    return fail({.where = name.empty() ? "output" : fmt::format("output '{}'", name),
                 .found = name.empty() ? "the network has no output population" : "no population of this name",
                 .allowed = outputs,
                 .help = {}});
}

std::uint64_t evaluation_steps(const LabelledSet& set, const EvaluationOptions& options) {
    return options.first < set.samples ? samples_a_pass(set, options) * options.passes * steps_a_sample(set, options)
                                       : 0;
}

Result<Evaluation> evaluate(Session& session, const LabelledSet& set, const EvaluationOptions& options,
                            Recorder* recorder, const EvaluationCallbacks& callbacks) {
    const auto output = output_population(session.image(), options.output);
    if (!output) {
        return tl::unexpected(output.error());
    }
    if (auto findings = check_evaluation(session.image(), set, options, *output); has_error(findings)) {
        return fail(std::move(findings));
    }
    const bool spikes = session.image().populations[output->value()].spikes;
    OutputWatch watch(session, *output, settled(options.decision, spikes), options.neuron_labels);
    const std::uint32_t port = *sample_port(session.image(), set, options);
    const auto teacher =
        options.teacher.empty() ? std::optional<std::uint32_t>{} : find_port(session.image(), options.teacher);
    std::vector<Sink*> sinks(callbacks.sinks.begin(), callbacks.sinks.end());
    sinks.push_back(&watch);
    if (recorder != nullptr) {
        sinks.push_back(recorder);
        recorder->describe_samples(
            {.input_steps = sample_steps(set, options.encoder), .feed_forward = is_feed_forward(session.image())});
    }
    const std::uint64_t pass = samples_a_pass(set, options);
    const std::uint64_t samples = pass * options.passes;
    const std::uint64_t steps = steps_a_sample(set, options);
    Evaluation evaluation;
    std::uint64_t answered = 0;
    double first_spikes = 0;
    for (std::uint64_t done = 0; done < samples && !evaluation.interrupted; ++done) {
        const std::uint64_t sample = options.first + done % pass;
        if (callbacks.sample_begins) {
            callbacks.sample_begins(sample);
        }
        session.reset_state();
        watch.begin();
        const auto stimulus = sample_stimulus(set, sample, options, {.steps = steps, .port = port, .teacher = teacher});
        const auto ran = session.run(steps, *stimulus, sinks, callbacks.stop);
        if (!ran) {
            return tl::unexpected(ran.error());
        }
        evaluation.steps += *ran;
        evaluation.interrupted = *ran < steps || (callbacks.stop && callbacks.stop());
        if (*ran < steps) {
            break;  // half a sample has no outcome
        }
        const SampleOutcome outcome = watch.outcome(set.labels[sample]);
        if (recorder != nullptr) {
            if (auto added = recorder->add_sample(outcome); !added) {
                return tl::unexpected(added.error());
            }
        }
        if (callbacks.sample_done && !callbacks.sample_done(sample, outcome)) {
            evaluation.interrupted = true;
        }
        add_outcome(evaluation, outcome, answered, first_spikes);
        if (callbacks.progress) {
            callbacks.progress(done + 1, samples);
        }
    }
    return evaluation;
}

}  // namespace spikeloom::runtime
