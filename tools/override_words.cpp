#include "tools/override_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "tools/command_line.hpp"

namespace spikeloom::tools {

namespace {

constexpr std::uint32_t most_cores = 1U << 20;  // more than any board has

/// "a,b" as "a", "b".
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        const std::size_t comma = text.find(',');
        words.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) {
            return words;
        }
        text.remove_prefix(comma + 1);
    }
}

std::uint32_t parse_core(const std::string& option, std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value >= most_cores) {
        throw UsageError(fmt::format("--{}: '{}' is no core; allowed are numbers and ranges, 0-3,7", option, text));
    }
    return value;
}

}  // namespace

std::vector<std::uint32_t> parse_core_list(const std::string& option, std::string_view text) {
    std::vector<std::uint32_t> cores;
    for (const std::string& word : split(text)) {
        const std::size_t dash = word.find('-');
        const std::uint32_t first = parse_core(option, std::string_view(word).substr(0, dash));
        const std::uint32_t last =
            dash == std::string::npos ? first : parse_core(option, std::string_view(word).substr(dash + 1));
        if (last < first) {
            throw UsageError(fmt::format("--{}: the range '{}' goes backwards", option, word));
        }
        if (last - first + 1 > most_cores - cores.size()) {
            throw UsageError(fmt::format("--{}: more than {} cores", option, most_cores));
        }
        const std::size_t before = cores.size();
        cores.resize(before + (last - first + 1));
        std::iota(cores.begin() + static_cast<std::ptrdiff_t>(before), cores.end(), first);
    }
    return cores;
}

compiler::MappingOverrides::Pin parse_pin(std::string_view text) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw UsageError(fmt::format("--pin: '{}'; allowed is POPULATION=CORES, hidden=0-3,7", text));
    }
    return {.population = std::string(text.substr(0, equals)),
            .cores = parse_core_list("pin", text.substr(equals + 1))};
}

compiler::MappingOverrides::FanInParts parse_fan_in_parts(std::string_view text) {
    const std::size_t equals = text.rfind('=');
    const std::string_view digits = equals == std::string_view::npos ? text : text.substr(equals + 1);
    std::uint32_t parts = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parts);
    if (equals == std::string_view::npos || equals == 0 || error != std::errc() ||
        end != digits.data() + digits.size()) {
        throw UsageError(fmt::format("--fan-in-parts: '{}'; allowed is POPULATION=PARTS, hidden=8", text));
    }
    return {.population = std::string(text.substr(0, equals)), .parts = parts};
}

std::vector<std::string> parse_together(std::string_view text) {
    std::vector<std::string> names = split(text);
    if (std::ranges::find(names, "") != names.end()) {
        throw UsageError(fmt::format("--keep-together: '{}'; allowed is POPULATION,POPULATION", text));
    }
    return names;
}

}  // namespace spikeloom::tools
