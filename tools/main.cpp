// spikeloom: the program. Chooses the subcommand, turns what it says into an exit status.

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {
namespace {

const auto subcommands = std::to_array<const Subcommand*>({
    &chips_subcommand,
    &inspect_subcommand,
    &convert_subcommand,
    &compile_subcommand,
    &explain_subcommand,
    &run_subcommand,
    &eval_subcommand,
    &report_subcommand,
    &compare_subcommand,
    &compare_chips_subcommand,
    &rule_subcommand,
    &ppu_subcommand,
    &calibrate_subcommand,
    &train_subcommand,
    &noc_subcommand,
    &partition_subcommand,
    &place_subcommand,
});

const Subcommand* find_subcommand(const std::string& name) {
    for (const Subcommand* subcommand : subcommands) {
        if (subcommand->name == name) {
            return subcommand;
        }
    }
    return nullptr;
}

void print_overview(std::FILE* stream) {
    fmt::print(stream,
               "spikeloom: a virtual neuromorphic chip. Takes a trained spiking network to the cores of a chip, runs "
               "it there\nto the bit, and says what it cost.\n\nUsage: spikeloom SUBCOMMAND ...\n\n");
    for (const Subcommand* subcommand : subcommands) {
        fmt::print(stream, "  {:<14} {}\n", subcommand->name, subcommand->summary);
    }
    fmt::print(stream,
               "\nspikeloom SUBCOMMAND --help (or: help SUBCOMMAND) explains one, with an example; spikeloom --version."
               "\nExit status: 0 done, 1 the work failed, 2 bad usage.\n");
}

ExitStatus dispatch(std::vector<std::string> words) {
    if (words.empty()) {
        print_overview(stderr);
        return ExitStatus::usage;
    }
    if (words[0] == "--version") {
        fmt::print("spikeloom {}\n", SPIKELOOM_VERSION);
        return ExitStatus::done;
    }
    if (words[0] == "--help" || words[0] == "-h" || (words[0] == "help" && words.size() == 1)) {
        print_overview(stdout);
        return ExitStatus::done;
    }
    if (words[0] == "help") {
        words.erase(words.begin());
        words.emplace_back("--help");
    }
    const Subcommand* subcommand = find_subcommand(words[0]);
    if (subcommand == nullptr) {
        fmt::print(stderr, "spikeloom: error: there is no subcommand '{}'; see spikeloom --help\n", words[0]);
        return ExitStatus::usage;
    }
    try {
        return subcommand->run(*subcommand, std::vector<std::string>(words.begin() + 1, words.end()));
    } catch (const UsageError& error) {
        fmt::print(stderr, "spikeloom {0}: error: {1}; see spikeloom {0} --help\n", subcommand->name, error.what());
        return ExitStatus::usage;
    }
}

}  // namespace
}  // namespace spikeloom::tools

int main(int count, char** words) {
    using spikeloom::tools::ExitStatus;
    ExitStatus status = ExitStatus::failed;
    std::signal(SIGXFSZ, SIG_IGN);  // over a file size limit: an error of the write, told as a full disk is
    try {
        status = spikeloom::tools::dispatch(std::vector<std::string>(words + 1, words + count));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "spikeloom: error: %s\n", error.what());
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        std::perror("spikeloom: error: stdout");
        status = ExitStatus::failed;
    }
    return static_cast<int>(status);
}
