// What a user hears when an input can't be used: where, what was found, what is allowed, what would help.
// Readers collect all findings before they give up; only `main` prints them and chooses the exit status.
// Bugs are assertions (see SPIKELOOM_ASSERT), an impossible environment is an exception.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace spikeloom {

enum class Severity : std::uint8_t { error, warning, note };

/// The empty initialisers let designated initialisation leave fields out without a compiler's warning.
struct Diagnostic {
    Severity severity = Severity::error;
    std::string where{};    ///< "chip.textproto:12:3", "net.nir:/node/nodes/lif/tau", "population 'hidden'"
    std::string found{};    ///< one sentence: what was found
    std::string allowed{};  ///< what is allowed; may be empty
    std::string help{};     ///< what would help; may be empty

    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

/// A value, or every reason why there is none (at least one of them an error).
template <class T>
using Result = tl::expected<T, Diagnostics>;

/// "where: error: found; allowed: ...; help: ..." on one line.
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);
[[nodiscard]] std::string to_text(const Diagnostics& diagnostics);
[[nodiscard]] bool has_error(const Diagnostics& diagnostics);

[[nodiscard]] inline tl::unexpected<Diagnostics> fail(Diagnostic diagnostic) {
    Diagnostics all;
    all.push_back(std::move(diagnostic));
    return tl::unexpected<Diagnostics>(std::move(all));
}

[[nodiscard]] inline tl::unexpected<Diagnostics> fail(Diagnostics diagnostics) {
    return tl::unexpected<Diagnostics>(std::move(diagnostics));
}

/// Ends the program with the expression, the place and the values: for states that only a bug can bring about.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line, const std::string& values);

}  // namespace spikeloom

#define SPIKELOOM_ASSERT(expression, values) \
    ((expression) ? void() : ::spikeloom::assertion_failed(#expression, __FILE__, __LINE__, (values)))
