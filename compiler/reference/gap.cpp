#include "compiler/reference/gap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "compiler/legalise/late_reference.hpp"
#include "compiler/reference/real_registers.hpp"
#include "compiler/text/stored_legal.hpp"

namespace spikeloom::compiler {
namespace {

using Train = std::vector<TrainSpike>;

/// The spikes that only one of the two trains has.
Train difference(const Train& a, const Train& b) {
    Train result;
    std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
    return result;
}

std::uint64_t mismatches(const SpikeTrains& a, const SpikeTrains& b) {
    std::uint64_t sum = 0;
    for (std::size_t population = 0; population < a.size(); ++population) {
        sum += difference(a[population], b[population]).size();
    }
    return sum;
}

std::vector<double> counts(const Train& train, std::uint32_t size) {
    std::vector<double> result(size, 0.0);
    for (const TrainSpike& spike : train) {
        result[spike.neuron] += 1;
    }
    return result;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? -1 : static_cast<double>(part) / static_cast<double>(whole);
}

constexpr const char* arithmetic = "arithmetic";

/// What each step does, for people.
std::string explained(const std::string& step) {
    if (step == "weights") {
        return "weights rounded to their mantissas";
    }
    if (step == "decays") {
        return "time constants rounded to decay registers";
    }
    if (step == "threshold") {
        return "thresholds and biases rounded to their mantissas";
    }
    if (step == arithmetic) {
        return "integer state that truncates toward zero";
    }
    return step;
}

}  // namespace

GapAccumulator::GapAccumulator(std::vector<std::pair<std::string, std::uint32_t>> populations,
                               std::vector<std::string> variants) {
    for (auto& [name, size] : populations) {
        Sums sums;
        sums.gap.population = std::move(name);
        sums.size = size;
        populations_.push_back(std::move(sums));
    }
    for (std::string& name : variants) {
        variants_.push_back({std::move(name), 0, 0});
    }
}

void GapAccumulator::compare(const GapSample& sample, std::size_t population) {
    const Train& in_float = sample.reference.trains[population];
    const Train& on_chip = sample.chip.trains[population];
    Sums& sums = populations_[population];
    sums.gap.float_spikes += in_float.size();
    sums.gap.chip_spikes += on_chip.size();
    float_spikes_ += in_float.size();
    const Train only_one = difference(in_float, on_chip);
    if (!only_one.empty()) {
        sums.gap.mismatched_spikes += only_one.size();
        ++sums.gap.diverging_samples;
        if (sums.gap.first_sample < 0) {
            sums.gap.first_sample = static_cast<std::int64_t>(samples_);
            sums.gap.first_step = only_one.front().step;
            sums.gap.first_neuron = only_one.front().neuron;
        }
    }
    const std::vector<double> a = counts(in_float, sums.size);
    const std::vector<double> b = counts(on_chip, sums.size);
    for (std::uint32_t i = 0; i < sums.size; ++i) {
        sums.float_float += a[i] * a[i];
        sums.chip_chip += b[i] * b[i];
        sums.float_chip += a[i] * b[i];
    }
}

void GapAccumulator::add_sample(const GapSample& sample) {
    SPIKELOOM_ASSERT(sample.chip.trains.size() == populations_.size() &&
                         sample.reference.trains.size() == populations_.size() &&
                         sample.variants.size() == variants_.size(),
                     fmt::format("{} populations, {} variants", populations_.size(), variants_.size()));
    for (std::size_t population = 0; population < populations_.size(); ++population) {
        compare(sample, population);
    }
    const auto correct = [&](int predicted) { return sample.label >= 0 && predicted == sample.label ? 1U : 0U; };
    for (std::size_t v = 0; v < variants_.size(); ++v) {
        variants_[v].correct += correct(sample.variants[v].predicted);
        variants_[v].mismatched += mismatches(sample.reference.trains, sample.variants[v].trains);
        if (variants_[v].name == "all") {
            arithmetic_ += mismatches(sample.variants[v].trains, sample.chip.trains);
        }
    }
    framework_runs_ += sample.framework ? 1 : 0;
    framework_correct_ += correct(sample.framework.value_or(-1));
    reference_correct_ += correct(sample.reference.predicted);
    chip_correct_ += correct(sample.chip.predicted);
    agreeing_ += sample.reference.predicted == sample.chip.predicted ? 1 : 0;
    labelled_ += sample.label >= 0 ? 1 : 0;
    ++samples_;
}

GapReport GapAccumulator::report() const {
    GapReport report;
    report.samples = samples_;
    report.labelled = labelled_;
    report.chip_timed_accuracy = ratio(reference_correct_, labelled_);
    report.float_accuracy =
        framework_runs_ == samples_ ? ratio(framework_correct_, labelled_) : report.chip_timed_accuracy;
    report.chip_accuracy = ratio(chip_correct_, labelled_);
    report.agreement = ratio(agreeing_, samples_);
    for (const Sums& sums : populations_) {
        PopulationGap gap = sums.gap;
        const double lengths = std::sqrt(sums.float_float * sums.chip_chip);
        const bool both_silent = sums.float_float == 0 && sums.chip_chip == 0;
        gap.rate_cosine = lengths > 0 ? sums.float_chip / lengths : (both_silent ? 1.0 : 0.0);
        report.populations.push_back(std::move(gap));
    }
    double most = 0;
    const auto add = [&](StepGap step, bool is_cause) {
        if (is_cause && step.spike_change > most) {
            most = step.spike_change;
            report.largest_step = step.name;
        }
        report.steps.push_back(std::move(step));
    };
    const std::uint64_t spikes = std::max<std::uint64_t>(float_spikes_, 1);
    for (const Variant& variant : variants_) {
        add({variant.name, ratio(variant.correct, labelled_), ratio(variant.mismatched, spikes)},
            variant.name != "all");
        if (variant.name == "all") {
            add({arithmetic, -1, ratio(arithmetic_, spikes)}, true);
        }
    }
    return report;
}

std::string to_json(const GapReport& report) {
    namespace json = boost::json;
    json::object object;
    const auto put = [](json::object& target, const char* key, double value) {
        if (value >= 0) {
            target[key] = value;
        }
    };
    object["samples"] = report.samples;
    object["labelled"] = report.labelled;
    put(object, "float_accuracy", report.float_accuracy);
    put(object, "chip_timed_accuracy", report.chip_timed_accuracy);
    put(object, "chip_accuracy", report.chip_accuracy);
    put(object, "agreement", report.agreement);
    json::array layers;
    for (const PopulationGap& gap : report.populations) {
        layers.push_back(json::object{{"population", gap.population},
                                      {"float_spikes", gap.float_spikes},
                                      {"chip_spikes", gap.chip_spikes},
                                      {"mismatched_spikes", gap.mismatched_spikes},
                                      {"diverging_samples", gap.diverging_samples},
                                      {"rate_cosine", gap.rate_cosine},
                                      {"first_divergence", gap.first_step},
                                      {"first_divergence_sample", gap.first_sample},
                                      {"first_divergence_neuron", gap.first_neuron}});
    }
    object["layers"] = std::move(layers);
    json::array steps;
    for (const StepGap& step : report.steps) {
        json::object entry{{"name", step.name}};
        put(entry, "accuracy", step.accuracy);
        put(entry, "spike_change", step.spike_change);
        steps.push_back(std::move(entry));
    }
    object["steps"] = std::move(steps);
    object["largest_step"] = report.largest_step;
    object["timing"] = "next_step";
    return json::serialize(object);
}

std::string to_text(const GapReport& report) {
    const auto percent = [](double value) {
        return value < 0 ? std::string("-") : fmt::format("{:.2f} %", 100 * value);
    };
    std::string text = fmt::format("quantisation gap over {} samples\n", report.samples);
    if (report.labelled > 0) {
        text += fmt::format("  accuracy: float {}, float in the chip's timing {}, chip {}\n",
                            percent(report.float_accuracy), percent(report.chip_timed_accuracy),
                            percent(report.chip_accuracy));
    }
    text += fmt::format("  same prediction: {}\n", percent(report.agreement));
    text += fmt::format("  {:<20} {:>12} {:>12} {:>12} {:>8}  first divergence\n", "population", "float spikes",
                        "chip spikes", "mismatched", "cosine");
    for (const PopulationGap& gap : report.populations) {
        const std::string first = gap.first_sample < 0 ? "none"
                                                       : fmt::format("sample {}, step {}, neuron {}", gap.first_sample,
                                                                     gap.first_step, gap.first_neuron);
        text += fmt::format("  {:<20} {:>12} {:>12} {:>12} {:>8.4f}  {}\n", gap.population, gap.float_spikes,
                            gap.chip_spikes, gap.mismatched_spikes, gap.rate_cosine, first);
    }
    for (const StepGap& step : report.steps) {
        text += fmt::format("  with {:<20} accuracy {:>9}, spikes changed {:>9}\n", step.name, percent(step.accuracy),
                            percent(step.spike_change));
    }
    text += report.largest_step.empty() ? "  no quantisation step changes a spike\n"
                                        : fmt::format("  largest cause: {}\n", explained(report.largest_step));
    return text;
}

FloatRun run_float(FloatInterpreter& interpreter, std::size_t populations, PopulationId readout,
                   const std::vector<std::vector<std::vector<float>>>& inputs) {
    FloatRun run;
    run.trains.resize(populations);
    interpreter.reset();
    for (std::uint32_t step = 0; step < inputs.size(); ++step) {
        interpreter.step(inputs[step]);
        for (std::uint32_t population = 0; population < populations; ++population) {
            const auto spikes = interpreter.spikes(PopulationId(population));
            for (std::uint32_t neuron = 0; neuron < spikes.size(); ++neuron) {
                if (spikes[neuron] != 0) {
                    run.trains[population].push_back({step, neuron});
                }
            }
        }
        const auto membrane = interpreter.membrane(readout);
        run.membranes.emplace_back(membrane.begin(), membrane.end());
    }
    return run;
}

namespace {

const std::pair<const char*, QuantisedPart> parts[] = {{"weights", QuantisedPart::weights},
                                                       {"decays", QuantisedPart::decays},
                                                       {"threshold", QuantisedPart::thresholds},
                                                       {"all", QuantisedPart::all}};

std::vector<std::string> part_names() {
    std::vector<std::string> names;
    for (const auto& [name, part] : parts) {
        names.emplace_back(name);
    }
    return names;
}

std::vector<std::pair<std::string, std::uint32_t>> names_and_sizes(const Network& network) {
    std::vector<std::pair<std::string, std::uint32_t>> result;
    for (const Population& population : network.populations) {
        result.emplace_back(population.name, static_cast<std::uint32_t>(population.size()));
    }
    return result;
}

/// Variants are compared with each other, so rounding of the reference itself must not enter: double.
ReferenceOptions chip_timing() {
    return {.timing = Timing::next_step, .single_precision = false};
}

}  // namespace

GapMeasurement::GapMeasurement(const Network& network, const Network& given, const std::vector<Network>& variants,
                               PopulationId readout)
    : populations_(network.populations.size()),
      readout_(readout),
      framework_(given, {}),
      reference_(network, chip_timing()),
      accumulator_(names_and_sizes(network), part_names()) {
    for (const Network& variant : variants) {
        variants_.emplace_back(variant, chip_timing());
    }
}

Result<GapMeasurement> GapMeasurement::create(const Network& network, const chip::Image& image, PopulationId readout) {
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        if (i >= image.populations.size() || image.populations[i].name != network.populations[i].name) {
            return fail({Severity::error,
                         "population '" + network.populations[i].name + "'",
                         "the image numbers its populations otherwise than the network",
                         "an image that was compiled from this network",
                         {}});
        }
    }
    for (const Population& population : network.populations) {
        if (population.fixed && !runs_in_reals(population.fixed->model)) {
            return fail({.where = "population '" + population.name + "'",
                         .found = "neurons of the model " + std::string(name_of(population.fixed->model)) +
                                  ", which the float reference does not run",
                         .allowed = "leaky, sigma_delta, delta, graded_vector, graded_relu"});
        }
    }
    std::vector<Network> variants;
    for (const auto& [name, part] : parts) {
        Result<Network> variant = quantised_variant(network, image, part);
        if (!variant) {
            return fail(std::move(variant.error()));
        }
        variants.push_back(std::move(*variant));
    }
    StoredLegal legal;  // nothing, where the image keeps no network
    if (!image.source_network.empty()) {
        auto stored = deserialise_legal(image.source_network, "the image's stored network");
        if (!stored) {
            return fail(std::move(stored.error()));
        }
        legal = std::move(*stored);
    }
    return GapMeasurement(network, without_added_starts(network, legal.added_steps), variants, readout);
}

void GapMeasurement::add_sample(const std::vector<std::vector<std::vector<float>>>& inputs, int label, GapRun chip,
                                const Decide& decide) {
    const auto run = [&](FloatInterpreter& interpreter) {
        FloatRun made = run_float(interpreter, populations_, readout_, inputs);
        const int predicted = decide(made);
        return GapRun{std::move(made.trains), predicted};
    };
    GapSample sample;
    sample.label = label;
    sample.chip = std::move(chip);
    for (auto& train : sample.chip.trains) {  // a chip reports by core
        std::sort(train.begin(), train.end());
    }
    sample.framework = run(framework_).predicted;
    sample.reference = run(reference_);
    for (FloatInterpreter& variant : variants_) {
        sample.variants.push_back(run(variant));
    }
    accumulator_.add_sample(sample);
}

}  // namespace spikeloom::compiler
