// spikeloom ppu: plasticity rules of an embedded processor; one file a subcommand of its own.

#include <fmt/format.h>

#include <array>

#include "tools/command_line.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const Subcommand*, 2> family{&ppu_check_subcommand, &ppu_run_subcommand};

std::string_view own_name(const Subcommand& member) {
    return member.name.substr(member.name.find(' ') + 1);
}

void print_overview(const Subcommand& self) {
    fmt::print("Usage: spikeloom {} {}\n\n{}\n\n", self.name, self.synopsis, self.text);
    for (const Subcommand* member : family) {
        fmt::print("  {:<9} {}\n", own_name(*member), member->summary);
    }
    fmt::print("\nspikeloom ppu SUBCOMMAND --help explains one.\n\nExample:\n{}\n", self.example);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    if (arguments.empty()) {
        throw UsageError("what of a rule is missing: check, run");
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
    throw UsageError(fmt::format("there is no '{}'; check, run", arguments[0]));
}

}  // namespace

const Subcommand ppu_subcommand{
    .name = "ppu",
    .summary = "a plasticity rule for BrainScaleS-2's embedded processor: its time, and what it learns",
    .synopsis = "SUBCOMMAND FILE ...",
    .text =
        "Plasticity rules that the processor beside an analog array runs row by row, in a small vector language with\n"
        "exactly the types and operations of its vector unit (core/ppu/README.md), and experiments with them\n"
        "(core/ppu/experiment.proto explains every field). FILE is a rule (.ppu), an experiment (.textproto), or a\n"
        "bundled experiment by its name: homeostasis, stdp, pong.",
    .example = "  spikeloom ppu check pong\n  spikeloom ppu run homeostasis",
    .run = run,
};

}  // namespace spikeloom::tools
