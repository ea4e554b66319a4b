// What is wrong with a TTFS text, said where the field stood. Its readers share one of these, so that every slip of a
// file is told at once; paths are those of core/files/strict_text.
#pragma once

#include <string>

#include "core/base/diagnostics.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::compiler::ttfs {

class Findings {
public:
    explicit Findings(const files::TextPositions& positions) : positions_(positions) {}

    [[nodiscard]] const Diagnostics& all() const { return all_; }
    [[nodiscard]] const files::TextPositions& positions() const { return positions_; }
    void append(const Diagnostics& findings) { all_.insert(all_.end(), findings.begin(), findings.end()); }

    void say(const std::string& path, std::string found, std::string allowed = {}, std::string help = {});
    /// A finding unless `good`, which is returned; so do the others.
    bool require(bool good, const std::string& path, double value, const char* allowed);
    bool positive(const std::string& path, double value);
    bool finite(const std::string& path, double value);

private:
    const files::TextPositions& positions_;
    Diagnostics all_;
};

/// "layer[3]"
[[nodiscard]] std::string element(const std::string& field, int index);

}  // namespace spikeloom::compiler::ttfs
