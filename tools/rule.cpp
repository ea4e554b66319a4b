// spikeloom rule: what is to be known about a learning rule before a network uses it; one file a subcommand of its own.

#include <array>

#include "tools/family.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const Subcommand*, 3> family{&rule_check_subcommand, &rule_window_subcommand,
                                                  &rule_compare_subcommand};

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    return run_family(self, family, arguments);
}

}  // namespace

const Subcommand rule_subcommand{
    .name = "rule",
    .summary = "a learning rule: whether it lives on a chip, what it does to a weight",
    .synopsis = "SUBCOMMAND RULE ...",
    .text =
        "Looks at a learning rule by itself. RULE is its text, 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' (for delays and tags "
        "also\n"
        "'dd = ...', 'dt = ...', separated by ';'), or a rule file (core/rules/rule.proto explains every field).",
    .example = "  spikeloom rule check 'dw = 2^-2*x1*y0 - 2^-2*y1*x0' --chip loihi1",
    .run = run,
};

}  // namespace spikeloom::tools
