// The page as it grows: sections, paragraphs and figures in order, with all text escaped here.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {

class Page {
public:
    void raw(std::string_view html) { out_ += html; }
    void section(std::string_view kicker, const std::string& finding) {
        raw(fmt::format("<p class=\"kicker\">{}</p>\n<h2>{}</h2>\n", escaped(kicker),
                        escaped(finding.empty() ? std::string(kicker) : finding)));
    }
    void paragraph(std::string_view text, std::string_view style = "") {
        raw(style.empty() ? fmt::format("<p>{}</p>\n", escaped(text))
                          : fmt::format("<p class=\"{}\">{}</p>\n", style, escaped(text)));
    }
    /// A picture that may be wider than the screen; nothing if it is empty.
    void figure(const std::string& svg, std::string_view caption) {
        if (!svg.empty()) {
            raw(fmt::format("<figure><div class=\"scroll\">{}</div><figcaption>{}</figcaption></figure>\n", svg,
                            escaped(caption)));
        }
    }
    void absent(std::string_view text) { paragraph(text, "absent"); }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// A table's cell; style "n": a number.
[[nodiscard]] inline std::string cell(std::string_view text, std::string_view style = "") {
    return style.empty() ? fmt::format("<td>{}</td>", escaped(text))
                         : fmt::format("<td class=\"{}\">{}</td>", style, escaped(text));
}

[[nodiscard]] inline std::string legend_entry(std::string_view colour, std::string_view text) {
    return fmt::format(
        "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"{}\" width=\"12\" "
        "height=\"12\" rx=\"2\"/></svg>{}</li>",
        colour, escaped(text));
}

}  // namespace spikeloom::runtime
