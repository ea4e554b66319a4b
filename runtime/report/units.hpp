// How figures are written: three significant digits, an SI prefix, a unit, always. Energies come in pJ and times in
// ns, as the report's value holds them. `plain` is ASCII (uJ) for terminals, `unicode` is for pages (µJ, en dash).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chip/cost.hpp"

namespace spikeloom::runtime {

enum class Script : std::uint8_t { plain, unicode };

/// si(2.36e-11, "J") is "23.6 pJ"; not finite: "not known".
[[nodiscard]] std::string si(double value, std::string_view unit, Script script);
/// "12.3 to 45.6 nJ" (unicode: "12.3–45.6 nJ"), both in one prefix; one figure if they agree to three digits.
[[nodiscard]] std::string si_range(double low, double high, std::string_view unit, Script script);

[[nodiscard]] std::string energy(double pj, Script script);
[[nodiscard]] std::string energy_range(const chip::Estimate& pj, Script script);
[[nodiscard]] std::string time(double ns, Script script);
[[nodiscard]] std::string power(double mw, Script script);

/// 1234567 is "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t count);
/// Three significant digits without a prefix below a million ("1,230", "12.3"), with one from there on ("1.23 M").
[[nodiscard]] std::string amount(double value);
/// 0.9624 is "96.2 %".
[[nodiscard]] std::string percent(double fraction, Script script, int decimals = 1);
[[nodiscard]] std::string bytes(double count, Script script);

/// At most `width` code points; what is cut off is replaced by "…" (plain: "~").
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width, Script script);
/// Code points of UTF-8 text.
[[nodiscard]] std::size_t text_width(std::string_view text);
/// Valid UTF-8 without control or direction-changing characters: what a string of a file becomes when it is read.
/// Line feeds and tabs stay if `keep_lines`.
[[nodiscard]] std::string printable(std::string_view text, bool keep_lines = false);

}  // namespace spikeloom::runtime
