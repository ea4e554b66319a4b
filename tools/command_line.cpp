#include "tools/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <cstdio>
#include <sstream>
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
