// What the stages of the netx front end tell: findings with their HDF5 paths, resolutions, remarks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/resolution.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

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

    std::string origin;
    Diagnostics findings;
    Diagnostics remarks;
    std::vector<Resolution> resolutions;
};

}  // namespace spikeloom::compiler
