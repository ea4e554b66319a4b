#include "runtime/recording_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <ctime>
#include <set>
#include <tuple>

#include "chip/cost.hpp"
#include "chip/image/crossbar_rows.hpp"
#include "chip/image/rule_number.hpp"
#include "chip/image/synapse_size.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::uint32_t sonata_magic = 0x0A7A;  // as bmtk writes it

std::uint64_t list_words(const chip::Image& image, const chip::CoreImage& core, std::size_t list) {
    const chip::SynapseMemory& memory = image.chip.synapses;
    std::int64_t bits = 0;
    for (const chip::SynapseEntry& entry : core.entries_in(list)) {
        bits += chip::entry_bits(entry, core.formats[entry.format], memory, chip::tag_bits_of(entry, image));
    }
    return bits == 0 ? 0 : static_cast<std::uint64_t>(chip::list_words(bits, memory));
}

std::uint64_t synapse_words(const chip::Image& image, const chip::CoreImage& core) {
    std::uint64_t words = 0;
    for (std::size_t list = 0; list < core.lists(); ++list) {
        words += list_words(image, core, list);
    }
    for (std::uint32_t part = 1; part <= core.parts(); ++part) {
        words += static_cast<std::uint64_t>(chip::part_words(core.part(part), image.chip.synapses));
    }
    return words;
}

/// What a core uses of the limits on profiles, formats and the longest list.
struct FormatUse {
    std::uint64_t compartment_profiles = 0;
    std::uint64_t threshold_profiles = 0;
    std::uint64_t synapse_formats = 0;
    std::uint64_t longest_list = 0;  ///< words
    std::uint64_t learning_rules = 0;
    std::uint64_t plastic_axons = 0;
};

/// `rule_numbers`: of every profile.
FormatUse format_use(const chip::Image& image, const chip::CoreImage& core,
                     const std::vector<std::uint8_t>& rule_numbers) {
    std::set<std::tuple<std::int32_t, std::int32_t, std::int32_t, NeuronModel, ModelParameters>> profiles;
    std::set<std::tuple<bool, std::int32_t>> thresholds;
    for (const chip::CompartmentGroup& group : core.groups) {
        profiles.emplace(group.current_decay, group.voltage_decay, group.refractory, group.model, group.parameters);
        thresholds.emplace(group.spikes, group.threshold_mantissa);
    }
    std::set<std::tuple<int, chip::SynapseEncoding, int, int>> formats;
    for (const chip::SynapseEntry& entry : core.entries) {
        const int skip_bits = entry.encoding == chip::SynapseEncoding::runlength ? entry.skip_bits : 0;
        formats.emplace(entry.format, entry.encoding, entry.index_bits, skip_bits);
    }
    FormatUse use{.compartment_profiles = profiles.size(),
                  .threshold_profiles = thresholds.size(),
                  .synapse_formats = formats.size()};
    std::set<std::uint8_t> rules;
    std::set<std::pair<std::size_t, std::uint8_t>> traced;
    for (std::size_t list = 0; list < core.lists(); ++list) {
        use.longest_list = std::max(use.longest_list, list_words(image, core, list));
    }
    for (std::size_t axon = 0; axon < core.axons(); ++axon) {
        for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
            if (entry.learning != 0) {
                const std::uint8_t rule = rule_numbers[entry.learning - 1U];
                rules.insert(rule);
                traced.emplace(axon, rule);
            }
        }
    }
    use.learning_rules = rules.size();
    use.plastic_axons = traced.size();
    return use;
}

std::vector<std::uint64_t> flat(const std::vector<Counters>& counters) {
    std::vector<std::uint64_t> values;
    for (const Counters& counts : counters) {
        for (const CounterInfo& info : counter_table) {
            values.push_back(counts[info.counter]);
        }
    }
    return values;
}

std::string losses_json(const chip::Image& image) {
    boost::json::array losses;
    for (const chip::ProjectionLoss& loss : image.losses) {
        losses.push_back({{"name", loss.name},
                          {"weights", loss.weights},
                          {"synapses", loss.synapses},
                          {"zeroed", loss.zeroed},
                          {"clipped", loss.clipped},
                          {"rms_error", loss.rms_error},
                          {"max_error", loss.max_error},
                          {"weight_exponent", loss.weight_exponent},
                          {"weight_bits", loss.weight_bits}});
    }
    return boost::json::serialize(losses);
}

}  // namespace

int tiles_in_use(const chip::Image& image) {
    std::set<int> tiles;
    for (const chip::CoreImage& core : image.cores) {
        tiles.insert(image.chip.mesh.tile(static_cast<int>(core.place)));
    }
    return static_cast<int>(tiles.size());
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

std::vector<std::string> file_names(const std::vector<std::string>& given, const std::string& kind) {
    std::vector<std::string> names;
    std::set<std::string> taken;
    for (std::string name : given) {
        std::replace(name.begin(), name.end(), '/', '.');
        if (name.find_first_not_of('.') == std::string::npos) {
            name = kind + name;
        }
        const std::string base = name;
        for (int number = 2; !taken.insert(name).second; ++number) {
            name = fmt::format("{}~{}", base, number);
        }
        names.push_back(name);
    }
    return names;
}

std::vector<std::string> recorded_names(const chip::Image& image) {
    std::vector<std::string> names;
    for (const chip::PopulationSymbol& population : image.populations) {
        names.push_back(population.name);
    }
    return file_names(names, "population");
}

void write_root(UnitWriter& writer) {
    const std::array<std::uint32_t, 2> version{0, 1};
    writer.file().attribute<std::uint32_t>("/", "magic", sonata_magic);
    writer.file().attribute<std::uint32_t>("/", "version", std::span<const std::uint32_t>(version));
    writer.file().attribute("/", "spikeloom_version", SPIKELOOM_VERSION);
}

void write_network(UnitWriter& writer, const chip::Image& image, const std::vector<std::string>& names) {
    std::vector<std::string> shapes;
    std::vector<std::uint64_t> sizes;
    std::vector<std::uint8_t> outputs;
    std::vector<std::uint8_t> spiking;
    for (const chip::PopulationSymbol& population : image.populations) {
        shapes.push_back(fmt::format("{}", fmt::join(population.shape, "x")));
        sizes.push_back(population.size());
        outputs.push_back(population.output ? 1 : 0);
        spiking.push_back(population.spikes ? 1 : 0);
    }
    writer.texts("/network/names", names);
    writer.texts("/network/shapes", shapes);
    writer.array("/network/sizes", "neurons", sizes);
    writer.array("/network/outputs", "1", outputs);
    writer.array("/network/spiking", "1", spiking);
    writer.scalar("/network/step", "s", image.step_s);
}

void write_cores(UnitWriter& writer, const chip::Image& image) {
    std::vector<std::uint8_t> rule_numbers;
    for (std::size_t profile = 0; profile < image.learning.size(); ++profile) {
        rule_numbers.push_back(chip::rule_number(image.learning, profile));
    }
    std::vector<std::uint64_t> place, compartments, input_axons, output_axons, words, synapses;
    std::vector<std::uint64_t> profiles, thresholds, formats, longest, rules, plastic_axons;
    const std::vector<chip::CrossbarUse> crossbar = chip::crossbar_uses(image);
    const bool rows = image.chip.synapses.crossbar_types > 0;  // which are its words
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        const chip::CoreImage& core = image.cores[c];
        place.push_back(core.place);
        compartments.push_back(core.compartments + static_cast<std::uint64_t>(crossbar[c].splitters));
        input_axons.push_back(rows ? static_cast<std::uint64_t>(crossbar[c].axons) : core.axons());
        output_axons.push_back(core.outputs.size());
        words.push_back(rows ? input_axons.back() : synapse_words(image, core));
        synapses.push_back(core.synapses.size());
        const FormatUse use = format_use(image, core, rule_numbers);
        profiles.push_back(use.compartment_profiles);
        thresholds.push_back(use.threshold_profiles);
        formats.push_back(use.synapse_formats);
        longest.push_back(rows ? static_cast<std::uint64_t>(crossbar[c].most_of_an_axon) : use.longest_list);
        rules.push_back(use.learning_rules);
        plastic_axons.push_back(use.plastic_axons);
    }
    writer.array("/cores/place", "1", place);
    writer.array("/cores/compartments", "compartments", compartments);
    writer.array("/cores/input_axons", "axons", input_axons);
    writer.array("/cores/output_axons", "axons", output_axons);
    writer.array("/cores/synapse_words", "words", words);
    writer.array("/cores/synapses", "synapses", synapses);
    writer.array("/cores/compartment_profiles", "profiles", profiles);
    writer.array("/cores/threshold_profiles", "profiles", thresholds);
    writer.array("/cores/synapse_formats", "formats", formats);
    writer.array("/cores/longest_list", "words", longest);
    if (!image.learning.empty()) {
        writer.array("/cores/learning_rules", "rules", rules);
        writer.array("/cores/plastic_axons", "axons", plastic_axons);
    }
}

void write_mapping(UnitWriter& writer, const chip::Image& image) {
    writer.text("/chip/spec", chip::print_chip_spec(image.chip));
    writer.text("/mapping/report", image.mapping_report);
    writer.text("/mapping/losses", losses_json(image));
}

void write_provenance(UnitWriter& writer, const chip::Image& image, const RecordingOptions& options,
                      const std::string& started_at) {
    writer.text("/provenance/program", "spikeloom " SPIKELOOM_VERSION);
    writer.text("/provenance/started_at", started_at);
    writer.text("/provenance/network", image.network_name);
    writer.text("/provenance/network_file", image.provenance.network_file);
    writer.text("/provenance/network_sha256", image.provenance.network_sha256);
    writer.text("/provenance/chip", image.chip.name);
    writer.text("/provenance/stimulus", options.stimulus);
    writer.text("/provenance/stimulus_sha256", options.stimulus_sha256);
    writer.scalar<std::uint64_t>("/provenance/seed", "1", options.seed);
    writer.scalar<std::int32_t>("/provenance/threads", "1", options.threads);
    writer.texts("/provenance/options", options.options);
    if (!image.learning.empty()) {
        writer.scalar<std::uint8_t>("/provenance/learning", "1", options.learning ? 1 : 0);
    }
    writer.texts("/provenance/rules", image.provenance.rules);
    writer.text("/provenance/compiler", image.provenance.program);
    writer.texts("/provenance/compile_options", image.provenance.options);
}

void write_totals(UnitWriter& writer, const std::vector<Counters>& cores) {
    writer.array("/counters/total", "1", flat(cores), {cores.size(), counter_count});
    for (const char* path : {"/counters/total", "/counters/per_step"}) {
        std::vector<std::string> columns;
        std::vector<std::string> units;
        for (const CounterInfo& info : counter_table) {
            columns.emplace_back(info.name);
            units.emplace_back(info.unit);
        }
        writer.file().attribute(path, "columns", columns);
        writer.file().attribute(path, "column_units", units);
    }
}

std::string energy_path(const chip::CostTable& costs) {
    std::string name = costs.name;
    std::replace(name.begin(), name.end(), '/', '.');
    return "/energy/" + name;
}

void write_energy(UnitWriter& writer, const chip::CostTable& costs, const std::vector<Counters>& cores,
                  double time_ns) {
    const std::string path = energy_path(costs);
    Counters total;
    std::vector<double> core_dynamic;
    for (const Counters& counts : cores) {
        total += counts;
        core_dynamic.push_back(chip::total(chip::dynamic_energy(counts, costs)).value);
    }
    std::vector<double> values;
    std::vector<std::string> items;
    for (const chip::ItemEnergy& item : chip::dynamic_energy(total, costs)) {
        values.insert(values.end(), {item.energy_pj.value, item.energy_pj.low, item.energy_pj.high});
        items.emplace_back(chip::name_of(item.item));
    }
    writer.array(path + "/items", "pJ", values, {items.size(), 3});
    writer.file().attribute(path + "/items", "items", items);
    writer.file().attribute(path + "/items", "columns", std::vector<std::string>{"value", "low", "high"});
    writer.scalar(path + "/time", "ns", time_ns);
    writer.array(path + "/core_dynamic", "pJ", core_dynamic);
}

}  // namespace spikeloom::runtime
