// What the stages of the netx front end tell: findings with their HDF5 paths, resolutions, remarks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/resolution.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// A word of the file for people: at most 40 characters, none that moves a cursor.
[[nodiscard]] inline std::string shown_word(const std::string& word) {
    constexpr std::size_t longest = 40;
    std::string shown = word.substr(0, longest);
    for (char& letter : shown) {
        letter = letter >= ' ' && letter <= '~' ? letter : '?';
    }
    return word.size() > longest ? shown + "..." : shown;
}

struct NetxNotes {
    explicit NetxNotes(std::string file) : origin(std::move(file)) {}

    void complain(const std::string& path, std::string found, std::string allowed = "", std::string help = "") {
        findings.push_back({.where = origin + ":" + path,
                            .found = std::move(found),
                            .allowed = std::move(allowed),
                            .help = std::move(help)});
    }
    void warn(const std::string& path, std::string found) {
        remarks.push_back({.severity = Severity::warning, .where = origin + ":" + path, .found = std::move(found)});
    }
    void settle(std::string topic, std::string choice, std::string reason, std::string option = "") {
        Resolution one{std::move(topic), std::move(choice), std::move(reason), std::move(option)};
        resolutions.push_back(std::move(one));
    }

    /// What stands behind: the findings, then what was remarked on while the file was read, which may be their cause.
    [[nodiscard]] Diagnostics refusal(const Diagnostics& while_reading) {
        findings.insert(findings.end(), while_reading.begin(), while_reading.end());
        return std::move(findings);
    }

    std::string origin;
    Diagnostics findings;
    Diagnostics remarks;
    std::vector<Resolution> resolutions;
};

}  // namespace spikeloom::compiler
