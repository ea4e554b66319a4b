#include "compiler/timed/ttfs_findings.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace spikeloom::compiler::ttfs {

void Findings::say(const std::string& path, std::string found, std::string allowed, std::string help) {
    all_.push_back({Severity::error, positions_.where(path), std::move(found), std::move(allowed), std::move(help)});
}

bool Findings::require(bool good, const std::string& path, double value, const char* allowed) {
    if (!good) {
        say(path, fmt::format("'{}' = {}", path, value), allowed);
    }
    return good;
}

bool Findings::positive(const std::string& path, double value) {
    return require(value > 0 && std::isfinite(value), path, value, "more than 0, finite");
}

bool Findings::finite(const std::string& path, double value) {
    return require(std::isfinite(value), path, value, "a finite number");
}

std::string element(const std::string& field, int index) {
    return fmt::format("{}[{}]", field, index);
}

}  // namespace spikeloom::compiler::ttfs
