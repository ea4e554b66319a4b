// The program's shape: a table of subcommands, each one file, each a function from its words to an exit status.
// Subcommands print results on stdout and everything else (diagnostics, progress, remarks) on stderr.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace spikeloom::tools {

enum class ExitStatus : int {
    done = 0,
    failed = 1,  ///< the work could not be done; diagnostics say why
    usage = 2,   ///< the command line makes no sense
};

struct Subcommand {
    std::string_view name;
    std::string_view summary;   ///< one line, for the list
    std::string_view synopsis;  ///< "NET --chip CHIP -o IMAGE"
    std::string_view text;      ///< what it does, some lines
    std::string_view example;
    ExitStatus (*run)(const Subcommand& self, std::span<const std::string> arguments);
};

extern const Subcommand chips_subcommand;
extern const Subcommand calibrate_subcommand;
extern const Subcommand inspect_subcommand;
extern const Subcommand convert_subcommand;
extern const Subcommand compile_subcommand;
extern const Subcommand explain_subcommand;
extern const Subcommand run_subcommand;
extern const Subcommand eval_subcommand;
extern const Subcommand report_subcommand;
extern const Subcommand compare_subcommand;
extern const Subcommand compare_chips_subcommand;
extern const Subcommand rule_subcommand;
extern const Subcommand ppu_subcommand;
extern const Subcommand train_subcommand;
extern const Subcommand noc_subcommand;
extern const Subcommand partition_subcommand;
extern const Subcommand place_subcommand;

/// The family of `rule`; their names have two words.
extern const Subcommand rule_check_subcommand;
extern const Subcommand rule_window_subcommand;
extern const Subcommand rule_compare_subcommand;

/// The family of `ppu`.
extern const Subcommand ppu_check_subcommand;
extern const Subcommand ppu_run_subcommand;

}  // namespace spikeloom::tools
