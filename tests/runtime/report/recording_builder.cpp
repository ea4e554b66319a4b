#include "runtime/report/recording_builder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <span>

#include "chip/cost.hpp"
#include "chip/spec/chip_spec.hpp"
#include "core/base/counters.hpp"
#include "runtime/report/report_fixture.hpp"

namespace spikeloom::test {
namespace {

template <class T>
void put(files::Hdf5Writer& file, const std::string& path, const std::vector<T>& values,
         const std::vector<std::uint64_t>& shape) {
    file.array<T>(path, std::span<const T>(values), shape);
}
template <class T>
void put(files::Hdf5Writer& file, const std::string& path, const std::vector<T>& values) {
    put(file, path, values, {values.size()});
}

/// Counters of core c: counter i holds 10 (c + 1) + i.
std::vector<std::uint64_t> core_counts(std::size_t cores, std::size_t counters) {
    std::vector<std::uint64_t> counts;
    for (std::size_t core = 0; core < cores; ++core) {
        for (std::size_t i = 0; i < counters; ++i) {
            counts.push_back(10 * (core + 1) + i);
        }
    }
    return counts;
}

}  // namespace

std::string temporary_path(const std::string& name) {
    const auto folder = std::filesystem::temp_directory_path() / ("spikeloom-report-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    return (folder / name).string();
}

void RecordingBuilder::write_costs(files::Hdf5Writer& file, const std::string& table, double scale) const {
    const std::string folder = "/energy/" + table;
    std::vector<float> times = step_times;
    std::vector<std::uint32_t> cores = slowest;
    for (std::uint64_t step = times.size(); step < steps; ++step) {
        times.push_back(static_cast<float>(scale) * (100.0F + static_cast<float>(step)));
    }
    for (std::uint64_t step = cores.size(); step < steps; ++step) {
        cores.push_back(step % 4 == 0 ? 1 : 0);
    }
    Counters totals;
    const std::vector<std::uint64_t> counts = core_counts(places.size(), counters);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        totals[static_cast<Counter>(i % counters)] += counts[i];
    }
    std::vector<double> items;
    for (const chip::ItemEnergy& item : chip::dynamic_energy(totals, made_up_costs(table, scale))) {
        items.insert(items.end(), {item.energy_pj.value, item.energy_pj.low, item.energy_pj.high});
    }
    items.resize(3 * counters);
    double time = 0;
    for (const float step_time : times) {
        time += step_time;
    }
    put(file, folder + "/step_time", times);
    put(file, folder + "/slowest_core", cores);
    put(file, folder + "/items", items, {items.size() / 3, 3});
    file.scalar<double>(folder + "/time", time);
    put(file, folder + "/core_dynamic", std::vector<double>(places.size(), 1000.0 * scale));
}

void RecordingBuilder::write_samples(files::Hdf5Writer& file) const {
    const std::size_t samples = labels.size();
    put(file, "/eval/label", labels);
    put(file, "/eval/predicted", predictions);
    put(file, "/eval/steps",
        std::vector<std::uint32_t>(samples, static_cast<std::uint32_t>(steps / std::max<std::size_t>(samples, 1))));
    put(file, "/eval/first_spike_step", std::vector<std::int32_t>(samples, 9));
    put(file, "/eval/output_spikes", std::vector<std::uint32_t>(3 * samples, 1), {samples, 3});
    for (const char* table : {"first", "second"}) {
        std::vector<double> values;
        for (std::size_t i = 0; i < samples; ++i) {
            values.push_back(1000.0 * static_cast<double>(i + 1));
        }
        put(file, std::string("/eval/time_") + table, values);
        put(file, std::string("/eval/energy_") + table, values);
    }
}

std::string RecordingBuilder::write(const std::string& name) const {
    const std::string path = temporary_path(name);
    auto file = files::Hdf5Writer::create(path);
    REQUIRE(file);
    if (!foreign) {
        file->attribute("/", "spikeloom_version", "0.1.0");
        file->texts("/network/names", names, {names.size()});
        put(*file, "/network/sizes", sizes);
        file->texts("/network/shapes", shapes, {shapes.size()});
        std::vector<std::uint8_t> outputs(names.size(), 0);
        outputs.back() = 1;
        put(*file, "/network/outputs", outputs);
        put(*file, "/network/spiking", std::vector<std::uint8_t>(names.size(), 1));
        file->scalar<double>("/network/step", 1e-3);
    }
    put(*file, "/cores/place", places);
    for (const char* column : {"compartments", "input_axons", "output_axons", "synapse_words", "synapses"}) {
        put(*file, std::string("/cores/") + column, std::vector<std::uint64_t>(places.size(), 8));
    }
    put(*file, "/counters/total", core_counts(places.size(), counters), {places.size(), counters});
    put(*file, "/counters/per_step", std::vector<std::uint64_t>(steps * counters, 1), {steps, counters});
    write_costs(*file, "first", 1);
    write_costs(*file, "second", 2);
    if (spikes) {
        put(*file, "/spikes/" + names[0] + "/timestamps", hidden_times);
        put(*file, "/spikes/" + names[0] + "/node_ids", hidden_ids);
        put(*file, "/spikes/" + names[1] + "/timestamps", output_times);
        put(*file, "/spikes/" + names[1] + "/node_ids", output_ids);
    }
    if (!labels.empty()) {
        write_samples(*file);
    }
    chip::ChipSpec chip;
    chip.name = "loihi1";
    chip.title = "a chip";
    chip.description = "Made up.";
    chip.costs = {made_up_costs("first", 1), made_up_costs("second", 2)};
    file->text("/chip/spec", spec.empty() ? chip::print_chip_spec(chip) : spec);
    file->text("/mapping/report", "core 0: hidden\n");
    file->text("/mapping/losses", losses);
    if (!gap.empty()) {
        file->text("/extra/gap", gap);
    }
    file->text("/provenance/program", "spikeloom 0.1.0");
    file->text("/provenance/network", "made-up");
    file->text("/provenance/finished_at", "2026-11-22T11:00:00Z");
    file->scalar<std::uint64_t>("/provenance/seed", 5);
    const std::vector<std::string> rules{"time unit: seconds"};
    file->texts("/provenance/rules", rules, {1});
    file->scalar<std::uint8_t>("/provenance/interrupted", 0);
    if (more) {
        more(*file);
    }
    const auto closed = file->close();
    REQUIRE_MESSAGE(closed.has_value(), (closed ? "" : to_text(closed.error())));
    return path;
}

}  // namespace spikeloom::test
