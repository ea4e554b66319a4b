// Hypergraphs in hMETIS's text format: a line `nets vertices [format]`, a line of pins for each net, numbered from 1,
// and with format 1 its weight first; with format 10 a line with its weight for each vertex; with format 11 both.
// Lines that begin with % are comments. (hMETIS 1.5.3 manual, section 4.1.)
#pragma once

#include <string>

#include "compiler/partition/hypergraph.hpp"
#include "core/base/diagnostics.hpp"
#include "core/files/bytes.hpp"

namespace spikeloom::compiler {

/// A vertex that a net names twice counts once. What the header claims is compared with the lines that are there
/// before anything is made as large as it says. Errors name the line.
[[nodiscard]] Result<Hypergraph> read_hmetis(files::ByteView text, const std::string& origin);

}  // namespace spikeloom::compiler
