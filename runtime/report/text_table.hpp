// What the parts of the text report share: ASCII but for names, at most 100 columns. Private to runtime/report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/report/units.hpp"

namespace spikeloom::runtime::text {

inline constexpr Script script = Script::plain;
inline constexpr std::size_t most_columns = 100;
inline constexpr std::size_t most_rows = 40;

/// Left-aligned first column, the others to the right; columns as wide as needed.
class Table {
public:
    explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] std::string print() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// Lines of at most most_columns, each behind so many spaces.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t indent);
/// An empty line, the title, and the finding as a sentence, if there is one.
[[nodiscard]] std::string heading(std::string_view title, const std::string& finding);

}  // namespace spikeloom::runtime::text
