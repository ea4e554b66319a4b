#include "tools/family.hpp"

#include <fmt/format.h>

#include "tools/command_line.hpp"

namespace spikeloom::tools {

namespace {

std::string_view own_name(const Subcommand& member) {
    return member.name.substr(member.name.find(' ') + 1);
}

std::string names(std::span<const Subcommand* const> members) {
    std::string all;
    for (const Subcommand* member : members) {
        all += fmt::format("{}{}", all.empty() ? "" : ", ", own_name(*member));
    }
    return all;
}

void print_overview(const Subcommand& self, std::span<const Subcommand* const> members) {
    fmt::print("Usage: spikeloom {} {}\n\n{}\n\n", self.name, self.synopsis, self.text);
    for (const Subcommand* member : members) {
        fmt::print("  {:<9} {}\n", own_name(*member), member->summary);
    }
    fmt::print("\nspikeloom {} SUBCOMMAND --help explains one.\n\nExample:\n{}\n", self.name, self.example);
}

}  // namespace

ExitStatus run_family(const Subcommand& self, std::span<const Subcommand* const> members,
                      std::span<const std::string> arguments) {
    if (arguments.empty()) {
        throw UsageError(fmt::format("what of a rule is missing: {}", names(members)));
    }
    if (arguments[0] == "--help" || arguments[0] == "-h") {
        print_overview(self, members);
        return ExitStatus::done;
    }
    for (const Subcommand* member : members) {
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
    throw UsageError(fmt::format("there is no '{}'; {}", arguments[0], names(members)));
}

}  // namespace spikeloom::tools
