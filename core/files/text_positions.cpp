// Look-ups that the strict reader of texts offers beside itself: places of fields, and names that were meant.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/files/strict_text.hpp"

namespace spikeloom::files {

const TextPosition* TextPositions::find(std::string_view path) const {
    std::size_t index = 0;
    if (!path.empty() && path.back() == ']') {
        const std::size_t open = path.rfind('[');
        if (open == std::string_view::npos) {
            return nullptr;
        }
        const std::string_view digits = path.substr(open + 1, path.size() - open - 2);
        if (std::from_chars(digits.data(), digits.data() + digits.size(), index).ec != std::errc{}) {
            return nullptr;
        }
        path = path.substr(0, open);
    }
    const auto found = positions_.find(path);
    return found == positions_.end() || index >= found->second.size() ? nullptr : &found->second[index];
}

TextPosition TextPositions::position(std::string_view path) const {
    while (!path.empty()) {
        if (const TextPosition* found = find(path)) {
            return *found;
        }
        const std::size_t cut = path.find_last_of(".[");
        path = path.substr(0, cut == std::string_view::npos ? 0 : cut);
    }
    return {};
}

std::string TextPositions::where(std::string_view path) const {
    return where(position(path));
}

std::string TextPositions::where(TextPosition position) const {
    return fmt::format("{}:{}:{}", origin_, position.line, position.column);
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    if (name.size() > 100) {
        return best;
    }
    for (const std::string& candidate : candidates) {
        // Levenshtein distance, one row at a time.
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = i;
        }
        for (std::size_t i = 1; i <= name.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j < row.size(); ++j) {
                const std::size_t replaced = diagonal + (same(name[i - 1], candidate[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
            }
        }
        if (row.back() < best_distance && row.back() < std::max(name.size(), candidate.size())) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace spikeloom::files
