// What is wrong, or worth knowing, of a node of a NIR file, said at the path in the file where it stands. Shared by all
// who look at nodes one by one.
#pragma once

#include <string>
#include <utility>

#include "compiler/nir/nir_graph.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

class NirNodeFindings {
public:
    /// Keeps the references: findings and remarks are appended.
    NirNodeFindings(const NirFile& file, Diagnostics& findings, Diagnostics& remarks)
        : file_(file), findings_(findings), remarks_(remarks) {}

    /// `parameter` may be empty: the node itself.
    void complain(const NirNode& node, const std::string& parameter, std::string found, std::string allowed = "",
                  std::string help = "") {
        findings_.push_back({.where = file_.where(node) + (parameter.empty() ? "" : "/" + parameter),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }
    void remark(const NirNode& node, std::string found) {
        remarks_.push_back({.severity = Severity::warning, .where = file_.where(node), .found = std::move(found)});
    }
    /// How many were complained of, here and before.
    [[nodiscard]] std::size_t count() const { return findings_.size(); }

private:
    const NirFile& file_;
    Diagnostics& findings_;
    Diagnostics& remarks_;
};

}  // namespace spikeloom::compiler
