#include "tools/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <system_error>
#include <typeinfo>

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

/// Boost reads '-1' into an unsigned number as 2^32 - 1.
void refuse_wrapped(const po::parsed_options& parsed, const po::variables_map& values) {
    for (const auto& option : parsed.options) {
        const auto found = values.find(option.string_key);
        if (found == values.end()) {
            continue;
        }
        const std::type_info& type = found->second.value().type();
        const bool is_unsigned = type == typeid(std::uint32_t) || type == typeid(std::uint64_t);
        for (const std::string& text : option.value) {
            if (is_unsigned && text.starts_with('-')) {
                throw UsageError(fmt::format("--{} {}: allowed are whole numbers from 0 on", option.string_key, text));
            }
        }
    }
}

/// Options whose word is a file that the subcommand writes.
constexpr std::array<std::string_view, 6> outputs{"output", "svg", "text", "html", "json", "save-image"};

/// No output may be a file that the same words name as an input (unless --force says so), nor two outputs one file:
/// it would be lost.
void refuse_overwritten_inputs(const po::parsed_options& parsed) {
    const bool forced =
        std::ranges::any_of(parsed.options, [](const po::option& option) { return option.string_key == "force"; });
    const auto is_output = [](const po::option& option) {
        return std::ranges::find(outputs, option.string_key) != outputs.end();
    };
    for (const po::option& written : parsed.options) {
        if (!is_output(written) || written.value.size() != 1) {
            continue;
        }
        const std::filesystem::path path = written.value[0];
        for (const po::option& other : parsed.options) {
            for (const std::string& word : other.value) {
                if (&other == &written || word.empty() || written.value[0].empty()) {
                    continue;
                }
                std::error_code error;
                const bool same_input = !forced && std::filesystem::is_regular_file(path, error) &&
                                        std::filesystem::equivalent(path, word, error) && !error;
                const bool same_output =
                    is_output(other) && path.lexically_normal() == std::filesystem::path(word).lexically_normal();
                if (same_input || same_output) {
                    throw UsageError(fmt::format("--{} {}: {} names the same file, which would be lost",
                                                 written.string_key, written.value[0],
                                                 other.position_key >= 0 ? word : "--" + other.string_key));
                }
            }
        }
    }
}

}  // namespace

bool CommandLine::parse(std::span<const std::string> arguments) {
    shown_.add_options()("help,h", tools::flag(), "this text");
    for (const std::string& argument : arguments) {
        if (argument == "--") {
            break;
        }
        if (argument == "--help" || argument == "-h") {
            print_help();
            return false;
        }
    }
    po::options_description all;
    all.add(shown_);
    po::positional_options_description places;
    if (!positional_.empty()) {
        if (many_) {
            all.add_options()(positional_.c_str(), po::value<std::vector<std::string>>());
        } else {
            all.add_options()(positional_.c_str(), po::value<std::string>());
        }
        places.add(positional_.c_str(), many_ ? -1 : 1);
    }
    try {
        const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        const po::parsed_options parsed =
            po::command_line_parser(std::vector<std::string>(arguments.begin(), arguments.end()))
                .options(all)
                .positional(places)
                .style(style)
                .run();
        po::store(parsed, values_);
        refuse_wrapped(parsed, values_);
        po::notify(values_);
        refuse_overwritten_inputs(parsed);
        for (const auto& option : parsed.options) {
            given_.push_back(fmt::format("{}={}", option.string_key, fmt::join(option.value, " ")));
        }
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    if (!positional_.empty() && !has(positional_)) {
        throw UsageError(fmt::format("{} is missing", positional_));
    }
    return true;
}

void CommandLine::throw_bad_choice(const std::string& name, const std::vector<std::string_view>& allowed) const {
    throw UsageError(fmt::format("--{} {}: allowed are {}", name, value<std::string>(name), fmt::join(allowed, ", ")));
}

void CommandLine::print_help() const {
    std::ostringstream options;
    options << shown_;
    fmt::print("Usage: spikeloom {} {}\n\n{}\n\n{}\nExample:\n{}\n", about_->name, about_->synopsis, about_->text,
               options.str(), about_->example);
}

}  // namespace spikeloom::tools
