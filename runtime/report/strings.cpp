// Text from files: shortened, measured and cleaned by code point.
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::string_view replacement = "\uFFFD";

struct Decoded {
    char32_t code = 0;
    std::size_t length = 0;  ///< 0: no valid sequence starts here
};

/// One UTF-8 sequence (RFC 3629: shortest form, no surrogates, at most U+10FFFF).
Decoded decode(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || text.size() < length) {
        return {};
    }
    char32_t code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) {
            return {};
        }
        code = (code << 6) | (byte & 0x3FU);
    }
    const bool shortest = code >= (length == 2 ? 0x80U : length == 3 ? 0x800U : 0x10000U);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return shortest && !surrogate && code <= 0x10FFFF ? Decoded{code, length} : Decoded{};
}

bool harmless(char32_t code) {
    const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    const bool direction =
        (code >= 0x200E && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    const bool line = code == 0x2028 || code == 0x2029;
    return !control && !direction && !line;
}

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::size_t text_width(std::string_view text) {
    std::size_t width = 0;
    for (const char byte : text) {
        width += continues(byte) ? 0 : 1;
    }
    return width;
}

std::string shortened(std::string_view text, std::size_t width, Script script) {
    if (text_width(text) <= width || width == 0) {
        return std::string(text);
    }
    std::size_t end = 0;
    std::size_t taken = 0;
    while (end < text.size() && taken < width - 1) {
        ++end;
        while (end < text.size() && continues(text[end])) {
            ++end;
        }
        ++taken;
    }
    return std::string(text.substr(0, end)) + (script == Script::plain ? "~" : "…");
}

std::string printable(std::string_view text, bool keep_lines) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const Decoded next = decode(text);
        const std::size_t length = next.length == 0 ? 1 : next.length;
        const bool line = keep_lines && (next.code == '\n' || next.code == '\t');
        clean += next.length != 0 && (line || harmless(next.code)) ? text.substr(0, length) : replacement;
        text.remove_prefix(length);
    }
    return clean;
}

}  // namespace spikeloom::runtime
