// spikeloom chips: the bundled chip descriptions, one line each.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/descriptions.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

/// "silicon, davies2018", or "none".
template <class Chip>
std::string cost_names(const Chip& chip) {
    std::string names;
    for (const auto& table : chip.costs) {
        names += (names.empty() ? "" : ", ") + table.name;
    }
    return names.empty() ? "none" : names;
}

template <class Chip>
boost::json::array cost_rows(const Chip& chip) {
    boost::json::array costs;
    for (const auto& table : chip.costs) {
        costs.push_back(boost::json::object{{"name", table.name}, {"title", table.title}});
    }
    return costs;
}

boost::json::object to_json(const chip::ChipSpec& chip, const std::string& path) {
    return {{"name", chip.name},
            {"title", chip.title},
            {"path", path},
            {"time_base", "steps"},
            {"cores", chip.mesh.cores()},
            {"chips", chip.mesh.chips()},
            {"topology", std::string(topology_name(chip.network.parameters.topology))},
            {"compartments_per_core", chip.limits.compartments},
            {"synapse_words_per_core", chip.synapses.words},
            {"neuron_models", model_names(chip.neuron)},
            {"payload_bits", chip.neuron.payload_bits},
            {"soft_reset_compartments", chip.neuron.soft_reset_compartments},
            {"shared_lists", chip.synapses.shared_lists},
            {"crossbar_types", chip.synapses.crossbar_types},
            {"destinations_per_compartment", chip.limits.destinations_per_compartment},
            {"learns", chip.learning.present},
            {"cost_tables", cost_rows(chip)}};
}

boost::json::object to_json(const chip::AnalogSpec& chip, const std::string& path) {
    boost::json::object row{
        {"name", chip.name}, {"title", chip.title}, {"path", path}, {"time_base", "continuous"}, {"ideal", chip.ideal}};
    if (!chip.ideal) {
        row["neuron_circuits"] = chip.array.circuits();
        row["synapses"] = std::int64_t{chip.array.circuits()} * chip.array.rows;
    }
    row["cost_tables"] = cost_rows(chip);
    return row;
}

struct Line {
    std::string name;
    std::string time_base;
    std::string text;
};

/// What a chip has that Loihi 1 has not: "10 neuron models, payloads of 24 bits, ".
std::string beyond_loihi(const chip::ChipSpec& chip) {
    std::string text;
    if (chip.neuron.models.size() > 1) {
        text += fmt::format("{} neuron models, ", chip.neuron.models.size());
    }
    if (chip.neuron.payload_bits > 0) {
        text += fmt::format("payloads of {} bits, ", chip.neuron.payload_bits);
    }
    if (chip.synapses.shared_lists) {
        text += "shared lists, ";
    }
    if (chip.synapses.crossbar_types > 0) {
        text += fmt::format("a crossbar of {} axon types, ", chip.synapses.crossbar_types);
    }
    if (chip.limits.destinations_per_compartment > 0) {
        text += fmt::format("{} destination{} a compartment, ", chip.limits.destinations_per_compartment,
                            chip.limits.destinations_per_compartment == 1 ? "" : "s");
    }
    return text.empty() ? text : "; " + text.substr(0, text.size() - 2);
}

Line line_of(const std::string& name, const chip::ChipSpec& chip) {
    return {.name = name,
            .time_base = "steps",
            .text = fmt::format("{}{}; costs: {}", chip.title, beyond_loihi(chip), cost_names(chip))};
}

Line line_of(const std::string& name, const chip::AnalogSpec& chip) {
    return {
        .name = name, .time_base = "continuous", .text = fmt::format("{}; costs: {}", chip.title, cost_names(chip))};
}

void print_lines(const std::vector<Line>& lines) {
    std::size_t name = 0;
    std::size_t time_base = 0;
    for (const Line& line : lines) {
        name = std::max(name, line.name.size());
        time_base = std::max(time_base, line.time_base.size());
    }
    for (const Line& line : lines) {
        fmt::print("{:<{}}  {:<{}}  {}\n", line.name, name, line.time_base, time_base, line.text);
    }
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.add()("json", flag(), "print JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const std::vector<BundledChip> bundled = bundled_chips();
    if (bundled.empty()) {
        print(Diagnostics{{.where = "models",
                           .found = "no chip is bundled here",
                           .help = "set $SPIKELOOM_MODELS to the folder that holds chips/"}});
        return ExitStatus::failed;
    }
    ExitStatus status = ExitStatus::done;
    boost::json::array all;
    std::vector<Line> lines;
    for (const BundledChip& entry : bundled) {
        const auto chip = read_any_chip(entry.path);
        if (!chip) {
            print(chip.error());
            status = ExitStatus::failed;
            continue;
        }
        std::visit(
            [&](const auto& spec) {
                all.push_back(to_json(spec, entry.path));
                lines.push_back(line_of(entry.name, spec));
            },
            *chip);
    }
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(all));
    } else {
        print_lines(lines);
    }
    return status;
}

}  // namespace

const Subcommand chips_subcommand{
    .name = "chips",
    .summary = "the bundled chip descriptions, one line each",
    .synopsis = "[--json]",
    .text =
        "Lists the chips and systems of many chips that --chip knows by name, with what they have beyond Loihi 1's\n"
        "cores; `spikeloom inspect` shows one whole. Any other chip is given by the path of its description; a board "
        "of\n"
        "several chips names the chip's description beside it (board { chip: \"loihi1\" chip_columns: 8 chip_rows: 4 "
        "}). The\n"
        "schemas chip/spec/chip_spec.proto (chips with steps) and chip/spec/analog_spec.proto (analog chips, in\n"
        "continuous time) explain every field.",
    .example = "  spikeloom chips",
    .run = run,
};

}  // namespace spikeloom::tools
