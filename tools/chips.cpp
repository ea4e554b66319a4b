// spikeloom chips: the bundled chip descriptions, one line each.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

std::string cost_names(const chip::ChipSpec& chip) {
    std::string names;
    for (const chip::CostTable& table : chip.costs) {
        names += (names.empty() ? "" : ", ") + table.name;
    }
    return names;
}

boost::json::object to_json(const chip::ChipSpec& chip, const std::string& path) {
    boost::json::array costs;
    for (const chip::CostTable& table : chip.costs) {
        costs.push_back(boost::json::object{{"name", table.name}, {"title", table.title}});
    }
    return {{"name", chip.name},
            {"title", chip.title},
            {"path", path},
            {"cores", chip.mesh.cores()},
            {"compartments_per_core", chip.limits.compartments},
            {"synapse_words_per_core", chip.synapses.words},
            {"cost_tables", std::move(costs)}};
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
    for (const BundledChip& entry : bundled) {
        const auto chip = chip::read_chip_spec(entry.path);
        if (!chip) {
            print(chip.error());
            status = ExitStatus::failed;
            continue;
        }
        all.push_back(to_json(*chip, entry.path));
        if (!line.flag("json")) {
            fmt::print("{:<10} {}; costs: {}\n", entry.name, chip->title, cost_names(*chip));
        }
    }
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(all));
    }
    return status;
}

}  // namespace

const Subcommand chips_subcommand{
    .name = "chips",
    .summary = "the bundled chip descriptions, one line each",
    .synopsis = "[--json]",
    .text =
        "Lists the chips that --chip knows by name. Any other chip is given by the path of its description; the\n"
        "schema chip/spec/chip_spec.proto explains every field.",
    .example = "  spikeloom chips",
    .run = run,
};

}  // namespace spikeloom::tools
