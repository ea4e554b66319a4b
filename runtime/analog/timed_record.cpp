#include "runtime/analog/timed_record.hpp"

#include <algorithm>

namespace spikeloom::runtime {

std::uint64_t TimedRecord::correct() const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        count += answers[i] == labels[i] ? 1 : 0;
    }
    return count;
}

std::uint64_t TimedRecord::silent() const {
    return static_cast<std::uint64_t>(
        std::count_if(answers.begin(), answers.end(), [](std::int32_t answer) { return answer < 0; }));
}

std::size_t TimedRecord::outputs() const {
    return populations[output].neurons;
}

std::uint64_t TimedRecord::missing() const {
    return static_cast<std::uint64_t>(std::count(first_spikes.begin(), first_spikes.end(), never));
}

double TimedRecord::mean_decision_s() const {
    double sum = 0;
    std::uint64_t answered = 0;
    for (const double decision : decisions_s) {
        if (decision != never) {
            sum += decision;
            ++answered;
        }
    }
    return answered == 0 ? never : sum / static_cast<double>(answered);
}

TimedRecord make_record(const chip::AnalogImage& image, const chip::TtfsCoding& coding, std::uint32_t output,
                        const TimedEvaluation& evaluation) {
    TimedRecord record;
    record.network = image.network_name;
    record.chip = image.chip;
    record.network_file = image.provenance.network_file;
    record.network_sha256 = image.provenance.network_sha256;
    record.interrupted = evaluation.interrupted;
    record.time_unit_s = coding.time_unit_s;
    record.window_s = coding.window_s;
    for (std::size_t p = 0; p < image.populations.size(); ++p) {
        record.populations.push_back(
            {image.populations[p].name, image.populations[p].count, evaluation.population_spikes[p]});
    }
    record.output = output;
    record.first_sample = evaluation.first;
    for (const TimedSample& sample : evaluation.samples) {
        record.labels.push_back(sample.label);
        record.answers.push_back(sample.answer);
        record.decisions_s.push_back(sample.decision_s);
        record.durations_s.push_back(sample.counts.duration_s);
    }
    record.first_spikes = evaluation.first_spikes;
    record.counts = evaluation.counts;
    constexpr std::size_t raster_samples = 4;
    record.raster_begin.push_back(0);
    for (std::size_t i = 0; i < std::min(raster_samples, evaluation.spikes.size()); ++i) {
        record.raster.insert(record.raster.end(), evaluation.spikes[i].begin(), evaluation.spikes[i].end());
        record.raster_begin.push_back(record.raster.size());
    }
    return record;
}

}  // namespace spikeloom::runtime
