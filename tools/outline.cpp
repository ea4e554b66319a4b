#include "tools/outline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

/// UTF-8 characters, so that columns line up.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t to, bool right) {
    const std::string space(to - std::min(to, width(text)), ' ');
    return right ? space + text : text + space;
}

std::string cell(const json::value& value) {
    switch (value.kind()) {
    case json::kind::null:
        return "-";
    case json::kind::bool_:
        return value.get_bool() ? "yes" : "no";
    case json::kind::int64:
        return std::to_string(value.get_int64());
    case json::kind::uint64:
        return std::to_string(value.get_uint64());
    case json::kind::double_:
        return fmt::format("{:.6g}", value.get_double());
    case json::kind::string:
        return std::string(value.get_string());
    case json::kind::array:
    case json::kind::object:
        break;
    }
    return json::serialize(value);
}

bool is_table(const json::array& rows) {
    return !rows.empty() && rows[0].is_object();
}

std::string table(const json::array& rows, const std::string& indent) {
    std::vector<std::string> header;
    for (const auto& member : rows[0].get_object()) {
        header.emplace_back(member.key());
    }
    std::vector<std::vector<std::string>> cells{header};
    std::vector<bool> numeric(header.size(), true);
    for (const json::value& row : rows) {
        auto& line = cells.emplace_back();
        for (std::size_t i = 0; i < header.size(); ++i) {
            const json::value& value = row.get_object().at(header[i]);
            line.push_back(cell(value));
            numeric[i] = numeric[i] && value.is_number();
        }
    }
    std::vector<std::size_t> widths(header.size(), 0);
    for (const auto& line : cells) {
        for (std::size_t i = 0; i < header.size(); ++i) {
            widths[i] = std::max(widths[i], width(line[i]));
        }
    }
    std::string text;
    for (const auto& line : cells) {
        std::string row = indent;
        for (std::size_t i = 0; i < header.size(); ++i) {
            row += (i == 0 ? "" : "  ") + padded(line[i], widths[i], numeric[i]);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + '\n';
    }
    return text;
}

std::string members(const json::object& value, const std::string& indent) {
    std::size_t widest = 0;
    for (const auto& member : value) {
        if (!member.value().is_structured()) {
            widest = std::max(widest, member.key().size() + 1);
        }
    }
    std::string text;
    for (const auto& member : value) {
        const std::string key = std::string(member.key()) + ":";
        if (member.value().is_object()) {
            text += indent + key + "\n" + members(member.value().get_object(), indent + "  ");
        } else if (!member.value().is_array()) {
            text += fmt::format("{}{:<{}} {}\n", indent, key, widest, cell(member.value()));
        } else if (is_table(member.value().get_array())) {
            text += indent + key + "\n" + table(member.value().get_array(), indent + "  ");
        } else {
            text += indent + key + (member.value().get_array().empty() ? " none\n" : "\n");
            for (const json::value& item : member.value().get_array()) {
                text += indent + "  " + cell(item) + "\n";
            }
        }
    }
    return text;
}

}  // namespace

std::string outline(const json::object& value) {
    return members(value, "");
}

}  // namespace spikeloom::tools
