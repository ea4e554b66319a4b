// From the recording's file to the report's value: which parts there are, and what a recording must have.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

std::string Source::text(const std::string& path, bool keep_lines) {
    if (!file.has(path)) {
        return {};
    }
    const auto value = keep(file.read_text(path));
    return value ? printable(*value, keep_lines) : std::string();
}

std::vector<std::string> Source::column_names(const std::string& path, const std::string& attribute) {
    if (!file.has_attribute(path, attribute)) {
        return {};
    }
    return keep(file.attribute_texts(path, attribute)).value_or(std::vector<std::string>());
}

std::optional<std::vector<std::optional<Counter>>> Source::counter_columns(const std::string& path,
                                                                           std::uint64_t columns) {
    const std::vector<std::string> names = column_names(path, "columns");
    std::vector<std::optional<Counter>> counters(columns);
    if (names.empty() && columns >= counters_before_learning && columns <= counter_count) {
        for (std::size_t i = 0; i < columns; ++i) {
            counters[i] = counter_table[i].counter;
        }
        return counters;
    }
    if (names.size() != columns || columns < counters_before_learning || columns > most_columns) {
        wrong(path, "another shape", fmt::format("shape (.., {}), or a name for each column", counter_count));
        return std::nullopt;
    }
    for (std::size_t i = 0; i < columns; ++i) {
        const auto known = std::ranges::find(counter_table, names[i], &CounterInfo::name);
        if (known == counter_table.end()) {
            remark(fmt::format("This version doesn't know the counter '{}'; it is left out.",
                               shortened(printable(names[i]), 40, Script::unicode)));
            continue;
        }
        if (std::ranges::find(counters, known->counter) != counters.end()) {
            wrong(path, fmt::format("two columns '{}'", names[i]), "a column for each counter");
            return std::nullopt;
        }
        counters[i] = known->counter;
    }
    return counters;
}

namespace {

/// Whether this is a recording of ours, before anything else is looked at.
Result<void> check_identity(const files::Hdf5Reader& file) {
    const bool ours = file.has_attribute("/", "spikeloom_version") && file.has("/network") && file.has("/counters");
    if (!ours) {
        return fail({.where = file.where("/"),
                     .found = "this HDF5 file is not a recording of spikeloom",
                     .allowed = "root attribute spikeloom_version, groups /network and /counters",
                     .help = "record a run with: spikeloom run NET.loom --input SPIKES --steps N -o RUN.h5"});
    }
    return {};
}

std::vector<std::uint32_t> parse_shape(const std::string& text, std::uint64_t size) {
    std::vector<std::uint32_t> shape;
    std::uint64_t product = 1;
    std::uint64_t extent = 0;
    bool digits = false;
    for (const char symbol : text + "x") {
        if (symbol >= '0' && symbol <= '9' && extent < std::numeric_limits<std::uint32_t>::max() / 10) {
            extent = extent * 10 + static_cast<std::uint64_t>(symbol - '0');
            digits = true;
        } else if (symbol == 'x' && digits && extent > 0 && product <= size / extent) {
            shape.push_back(static_cast<std::uint32_t>(extent));
            product *= extent;
            extent = 0;
            digits = false;
        } else {
            return {static_cast<std::uint32_t>(size)};
        }
    }
    return product == size ? shape : std::vector<std::uint32_t>{static_cast<std::uint32_t>(size)};
}

}  // namespace

void read_network(Source& source, Report& report) {
    const auto names = source.keep(source.file.read_texts("/network/names", population_limit));
    if (const auto step = source.number<double>("/network/step")) {
        report.step_s = *step;
        if (!(std::isfinite(*step) && *step > 0 && *step < 1e6)) {
            source.wrong("/network/step", fmt::format("a step of {} s", *step), "a time above 0");
            report.step_s = 1e-3;
        }
    }
    if (!names) {
        return;
    }
    const std::uint64_t count = names->values.size();
    const auto sizes = source.column<std::uint64_t>("/network/sizes", count);
    const auto shapes = source.keep(source.file.read_texts("/network/shapes", population_limit));
    const auto outputs = source.column<std::uint8_t>("/network/outputs", count);
    const auto spiking = source.column<std::uint8_t>("/network/spiking", count);
    if (!sizes || !outputs || !spiking || !shapes) {
        return;
    }
    std::uint64_t neurons = 0;
    for (std::size_t i = 0; i < count; ++i) {
        constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
        if ((*sizes)[i] > most - neurons) {
            source.wrong("/network/sizes", fmt::format("{} neurons in population {}", (*sizes)[i], i),
                         "2^32 neurons in all populations together");
            return;
        }
        neurons += (*sizes)[i];
        PopulationActivity population;
        population.name = printable(names->values[i]);
        population.shape = parse_shape(i < shapes->values.size() ? shapes->values[i] : "", (*sizes)[i]);
        population.neurons = (*sizes)[i];
        population.output = (*outputs)[i] != 0;
        population.spiking = (*spiking)[i] != 0;
        report.populations.push_back(std::move(population));
    }
}

void read_chip(Source& source, Report& report) {
    report.chip = source.text("/provenance/chip");
    const auto text = source.keep(source.file.read_text("/chip/spec"));
    if (!text) {
        return;
    }
    const auto spec = chip::parse_chip_spec(*text, source.file.where("/chip/spec"));
    if (!spec) {
        source.remark(
            "The recording's chip description can't be read by this version, so there are no limits, no static energy "
            "and no cost constants: " +
            printable(to_text(spec.error().front())));
        return;
    }
    report.chip = report.chip.empty() ? spec->name : report.chip;
    report.mesh = spec->mesh;
    report.spike_network = spec->network;
    report.limits = spec->limits;
    report.synapse_words = spec->synapses.words;
    report.words_per_axon = spec->synapses.words_per_axon;
    report.synapse_formats = spec->synapses.synapse_formats;
    report.learning_rules = spec->learning.profiles_per_core;
    report.plastic_axons = spec->learning.plastic_axons;
    report.word_bits = spec->synapses.word_bits;
    report.cost_tables = spec->costs;
    for (chip::CostTable& table : report.cost_tables) {
        table.name = printable(table.name);
        table.title = printable(table.title);
        table.condition = printable(table.condition);
    }
}

void read_cores(Source& source, Report& report) {
    const auto info = source.keep(source.file.describe("/cores/place"));
    if (!info) {
        return;
    }
    if (info->shape.size() != 1 || info->count > core_limit) {
        source.wrong("/cores/place", fmt::format("{} values", info->count),
                     fmt::format("one place a core, at most {} cores", core_limit));
        return;
    }
    const std::uint64_t count = info->count;
    const auto place = source.column<std::uint64_t>("/cores/place", count);
    const auto compartments = source.column<std::uint64_t>("/cores/compartments", count);
    const auto input_axons = source.column<std::uint64_t>("/cores/input_axons", count);
    const auto output_axons = source.column<std::uint64_t>("/cores/output_axons", count);
    const auto words = source.column<std::uint64_t>("/cores/synapse_words", count);
    const auto synapses = source.column<std::uint64_t>("/cores/synapses", count);
    const auto steps = source.keep(source.file.describe("/counters/per_step"));
    if (!place || !compartments || !input_axons || !output_axons || !words || !synapses || !steps) {
        return;
    }
    const std::uint64_t columns = steps->shape.size() == 2 ? steps->shape[1] : 0;
    const auto meaning = source.counter_columns(
        source.file.has_attribute("/counters/total", "columns") ? "/counters/total" : "/counters/per_step", columns);
    if (!meaning) {
        return;
    }
    const auto counters = source.keep(source.file.read<std::uint64_t>("/counters/total", count * columns));
    if (!counters) {
        return;
    }
    if (counters->shape != std::vector<std::uint64_t>{count, columns}) {
        source.wrong("/counters/total", "another shape", fmt::format("shape ({}, {})", count, columns));
        return;
    }
    report.steps = steps->shape[0];
    report.every_limit_recorded = source.file.has("/cores/synapse_formats");
    report.learning_limits_recorded = report.every_limit_recorded && source.file.has("/cores/learning_rules");
    constexpr std::array names{"longest_list",    "compartment_profiles", "threshold_profiles",
                               "synapse_formats", "learning_rules",       "plastic_axons"};
    std::vector<std::vector<std::uint64_t>> finer(names.size(), std::vector<std::uint64_t>(count, 0));
    const std::size_t recorded = report.learning_limits_recorded ? names.size() : names.size() - 2;
    for (std::size_t i = 0; report.every_limit_recorded && i < recorded; ++i) {
        if (auto column = source.column<std::uint64_t>(std::string("/cores/") + names[i], count)) {
            finer[i] = std::move(*column);
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        if ((*place)[i] >= static_cast<std::uint64_t>(std::max(report.mesh.cores(), 0))) {
            source.wrong("/cores/place", fmt::format("core {} at place {}", i, (*place)[i]),
                         fmt::format("places 0..{} of the chip", report.mesh.cores() - 1));
            return;
        }
        CoreOccupancy core{.place = static_cast<std::uint32_t>((*place)[i]),
                           .compartments = (*compartments)[i],
                           .input_axons = (*input_axons)[i],
                           .output_axons = (*output_axons)[i],
                           .synapse_words = (*words)[i],
                           .synapses = (*synapses)[i],
                           .longest_list = finer[0][i],
                           .compartment_profiles = finer[1][i],
                           .threshold_profiles = finer[2][i],
                           .synapse_formats = finer[3][i],
                           .learning_rules = finer[4][i],
                           .plastic_axons = finer[5][i],
                           .counters = {}};
        for (std::size_t column = 0; column < columns; ++column) {
            if ((*meaning)[column]) {
                core.counters[*(*meaning)[column]] = counters->values[i * columns + column];
            }
        }
        report.totals += core.counters;
        report.cores.push_back(core);
    }
}

void read_population_on_cores(Source& source, Report& report) {
    const std::string folder = "/cores/populations";
    if (!source.file.has(folder)) {
        return;
    }
    const auto info = source.keep(source.file.describe(folder + "/core"));
    if (!info) {
        return;
    }
    if (info->shape.size() != 1 || info->count > core_limit) {
        source.wrong(folder + "/core", fmt::format("{} values", info->count), fmt::format("at most {}", core_limit));
        return;
    }
    const auto core = source.column<std::uint32_t>(folder + "/core", info->count);
    const auto population = source.column<std::uint32_t>(folder + "/population", info->count);
    const auto neurons = source.column<std::uint64_t>(folder + "/neurons", info->count);
    const auto spikes = source.column<std::uint64_t>(folder + "/spikes", info->count);
    const auto messages = source.column<std::uint64_t>(folder + "/messages", info->count);
    if (!core || !population || !neurons || !spikes || !messages) {
        return;
    }
    for (std::size_t i = 0; i < info->count; ++i) {
        if ((*core)[i] >= report.cores.size() || (*population)[i] >= report.populations.size()) {
            source.wrong(
                folder, fmt::format("population {} on core {}", (*population)[i], (*core)[i]),
                fmt::format("populations below {}, cores below {}", report.populations.size(), report.cores.size()));
            return;
        }
        report.population_on_cores.push_back({.core = (*core)[i],
                                              .population = (*population)[i],
                                              .neurons = (*neurons)[i],
                                              .spikes = (*spikes)[i],
                                              .messages = (*messages)[i]});
    }
}

void read_documents(Source& source, Report& report) {
    report.mapping_report = source.text("/mapping/report", true);
    constexpr std::size_t most_mapping_text = 200'000;
    if (report.mapping_report.size() > most_mapping_text) {
        report.mapping_report.resize(most_mapping_text);
        report.mapping_report = printable(report.mapping_report, true) + "\n... (cut; the whole is in the recording)";
    }
    report.losses_json = source.text("/mapping/losses", true);
    report.losses = parse_losses(report.losses_json);
    report.gap_json = source.text("/extra/gap", true);
    if (!report.gap_json.empty()) {
        report.gap = parse_gap(report.gap_json);
        if (!report.gap) {
            source.remark("The quantisation gap in the recording (/extra/gap) is not JSON that this version knows.");
            report.gap_json.clear();
        }
    }
    report.curve_json = source.text("/extra/curve", true);
    if (!report.curve_json.empty()) {
        report.curve = parse_accuracy_curves(report.curve_json);
        if (!report.curve) {
            source.remark("The accuracy curve in the recording (/extra/curve) is not JSON that this version knows.");
            report.curve_json.clear();
        }
    }
}

void read_provenance(Source& source, Report& report) {
    report.program = source.text("/provenance/program");
    report.recorded_at = source.text("/provenance/finished_at");
    report.network = source.text("/provenance/network");
    for (const char* key : {"program", "started_at", "finished_at", "network", "network_file", "network_sha256", "chip",
                            "stimulus", "stimulus_sha256", "host"}) {
        const std::string value = source.text(std::string("/provenance/") + key);
        if (!value.empty()) {
            report.provenance.emplace_back(key, value);
        }
    }
    for (const char* key : {"seed", "threads"}) {
        const std::string path = std::string("/provenance/") + key;
        if (source.file.has(path)) {
            if (const auto value = source.number<std::uint64_t>(path)) {
                report.provenance.emplace_back(key, std::to_string(*value));
            }
        }
    }
    constexpr std::uint64_t most_lines = 10'000;
    for (auto [path, lines] :
         {std::pair{"/provenance/options", &report.options}, std::pair{"/provenance/rules", &report.rules}}) {
        if (!source.file.has(path)) {
            continue;
        }
        if (const auto texts = source.keep(source.file.read_texts(path, most_lines))) {
            for (const std::string& line : texts->values) {
                lines->push_back(printable(line));
            }
        }
    }
    if (source.file.has("/provenance/interrupted")) {
        report.interrupted = source.number<std::uint8_t>("/provenance/interrupted").value_or(0) != 0;
    }
}

NeuroBench neurobench_of(const Report& report) {
    NeuroBench figures;
    const double runs = report.samples > 0 ? static_cast<double>(report.samples)
                                           : static_cast<double>(std::max<std::uint64_t>(report.steps, 1));
    for (const CoreOccupancy& core : report.cores) {
        figures.footprint_bytes += static_cast<double>(core.synapse_words) * report.word_bits / 8;
    }
    double weights = 0;
    double synapses = 0;
    double zeroed = 0;
    for (const chip::ProjectionLoss& loss : report.losses) {
        weights += static_cast<double>(loss.weights);
        synapses += static_cast<double>(loss.synapses);
        zeroed += static_cast<double>(loss.zeroed);
    }
    if (weights > 0) {
        figures.footprint_float_bytes = 4 * weights;
        figures.connection_sparsity_float = (weights - synapses) / weights;
        figures.connection_sparsity = (weights - synapses + zeroed) / weights;
        figures.dense_operations = weights * static_cast<double>(report.steps) / runs;
    }
    double opportunities = 0;
    for (const PopulationActivity& population : report.populations) {
        opportunities += population.spiking ? static_cast<double>(population.neurons) : 0;
    }
    opportunities *= static_cast<double>(report.steps);
    if (opportunities > 0) {
        figures.activation_sparsity = 1 - static_cast<double>(report.totals[Counter::spikes]) / opportunities;
    }
    const bool multiplies = std::ranges::any_of(report.populations, &PopulationActivity::values);
    double& operations = multiplies ? figures.effective_macs : figures.effective_acs;
    operations = static_cast<double>(report.totals.synaptic_events()) / runs;
    figures.membrane_updates = static_cast<double>(report.totals[Counter::updates_active]) / runs;
    return figures;
}

Result<Report> read_report(const std::string& recording_path, const Repricing& repricing) {
    auto file = files::Hdf5Reader::open(recording_path);
    if (!file) {
        return fail(std::move(file.error()));
    }
    if (auto identity = check_identity(*file); !identity) {
        return fail(std::move(identity.error()));
    }
    Source source(std::move(*file));
    Report report;
    read_network(source, report);
    read_chip(source, report);
    read_cores(source, report);
    if (has_error(source.findings)) {
        return fail(std::move(source.findings));  // the parts below are sized by these
    }
    read_population_on_cores(source, report);
    read_energy(source, report);
    const std::vector<std::uint32_t> sample_steps = read_samples(source, report);
    read_spikes(source, sample_steps, report);
    read_traffic(source, sample_steps, report);
    read_repricing(source, repricing, report);
    read_learning(source, report);
    read_documents(source, report);
    read_provenance(source, report);
    if (has_error(source.findings)) {
        return fail(std::move(source.findings));
    }
    report.neurobench = neurobench_of(report);
    report.remarks = std::move(source.remarks);
    return report;
}

}  // namespace spikeloom::runtime
