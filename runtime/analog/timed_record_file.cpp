#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/files/hdf5.hpp"
#include "runtime/analog/timed_record.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/recording_parts.hpp"

namespace spikeloom::runtime {
namespace {

using chip::analog::AnalogCounts;

constexpr double ms_per_s = 1000;
constexpr std::uint64_t most_samples = 1U << 26;
constexpr std::uint64_t raster_samples = 4;

struct CountColumn {
    const char* name;
    std::uint64_t AnalogCounts::* member;
};
constexpr std::array<CountColumn, 6> count_columns{{{"input_spikes", &AnalogCounts::input_spikes},
                                                    {"spikes", &AnalogCounts::spikes},
                                                    {"synaptic_events", &AnalogCounts::synaptic_events},
                                                    {"output_spikes", &AnalogCounts::output_spikes},
                                                    {"crossbar_drops", &AnalogCounts::crossbar_drops},
                                                    {"late_inputs", &AnalogCounts::late_inputs}}};

void write_counts(UnitWriter& writer, const std::string& path, const AnalogCounts& counts) {
    for (const CountColumn& column : count_columns) {
        writer.scalar<std::uint64_t>(path + "/" + column.name, "1", counts.*column.member);
    }
    writer.scalar<double>(path + "/duration", "s", counts.duration_s);
}

/// SONATA, one time axis: sample k starts at k windows.
void write_spikes(UnitWriter& writer, const TimedRecord& record, const chip::AnalogImage& image,
                  const std::vector<std::vector<core::analog::Spike>>& spikes, const std::vector<std::string>& names) {
    for (std::size_t p = 0; p < names.size(); ++p) {
        const chip::AnalogPopulation& population = image.populations[p];
        const std::string path = "/spikes/" + names[p];
        writer.extendable<double>(path + "/timestamps", "ms");
        writer.extendable<std::uint64_t>(path + "/node_ids", "1");
        writer.file().sonata_sorted_by_time(path);
        std::vector<double> times;
        std::vector<std::uint64_t> ids;
        for (std::size_t sample = 0; sample < spikes.size(); ++sample) {
            times.clear();
            ids.clear();
            for (const core::analog::Spike& spike : spikes[sample]) {
                if (spike.neuron - population.first_neuron < population.count) {
                    times.push_back((static_cast<double>(sample) * record.window_s + spike.time) * ms_per_s);
                    ids.push_back(spike.neuron - population.first_neuron);
                }
            }
            writer.append<double>(path + "/timestamps", times);
            writer.append<std::uint64_t>(path + "/node_ids", ids);
        }
    }
}

void write_instances(UnitWriter& writer, const TimedRecord& record) {
    std::vector<std::uint32_t> instance;
    std::vector<std::uint64_t> samples, correct, silent, missing;
    std::vector<double> decision, spikes;
    for (const InstanceScore& score : record.scores) {
        instance.push_back(score.instance);
        samples.push_back(score.samples);
        correct.push_back(score.correct);
        silent.push_back(score.silent);
        missing.push_back(score.missing);
        decision.push_back(score.decision_s);
        spikes.push_back(score.spikes);
    }
    writer.array("/instances/instance", "1", instance);
    writer.array("/instances/samples", "1", samples);
    writer.array("/instances/correct", "1", correct);
    writer.array("/instances/silent", "1", silent);
    writer.array("/instances/missing", "spikes", missing);
    writer.array("/instances/decision", "s", decision);
    writer.array("/instances/spikes", "spikes", spikes);
    writer.scalar("/instances/required_accuracy", "1", record.required_accuracy);
}

void write_provenance_of(UnitWriter& writer, const TimedRecord& record, const chip::AnalogImage& image) {
    const std::array<std::pair<const char*, const std::string*>, 11> texts{{{"program", &record.program},
                                                                            {"started_at", &record.started_at},
                                                                            {"network", &record.network},
                                                                            {"network_file", &record.network_file},
                                                                            {"network_sha256", &record.network_sha256},
                                                                            {"chip", &record.chip.name},
                                                                            {"instance", &record.instance},
                                                                            {"image_file", &record.image_file},
                                                                            {"image_sha256", &record.image_sha256},
                                                                            {"stimulus", &record.set},
                                                                            {"stimulus_sha256", &record.set_sha256}}};
    for (const auto& [name, text] : texts) {
        writer.text(std::string("/provenance/") + name, *text);
    }
    writer.text("/provenance/finished_at", utc_now());
    writer.scalar<std::uint64_t>("/provenance/seed", "1", record.seed);
    writer.scalar<std::int32_t>("/provenance/threads", "1", record.threads);
    writer.scalar<std::uint8_t>("/provenance/interrupted", "1", record.interrupted ? 1 : 0);
    writer.texts("/provenance/options", record.options);
    writer.texts("/provenance/rules", image.provenance.rules);
    writer.text("/provenance/compiler", image.provenance.program);
    writer.texts("/provenance/compile_options", image.provenance.options);
}

/// Reads datasets, and remembers what went wrong first.
class Reading {
public:
    explicit Reading(const files::Hdf5Reader& file) : file_(file) {}

    template <files::Hdf5Number T>
    std::vector<T> array(const std::string& path, std::uint64_t count) {
        auto read = file_.read<T>(path);
        if (!read) {
            return give_up<std::vector<T>>(read.error());
        }
        if (read->values.size() != count) {
            return give_up<std::vector<T>>({Diagnostic{.where = file_.where(path),
                                                       .found = fmt::format("{} values", read->values.size()),
                                                       .allowed = fmt::format("{}", count)}});
        }
        return std::move(read->values);
    }
    template <files::Hdf5Number T>
    std::vector<T> array(const std::string& path) {
        auto read = file_.read<T>(path);
        return read ? std::move(read->values) : give_up<std::vector<T>>(read.error());
    }
    template <files::Hdf5Number T>
    T scalar(const std::string& path) {
        const std::vector<T> values = array<T>(path, 1);
        return values.empty() ? T{} : values.front();
    }
    std::string text(const std::string& path) {
        auto read = file_.read_text(path);
        return read ? *read : give_up<std::string>(read.error());
    }
    std::vector<std::string> texts(const std::string& path) {
        auto read = file_.read_texts(path);
        return read ? read->values : give_up<std::vector<std::string>>(read.error());
    }
    AnalogCounts counts(const std::string& path) {
        AnalogCounts counts;
        for (const CountColumn& column : count_columns) {
            counts.*column.member = scalar<std::uint64_t>(path + "/" + column.name);
        }
        counts.duration_s = scalar<double>(path + "/duration");
        return counts;
    }
    void refuse(const std::string& path, std::string found, std::string allowed) {
        give_up<int>(
            {Diagnostic{.where = file_.where(path), .found = std::move(found), .allowed = std::move(allowed)}});
    }

    [[nodiscard]] const files::Hdf5Reader& file() const { return file_; }
    [[nodiscard]] bool good() const { return findings_.empty(); }
    [[nodiscard]] Diagnostics findings() const { return findings_; }

private:
    template <class T>
    T give_up(const Diagnostics& findings) {
        if (findings_.empty()) {
            findings_ = findings;
        }
        return T{};
    }

    const files::Hdf5Reader& file_;
    Diagnostics findings_;
};

void read_provenance(Reading& reading, TimedRecord& record) {
    record.program = reading.text("/provenance/program");
    record.started_at = reading.text("/provenance/started_at");
    record.network = reading.text("/provenance/network");
    record.network_file = reading.text("/provenance/network_file");
    record.network_sha256 = reading.text("/provenance/network_sha256");
    record.instance = reading.text("/provenance/instance");
    record.image_file = reading.text("/provenance/image_file");
    record.image_sha256 = reading.text("/provenance/image_sha256");
    record.set = reading.text("/provenance/stimulus");
    record.set_sha256 = reading.text("/provenance/stimulus_sha256");
    record.seed = reading.scalar<std::uint64_t>("/provenance/seed");
    record.threads = reading.scalar<std::int32_t>("/provenance/threads");
    record.interrupted = reading.scalar<std::uint8_t>("/provenance/interrupted") != 0;
    record.options = reading.texts("/provenance/options");
}

void read_populations(Reading& reading, TimedRecord& record) {
    const std::vector<std::string> names = reading.texts("/network/names");
    const auto sizes = reading.array<std::uint64_t>("/network/sizes", names.size());
    const auto spikes = reading.array<std::uint64_t>("/analog/population_spikes", names.size());
    for (std::size_t p = 0; reading.good() && p < names.size(); ++p) {
        record.populations.push_back({names[p], sizes[p], spikes[p]});
    }
    record.output = reading.scalar<std::uint32_t>("/eval/output");
    if (reading.good() && record.output >= record.populations.size()) {
        reading.refuse("/eval/output", fmt::format("population {}", record.output),
                       fmt::format("below {}", record.populations.size()));
    }
}

void read_samples(Reading& reading, TimedRecord& record) {
    record.labels = reading.array<std::int32_t>("/eval/label");
    const std::uint64_t samples = record.labels.size();
    if (!reading.good() || samples > most_samples) {
        return;
    }
    const std::uint64_t outputs = record.outputs();
    if (outputs > (std::uint64_t{1} << 32)) {
        reading.refuse("/network/sizes", fmt::format("{} neurons", outputs), "fewer than 2^32");
        return;
    }
    record.first_sample = reading.scalar<std::uint64_t>("/eval/first_sample");
    record.answers = reading.array<std::int32_t>("/eval/predicted", samples);
    record.decisions_s = reading.array<double>("/eval/decision", samples);
    record.durations_s = reading.array<double>("/eval/duration", samples);
    record.first_spikes = reading.array<double>("/eval/first_spikes", samples * outputs);
    const auto valid = [outputs](std::int32_t value) {
        return value >= -1 && value < static_cast<std::int64_t>(outputs);
    };
    for (const auto* values : {&record.labels, &record.answers}) {
        if (!std::all_of(values->begin(), values->end(), valid)) {
            reading.refuse(values == &record.labels ? "/eval/label" : "/eval/predicted", "a class without a neuron",
                           fmt::format("-1..{}", outputs - 1));
        }
    }
}

void read_instances(Reading& reading, TimedRecord& record) {
    if (!reading.file().has("/instances")) {
        return;
    }
    const auto instance = reading.array<std::uint32_t>("/instances/instance");
    const std::uint64_t count = instance.size();
    const auto samples = reading.array<std::uint64_t>("/instances/samples", count);
    const auto correct = reading.array<std::uint64_t>("/instances/correct", count);
    const auto silent = reading.array<std::uint64_t>("/instances/silent", count);
    const auto missing = reading.array<std::uint64_t>("/instances/missing", count);
    const auto decision = reading.array<double>("/instances/decision", count);
    const auto spikes = reading.array<double>("/instances/spikes", count);
    record.required_accuracy = reading.scalar<double>("/instances/required_accuracy");
    for (std::uint64_t i = 0; reading.good() && i < count; ++i) {
        record.scores.push_back({.instance = instance[i],
                                 .samples = samples[i],
                                 .correct = correct[i],
                                 .silent = silent[i],
                                 .missing = missing[i],
                                 .decision_s = decision[i],
                                 .spikes = spikes[i]});
    }
}

void read_raster(Reading& reading, TimedRecord& record) {
    record.raster_begin = {0};
    if (!reading.file().has("/analog/raster")) {
        return;
    }
    record.raster_begin = reading.array<std::uint64_t>("/analog/raster/begin");
    const auto times = reading.array<double>("/analog/raster/time");
    const auto neurons = reading.array<std::uint32_t>("/analog/raster/neuron", times.size());
    if (!reading.good()) {
        return;
    }
    const std::vector<std::uint64_t>& begin = record.raster_begin;
    if (begin.empty() || begin.front() != 0 || begin.back() != times.size() ||
        !std::is_sorted(begin.begin(), begin.end()) || begin.size() > raster_samples + 1) {
        reading.refuse("/analog/raster/begin", "offsets that don't fit", "ascending from 0 to the number of spikes");
        return;
    }
    for (std::size_t i = 0; i < times.size(); ++i) {
        record.raster.push_back({.time = times[i], .neuron = neurons[i]});
    }
}

}  // namespace

Result<void> write_record(const TimedRecord& record, const std::vector<std::vector<core::analog::Spike>>& spikes,
                          const chip::AnalogImage& image, const std::string& path, bool force) {
    auto file = PartialFile::create(path, force);
    if (!file) {
        return fail(std::move(file.error()));
    }
    auto created = files::Hdf5Writer::create(file->path());
    if (!created) {
        return fail(std::move(created.error()));
    }
    UnitWriter writer(std::move(*created));
    write_root(writer);
    std::vector<std::string> names;
    std::vector<std::uint64_t> sizes;
    std::vector<std::uint64_t> population_spikes;
    for (const TimedPopulationRecord& population : record.populations) {
        names.push_back(population.name);
        sizes.push_back(population.neurons);
        population_spikes.push_back(population.spikes);
    }
    names = file_names(names, "population");
    writer.texts("/network/names", names);
    writer.array("/network/sizes", "neurons", sizes);
    writer.array("/analog/population_spikes", "spikes", population_spikes);
    write_counts(writer, "/analog/counts", record.counts);
    if (record.whole) {
        write_counts(writer, "/analog/whole", *record.whole);
        writer.scalar("/analog/changed_answers", "1", record.changed_answers);
    }
    writer.scalar("/analog/time_unit", "s", record.time_unit_s);
    writer.scalar("/analog/window", "s", record.window_s);
    write_spikes(writer, record, image, spikes, names);
    if (record.raster_begin.size() > 1) {
        std::vector<double> times;
        std::vector<std::uint32_t> neurons;
        for (const core::analog::Spike& spike : record.raster) {
            times.push_back(spike.time);
            neurons.push_back(spike.neuron);
        }
        writer.array("/analog/raster/begin", "1", record.raster_begin);
        writer.array("/analog/raster/time", "s", times);
        writer.array("/analog/raster/neuron", "1", neurons);
    }
    writer.scalar<std::uint32_t>("/eval/output", "1", record.output);
    writer.scalar<std::uint64_t>("/eval/first_sample", "1", record.first_sample);
    writer.array("/eval/label", "1", record.labels);
    writer.array("/eval/predicted", "1", record.answers);
    writer.array("/eval/decision", "s", record.decisions_s);
    writer.array("/eval/duration", "s", record.durations_s);
    writer.array("/eval/first_spikes", "s", record.first_spikes, {record.samples(), record.outputs()});
    if (!record.scores.empty()) {
        write_instances(writer, record);
    }
    writer.text("/chip/spec", chip::print_analog_spec(record.chip));
    writer.text("/mapping/report", image.mapping_report);
    write_provenance_of(writer, record, image);
    auto closed = writer.file().close();
    return closed ? file->publish() : closed;
}

Result<TimedRecord> read_record(const std::string& path) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file) {
        return fail(file.error());
    }
    if (!file->has("/analog/counts")) {
        return fail({.where = path,
                     .found = "not an evaluation on an analog chip",
                     .allowed = "a recording of spikeloom eval on an analog image",
                     .help = {}});
    }
    Reading reading(*file);
    TimedRecord record;
    read_provenance(reading, record);
    const std::string spec = reading.text("/chip/spec");
    if (reading.good()) {
        auto chip = chip::parse_analog_spec(spec, file->where("/chip/spec"));
        if (!chip) {
            return fail(std::move(chip.error()));
        }
        record.chip = std::move(*chip);
    }
    record.time_unit_s = reading.scalar<double>("/analog/time_unit");
    record.window_s = reading.scalar<double>("/analog/window");
    if (reading.good() && !(record.time_unit_s > 0 && record.window_s > 0 && std::isfinite(record.window_s))) {
        reading.refuse("/analog/window",
                       fmt::format("window {} s, time unit {} s", record.window_s, record.time_unit_s), "more than 0");
    }
    record.counts = reading.counts("/analog/counts");
    if (file->has("/analog/whole")) {
        record.whole = reading.counts("/analog/whole");
        record.changed_answers = reading.scalar<std::uint64_t>("/analog/changed_answers");
    }
    read_populations(reading, record);
    if (reading.good()) {
        read_samples(reading, record);
    }
    read_instances(reading, record);
    read_raster(reading, record);
    if (!reading.good()) {
        return fail(reading.findings());
    }
    return record;
}

}  // namespace spikeloom::runtime
