#include "runtime/report/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

namespace spikeloom::runtime {
namespace {

struct Prefix {
    int exponent;
    std::string_view plain;
    std::string_view unicode;
};
constexpr std::array<Prefix, 13> prefixes{{{-18, "a", "a"},
                                           {-15, "f", "f"},
                                           {-12, "p", "p"},
                                           {-9, "n", "n"},
                                           {-6, "u", "µ"},
                                           {-3, "m", "m"},
                                           {0, "", ""},
                                           {3, "k", "k"},
                                           {6, "M", "M"},
                                           {9, "G", "G"},
                                           {12, "T", "T"},
                                           {15, "P", "P"},
                                           {18, "E", "E"}}};

/// The prefix under which the value, rounded to three digits, reads 1.00 to 999.
const Prefix& prefix_of(double value) {
    const std::string scientific = fmt::format("{:.2e}", std::abs(value));
    const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
    const int thirds = static_cast<int>(std::floor(exponent / 3.0));
    return prefixes[static_cast<std::size_t>(std::clamp(thirds + 6, 0, 12))];
}

/// Three significant digits, not below the unit's place.
std::string digits(double scaled) {
    if (scaled == 0) {
        return "0";
    }
    const std::string scientific = fmt::format("{:.2e}", std::abs(scaled));
    const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
    return fmt::format("{:.{}f}", scaled, std::clamp(2 - exponent, 0, 6));
}

constexpr std::string_view space(Script script) {
    return script == Script::plain ? " " : "\u00a0";
}

std::string with_unit(const std::string& number, const Prefix& prefix, std::string_view unit, Script script) {
    const std::string_view symbol = script == Script::plain ? prefix.plain : prefix.unicode;
    if (symbol.empty() && unit.empty()) {
        return number;
    }
    return fmt::format("{}{}{}{}", number, space(script), symbol, unit);
}

}  // namespace

std::string si(double value, std::string_view unit, Script script) {
    if (!std::isfinite(value)) {
        return "not known";
    }
    const Prefix& prefix = value == 0 ? prefixes[6] : prefix_of(value);
    return with_unit(digits(value / std::pow(10.0, prefix.exponent)), prefix, unit, script);
}

std::string si_range(double low, double high, std::string_view unit, Script script) {
    if (!std::isfinite(low) || !std::isfinite(high)) {
        return "not known";
    }
    const Prefix& prefix = high == 0 ? prefixes[6] : prefix_of(high);
    const double scale = std::pow(10.0, prefix.exponent);
    const std::string first = digits(low / scale);
    const std::string last = digits(high / scale);
    if (first == last) {
        return with_unit(first, prefix, unit, script);
    }
    return with_unit(first + (script == Script::plain ? " to " : "–") + last, prefix, unit, script);
}

std::string energy(double pj, Script script) {
    return si(pj * 1e-12, "J", script);
}
std::string energy_range(const chip::Estimate& pj, Script script) {
    return si_range(pj.low * 1e-12, pj.high * 1e-12, "J", script);
}
std::string time(double ns, Script script) {
    return si(ns * 1e-9, "s", script);
}
std::string power(double mw, Script script) {
    return si(mw * 1e-3, "W", script);
}

std::string grouped(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, 1, ',');
    }
    return text;
}

std::string amount(double value) {
    if (!std::isfinite(value)) {
        return "not known";
    }
    if (std::abs(value) >= 1e6) {
        return si(value, "", Script::plain);
    }
    if (value >= 999.5) {
        return grouped(static_cast<std::uint64_t>(std::llround(value)));
    }
    return value == std::floor(value) ? fmt::format("{:.0f}", value) : digits(value);
}

std::string percent(double fraction, Script script, int decimals) {
    return std::isfinite(fraction) ? fmt::format("{:.{}f}{}%", 100 * fraction, decimals, space(script)) : "not known";
}

std::string bytes(double count, Script script) {
    if (!std::isfinite(count)) {
        return "not known";
    }
    constexpr std::array<std::string_view, 5> names{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t step = 0;
    while (count >= 1023.5 && step + 1 < names.size()) {
        count /= 1024;
        ++step;
    }
    return fmt::format("{}{}{}", step == 0 ? fmt::format("{:.0f}", count) : digits(count), space(script), names[step]);
}

}  // namespace spikeloom::runtime
