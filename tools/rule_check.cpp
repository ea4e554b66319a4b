// spikeloom rule check: a rule as a chip's learning engine would keep it.

#include <fmt/format.h>

#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"
#include "tools/rule_source.hpp"

namespace spikeloom::tools {

namespace {

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positionals("RULE");
    line.add()("chip", word("CHIP"), "chip by name or path of its description (default loihi1)");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto chip = open_chip(line.has("chip") ? line.value<std::string>("chip") : "loihi1");
    if (!chip) {
        print(chip.error());
        return ExitStatus::failed;
    }
    const auto loaded = load_rule(line.operands(), rule_target(*chip));
    if (!loaded) {
        print(loaded.error());
        return ExitStatus::failed;
    }
    const rules::Rule* rule = &loaded->file.rule;
    for (const rules::Variable variable : rules::variables) {
        if (!rule->series(variable).empty()) {
            fmt::print("{} = {}\n", name_of(variable), rules::print(rule->series(variable)));
        }
    }
    return ExitStatus::done;
}

}  // namespace

const Subcommand rule_check_subcommand{
    .name = "rule check",
    .summary = "products, widths, saturation, dead terms, memory and energy of a rule on a chip",
    .synopsis = "RULE [RULE ...] [--chip CHIP]",
    .text = "Reads a rule as strictly as the chip's learning engine needs it, and prints what the engine would keep.",
    .example = "  spikeloom rule check 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' --chip loihi1",
    .run = run,
};

}  // namespace spikeloom::tools
