#include "core/base/diagnostics.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace spikeloom {
namespace {

const char* name(Severity severity) {
    switch (severity) {
    case Severity::error:
        return "error";
    case Severity::warning:
        return "warning";
    case Severity::note:
        return "note";
    }
    return "error";
}

/// Names come from files: what would move a terminal's cursor, or end the line, is spelled out.
std::string without_controls(const std::string& text) {
    constexpr const char* digits = "0123456789abcdef";
    std::string shown;
    shown.reserve(text.size());
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte == 0x7f) {
            shown += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xFU]};
        } else {
            shown.push_back(letter);
        }
    }
    return shown;
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
    std::string text;
    if (!diagnostic.where.empty()) {
        text += diagnostic.where + ": ";
    }
    text += std::string(name(diagnostic.severity)) + ": " + diagnostic.found;
    if (!diagnostic.allowed.empty()) {
        text += "; allowed: " + diagnostic.allowed;
    }
    if (!diagnostic.help.empty()) {
        text += "; help: " + diagnostic.help;
    }
    return without_controls(text);
}

std::string to_text(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics) {
        text += to_text(diagnostic) + "\n";
    }
    return text;
}

bool has_error(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}

void assertion_failed(const char* expression, const char* file, int line, const std::string& values) {
    std::fprintf(stderr, "spikeloom: internal error at %s:%d: (%s) is false; %s\n", file, line, expression,
                 values.c_str());
    std::abort();
}

}  // namespace spikeloom
