#include "runtime/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace spikeloom::runtime {
namespace {

/// Watches the output population over one sample.
class OutputWatch : public Sink {
public:
    OutputWatch(const Session& session, PopulationId output, Decision decision)
        : session_(session),
          output_(output),
          by_voltage_(by_voltage(decision)),
          size_(session.image().populations[output.value()].size()),
          tally_(size_, decision) {}

    void begin() {
        tally_.clear();
        step_ = 0;
    }

    Result<void> on_step(const StepView& view) override {
        const auto first = std::lower_bound(view.spikes.begin(), view.spikes.end(), NetworkSpike{output_, NeuronId{}});
        for (auto spike = first; spike != view.spikes.end() && spike->population == output_; ++spike) {
            tally_.add_spike(step_, spike->neuron.value());
        }
        for (std::uint32_t neuron = 0; by_voltage_ && neuron < size_; ++neuron) {
            tally_.add_voltage(neuron, session_.voltage(output_, NeuronId{neuron}));
        }
        ++step_;
        return {};
    }

    [[nodiscard]] SampleOutcome outcome(std::int32_t label) const {
        const std::int32_t answer = tally_.answer();
        return {.label = label,
                .predicted = answer,
                .steps = static_cast<std::uint32_t>(step_),
                .first_spike_step = answer < 0 ? -1 : tally_.first_spike(static_cast<std::uint32_t>(answer)),
                .output_spikes = tally_.spikes()};
    }

private:
    const Session& session_;
    PopulationId output_;
    bool by_voltage_;
    std::uint32_t size_;
    OutputTally tally_;
    std::int64_t step_ = 0;
};

Diagnostics check_evaluation(const chip::Image& image, const LabelledSet& set, const EvaluationOptions& options,
                             PopulationId output) {
    Diagnostics findings = check_encoder(set, options.encoder);
    const chip::PopulationSymbol& answers = image.populations[output.value()];
    if (image.inputs.size() != 1 || image.inputs[0].size() != set.channels) {
        std::string ports;
        for (const chip::InputSymbol& port : image.inputs) {
            ports += fmt::format("{}'{}' with {} channels", ports.empty() ? "" : ", ", port.name, port.size());
        }
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("samples of {} channels for {} input ports: {}", set.channels,
                                                 image.inputs.size(), ports),
                            .allowed = "one input port with as many channels as a sample has",
                            .help = {}});
    }
    if (set.classes() > answers.size()) {
        findings.push_back({.where = fmt::format("labelled set '{}'", set.name),
                            .found = fmt::format("label {} for the output '{}' of {} neurons", set.classes() - 1,
                                                 answers.name, answers.size()),
                            .allowed = fmt::format("labels 0..{}", answers.size() - 1),
                            .help = "choose the population that answers by the option `output`"});
    }
    if (!answers.spikes && (options.decision == Decision::spike_count || options.decision == Decision::first_spike)) {
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

/// Populations that the axons of one output list reach.
void mark_targets(const chip::Image& image, const std::vector<std::vector<std::uint32_t>>& population_of,
                  std::span<const chip::OutputAxon> axons, std::vector<bool>& reached) {
    for (const chip::OutputAxon& axon : axons) {
        const chip::CoreImage& core = image.cores[axon.core.value()];
        const std::uint32_t last = core.axon_first_entry[axon.axon.value() + 1];
        for (std::uint32_t e = core.axon_first_entry[axon.axon.value()]; e < last; ++e) {
            const chip::SynapseEntry& entry = core.entries[e];
            for (std::uint32_t s = entry.first; s < entry.first + entry.count; ++s) {
                const std::uint32_t population = population_of[axon.core.value()][core.synapses[s].target];
                if (population < reached.size()) {
                    reached[population] = true;
                }
            }
        }
    }
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
    OutputWatch watch(session, *output, settled(options.decision, spikes));
    std::vector<Sink*> sinks(callbacks.sinks.begin(), callbacks.sinks.end());
    sinks.push_back(&watch);
    if (recorder != nullptr) {
        sinks.push_back(recorder);
    }
    const std::uint64_t room = set.samples - options.first;
    const std::uint64_t samples = options.limit == 0 ? room : std::min(options.limit, room);
    const std::uint64_t steps = std::uint64_t{sample_steps(set, options.encoder)} + options.drain_steps;
    Evaluation evaluation;
    std::uint64_t answered = 0;
    double first_spikes = 0;
    for (std::uint64_t done = 0; done < samples && !evaluation.interrupted; ++done) {
        const std::uint64_t sample = options.first + done;
        if (callbacks.sample_begins) {
            callbacks.sample_begins(sample);
        }
        session.reset_state();
        watch.begin();
        const auto stimulus = make_event_stimulus(encode_sample(set, sample, options.encoder), steps);
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

std::uint32_t pipeline_depth(const chip::Image& image, PopulationId output) {
    std::vector<std::vector<std::uint32_t>> population_of(image.cores.size());
    for (std::size_t core = 0; core < image.cores.size(); ++core) {
        population_of[core].assign(image.cores[core].compartments, std::numeric_limits<std::uint32_t>::max());
    }
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            auto& core = population_of[tile.core.value()];
            std::fill_n(core.begin() + tile.first_compartment, tile.count, p);
        }
    }
    std::vector<bool> reached(image.populations.size(), false);
    for (const chip::InputSymbol& port : image.inputs) {
        mark_targets(image, population_of, port.outputs, reached);
    }
    for (std::uint32_t depth = 0; depth < image.populations.size(); ++depth) {
        if (reached[output.value()]) {
            return depth;
        }
        const std::vector<bool> layer = reached;
        for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
            if (!layer[p]) {
                continue;
            }
            for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                const chip::CoreImage& core = image.cores[tile.core.value()];
                const std::uint32_t first = core.output_first[tile.first_compartment];
                const std::uint32_t last = core.output_first[tile.first_compartment + tile.count];
                mark_targets(image, population_of, std::span(core.outputs).subspan(first, last - first), reached);
            }
        }
    }
    return 0;
}

}  // namespace spikeloom::runtime
