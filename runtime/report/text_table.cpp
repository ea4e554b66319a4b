#include "runtime/report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace spikeloom::runtime::text {

std::string Table::print() const {
    std::vector<std::size_t> widths(rows_[0].size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], text_width(row[i]));
        }
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line = " ";
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - text_width(row[i]), ' ');
            line += i == 0 ? " " : "  ";
            line += i == 0 ? row[i] + padding : padding + row[i];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += shortened(line, most_columns, script) + "\n";
    }
    return out;
}

std::string wrapped(const std::string& text, std::size_t indent) {
    std::istringstream words(text);
    const std::string margin(indent, ' ');
    std::string out;
    std::string line = margin;
    for (std::string word; words >> word;) {
        word = shortened(word, most_columns - indent, script);
        if (line.size() > indent && text_width(line) + 1 + text_width(word) > most_columns) {
            out += line + "\n";
            line = margin;
        }
        line += (line.size() > indent ? " " : "") + word;
    }
    return out + line + "\n";
}

std::string heading(std::string_view title, const std::string& finding) {
    std::string out = fmt::format("\n{}\n", title);
    return finding.empty() ? out : out + wrapped(finding + ".", 2);
}

}  // namespace spikeloom::runtime::text
