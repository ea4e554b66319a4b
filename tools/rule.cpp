// spikeloom rule: what is to be known about a learning rule before a network uses it; one file a subcommand of its own.

#include <fmt/format.h>

#include <array>

#include "tools/command_line.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const Subcommand*, 3> family{&rule_check_subcommand, &rule_window_subcommand,
                                                  &rule_compare_subcommand};

/// The name without "rule ".
std::string_view own_name(const Subcommand& member) {
    return member.name.substr(member.name.find(' ') + 1);
}

std::string names() {
    std::string all;
    for (const Subcommand* member : family) {
        all += fmt::format("{}{}", all.empty() ? "" : ", ", own_name(*member));
    }
    return all;
}

void print_overview(const Subcommand& self) {
    fmt::print("Usage: spikeloom {} {}\n\n{}\n\n", self.name, self.synopsis, self.text);
    for (const Subcommand* member : family) {
        fmt::print("  {:<9} {}\n", own_name(*member), member->summary);
    }
    fmt::print("\nspikeloom rule SUBCOMMAND --help explains one.\n\nExample:\n{}\n", self.example);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    if (arguments.empty()) {
        throw UsageError(fmt::format("what of a rule is missing: {}", names()));
    }
    if (arguments[0] == "--help" || arguments[0] == "-h") {
        print_overview(self);
        return ExitStatus::done;
    }
    for (const Subcommand* member : family) {
        if (own_name(*member) != arguments[0]) {
            continue;
        }
        try {
            return member->run(*member, arguments.subspan(1));
        } catch (const UsageError& error) {
            fmt::print(stderr, "spikeloom {0}: error: {1}; see spikeloom {0} --help\n", member->name, error.what());
            return ExitStatus::usage;
        }
    }
    throw UsageError(fmt::format("there is no '{}'; {}", arguments[0], names()));
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
