// spikeloom ppu: plasticity rules of an embedded processor; one file a subcommand of its own.

#include <array>

#include "tools/family.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::array<const Subcommand*, 2> family{&ppu_check_subcommand, &ppu_run_subcommand};

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    return run_family(self, family, arguments);
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
