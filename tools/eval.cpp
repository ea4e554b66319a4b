// spikeloom eval: a labelled set through an image, one inference a sample.

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/convert/ann_reader.hpp"
#include "compiler/text/network_text.hpp"
#include "runtime/curve_watch.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/neuron_labels.hpp"
#include "runtime/stimulus.hpp"
#include "tools/accuracy_curve.hpp"
#include "tools/analog_eval.hpp"
#include "tools/analog_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/evaluation_options.hpp"
#include "tools/gap.hpp"
#include "tools/interrupt.hpp"
#include "tools/session_options.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

runtime::EvaluationOptions evaluation_options(const CommandLine& line, const chip::Image& image,
                                              const runtime::LabelledSet& set) {
    runtime::EvaluationOptions options = labelled_set_options(line, answering(image), set);
    options.passes = line.value<std::uint32_t>("epochs");
    if (options.passes == 0) {
        throw UsageError("--epochs: at least 1");
    }
    if (options.passes > 1 && line.flag("gap")) {
        throw UsageError("--gap compares one pass with the float network: leave out --epochs");
    }
    options.teacher = line.value<std::string>("teacher");
    options.teacher_payload = line.value<std::int32_t>("teacher-payload");
    return options;
}

/// Nothing where no gap is asked for.
Result<std::unique_ptr<GapWatch>> open_gap(const chip::Image& image, const runtime::LabelledSet& set,
                                           const runtime::EvaluationOptions& options, const CommandLine& line) {
    if (!line.flag("gap")) {
        return nullptr;
    }
    if (!image.learning.empty() && !line.flag("freeze")) {
        return fail(Diagnostic{.where = "--gap",
                               .found = "plastic weights change from sample to sample, and the float network's stay",
                               .help = "--freeze compares the weights of the image; spikeloom rule compare tells what "
                                       "the chip's arithmetic makes of learning"});
    }
    auto watch = GapWatch::create(image, set, options);
    if (!watch) {
        return fail(std::move(watch.error()));
    }
    return std::make_unique<GapWatch>(std::move(*watch));
}

/// What a recording says that the neurons stand for, where the command line names one.
Result<std::vector<std::int32_t>> neuron_labels(const CommandLine& line) {
    return line.has("assign-labels") ? runtime::read_neuron_labels(line.value<std::string>("assign-labels"))
                                     : std::vector<std::int32_t>{};
}

/// A warning where more neurons answer than there are classes, and nobody says what they stand for.
Diagnostics check_answers(const chip::Image& image, const runtime::LabelledSet& set,
                          const runtime::EvaluationOptions& options) {
    const auto answers = runtime::output_population(image, options.output);
    if (!answers || !options.neuron_labels.empty()) {
        return {};
    }
    const chip::PopulationSymbol& population = image.populations[answers->value()];
    if (population.size() <= set.classes()) {
        return {};
    }
    return {{.severity = Severity::warning,
             .where = fmt::format("population '{}'", population.name),
             .found = fmt::format("{} neurons answer for {} classes, neuron i for class i; of neurons that learned "
                                  "without labels, the accuracy says nothing",
                                  population.size(), set.classes()),
             .help = "--assign-labels RECORDING of another eval names them"}};
}

/// The curves of an evaluation under way: the chip's, and what stands beside it.
struct Curves {
    std::unique_ptr<runtime::CurveWatch> chip;
    std::unique_ptr<FloatCurve> network;
    std::optional<runtime::AnnReference> ann;

    [[nodiscard]] runtime::AccuracyCurves all() const {
        runtime::AccuracyCurves curves{.curves = {chip->curve()}, .ann = ann};
        if (network) {
            curves.curves.push_back(network->curve());
        }
        return curves;
    }
};

/// The ANN that --ann names, on the samples of the evaluation.
Result<std::optional<runtime::AnnReference>> open_ann(const runtime::LabelledSet& set,
                                                      const runtime::EvaluationOptions& options,
                                                      const CommandLine& line) {
    if (!line.has("ann")) {
        return std::optional<runtime::AnnReference>();
    }
    const auto import = compiler::read_ann(line.value<std::string>("ann"));
    if (!import) {
        return fail(import.error());
    }
    const auto reference = measure_ann(import->ann, set, samples_of(set, options.first, options.limit));
    return reference ? Result<std::optional<runtime::AnnReference>>(*reference) : fail(reference.error());
}

/// Nothing where no curve is asked for. With --gap, the float network's too.
Result<std::unique_ptr<Curves>> open_curves(const runtime::Session& session, const runtime::LabelledSet& set,
                                            const runtime::EvaluationOptions& options, const CommandLine& line) {
    if (!line.flag("curve")) {
        if (line.has("ann")) {
            throw UsageError("--ann stands beside a curve: give --curve too");
        }
        return nullptr;
    }
    const chip::Image& image = session.image();
    const auto output = runtime::output_population(image, options.output);
    if (!output || !options.neuron_labels.empty()) {
        return output ? fail({.where = "--curve",
                              .found = "neurons that stand for other classes",
                              .allowed = "outputs that are the classes",
                              .help = "leave out --assign-labels"})
                      : fail(output.error());
    }
    auto curves = std::make_unique<Curves>();
    const auto decision = runtime::settled(options.decision, image.populations[output->value()].spikes);
    curves->chip = std::make_unique<runtime::CurveWatch>(session, *output, decision);
    if (line.flag("gap")) {
        const auto network = compiler::deserialise_network(image.source_network, image.network_name);
        if (!network) {
            return fail(network.error());
        }
        curves->network = std::make_unique<FloatCurve>(*network, *output, decision);
    }
    auto ann = open_ann(set, options, line);
    if (!ann) {
        return fail(std::move(ann.error()));
    }
    curves->ann = *ann;
    return curves;
}

/// Tells gap and curves of every sample.
void watch_samples(runtime::EvaluationCallbacks& callbacks, const std::unique_ptr<GapWatch>& gap,
                   const std::unique_ptr<Curves>& curves, const runtime::LabelledSet& set,
                   const runtime::EvaluationOptions& options, std::vector<runtime::Sink*>& sinks) {
    if (gap) {
        sinks.push_back(gap.get());
    }
    if (curves) {
        sinks.push_back(curves->chip.get());
    }
    callbacks.sample_done = [&](std::uint64_t sample, const runtime::SampleOutcome& outcome) {
        if (gap) {
            gap->sample_done(sample, outcome);
        }
        if (curves) {
            curves->chip->end_sample(outcome.label);
        }
        if (curves && curves->network) {
            curves->network->add_sample(set, sample, options.encoder, options.drain_steps);
        }
        return true;
    };
    callbacks.sinks = sinks;
}

Result<void> evaluate(const chip::Image& image, const CommandLine& line) {
    const auto set = runtime::read_labelled_set(line.value<std::string>("data"), line.value<std::string>("labels"));
    if (!set) {
        return fail(set.error());
    }
    runtime::EvaluationOptions options = evaluation_options(line, image, *set);
    if (auto labels = neuron_labels(line)) {
        options.neuron_labels = std::move(*labels);
    } else {
        return fail(std::move(labels.error()));
    }
    print(check_answers(image, *set, options));
    auto gap = open_gap(image, *set, options, line);
    if (!gap) {
        return fail(std::move(gap.error()));
    }
    auto session = open_session(image, line);
    if (!session) {
        return fail(std::move(session.error()));
    }
    auto curves = open_curves(*session, *set, options, line);
    if (!curves) {
        return fail(std::move(curves.error()));
    }
    auto recorder =
        open_recorder(*session, line, line.value<std::string>("data"), runtime::evaluation_steps(*set, options));
    if (!recorder) {
        return fail(std::move(recorder.error()));
    }
    const InterruptGuard interrupt;
    runtime::EvaluationCallbacks callbacks;
    callbacks.stop = InterruptGuard::requested;
    std::vector<runtime::Sink*> sinks;
    watch_samples(callbacks, *gap, *curves, *set, options, sinks);
    const auto evaluation = [&] {
        ProgressBar bar("eval");
        callbacks.progress = [&bar](std::uint64_t done, std::uint64_t samples) {
            bar.update(static_cast<double>(done) / static_cast<double>(samples),
                       fmt::format("sample {} of {}", done, samples));
        };
        return runtime::evaluate(*session, *set, options, recorder->get(), callbacks);
    }();
    if (!evaluation) {
        return fail(evaluation.error());
    }
    print(check_trace(*session));
    if (*gap) {
        if (auto added = (*recorder)->add_document("gap", compiler::to_json((*gap)->report())); !added) {
            return added;
        }
    }
    if (*curves && evaluation->samples() > 0) {
        if (auto added = (*recorder)->add_document("curve", runtime::to_json((*curves)->all())); !added) {
            return added;
        }
    }
    if (auto closed = (*recorder)->close(evaluation->interrupted); !closed) {
        return closed;
    }
    return save_image(*session, line);
}

void add_options(CommandLine& line) {
    add_labelled_set_options(line, DataOption::required);
    line.add()("assign-labels", word("RECORDING"),
               "output neurons stand for the class under which they spiked most in this recording of an eval")(
        "teacher", word("PORT")->default_value(""), "an input port whose channel `label` spikes in every step")(
        "teacher-payload", po::value<std::int32_t>()->default_value(0)->value_name("X"),
        "payload of the teacher's spikes: a third factor")(
        "epochs", po::value<std::uint32_t>()->default_value(1)->value_name("N"),
        "passes over the samples; what was learned stays from one to the next")(
        "gap", flag(), "run the float network too and measure what quantisation cost")(
        "curve", flag(), "accuracy after every step, and over synaptic events; with --gap the float network's too")(
        "ann", word("NET"), "with --curve: the ReLU network (NIR, .npz) that this one was converted from");
    add_session_options(line);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    if (const Diagnostics missing = missing_image(arguments); !missing.empty()) {
        print(missing);
        return ExitStatus::failed;
    }
    if (names_analog_image(arguments)) {
        return run_analog_eval(analog_eval_subcommand, arguments);
    }
    CommandLine line(self);
    line.positional("IMAGE");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    return run_image(line, evaluate);
}

}  // namespace

const Subcommand eval_subcommand{
    .name = "eval",
    .summary = "accuracy, energy and latency an inference over a labelled set",
    .synopsis = "IMAGE|NET --data SET -o RECORDING [options]",
    .text =
        "Runs every sample from the chip's initial state, asks the output population, and records the whole. Plastic\n"
        "weights are kept from sample to sample, unless --freeze.\n"
        "Latency code: value v in 0..1 spikes once, at step floor((1 - v) * (window - 1) + 0.5).\n"
        "Constant code: an integrate-and-fire neuron a channel outside the chip, v += value, spike at v > 1, then v = "
        "0.\n"
        "A network (NIR, netx, text) instead of an image is compiled on the way, to the chip of --chip.\n"
        "An image for an analog chip has other options: spikeloom eval ANALOG-IMAGE --help shows them.",
    .example =
        "  spikeloom eval yinyang.loom --data models/networks/yinyang/yinyang_test.npz --gap -o yinyang.h5\n"
        "  spikeloom eval trained_mnist_network.net --chip loihi2 --data t10k-images-idx3-ubyte.gz --steps 20 -o "
        "mnist.h5",
    .run = run,
};

}  // namespace spikeloom::tools
