// A Network in the text form (network.proto), numbers that are many in .npy files beside it: for what the program makes
// (a converted ANN) and people shall read, change, and compile.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"
#include "core/files/array.hpp"

namespace spikeloom::compiler {

struct PrintedNetwork {
    std::string text;
    std::vector<std::pair<std::string, files::Array>> arrays;  ///< file name, beside the text's
};

/// Files are called STEM.PROJECTION.weight.npy. `comment`: lines that stand at the top, without '#'. Reading it again
/// gives the network to the bit. Refuses what the form can't say: plastic projections, fixed registers, graded inputs,
/// biases that begin late.
[[nodiscard]] Result<PrintedNetwork> print_network_text(const Network& network, const std::string& stem,
                                                        const std::string& comment = "");
/// All files, written; the stem is that of `path` up to its first dot.
[[nodiscard]] Result<void> write_network_text(const Network& network, const std::string& path,
                                              const std::string& comment = "");

}  // namespace spikeloom::compiler
