#include "runtime/analog/timed_run_file.hpp"

#include <fmt/format.h>

#include "core/files/hdf5.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/recording_parts.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double ms_per_s = 1000;

void write_spikes(UnitWriter& writer, const TimedRunFile& run, const std::vector<std::string>& names) {
    for (std::size_t p = 0; p < names.size(); ++p) {
        const chip::AnalogPopulation& population = run.image.populations[p];
        std::vector<double> times;
        std::vector<std::uint64_t> ids;
        for (const core::analog::Spike& spike : run.spikes) {
            if (spike.neuron - population.first_neuron < population.count) {
                times.push_back(spike.time * ms_per_s);
                ids.push_back(spike.neuron - population.first_neuron);
            }
        }
        writer.array("/spikes/" + names[p] + "/timestamps", "ms", times);
        writer.array("/spikes/" + names[p] + "/node_ids", "1", ids);
        writer.file().sonata_sorted_by_time("/spikes/" + names[p]);
    }
}

void write_traces(UnitWriter& writer, const TimedRunFile& run, const std::vector<std::string>& names) {
    for (const chip::analog::MembraneTrace& trace : run.traces) {
        std::size_t p = 0;
        while (trace.probe.neuron - run.image.populations[p].first_neuron >= run.image.populations[p].count) {
            ++p;
        }
        const bool fast = trace.probe.converter == chip::analog::ConverterKind::madc;
        const std::string path =
            fmt::format("/membranes/{}[{}]{}", names[p], trace.probe.neuron - run.image.populations[p].first_neuron,
                        fast ? ".madc" : "");
        writer.array(path + "/potential", "network unit", trace.potentials);
        if (!trace.codes.empty()) {
            writer.array(path + "/code", "LSB", std::vector<std::int32_t>(trace.codes.begin(), trace.codes.end()));
        }
        writer.scalar(path + "/period", "s", trace.period_s);
    }
}

}  // namespace

Result<void> write_timed_run(const TimedRunFile& run, const std::string& path, bool force) {
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
    for (const chip::AnalogPopulation& population : run.image.populations) {
        names.push_back(population.name);
    }
    names = file_names(names, "population");
    write_spikes(writer, run, names);
    write_traces(writer, run, names);
    writer.scalar("/run/duration", "s", run.counts.duration_s);
    writer.scalar("/run/window", "s", run.duration_s);
    writer.scalar("/run/input_spikes", "spikes", run.counts.input_spikes);
    writer.scalar("/run/spikes", "spikes", run.counts.spikes);
    writer.scalar("/run/synaptic_events", "events", run.counts.synaptic_events);
    writer.scalar("/run/crossbar_drops", "spikes", run.counts.crossbar_drops);
    writer.scalar("/run/late_inputs", "spikes", run.counts.late_inputs);
    writer.text("/chip/spec", chip::print_analog_spec(run.image.chip));
    writer.text("/provenance/program", run.program);
    writer.text("/provenance/finished_at", utc_now());
    writer.text("/provenance/network", run.image.network_name);
    writer.text("/provenance/network_sha256", run.image.provenance.network_sha256);
    writer.text("/provenance/instance", run.instance);
    writer.text("/provenance/stimulus", run.stimulus);
    writer.scalar<std::uint64_t>("/provenance/seed", "1", run.seed);
    writer.texts("/provenance/options", run.options);
    auto closed = writer.file().close();
    return closed ? file->publish() : closed;
}

}  // namespace spikeloom::runtime
