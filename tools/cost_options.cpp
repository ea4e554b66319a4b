#include "tools/cost_options.hpp"

#include <fmt/format.h>

#include "chip/spec/cost_settings.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

void add_cost_options(CommandLine& line, const char* file_option, const char* file_help) {
    line.add()(file_option, word("FILE"), file_help)(
        "set", po::value<std::vector<std::string>>()->value_name("costs.CONSTANT=X")->composing(),
        "change a constant of a cost table: costs.spike.energy_pj=20, costs.TABLE.synaptic_op.energy_pj.high=40, "
        "costs.barrier[0].time_ns=300, costs.static_power_core_mw=0.5; costs.TABLE.voltage_v=0.6 scales a table to "
        "another supply; without TABLE the first; may be given more than once");
}

Result<runtime::Repricing> repricing_options(const CommandLine& line, const char* file_option) {
    runtime::Repricing repricing;
    if (line.has(file_option)) {
        auto tables = chip::read_cost_tables(line.value<std::string>(file_option));
        if (!tables) {
            return fail(std::move(tables.error()));
        }
        repricing.tables = std::move(*tables);
    }
    if (line.has("set")) {
        repricing.settings = line.value<std::vector<std::string>>("set");
    }
    return repricing;
}

Result<void> apply_cost_options(const CommandLine& line, chip::ChipSpec& chip) {
    auto repricing = repricing_options(line, "cost-tables");
    if (!repricing) {
        return fail(std::move(repricing.error()));
    }
    if (!repricing->tables.empty()) {
        chip.costs = std::move(repricing->tables);
    }
    if (Diagnostics findings = chip::set_costs(chip.costs, repricing->settings); !findings.empty()) {
        return fail(std::move(findings));
    }
    if (repricing->settings.empty() && !line.has("cost-tables")) {
        return {};
    }
    Diagnostics findings = chip::check_chip_spec(chip);
    return findings.empty() ? Result<void>{} : fail(std::move(findings));
}

}  // namespace spikeloom::tools
