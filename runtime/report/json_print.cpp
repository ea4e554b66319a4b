#include "runtime/report/json_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

void print(const json::value& value, std::string& out, int depth);

void new_line(std::string& out, int depth) {
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

/// Arrays of plain numbers stay on one line.
bool flat(const json::array& array) {
    return std::none_of(array.begin(), array.end(),
                        [](const json::value& entry) { return entry.is_structured() || entry.is_string(); });
}

void print_array(const json::array& array, std::string& out, int depth) {
    const bool one_line = flat(array);
    out += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
        out += i == 0 ? "" : one_line ? ", " : ",";
        if (!one_line) {
            new_line(out, depth + 1);
        }
        print(array[i], out, depth + 1);
    }
    if (!one_line && !array.empty()) {
        new_line(out, depth);
    }
    out += ']';
}

void print(const json::value& value, std::string& out, int depth) {
    if (value.is_double()) {
        out += std::isfinite(value.get_double()) ? fmt::format("{}", value.get_double()) : "null";
    } else if (value.is_array()) {
        print_array(value.get_array(), out, depth);
    } else if (value.is_object() && !value.get_object().empty()) {
        out += '{';
        bool first = true;
        for (const auto& [key, member] : value.get_object()) {
            out += first ? "" : ",";
            new_line(out, depth + 1);
            out += json::serialize(json::value(key)) + ": ";
            print(member, out, depth + 1);
            first = false;
        }
        new_line(out, depth);
        out += '}';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string indented(const json::value& value) {
    std::string out;
    print(value, out, 0);
    return out + "\n";
}

}  // namespace spikeloom::runtime
