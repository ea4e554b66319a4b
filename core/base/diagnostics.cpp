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
    return text;
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
