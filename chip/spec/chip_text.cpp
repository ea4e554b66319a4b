#include "chip/spec/chip_text.hpp"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

namespace spikeloom::chip {
namespace {

constexpr std::size_t most_text_bytes = std::size_t{16} << 20;

/// Line and column at the end of "origin:line:column".
std::pair<int, int> place(const Diagnostic& finding) {
    const auto number = [&](std::size_t begin, std::size_t end) {
        int value = 0;
        std::from_chars(finding.where.data() + begin, finding.where.data() + end, value);
        return value;
    };
    const std::size_t column = finding.where.rfind(':');
    const std::size_t line = column == std::string::npos ? column : finding.where.rfind(':', column - 1);
    if (line == std::string::npos) {
        return {};
    }
    return {number(line + 1, column), number(column + 1, finding.where.size())};
}

}  // namespace

Result<std::string> read_chip_text(const std::string& path, std::string_view what) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (file) {
        text.resize(most_text_bytes + 1);
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad() || (!file && !file.eof())) {
        return fail({.severity = Severity::error,
                     .where = path,
                     .found = fmt::format("the {} can't be read: {}", what, std::strerror(errno)),
                     .allowed = "a text file",
                     .help = what == "chip description" ? "`spikeloom chips` lists the bundled ones" : ""});
    }
    if (text.size() > most_text_bytes) {
        return fail({.severity = Severity::error,
                     .where = path,
                     .found = fmt::format("the file is too large for a {}", what),
                     .allowed = fmt::format("at most {} bytes", most_text_bytes),
                     .help = {}});
    }
    return text;
}

bool has_top_level_field(std::string_view text, std::string_view field) {
    const auto part_of_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '#') {
            i = std::min(text.find('\n', i), text.size());
        } else if (c == '"' || c == '\'') {
            for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) {
                i += text[i] == '\\' ? 1 : 0;
            }
        } else if (c == '{' || c == '<') {
            ++depth;
        } else if (c == '}' || c == '>') {
            --depth;
        } else if (part_of_name(c)) {
            const std::size_t begin = i;
            while (i + 1 < text.size() && part_of_name(text[i + 1])) {
                ++i;
            }
            if (depth == 0 && text.substr(begin, i + 1 - begin) == field) {
                return true;
            }
        }
    }
    return false;
}

Diagnostics by_place(Diagnostics findings) {
    std::multimap<std::pair<int, int>, Diagnostic> ordered;
    for (Diagnostic& finding : findings) {
        ordered.emplace(place(finding), std::move(finding));
    }
    findings.clear();
    for (auto& [at, finding] : ordered) {
        findings.push_back(std::move(finding));
    }
    return findings;
}

std::string print_chip_text(const google::protobuf::Message& message) {
    google::protobuf::TextFormat::Printer printer;
    printer.SetUseShortRepeatedPrimitives(true);
    printer.SetUseUtf8StringEscaping(true);
    std::string text;
    printer.PrintToString(message, &text);
    return text;
}

}  // namespace spikeloom::chip
