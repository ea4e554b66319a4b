#include "tools/evaluation_options.hpp"

#include <cstdint>
#include <string>

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

}  // namespace

void add_labelled_set_options(CommandLine& line) {
    const auto number = [](std::uint64_t value) {
        return po::value<std::uint64_t>()->default_value(value)->value_name("N");
    };
    const auto count = [] { return po::value<std::uint32_t>()->value_name("N"); };
    line.add()("data,d", word("SET"),
               ".npz with inputs (S x N in 0..1, or spikes S x T x N) and labels (S); or idx images (.gz too)")(
        "labels", word("FILE")->default_value(""), "labels in a file of their own (idx: found beside the images)")(
        "encode,e", word("HOW"), "latency, rate, constant, regular or events (default: latency; spikes: events)")(
        "steps,n", count(), "steps a sample (default: as the set says, else 32)")(
        "window,w", count(), "latency: steps over which values spread (default: as the set says, else half the steps)")(
        "drain", count()->default_value(0), "steps without input after a sample, for late layers")(
        "cutoff", po::value<double>()->default_value(0.0, "0")->value_name("X"),
        "latency: values at or below give no spike")("max-rate",
                                                     po::value<double>()->default_value(1.0, "1")->value_name("P"),
                                                     "rate: spike probability a step at value 1")(
        "decision", word("RULE")->default_value("automatic"),
        "automatic, spike_count, first_spike, voltage_last or voltage_max")(
        "decide-by", word("POPULATION")->default_value(""), "the population that answers (default: the output)")(
        "first", number(0), "the sample to begin with")("limit,l", number(0), "samples at most (0: all)");
}

runtime::EvaluationOptions labelled_set_options(const CommandLine& line, const runtime::LabelledSet& set) {
    runtime::EvaluationOptions options;
    if (line.has("encode")) {
        options.encoder.encoding = parsed(runtime::parse_encoding(line.value<std::string>("encode")));
    } else if (set.steps != 0) {
        options.encoder.encoding = runtime::Encoding::events;
    }
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
    options.drain_steps = line.value<std::uint32_t>("drain");
    options.decision = parsed(runtime::parse_decision(line.value<std::string>("decision")));
    options.output = line.value<std::string>("decide-by");
    return options;
}

}  // namespace spikeloom::tools
