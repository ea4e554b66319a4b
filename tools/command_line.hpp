// Reads the words of a subcommand: options by Boost.Program_options, --help for all in one form, and bad usage as an
// exception that only main catches.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tools/subcommand.hpp"

namespace spikeloom::tools {

/// The command line makes no sense: exit status 2.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class CommandLine {
public:
    explicit CommandLine(const Subcommand& about) : about_(&about), shown_("Options", 100, 60) {}

    /// Adds options that --help shows.
    boost::program_options::options_description_easy_init add() { return shown_.add_options(); }
    /// The subcommand's one positional argument, required: "NET", explained by the synopsis.
    void positional(const std::string& name) { positional_ = name; }
    /// The same for one or more: operands() instead of operand().
    void positionals(const std::string& name) {
        positional_ = name;
        many_ = true;
    }

    /// Prints the help and returns false if --help is among the arguments; throws UsageError.
    [[nodiscard]] bool parse(std::span<const std::string> arguments);

    [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) != 0; }
    [[nodiscard]] bool flag(const std::string& name) const { return values_[name].as<bool>(); }
    template <class T>
    [[nodiscard]] const T& value(const std::string& name) const {
        return values_[name].as<T>();
    }
    template <class T>
    [[nodiscard]] std::optional<T> optional(const std::string& name) const {
        return has(name) ? std::optional<T>(value<T>(name)) : std::nullopt;
    }
    [[nodiscard]] const std::string& operand() const { return value<std::string>(positional_); }
    [[nodiscard]] const std::vector<std::string>& operands() const {
        return value<std::vector<std::string>>(positional_);
    }

    /// The value of a word option through a closed list of words; throws UsageError that names the list.
    template <class T>
    [[nodiscard]] T choice(const std::string& name, std::span<const std::pair<std::string_view, T>> words) const {
        std::vector<std::string_view> allowed;
        for (const auto& [word, meaning] : words) {
            if (word == value<std::string>(name)) {
                return meaning;
            }
            allowed.push_back(word);
        }
        throw_bad_choice(name, allowed);
    }

    /// Everything that the user gave, as "key=value" in the order of the words, for a file's provenance.
    [[nodiscard]] const std::vector<std::string>& given() const { return given_; }

private:
    [[noreturn]] void throw_bad_choice(const std::string& name, const std::vector<std::string_view>& allowed) const;
    void print_help() const;

    const Subcommand* about_;
    boost::program_options::options_description shown_;
    std::string positional_;
    bool many_ = false;  ///< positionals
    boost::program_options::variables_map values_;
    std::vector<std::string> given_;
};

/// A flag that is absent or present.
[[nodiscard]] inline boost::program_options::typed_value<bool>* flag() {
    return boost::program_options::bool_switch();
}
[[nodiscard]] inline boost::program_options::typed_value<std::string>* word(const char* placeholder) {
    return boost::program_options::value<std::string>()->value_name(placeholder);
}

}  // namespace spikeloom::tools
