#include "runtime/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace spikeloom::runtime {
namespace {

constexpr std::array<std::pair<Decision, std::string_view>, 5> decisions{{{Decision::automatic, "automatic"},
                                                                          {Decision::spike_count, "spike_count"},
                                                                          {Decision::first_spike, "first_spike"},
                                                                          {Decision::voltage_last, "voltage_last"},
                                                                          {Decision::voltage_max, "voltage_max"}}};

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// Watches the output population over one sample.
class OutputWatch : public Sink {
public:
    OutputWatch(const Session& session, PopulationId output, Decision decision)
        : session_(session),
          output_(output),
          decision_(decision),
          size_(session.image().populations[output.value()].size()) {
        begin();
    }

    void begin() {
        spikes_.assign(size_, 0);
        first_.assign(size_, never);
        voltages_.assign(size_, std::numeric_limits<std::int64_t>::min());
        step_ = 0;
    }

    Result<void> on_step(const StepView& view) override {
        const auto first = std::lower_bound(view.spikes.begin(), view.spikes.end(), NetworkSpike{output_, NeuronId{}});
        for (auto spike = first; spike != view.spikes.end() && spike->population == output_; ++spike) {
            const std::uint32_t neuron = spike->neuron.value();
            ++spikes_[neuron];
            first_[neuron] = std::min(first_[neuron], step_);
        }
        if (decision_ == Decision::voltage_last || decision_ == Decision::voltage_max) {
            for (std::uint32_t neuron = 0; neuron < size_; ++neuron) {
                const std::int64_t voltage = session_.voltage(output_, NeuronId{neuron});
                voltages_[neuron] =
                    decision_ == Decision::voltage_last ? voltage : std::max(voltages_[neuron], voltage);
            }
        }
        ++step_;
        return {};
    }

    [[nodiscard]] SampleOutcome outcome(std::int32_t label) const {
        const std::uint32_t winner = best();
        const bool by_voltage = decision_ == Decision::voltage_last || decision_ == Decision::voltage_max;
        const bool spiked = first_[winner] != never;
        return {.label = label,
                .predicted = by_voltage || spiked ? static_cast<std::int32_t>(winner) : -1,
                .steps = static_cast<std::uint32_t>(step_),
                .first_spike_step = spiked ? static_cast<std::int32_t>(first_[winner]) : -1,
                .output_spikes = spikes_};
    }

private:
    [[nodiscard]] std::uint32_t best() const {
        std::uint32_t winner = 0;
        for (std::uint32_t neuron = 1; neuron < size_; ++neuron) {
            if (beats(neuron, winner)) {
                winner = neuron;
            }
        }
        return winner;
    }
    /// Whether a answers rather than b (b < a: equals stay with b).
    [[nodiscard]] bool beats(std::uint32_t a, std::uint32_t b) const {
        switch (decision_) {
        case Decision::automatic:
        case Decision::spike_count:
            return spikes_[a] != spikes_[b] ? spikes_[a] > spikes_[b] : first_[a] < first_[b];
        case Decision::first_spike:
            return first_[a] != first_[b] ? first_[a] < first_[b] : spikes_[a] > spikes_[b];
        case Decision::voltage_last:
        case Decision::voltage_max:
            return voltages_[a] > voltages_[b];
        }
        return false;
    }

    const Session& session_;
    PopulationId output_;
    Decision decision_;
    std::uint32_t size_;
    std::vector<std::uint32_t> spikes_;
    std::vector<std::int64_t> first_;
    std::vector<std::int64_t> voltages_;
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

Result<Decision> parse_decision(const std::string& text) {
    for (const auto& [decision, name] : decisions) {
        if (text == name) {
            return decision;
        }
    }
    return fail({.where = "--decision",
                 .found = fmt::format("no decision '{}'", text),
                 .allowed = "automatic, spike_count, first_spike, voltage_last, voltage_max",
                 .help = {}});
}

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
    Decision decision = options.decision;
    if (decision == Decision::automatic) {
        const bool spikes = session.image().populations[output->value()].spikes;
        decision = spikes ? Decision::spike_count : Decision::voltage_max;
    }
    OutputWatch watch(session, *output, decision);
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
    std::vector<std::vector<std::uint32_t>> population_of;
    for (const chip::CoreImage& core : image.cores) {
        population_of.emplace_back(core.compartments, std::numeric_limits<std::uint32_t>::max());
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
