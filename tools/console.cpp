#include "tools/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace spikeloom::tools {

namespace {

bool stderr_is_terminal() {
    static const bool terminal = isatty(STDERR_FILENO) == 1 && [] {
        const char* kind = std::getenv("TERM");
        return kind == nullptr || std::string_view(kind) != "dumb";
    }();
    return terminal;
}

bool stderr_has_colour() {
    const char* no_colour = std::getenv("NO_COLOR");
    return stderr_is_terminal() && (no_colour == nullptr || *no_colour == '\0');
}

std::string_view colour_of(Severity severity) {
    switch (severity) {
    case Severity::error:
        return "\033[1;31m";
    case Severity::warning:
        return "\033[1;33m";
    case Severity::note:
        return "\033[1;36m";
    }
    return "";
}

std::string_view word_of(Severity severity) {
    switch (severity) {
    case Severity::error:
        return "error:";
    case Severity::warning:
        return "warning:";
    case Severity::note:
        return "note:";
    }
    return "";
}

}  // namespace

void print(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) {
        std::string line = to_text(diagnostic);
        const std::string_view word = word_of(diagnostic.severity);
        const std::size_t at = line.find(word);
        if (stderr_has_colour() && at != std::string::npos) {
            line = fmt::format("{}{}{}\033[0m{}", line.substr(0, at), colour_of(diagnostic.severity), word,
                               line.substr(at + word.size()));
        }
        fmt::print(stderr, "{}\n", line);
    }
}

void remark(std::string_view text) {
    fmt::print(stderr, "spikeloom: {}\n", text);
}

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), shown_(stderr_is_terminal()), started_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
    if (drawn_) {
        fmt::print(stderr, "\r\033[K");
        std::fflush(stderr);
    }
}

void ProgressBar::update(double fraction, std::string_view phase) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || (drawn_ && now - last_ < std::chrono::milliseconds(100))) {
        return;
    }
    last_ = now;
    drawn_ = true;
    constexpr int width = 30;
    const double done = std::clamp(fraction, 0.0, 1.0);
    const int filled = static_cast<int>(done * width);
    const double elapsed = std::chrono::duration<double>(now - started_).count();
    const std::string left = done > 0.02 ? fmt::format("{:.0f} s left", elapsed * (1 - done) / done) : std::string();
    fmt::print(stderr, "\r{} [{:=<{}}{: <{}}] {:3.0f} % {} {}\033[K", label_, "", filled, "", width - filled,
               100 * done, phase, left);
    std::fflush(stderr);
}

}  // namespace spikeloom::tools
