#include "tools/evaluation_options.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/netx/netx_reader.hpp"
#include "runtime/pipeline.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

/// The value of a closed list that the runtime knows; a word that it doesn't is bad usage.
template <class T>
T parsed(Result<T> value) {
    if (!value) {
        throw UsageError(to_text(value.error()));
    }
    return *value;
}

/// As the users of netx measure: pixels drive integrate-and-fire neurons outside the chip, late layers have the time
/// that they need, the class is the argmax of the output's spike counts. Neurons of the input on the chip get pixels as
/// their values, as long as the sample lasts; the class of sigma-delta nets is the largest sum at its end.
void take_netx_habits(const CommandLine& line, const AnsweringNetwork& network, runtime::EvaluationOptions& options) {
    if (network.graded) {
        const auto file = compiler::read_netx_file(line.operand());
        const auto found = file ? compiler::netx_transform(*file) : std::nullopt;
        const compiler::NetxTransform transform = found.value_or(compiler::NetxTransform{});
        options.encoder.encoding = runtime::Encoding::values;
        const bool pixels = !line.has("netx-layers") && !line.has("netx-input");  // else it takes messages
        if (found && pixels) {
            options.encoder.value_scale = 2 * transform.weight;
            options.encoder.value_offset = transform.bias - transform.weight;
        }
        options.decision = !network.output_spikes || transform.sigma_delta ? runtime::Decision::voltage_last
                           : *network.output_spikes                        ? runtime::Decision::argmax
                                                                           : runtime::Decision::voltage_max;
        return;
    }
    options.encoder.encoding = runtime::Encoding::constant;
    if (network.output_spikes) {
        options.drain_steps = network.depth;
        options.decision = *network.output_spikes ? runtime::Decision::argmax : runtime::Decision::voltage_max;
    }
}

}  // namespace

AnsweringNetwork answering(const chip::Image& image) {
    AnsweringNetwork network{.graded = image.inputs.size() == 1 && image.inputs[0].graded};
    if (const auto output = runtime::output_population(image, "")) {
        network.output_spikes = image.populations[output->value()].spikes;
        network.depth = runtime::pipeline_depth(image, *output);
    }
    return network;
}

AnsweringNetwork answering(const compiler::Network& network) {
    AnsweringNetwork answers{.graded = network.inputs.size() == 1 && network.inputs[0].graded};
    if (network.outputs.empty()) {
        return answers;
    }
    const std::uint32_t output = network.outputs.front().population.value();
    answers.output_spikes = compiler::spikes(network.populations[output].kind);
    std::vector<bool> reached(network.populations.size(), false);
    for (std::uint32_t depth = 0; depth < network.populations.size(); ++depth) {
        const std::vector<bool> before = reached;
        for (const compiler::Projection& projection : network.projections) {
            const bool from_input = projection.source.kind == compiler::Source::Kind::input;
            if (from_input ? depth == 0 : before[projection.source.index]) {
                reached[projection.target.value()] = true;
            }
        }
        if (reached[output]) {
            answers.depth = depth;
            break;
        }
    }
    return answers;
}

void add_labelled_set_options(CommandLine& line, DataOption data) {
    const auto number = [](std::uint64_t value) {
        return po::value<std::uint64_t>()->default_value(value)->value_name("N");
    };
    const auto count = [] { return po::value<std::uint32_t>()->value_name("N"); };
    auto* const set = word("SET");
    if (data == DataOption::required) {
        set->required();
    }
    line.add()("data,d", set,
               ".npz with inputs (S x N in 0..1, or spikes S x T x N) and labels (S); or idx images (.gz too)")(
        "labels", word("FILE")->default_value(""), "labels in a file of their own (idx: found beside the images)")(
        "encode,e", word("HOW"),
        "latency, rate, constant, regular or events (default: latency; netx: constant; spikes: events), or values: of "
        "a "
        "graded port, the sample in every step (its default)")(
        "value-scale", po::value<double>()->value_name("X"),
        "values: carried at 1, beyond what 0 carries (default: 64; netx: as its input layer says)")(
        "value-offset", po::value<double>()->value_name("X"), "values: carried at 0 (default: 0; netx: likewise)")(
        "steps,n", count(), "steps a sample (default: as the set says, else 32)")(
        "window,w", count(), "latency: steps over which values spread (default: as the set says, else half the steps)")(
        "drain", count(),
        "steps without input after a sample, for late layers (default: 0; netx: as many as the "
        "output lies behind the input)")("cutoff", po::value<double>()->default_value(0.0, "0")->value_name("X"),
                                         "latency: values at or below give no spike")(
        "max-rate", po::value<double>()->default_value(1.0, "1")->value_name("P"),
        "rate: spike probability a step at value 1")(
        "decision", word("RULE"),
        "automatic (spike_count or voltage_max, the default), spike_count, first_spike, voltage_last, voltage_max, or "
        "argmax (spike_count, but of equals the lowest class, silence included; the default of netx)")(
        "decide-by", word("POPULATION")->default_value(""), "the population that answers (default: the output)")(
        "first", number(0), "the sample to begin with")("limit,l", number(0), "samples at most (0: all)");
}

runtime::EvaluationOptions labelled_set_options(const CommandLine& line, const AnsweringNetwork& network,
                                                const runtime::LabelledSet& set) {
    runtime::EvaluationOptions options;
    if (identify(line.operand()).value_or(FileKind::unknown) == FileKind::netx) {
        take_netx_habits(line, network, options);
    }
    if (line.has("encode")) {
        options.encoder.encoding = parsed(runtime::parse_encoding(line.value<std::string>("encode")));
    } else if (set.steps != 0) {
        options.encoder.encoding = runtime::Encoding::events;
    } else if (network.graded) {
        options.encoder.encoding = runtime::Encoding::values;
    }
    options.encoder.value_scale = line.optional<double>("value-scale").value_or(options.encoder.value_scale);
    options.encoder.value_offset = line.optional<double>("value-offset").value_or(options.encoder.value_offset);
    // What the user says comes first, then what the set asks for.
    const auto chosen = [&line](const char* name, std::uint32_t asked, std::uint32_t otherwise) {
        return line.has(name) ? line.value<std::uint32_t>(name) : asked != 0 ? asked : otherwise;
    };
    options.encoder.steps = chosen("steps", set.coded_steps, options.encoder.steps);
    options.encoder.window = chosen("window", set.coded_window, options.encoder.window);
    options.encoder.cutoff = line.value<double>("cutoff");
    options.encoder.max_rate = line.value<double>("max-rate");
    options.encoder.seed = line.value<std::uint64_t>("seed");
    options.first = line.value<std::uint64_t>("first");
    options.limit = line.value<std::uint64_t>("limit");
    options.drain_steps = line.optional<std::uint32_t>("drain").value_or(options.drain_steps);
    if (line.has("decision")) {
        options.decision = parsed(runtime::parse_decision(line.value<std::string>("decision")));
    }
    options.output = line.value<std::string>("decide-by");
    return options;
}

}  // namespace spikeloom::tools
